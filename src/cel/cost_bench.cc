// How long the dearest expressions take that the default budget admits: what a unit of cost is in nanoseconds, and what
// the slowest event of a ruleset may take.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "cel/program.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t budget = 200'000;  // Of one event, in units: ruleset.h's default.

// Strings of 256 bytes, lists and maps of 64, as large as they can be; what a ruleset has where it says nothing.
class LargestHost {
 public:
  LargestHost() : environment_(&Environment::standard()) {
    const Type string = Type::simple(Type::Kind::string);
    const Type int64 = Type::simple(Type::Kind::int64);
    declare("s", string, {.size_max = 256});
    declare("t", string, {.size_max = 256});
    declare("d", Type::simple(Type::Kind::float64), {});
    declare("when", Type::simple(Type::Kind::timestamp), {});
    declare("l", Type::list(int64), {.size_max = 64});
    declare("ls", Type::list(string), {.size_max = 64, .item_size_max = 256});
    declare("m", Type::map(string, int64), {.size_max = 64, .item_size_max = 256});
    inputs_ = std::make_unique<RandomInputs>(environment_);
    RandomProgram random(environment_, 1);
    inputs_->draw_largest(random);
  }

  const Environment& environment() const { return environment_; }
  RandomInputs& inputs() { return *inputs_; }

 private:
  void declare(const char* name, const Type& type, Bounds bounds) {
    environment_.declare({.name = name, .type = type, .slot = next_++, .bounds = bounds, .constant = {}});
  }

  Environment environment_;
  Slot next_ = 0;
  std::unique_ptr<RandomInputs> inputs_;
};

// The expression again and again, as often as the budget admits it for one event.
void at_budget(benchmark::State& state, const std::string& source) {
  LargestHost host;
  auto program = Program::compile(source, host.environment());
  if (!program || program->cost().units > budget) {
    state.SkipWithError(program ? "over the budget" : program.error()[0].message.c_str());
    return;
  }
  const std::uint64_t times = budget / program->cost().units;
  Arena arena;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < times; ++i) {
      arena.reset();
      Value value = program->evaluate(host.inputs(), arena);
      benchmark::DoNotOptimize(value);
    }
  }
  const auto units = static_cast<double>(times * program->cost().units);
  state.counters["units"] = units;
  state.counters["units_per_ns"] =
      benchmark::Counter(units * static_cast<double>(state.iterations()) / 1e9, benchmark::Counter::kIsRate);
}

#define AT_BUDGET(name, source) BENCHMARK_CAPTURE(at_budget, name, std::string(source))
AT_BUDGET(arithmetic, "l[0] + l[1] * l[2] - l[3] / 7");
AT_BUDGET(nested_folds, "l.exists(a, l.exists(b, a * 0 == b * 0 + 1))");
AT_BUDGET(fold_of_texts, "ls.all(a, a < s || a >= s)");
AT_BUDGET(in_list, "ls.exists(a, (a + '!') in ['x', 'y', s])");
AT_BUDGET(concatenate, "(s + t + s + t + s + t + s + t).size()");
AT_BUDGET(lists, "(l + l + l + l).size()");
AT_BUDGET(map_of_lists, "l.map(a, [a, a, a]).size()");
AT_BUDGET(make_maps, "l.map(a, {a: a, a + 1: a}).size()");
AT_BUDGET(transform_map, "l.transformMap(i, v, v).size()");
AT_BUDGET(look_up, "s in m ? m[s] : 1");
AT_BUDGET(contains, "s.contains('ab')");
AT_BUDGET(contains_long, "s.contains(t)");
AT_BUDGET(replace, "s.replace('a', 'bcd')");
AT_BUDGET(split_join, "s.split('a').join('b')");
AT_BUDGET(matches, "s.matches('(a|ab|b)*c$')");
AT_BUDGET(format, "'%s %.3f'.format([s, d])");
AT_BUDGET(text_of_double, "string(d) + string(d)");
AT_BUDGET(hour_in_zone, "when.getHours('Europe/Berlin') + when.getDayOfYear('America/New_York')");
AT_BUDGET(hour_in_computed_zone, "when.getHours('Europe/' + (d > 0.0 ? 'Berlin' : 'Paris'))");
AT_BUDGET(time_as_text, "string(when)");
AT_BUDGET(parse_time, "timestamp('2024-02-29T12:00:00Z'.replace('9', string(8)))");
AT_BUDGET(reverse, "s.reverse() + t.upperAscii()");

// The slowest of many random programs, each measured alone with everything as large as it can be. The time is one
// evaluation, the best of five, so that what else the machine does is left out.
void slowest_random_program(benchmark::State& state) {
  Environment environment(&Environment::standard());
  declare_one_of_each(environment);
  RandomProgram random(environment, 42);
  RandomInputs inputs(environment);
  double worst = 0;
  double dearest = 0;
  std::string slowest;
  Arena arena;
  for (auto _ : state) {
    const std::string source = random.expression(random.type(), 6);
    const auto program = Program::compile(source, environment);
    if (!program || program->cost().units > budget || program->cost().units < 200) continue;
    inputs.draw_largest(random);
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      arena.reset();
      const auto start = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(program->evaluate(inputs, arena));
      best = std::min(best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
    }
    dearest = std::max(dearest, best);
    const double ratio = best / static_cast<double>(program->cost().units);
    if (ratio <= worst) continue;
    worst = ratio;
    slowest = source;
  }
  state.counters["worst_ns_per_unit"] = worst;
  state.counters["slowest_ns"] = dearest;
  state.SetLabel(slowest.substr(0, 80));
}
BENCHMARK(slowest_random_program)->Iterations(20'000);

}  // namespace
}  // namespace tallyho::cel

// The fast path against the exact evaluator: the expressions E1 to E5 of the comparison of engines, 200 random rules
// over one event, and what compiling takes.

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cel/code.h"
#include "cel/testing/bench_host.h"

namespace tallyho::cel {
namespace {

Program compile(std::string_view source, const Environment& environment) {
  auto program = Program::compile(source, environment);
  if (!program) std::abort();
  return std::move(*program);
}

constexpr std::string_view e1 = "amount >= 50.0";
constexpr std::string_view e2 =
    "amount >= 50.0 && (region=='EU'||region=='US') && level > 10 && !banned && (vip||streak>=3) && mode!='practice' "
    "&& qty*2 < 100 && score < 1000000.0";
constexpr std::string_view e3 = "(mode=='MOW'||region=='RU')&&(amount>=100.0||level==1)";
constexpr std::string_view e4 = "base*10 + streak*5 + (vip?100:0)";
constexpr std::string_view e5 = "tags.exists(t, t=='boss') && amount > 1.0";

void exact(benchmark::State& state, std::string_view source) {
  Host host;
  const Program program = compile(source, host.environment());
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    Value value = program.evaluate(host.slots(), arena);
    benchmark::DoNotOptimize(value);
  }
}

// All slots, which count from 0.
std::vector<Slot> all_slots(const Slots& slots) {
  std::vector<Slot> all(slots.values.size());
  std::iota(all.begin(), all.end(), Slot{0});
  return all;
}

// With every slot read anew each time, as for a new event.
void fast(benchmark::State& state, std::string_view source) {
  Host host;
  Program program = compile(source, host.environment());
  CodeBuilder builder([](Slot) { return true; });
  builder.add(program);
  const auto code = builder.build();
  const Code::Preload preload = code->preload(all_slots(host.slots()));
  Arena arena;
  Machine machine(*code, host.slots(), arena);
  for (auto _ : state) {
    arena.reset();
    machine.begin(preload, host.slots().values);
    Value value = machine.evaluate(program);
    benchmark::DoNotOptimize(value);
  }
}

// Once the slots are there, as for all rules of an event but the first that reads them.
void fast_loaded(benchmark::State& state, std::string_view source) {
  Host host;
  Program program = compile(source, host.environment());
  CodeBuilder builder([](Slot) { return true; });
  builder.add(program);
  const auto code = builder.build();
  Arena arena;
  Machine machine(*code, host.slots(), arena);
  for (auto _ : state) {
    Value value = machine.evaluate(program);
    benchmark::DoNotOptimize(value);
  }
}

BENCHMARK_CAPTURE(exact, e1_compare, e1);
BENCHMARK_CAPTURE(exact, e2_nine_leaves, e2);
BENCHMARK_CAPTURE(exact, e3_strings, e3);
BENCHMARK_CAPTURE(exact, e4_arithmetic, e4);
BENCHMARK_CAPTURE(exact, e5_exists, e5);
BENCHMARK_CAPTURE(fast, e1_compare, e1);
BENCHMARK_CAPTURE(fast, e2_nine_leaves, e2);
BENCHMARK_CAPTURE(fast, e3_strings, e3);
BENCHMARK_CAPTURE(fast, e4_arithmetic, e4);
BENCHMARK_CAPTURE(fast, e5_exists, e5);
BENCHMARK_CAPTURE(fast_loaded, e1_compare, e1);
BENCHMARK_CAPTURE(fast_loaded, e2_nine_leaves, e2);
BENCHMARK_CAPTURE(fast_loaded, e3_strings, e3);
BENCHMARK_CAPTURE(fast_loaded, e4_arithmetic, e4);
BENCHMARK_CAPTURE(fast_loaded, e5_exists, e5);

// Rules of several leaves each over the fields of one event type: six ints, four doubles, four texts of six possible
// values each, four bools. The leaves are so chosen that a rule fires about one time in four.
class RandomRules {
 public:
  RandomRules(int rules, int leaves) {
    for (int i = 0; i < 6; ++i) host_.add(name('i', i), Type::simple(Type::Kind::int64), Value());
    for (int i = 0; i < 4; ++i) host_.add(name('d', i), Type::simple(Type::Kind::float64), Value());
    for (int i = 0; i < 4; ++i) host_.add(name('s', i), Type::simple(Type::Kind::string), Value());
    for (int i = 0; i < 4; ++i) host_.add(name('b', i), Type::simple(Type::Kind::boolean), Value());
    for (int i = 0; i < rules; ++i) {
      sources.push_back(rule(leaves));
      programs.push_back(compile(sources.back(), host_.environment()));
    }
    for (int i = 0; i < events; ++i) {
      std::vector<Value> fields(host_.slots().values.begin(), host_.slots().values.begin() + fixed_);
      for (int k = 0; k < 6; ++k) fields.push_back(Value::int64(static_cast<std::int64_t>(pick(100))));
      for (int k = 0; k < 4; ++k) fields.push_back(Value::float64(static_cast<double>(pick(1000)) / 10));
      for (int k = 0; k < 4; ++k) fields.push_back(Value::string(words_[pick(words_.size())]));
      for (int k = 0; k < 4; ++k) fields.push_back(Value::boolean(pick(8) == 0));
      fields_.push_back(std::move(fields));
    }
  }

  void begin_event() { host_.slots().values = fields_[next_++ % events]; }
  Slots& slots() { return host_.slots(); }
  const Environment& environment() const { return host_.environment(); }

  std::vector<std::string> sources;
  std::vector<Program> programs;

 private:
  static constexpr int events = 997;

  std::size_t pick(std::size_t count) { return random_() % count; }
  static std::string name(char kind, std::size_t i) { return std::string(1, kind) + std::to_string(i); }
  static std::string name(char kind, int i) { return name(kind, static_cast<std::size_t>(i)); }
  std::string text() { return "'" + std::string(words_[pick(words_.size())]) + "'"; }

  std::string leaf() {
    switch (pick(8)) {
      case 0: return name('i', pick(6)) + " > " + std::to_string(pick(40));
      case 1: return name('i', pick(6)) + " <= " + std::to_string(60 + pick(40));
      case 2: return name('d', pick(4)) + " >= " + std::to_string(pick(30)) + ".5";
      case 3: return name('s', pick(4)) + " != " + text();
      case 4: return name('s', pick(4)) + " in [" + text() + ", " + text() + ", " + text() + ", " + text() + "]";
      case 5: return "!" + name('b', pick(4));
      case 6: return name('i', pick(6)) + " * 2 < " + std::to_string(150 + pick(50));
      default: return name('i', pick(6)) + " != " + std::to_string(pick(100));
    }
  }
  std::string rule(int leaves) {
    std::string source = leaf();
    for (int i = 1; i < leaves; ++i) source += " && " + leaf();
    return source;
  }

  static constexpr std::array<std::string_view, 6> words_ = {"ranked", "casual",   "practice",
                                                             "EU",     "Americas", "a-longer-region"};
  Host host_;
  std::mt19937_64 random_{42};
  std::ptrdiff_t fixed_ = static_cast<std::ptrdiff_t>(11);
  std::vector<std::vector<Value>> fields_;
  std::size_t next_ = 0;
};

void set_counters(benchmark::State& state, const RandomRules& rules, std::size_t fired) {
  const auto evaluations = static_cast<double>(state.iterations()) * static_cast<double>(rules.programs.size());
  state.counters["ns_per_rule"] =
      benchmark::Counter(evaluations * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["fired"] = static_cast<double>(fired) / evaluations;
}

void exact_rules(benchmark::State& state) {
  RandomRules rules(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Arena arena;
  std::size_t fired = 0;
  for (auto _ : state) {
    rules.begin_event();
    arena.reset();
    for (const Program& rule : rules.programs) fired += rule.evaluate(rules.slots(), arena).is_true() ? 1 : 0;
  }
  set_counters(state, rules, fired);
}

void fast_rules(benchmark::State& state) {
  RandomRules rules(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  CodeBuilder builder([](Slot) { return true; });
  for (Program& rule : rules.programs) builder.add(rule);
  const auto code = builder.build();
  Arena arena;
  Machine machine(*code, rules.slots(), arena);
  const Code::Preload preload = code->preload(all_slots(rules.slots()));
  std::vector<const Program*> programs;
  for (const Program& rule : rules.programs) programs.push_back(&rule);
  const Code::Conditions conditions = code->conditions(programs);
  std::size_t fired = 0;
  for (auto _ : state) {
    rules.begin_event();
    arena.reset();
    machine.begin(preload, rules.slots().values);
    for (std::size_t i = 0; (i = machine.find_true(conditions, i).index) < rules.programs.size(); ++i) ++fired;
  }
  set_counters(state, rules, fired);
  state.counters["hand_overs"] = static_cast<double>(machine.hand_overs());
  state.counters["bytes_per_rule"] =
      16.0 * static_cast<double>(code->instructions()) / static_cast<double>(rules.programs.size());
}
BENCHMARK(exact_rules)->Args({20, 7})->Args({200, 7})->Args({1000, 7})->Args({200, 12});
BENCHMARK(fast_rules)->Args({20, 7})->Args({200, 7})->Args({1000, 7})->Args({200, 12});

// From source to a checked program with its plan.
void compile_rules(benchmark::State& state) {
  const RandomRules rules(200, 7);
  for (auto _ : state) {
    for (const std::string& source : rules.sources) {
      auto program = Program::compile(source, rules.environment());
      benchmark::DoNotOptimize(program);
    }
  }
  set_counters(state, rules, 0);
}
BENCHMARK(compile_rules);

// From programs to bytecode.
void build_code(benchmark::State& state) {
  RandomRules rules(200, 7);
  for (auto _ : state) {
    CodeBuilder builder([](Slot) { return true; });
    for (Program& rule : rules.programs) builder.add(rule);
    auto code = builder.build();
    benchmark::DoNotOptimize(code);
  }
  set_counters(state, rules, 0);
}
BENCHMARK(build_code);

}  // namespace
}  // namespace tallyho::cel

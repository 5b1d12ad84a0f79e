// How long expressions take: compiled once, evaluated over slots that hold what an event would.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "cel/testing/bench_host.h"

namespace tallyho::cel {
namespace {

void evaluate(benchmark::State& state, std::string_view source) {
  Host host;
  auto program = Program::compile(source, host.environment());
  if (!program) {
    state.SkipWithError(program.error()[0].message.c_str());
    return;
  }
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    Value value = program->evaluate(host.slots(), arena);
    benchmark::DoNotOptimize(value);
    if (value.is_error()) state.SkipWithError("an error value");
  }
  state.counters["cost_units"] = static_cast<double>(program->cost().units);
}

constexpr std::string_view nine_leaves =
    "amount >= 50.0 && (region=='EU'||region=='US') && level > 10 && !banned && (vip||streak>=3) && mode!='practice' "
    "&& qty*2 < 100 && score < 1000000.0";

// The names E1 to E5 are those of the comparison of engines that these expressions come from.
BENCHMARK_CAPTURE(evaluate, e1_compare, "amount >= 50.0");
BENCHMARK_CAPTURE(evaluate, e2_nine_leaves, nine_leaves);
BENCHMARK_CAPTURE(evaluate, e3_strings, "(mode=='MOW'||region=='RU')&&(amount>=100.0||level==1)");
BENCHMARK_CAPTURE(evaluate, e4_arithmetic, "base*10 + streak*5 + (vip?100:0)");
BENCHMARK_CAPTURE(evaluate, e5_exists, "tags.exists(t, t=='boss') && amount > 1.0");
BENCHMARK_CAPTURE(evaluate, in_constants, "region in ['EU', 'US', 'BR']");
BENCHMARK_CAPTURE(evaluate, table, "base * {'EU': 1, 'US': 2, 'BR': 3}[region]");
BENCHMARK_CAPTURE(evaluate, map_filter, "tags.filter(t, t != 'a').map(t, t + '!')");
BENCHMARK_CAPTURE(evaluate, concatenate, "'Five finds in ' + region + ', ' + mode + '!'");
BENCHMARK_CAPTURE(evaluate, matches, "mode.matches('^r[a-z]+d$')");

void compile_nine_leaves(benchmark::State& state) {
  Host host;
  for (auto _ : state) {
    auto program = Program::compile(nine_leaves, host.environment());
    benchmark::DoNotOptimize(program);
  }
}
BENCHMARK(compile_nine_leaves);

}  // namespace
}  // namespace tallyho::cel

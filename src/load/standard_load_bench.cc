#include "load/standard_load.h"

#include <benchmark/benchmark.h>

namespace tallyho {
namespace {

// How fast the load is made: it must not be what a benchmark of anything else measures.
void BM_StandardLoad(benchmark::State& state) {
  StandardLoad load({.events = UINT64_MAX, .players = static_cast<std::uint32_t>(state.range(0))});
  for (auto _ : state) benchmark::DoNotOptimize(load.next()->text.data());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_StandardLoad)->Arg(100'000)->Arg(2'000'000);

}  // namespace
}  // namespace tallyho

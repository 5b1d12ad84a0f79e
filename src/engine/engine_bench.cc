// The standard load through one engine in one thread: JSON bytes in, outcomes out. No server, no log on disk.
//
//     engine_bench                    # a million events over 100,000 players, as the load's defaults are
//
// The load is made beforehand and is not part of the time. Decoding is, and is also measured by itself: in a server
// other threads do it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/large_pages.h"
#include "benchmark/benchmark.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "load/standard_load.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::size_t batch_events = 64;  // Decoded, then ingested, then flushed: as a server's batch.

struct Load {
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> lines;  // Begin and size.
  std::string_view line(std::size_t i) const { return std::string_view(text).substr(lines[i].first, lines[i].second); }
};

Load make_load(std::uint64_t events) {
  Load load;
  StandardLoad source({.events = events});
  while (const auto line = source.next()) {
    load.lines.emplace_back(load.text.size(), line->text.size());
    load.text += line->text;
  }
  return load;
}

std::shared_ptr<const Ruleset> treasure_hunt() {
  return load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml").value();
}

// Arrival time as offline: the greatest event time so far.
void BM_StandardLoad(benchmark::State& state) {
  if (state.range(2) != 0) ask_for_large_pages();
  const Load load = make_load(static_cast<std::uint64_t>(state.range(0)));
  const bool prepares = state.range(1) != 0;
  const auto ruleset = treasure_hunt();
  std::array<std::uint64_t, code_count> codes{};
  Engine::Memory memory;
  for (auto _ : state) {
    codes.fill(0);
    Engine engine(ruleset, std::make_unique<MemoryLog>(), {});
    Decoder decoder;
    Arena arena;
    Timestamp arrival;
    std::vector<std::pair<Event, std::size_t>> events;  // Of a batch, with their lines.
    std::vector<const Event*> next;
    for (std::size_t first = 0; first < load.lines.size(); first += batch_events) {
      arena.reset();
      events.clear();
      const std::size_t end = std::min(first + batch_events, load.lines.size());
      for (std::size_t i = first; i < end; ++i) {
        if (const Result<Event> event = decoder.decode(load.line(i), *ruleset, arena)) events.emplace_back(*event, i);
      }
      for (std::size_t i = 0; i < events.size(); ++i) {
        if (prepares && i % Engine::prepared_best == 0) {
          next.clear();
          for (std::size_t j = i; j < std::min(i + Engine::prepared_best, events.size()); ++j) {
            next.push_back(&events[j].first);
          }
          engine.prepare(next, true);
        }
        const auto& [event, line] = events[i];
        arrival = std::max(arrival, event.ts.value_or(arrival));
        const Outcome outcome = engine.ingest(event, load.line(line), arrival, {}, arena);
        ++codes[static_cast<std::size_t>(outcome.code)];
      }
      engine.commit();
      engine.push({});
    }
    state.PauseTiming();
    memory = engine.memory();
    state.counters["players"] = static_cast<double>(engine.players());
    state.ResumeTiming();
  }
  const auto events = static_cast<double>(load.lines.size()) * static_cast<double>(state.iterations());
  state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] > 0) state.counters[std::string(name_of(static_cast<Code>(i)))] = static_cast<double>(codes[i]);
  }
  state.counters["MB"] = static_cast<double>(memory.players + memory.scopes + memory.sets + memory.boards +
                                             memory.strings + memory.dedupe) /
                         1e6;
  state.counters["MB_players"] = static_cast<double>(memory.players) / 1e6;
  state.counters["MB_sets"] = static_cast<double>(memory.sets) / 1e6;
  state.counters["MB_boards"] = static_cast<double>(memory.boards) / 1e6;
  state.counters["MB_dedupe"] = static_cast<double>(memory.dedupe) / 1e6;
}
BENCHMARK(BM_StandardLoad)
    ->ArgNames({"events", "prepares", "large_pages"})
    ->Args({1'000'000, 0, 0})
    ->Args({1'000'000, 1, 0})
    ->Args({1'000'000, 1, 1})  // Last, as that stays so.
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void BM_DecodingAlone(benchmark::State& state) {
  const Load load = make_load(static_cast<std::uint64_t>(state.range(0)));
  const auto ruleset = treasure_hunt();
  Decoder decoder;
  Arena arena;
  for (auto _ : state) {
    for (std::size_t i = 0; i < load.lines.size(); ++i) {
      if (i % batch_events == 0) arena.reset();
      benchmark::DoNotOptimize(decoder.decode(load.line(i), *ruleset, arena));
    }
  }
  state.counters["events/s"] = benchmark::Counter(
      static_cast<double>(load.lines.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_DecodingAlone)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace tallyho

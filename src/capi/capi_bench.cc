// score_event() of libtallyho.so beside the same engine called from C++, on the standard load; and from several
// threads. Linked dynamically, as hosts are; the engine beside it is this program's own.
//
//     capi_bench                      # 200,000 events over 100,000 players

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "load/standard_load.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"
#include "tallyho.h"

namespace {

constexpr std::uint64_t events_count = 200'000;

const std::vector<std::string>& load() {
  static const std::vector<std::string> events = [] {
    std::vector<std::string> lines;
    tallyho::StandardLoad source({.events = events_count});
    while (const auto line = source.next()) {
      lines.emplace_back(line->text);
      while (!lines.back().empty() && lines.back().back() == '\n') lines.back().pop_back();
    }
    return lines;
  }();
  return events;
}

void count(benchmark::State& state) {
  const auto events = static_cast<double>(load().size()) * static_cast<double>(state.iterations());
  state.counters["events/s"] = benchmark::Counter(events, benchmark::Counter::kIsRate);
}

// What score_event() does, without the library: decode, apply, one by one.
void BM_EngineFromCpp(benchmark::State& state) {
  const auto ruleset = tallyho::load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml").value();
  for (auto _ : state) {
    tallyho::Engine engine(ruleset, std::make_unique<tallyho::MemoryLog>(), {});
    tallyho::Decoder decoder;
    tallyho::Arena arena;
    tallyho::Timestamp arrival;
    for (const std::string& line : load()) {
      arena.reset();
      const auto event = decoder.decode(line, *ruleset, arena);
      if (!event) continue;
      arrival = std::max(arrival, event->ts.value_or(arrival));
      benchmark::DoNotOptimize(engine.ingest(*event, line, arrival, {}, arena));
    }
  }
  count(state);
}
BENCHMARK(BM_EngineFromCpp)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(3);

tallyho_engine* open_hunt() {
  tallyho_engine* engine = nullptr;
  if (tallyho_engine_open(nullptr, &engine) != TALLYHO_OK) std::abort();
  return engine;
}

void BM_Score(benchmark::State& state) {
  for (auto _ : state) {
    tallyho_engine* engine = open_hunt();
    tallyho_outcome outcome{};
    outcome.size = sizeof(outcome);
    for (const std::string& line : load()) tallyho_score(engine, line.data(), line.size(), 0, &outcome);
    tallyho_engine_close(engine);
  }
  count(state);
}
BENCHMARK(BM_Score)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(3);

void BM_ScoreBatch(benchmark::State& state) {
  std::vector<tallyho_text> texts;
  for (const std::string& line : load()) texts.push_back({line.data(), line.size()});
  constexpr std::size_t batch_events = 1000;
  for (auto _ : state) {
    tallyho_engine* engine = open_hunt();
    tallyho_batch* batch = tallyho_batch_open();
    for (std::size_t first = 0; first < texts.size(); first += batch_events) {
      tallyho_score_many(engine, texts.data() + first, std::min(batch_events, texts.size() - first), 0, batch);
    }
    tallyho_batch_close(batch);
    tallyho_engine_close(engine);
  }
  count(state);
}
BENCHMARK(BM_ScoreBatch)->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(3);

// The process-wide engine can't be opened anew: it is loaded with an empty one's snapshot.
void empty_process_wide_engine(const benchmark::State& /*state*/) {
  const std::string name = "capi_bench." + std::to_string(::getpid()) + ".snapshot";
  const std::string path = std::filesystem::temp_directory_path() / name;
  tallyho_engine* engine = open_hunt();
  const bool is_empty = tallyho_snapshot_save(engine, path.c_str()) == TALLYHO_OK &&
                        tallyho_snapshot_load(nullptr, path.c_str()) == TALLYHO_OK;
  tallyho_engine_close(engine);
  ::unlink(path.c_str());
  if (!is_empty) std::abort();
}

// The load dealt out to 1, 2 and 4 threads with the process-wide engine.
void BM_ScoreEventThreads(benchmark::State& state) {
  const auto threads = static_cast<std::size_t>(state.threads());
  const std::vector<std::string>& events = load();
  for (auto _ : state) {
    std::int64_t points = 0;
    std::array<char, 256> error{};
    for (auto i = static_cast<std::size_t>(state.thread_index()); i < events.size(); i += threads) {
      score_event(events[i].data(), events[i].size(), &points, error.data(), error.size());
    }
  }
  state.counters["events/s"] = benchmark::Counter(
      static_cast<double>(events.size()) / static_cast<double>(threads) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_ScoreEventThreads)
    ->Unit(benchmark::kMillisecond)
    ->Setup(empty_process_wide_engine)
    ->Threads(1)
    ->Threads(2)
    ->Threads(4)
    ->UseRealTime()
    ->Iterations(1)
    ->Repetitions(3);

}  // namespace

// How long an event's way from bytes to typed fields is, and for comparison, what simdjson's On-Demand takes to read
// the same members of a padded message without checking the rest.

#include <benchmark/benchmark.h>

#include <string_view>

#include "event/decoder.h"
#include "event/test_ruleset.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::string_view ping =
    R"({"type":"location_ping","player":"p0012345","id":"e4k2z","ts":1784484000123,"lat":48.137154,"lon":11.576124,)"
    R"("accuracy":12.5})";
constexpr std::string_view find =
    R"({"type":"treasure_found","player":"p0012345","id":"e4k30","ts":1784484000123,"treasure":"t00421",)"
    R"("rarity":"rare","value":120,"lat":48.137154,"lon":11.576124,"accuracy":12.5})";

void decode(benchmark::State& state, std::string_view line) {
  const Ruleset ruleset = test_ruleset();
  Decoder decoder;
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    const Result<Event> event = decoder.decode(line, ruleset, arena);
    if (!event) state.SkipWithError("refused");
    benchmark::DoNotOptimize(event->fields.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}

void BM_DecodeLocationPing(benchmark::State& state) {
  decode(state, ping);
}
void BM_DecodeTreasureFound(benchmark::State& state) {
  decode(state, find);
}
BENCHMARK(BM_DecodeLocationPing);
BENCHMARK(BM_DecodeTreasureFound);

void BM_OnDemandLocationPing(benchmark::State& state) {
  const simdjson::padded_string padded(ping);
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    simdjson::ondemand::document document;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) state.SkipWithError("refused");
    std::string_view text;
    double number = 0;
    std::int64_t integer = 0;
    for (const char* name : {"type", "player", "id"}) {
      if (document[name].get(text) == simdjson::SUCCESS) benchmark::DoNotOptimize(text);
    }
    if (document["ts"].get(integer) == simdjson::SUCCESS) benchmark::DoNotOptimize(integer);
    for (const char* name : {"lat", "lon", "accuracy"}) {
      if (document[name].get(number) == simdjson::SUCCESS) benchmark::DoNotOptimize(number);
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(ping.size()));
}
BENCHMARK(BM_OnDemandLocationPing);

void BM_RefuseManyMembers(benchmark::State& state) {
  const Ruleset ruleset = test_ruleset();
  std::string line = R"({"type":"ping","player":"ada")";
  for (int i = 0; line.size() < event_bytes_max - 32; ++i) line += ",\"" + std::to_string(i) + "\":0";
  line += ",\"0\":0}";
  Decoder decoder;
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    benchmark::DoNotOptimize(decoder.decode(line, ruleset, arena).has_value());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}
BENCHMARK(BM_RefuseManyMembers);

}  // namespace
}  // namespace tallyho

#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "ruleset/loader.h"
#include "server/io_world_for_test.h"
#include "simdjson.h"

namespace tallyho {

// What websocket_fuzz and http_fuzz have in common: a small game, limits that small inputs reach, and what an event is
// to somebody else.

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

inline std::shared_ptr<const Ruleset> fuzz_game() {
  return load_ruleset(R"(
tallyho: 1
name: fuzz
player_events: [find]
events:
  find:
    value: {type: int, min: 0, max: 1000}
    team: {type: string, optional: true}
rules:
  - id: base
    on: find
    points: event.value
boards:
  - id: global
  - id: teams
    group_by: "has(event.team) ? event.team : ''"
)",
                      "fuzz.yaml")
      .value();
}

inline IoWorld::Options fuzz_options() {
  IoWorld::Options options;
  options.limits.event_bytes_max = 256;
  options.limits.frame_bytes_max = 2048;
  options.limits.body_bytes_max = 1024;
  options.limits.header_bytes_max = 1024;
  options.limits.backlog_bytes_max = 4096;
  options.limits.batches_in_flight_max = 4;
  options.limits.watches_max = 4;
  options.limits.push_interval = std::chrono::milliseconds(0);
  options.engine.players_max = 64;
  options.engine.keys_max = 64;
  options.engine.groups_max = 16;
  return options;
}

// The same for a server that asks for tokens. The corpora have some that were signed with this secret.
inline IoWorld::Options guarded_fuzz_options() {
  TokenKeySet keys;
  require(keys.add("the secret of the fuzzer, 32 byt").has_value(), "the fuzzer's key is one");
  IoWorld::Options options = fuzz_options();
  options.tokens = std::make_shared<const TokenVerifier>(TokenVerifier::Options{}, std::move(keys));
  return options;
}

// Whether these bytes can be an event of that game: for simdjson, and for nobody's decoder of ours.
inline bool can_be_event(std::string_view bytes) {
  static simdjson::dom::parser parser;
  simdjson::dom::object event;
  std::string_view type;
  std::string_view player;
  std::int64_t value = 0;
  return !bytes.empty() && parser.parse(bytes.data(), bytes.size()).get(event) == simdjson::SUCCESS &&
         event["type"].get(type) == simdjson::SUCCESS && type == "find" &&
         event["player"].get(player) == simdjson::SUCCESS && !player.empty() && player.size() <= 128 &&
         event["value"].get(value) == simdjson::SUCCESS && value >= 0 && value <= 1000;
}

}  // namespace tallyho

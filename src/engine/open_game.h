#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/replay.h"
#include "engine/snapshot.h"
#include "log/log.h"

namespace tallyho {

// What a game goes on from, and what to do with it.
struct OpenGame {
  std::shared_ptr<const Ruleset> ruleset = {};  // Null: the one that the log says.
  std::unique_ptr<Log> log = {};
  struct Snapshot {
    std::string name;
    ByteSource bytes;
  };
  std::vector<Snapshot> snapshots = {};  // Newest first.
  Engine::Options options = {};
  Timestamp now = {};  // When a new log's ruleset arrives.
  // Told the engine that will be the game's, before the first record is applied to it.
  std::function<void(const Engine&)> begun = {};
  HistoryHooks hooks = {};
  std::function<void(std::string_view)> tell = {};  // Told what an operator should know.
};

// A game as its log ends.
struct OpenedGame {
  std::unique_ptr<Engine> engine;
  std::string snapshot;  // The one it began with; "": with the log's first record.
  Position snapshot_position = 0;
};

// Brings a game to where its log ends: loads the newest snapshot that proves to be whole, or the one before it, or
// none, saying so, and applies what the log has behind it, saying what of that was erased (log/erasure.h). A log that
// has nothing yet begins with the ruleset.
//
// O(state + records behind the snapshot).
// Errors, as text: the log cannot be read or is damaged; it begins later than the snapshots that can be used; it goes
// on under another ruleset than the one given; a record is no event of its ruleset, though it was one when it was
// logged.
std::expected<OpenedGame, std::string> open_game(OpenGame game);

}  // namespace tallyho

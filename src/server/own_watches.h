#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/engine.h"
#include "server/watcher.h"

namespace tallyho {

// A player's connection is told what happens to that player without asking for it: it has a watch of its own, "self".
//
//     own.begin(watcher, "ada");            // as soon as the connection is known to be ada's
//     own.met("ada", outcome, "find", …);   // after each record that counted
//
// A player whom the game has not met can't be watched yet. Connections of such players wait here, and the record with
// which the game meets them is the first that they are told of.
//
// Threads: the engine thread's. Memory: one entry for each connection that waits.
class OwnWatches {
 public:
  static constexpr std::string_view name = "\"self\"";  // As the feed has it: JSON.

  explicit OwnWatches(Engine& engine) : engine_(engine) {}

  void begin(Watcher& watcher, std::string_view player);
  // The connection is gone, or does not want its watch. False: it does not wait here.
  bool end(Watcher& watcher);

  // A record of this player's counted. Nearly always nobody waits, and then this is one comparison.
  void met(std::string_view player, const Outcome& outcome, std::string_view event_type, const Watcher* sender) {
    if (!waiting_.empty()) tell(player, outcome, event_type, sender);
  }

 private:
  void tell(std::string_view player, const Outcome& outcome, std::string_view event_type, const Watcher* sender);
  void watch(Watcher& watcher, Symbol player);

  Engine& engine_;
  absl::flat_hash_map<std::string, std::vector<Watcher*>> waiting_;  // By player.
  absl::flat_hash_map<const Watcher*, std::string> players_;         // Of those.
};

}  // namespace tallyho

#include "server/own_watches.h"

#include <utility>

namespace tallyho {

void OwnWatches::begin(Watcher& watcher, std::string_view player) {
  if (const auto known = engine_.find_player(player)) return watch(watcher, known->symbol);
  const std::string name_of_player(player);
  if (players_.try_emplace(&watcher, name_of_player).second) waiting_[name_of_player].push_back(&watcher);
}

bool OwnWatches::end(Watcher& watcher) {
  const auto player = players_.find(&watcher);
  if (player == players_.end()) return false;
  const auto waiting = waiting_.find(player->second);
  std::erase(waiting->second, &watcher);
  if (waiting->second.empty()) waiting_.erase(waiting);
  players_.erase(player);
  return true;
}

void OwnWatches::tell(std::string_view player, const Outcome& outcome, std::string_view event_type,
                      const Watcher* sender) {
  const auto waiting = waiting_.find(std::string(player));
  const auto known = waiting == waiting_.end() ? std::nullopt : engine_.find_player(player);
  if (!known) return;
  for (Watcher* watcher : waiting->second) {
    players_.erase(watcher);
    watch(*watcher, known->symbol);
  }
  waiting_.erase(waiting);
  std::vector<PlayerScore::Notice> notices;
  for (const Notice& notice : outcome.notices) {
    notices.push_back({.rule = engine_.ruleset().rules[notice.rule].id, .text = notice.text});
  }
  // Nobody else watches somebody who was not there.
  engine_.feed().scored({.player = known->symbol,
                         .points = outcome.points,
                         .total = outcome.total,
                         .position = outcome.position,
                         .event_type = event_type,
                         .notices = notices,
                         .sender = sender});
}

// A watch that the client itself has given this name stays.
void OwnWatches::watch(Watcher& watcher, Symbol player) {
  if (!engine_.feed().has_watch(watcher, name)) engine_.feed().watch_player(watcher, name, player);
}

}  // namespace tallyho

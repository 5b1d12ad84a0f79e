// operate(): what whoever runs the game does to a player, from the log to the feed.

#include <algorithm>

#include "engine/engine_impl.h"
#include "fmt/format.h"

namespace tallyho {
Outcome Engine::operate(const Operation& operation, std::string_view record, Timestamp arrival, Arena& arena) {
  Impl& engine = *impl_;
  if (!find_player(operation.player)) {
    return {.code = Code::not_found, .message = arena.copy(fmt::format("there is no player '{}'", operation.player))};
  }
  arrival = std::max(arrival, engine.arrival);
  const Result<Position> position = engine.log->append(record, arrival, RecordKind::operation);
  if (!position) return {.code = position.error().code, .message = describe(position.error().code)};
  return replay(operation, {*position, RecordKind::operation, arrival, record}, arena);
}

Outcome Engine::replay(const Operation& operation, const LogRecord& record, Arena& arena) {
  Impl& engine = *impl_;
  engine.version = record.position;
  engine.advance(record.arrival);
  const auto player = find_player(operation.player);
  if (!player) return {.code = Code::not_found, .position = engine.version};  // Nobody logs that.

  Outcome outcome{.code = Code::ok, .position = engine.version};
  switch (operation.kind) {
    case Operation::Kind::ban: engine.ban(player->symbol); break;
    case Operation::Kind::unban: engine.unban(player->symbol); break;
    case Operation::Kind::forget: engine.forget(player->symbol); break;
    case Operation::Kind::adjust: outcome = engine.adjust(operation, player->symbol, arena); break;
  }
  if (operation.kind == Operation::Kind::ban || operation.kind == Operation::Kind::unban) {
    outcome.total = player->total;
  }
  return outcome;
}

bool Engine::is_banned(Symbol player) const {
  return impl_->banned.contains(player);
}

// Changes every board that ranks players, and tells the feed.
void Engine::Impl::change_boards(const std::function<void(Board&, std::vector<BoardChange>&)>& change) {
  for (std::size_t i = 0; i < boards.size(); ++i) {
    if (!ruleset->boards[i].ranks_players) continue;
    std::vector<BoardChange> changes;
    change(*boards[i], changes);
    for (const BoardChange& one : changes) feed.changed(static_cast<std::uint16_t>(i), one, version);
  }
}

void Engine::Impl::ban(Symbol player) {
  if (!banned.insert(player).second) return;
  change_boards([player](Board& board, std::vector<BoardChange>& changes) { board.hide(player, changes); });
}

void Engine::Impl::unban(Symbol player) {
  if (banned.erase(player) == 0) return;
  change_boards([player](Board& board, std::vector<BoardChange>& changes) { board.show(player, changes); });
}

void Engine::Impl::forget(Symbol player) {
  state.begin();
  state.forget_player(player);
  banned.erase(player);
  adjustments.erase(player);
  change_boards([player](Board& board, std::vector<BoardChange>& changes) { board.forget(player, changes); });
}

// Adds points to a player's total and to the boards that count them, all or nothing.
Outcome Engine::Impl::adjust(const Operation& operation, Symbol player, Arena& caller) {
  Event no_event;
  no_event.envelope.player = operation.player;
  begin_for(no_event, arrival);
  applier.begin_without_event();
  const IdHash id(operation.id);
  if (const auto made = adjustments.find(player); made != adjustments.end()) {
    const auto points = made->second.find(id, arrival, adjustment_limits);
    if (points) return answer_duplicate(*points);
  }
  if (!plan_effects(std::nullopt, operation.points)) {
    state.roll_back();
    return answer_refusal(caller);
  }
  const std::int64_t points = activation.points();
  const std::int64_t total = state.total(activation.player());
  board_rules.commit(version, feed, false);
  adjustments[player].remember(id, arrival, points, adjustment_limits);
  feed.scored({.player = player,
               .points = points,
               .total = total,
               .position = version,
               .event_type = "adjustment",
               .notices = {},
               .sender = nullptr});
  return {.code = Code::ok, .position = version, .points = points, .total = total};
}

// Banned players and remembered adjustments, in order of symbols: a hash map's own order goes nowhere.
void Engine::Impl::hash_operations(HashInput& input) const {
  std::vector<Symbol> players(banned.begin(), banned.end());
  std::ranges::sort(players);
  input.number(std::uint64_t{players.size()});
  for (const Symbol player : players) input.number(std::uint64_t{player});
  players.clear();
  for (const auto& [player, ids] : adjustments) players.push_back(player);
  std::ranges::sort(players);
  for (const Symbol player : players) {
    input.number(std::uint64_t{player});
    adjustments.at(player).hash([&input](std::uint64_t word) { input.number(word); });
  }
}

}  // namespace tallyho

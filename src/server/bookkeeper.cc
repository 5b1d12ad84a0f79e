#include "server/bookkeeper.h"

namespace tallyho {

void Bookkeeper::enter(const Event& event, const Outcome& outcome) {
  if (outcome.code != Code::ok) return;
  const auto symbol = engine_.symbols().find(event.envelope.player);
  if (!symbol) return;
  const Ruleset& ruleset = engine_.ruleset();
  rules_.clear();
  for (const FiredRule& fired : outcome.fired) rules_.push_back({ruleset.rules[fired.rule].id, fired.points});
  ledger_.add(*symbol, {.position = outcome.position,
                        .at = engine_.last_arrival(),
                        .points = outcome.points,
                        .total = outcome.total,
                        .player = event.envelope.player,
                        .id = event.envelope.id,
                        .type = ruleset.events[event.type].name,
                        .fired = rules_});
}

void Bookkeeper::enter(const Operation& operation, const Outcome& outcome) {
  const auto symbol = engine_.symbols().find(operation.player);
  if (outcome.code != Code::ok || !symbol) return;
  if (operation.kind == Operation::Kind::forget) ledger_.forget(*symbol, operation.player, outcome.position);
  if (operation.kind != Operation::Kind::adjust) return;
  ledger_.add(*symbol, {.position = outcome.position,
                        .at = engine_.last_arrival(),
                        .points = outcome.points,
                        .total = outcome.total,
                        .player = operation.player,
                        .id = operation.id,
                        .type = "adjustment",
                        .by = operation.by});
}

void Bookkeeper::enter(const Replayed& replayed) {
  if (replayed.event != nullptr) enter(*replayed.event, replayed.outcome);
  if (replayed.operation != nullptr) enter(*replayed.operation, replayed.outcome);
}

Answered<std::uint64_t> Bookkeeper::newest(std::string_view player) {
  if (!ledger_.is_complete()) {
    return refuse(Code::unavailable, "the ledger is behind; it is completed when the server starts again");
  }
  const auto found = engine_.find_player(player);
  if (!found) return refuse(Code::not_found, "there is no player '" + std::string(player) + "' yet");
  ledger_.hand_over(true);
  return ledger_.newest(found->symbol);
}

// A server under load has nothing to do for a moment thousands of times a second, and would each time wake the writer
// for a few entries, which need not be on the disk soon.
void Bookkeeper::hand_over(bool now_is_quiet) {
  constexpr std::chrono::milliseconds interval{20};
  if (!now_is_quiet) return ledger_.hand_over(false);
  const auto now = Clock::now();
  if (now - handed_over_ < interval) return;
  handed_over_ = now;
  ledger_.erase(engine_.log().durable());
  ledger_.hand_over(true);
}

}  // namespace tallyho

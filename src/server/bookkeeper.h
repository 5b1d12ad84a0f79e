#pragma once

#include <chrono>
#include <vector>

#include "engine/engine.h"
#include "engine/replay.h"
#include "server/ledger.h"

namespace tallyho {

// Enters what the engine's outcomes mean for players into the ledger.
//
// Threads: the engine thread, or the one that replays before it runs. Memory: a list that stays as long as it once was.
class Bookkeeper {
 public:
  // Both outlive it.
  Bookkeeper(const Engine& engine, Ledger& ledger) : engine_(engine), ledger_(ledger) {}

  // Right after the engine has told the outcome. O(rules that fired).
  void enter(const Replayed& replayed);

  // Returns once the writer has not much left to do.
  void keep_pace() { ledger_.keep_pace(); }

  // Where the player's newest entry is, for Ledger::read(), which sees it from now on. Errors: not_found, unavailable.
  Answered<std::uint64_t> newest(std::string_view player);
  // Gives the ledger's writer what there is, if it is much, or `now_is_quiet` and nothing was given for a while.
  void hand_over(bool now_is_quiet);

 private:
  using Clock = std::chrono::steady_clock;
  void enter(const Event& event, const Outcome& outcome);
  void enter(const Operation& operation, const Outcome& outcome);

  const Engine& engine_;
  Ledger& ledger_;
  std::vector<LedgerRule> rules_;  // Scratch.
  Clock::time_point handed_over_;  // When it last was.
};

}  // namespace tallyho

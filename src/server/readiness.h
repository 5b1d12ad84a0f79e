#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/position.h"

namespace tallyho {

// Whether the server takes events, and if not, why: what GET /readyz answers.
//
//     readiness.replayed(8812);       // while it starts
//     readiness.set(Readiness::Phase::running);
//     readiness.beat(now);            // the engine thread, each round
//     if (auto why = readiness.why_not(now)) answer_unavailable(*why);
//
// Threads: any. Who sees `running` sees also what was written before it was set.
class Readiness {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Phase : std::uint8_t { starting, running, stopping };

  // The engine thread wakes once a second if nothing else happens; one that has not for so long is stuck.
  static constexpr std::chrono::seconds stuck_after{10};
  // An event that the log refused counts for so long. Not longer: where a balancer sends none, as it is not ready, none
  // would show that the disk has room again.
  static constexpr std::chrono::seconds refused_for{5};

  void set(Phase phase) { phase_.store(phase, std::memory_order_release); }
  bool is_started() const { return phase_.load(std::memory_order_acquire) != Phase::starting; }
  // The log is being gone through, and has come to there.
  void replayed(Position position) { replayed_.store(position, std::memory_order_relaxed); }
  // The engine thread is well.
  void beat(Clock::time_point now) { beat_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }
  // The log did not take an event.
  void refused(Clock::time_point now) { refused_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

  // Nothing: it is ready. Else a sentence.
  std::optional<std::string> why_not(Clock::time_point now) const;

 private:
  static Clock::time_point at(const std::atomic<std::int64_t>& ticks) {
    return Clock::time_point(Clock::duration(ticks.load(std::memory_order_relaxed)));
  }

  std::atomic<Phase> phase_{Phase::starting};  // Partners: set() and is_started().
  std::atomic<Position> replayed_{0};
  std::atomic<std::int64_t> beat_{0};     // 0: never yet.
  std::atomic<std::int64_t> refused_{0};  // 0: never yet.
};

}  // namespace tallyho

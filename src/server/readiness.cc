#include "server/readiness.h"

#include "fmt/format.h"

namespace tallyho {

std::optional<std::string> Readiness::why_not(Clock::time_point now) const {
  const Phase phase = phase_.load(std::memory_order_acquire);
  if (phase == Phase::stopping) return "shutting down";
  if (phase == Phase::starting) {
    const Position position = replayed_.load(std::memory_order_relaxed);
    return position == 0 ? "starting" : fmt::format("starting: the log is replayed up to position {}", position);
  }
  if (const auto beat = at(beat_); beat != Clock::time_point() && now - beat > stuck_after) {
    return fmt::format("the engine has not moved for {} s",
                       std::chrono::duration_cast<std::chrono::seconds>(now - beat).count());
  }
  if (const auto refused = at(refused_); refused != Clock::time_point() && now - refused < refused_for) {
    return "the log takes no events: the disk is full or has failed";
  }
  return std::nullopt;
}

}  // namespace tallyho

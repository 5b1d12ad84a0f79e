#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "base/calendar.h"

namespace tallyho {

// When the period began that an event's `now` lies in: what `resets` and caps compare. Periods begin at whole seconds,
// so that seconds since the epoch say it.
//
// Threads: one owner.
class PeriodClock {
 public:
  // Before every period: the period of a value that nobody has written yet.
  static constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();

  explicit PeriodClock(const TimeZone& zone)
      : kept_{Kept{Calendar(Every::hourly, zone)}, Kept{Calendar(Every::daily, zone)},
              Kept{Calendar(Every::weekly, zone)}} {}

  void set(Timestamp now) { now_ = now; }
  Timestamp now() const { return now_; }

  // The start of the hour, day or week that now lies in. `never`: one period, from before_all + 1 on. O(1) mostly.
  std::int64_t starts(Every every) {
    switch (every) {
      case Every::hourly: return starts(kept_[0]);
      case Every::daily: return starts(kept_[1]);
      case Every::weekly: return starts(kept_[2]);
      default: return before_all + 1;
    }
  }

 private:
  // The period that was asked for last.
  struct Kept {
    Calendar calendar;
    std::int64_t starts = 0;
    std::int64_t ends = 0;
  };
  std::int64_t starts(Kept& kept) {
    if (now_.seconds < kept.starts || now_.seconds >= kept.ends) {
      const Period& period = kept.calendar.period(now_);
      kept.starts = period.starts.seconds;
      kept.ends = period.ends.seconds;
    }
    return kept.starts;
  }

  Timestamp now_;
  std::array<Kept, 3> kept_;
};

}  // namespace tallyho

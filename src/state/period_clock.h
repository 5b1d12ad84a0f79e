#pragma once

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
      : hourly_(Every::hourly, zone), daily_(Every::daily, zone), weekly_(Every::weekly, zone) {}

  void set(Timestamp now) { now_ = now; }
  Timestamp now() const { return now_; }

  // The start of the hour, day or week that now lies in. `never`: one period, from before_all + 1 on. O(1) mostly.
  std::int64_t starts(Every every) {
    switch (every) {
      case Every::hourly: return hourly_.period(now_).starts.seconds;
      case Every::daily: return daily_.period(now_).starts.seconds;
      case Every::weekly: return weekly_.period(now_).starts.seconds;
      default: return before_all + 1;
    }
  }

 private:
  Timestamp now_;
  Calendar hourly_;
  Calendar daily_;
  Calendar weekly_;
};

}  // namespace tallyho

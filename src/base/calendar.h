#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/time.h"

namespace tallyho {

// An IANA time zone ("Europe/Berlin"), or a fixed offset as CEL takes them ("+02:00", "-02:30", "02:00").
// Cheap to copy.
class TimeZone {
 public:
  TimeZone();  // UTC.
  static std::optional<TimeZone> load(std::string_view name);

  // The civil time that clocks there show.
  struct Civil {
    std::int64_t year;
    int month, day, hour, minute, second;  // month and day from 1.
    int weekday;                           // Sunday = 0.
    int yearday;                           // From 1.
    int offset_seconds;                    // East of UTC.
  };
  Civil civil(Timestamp time) const;

  // The first instant at which clocks there show this civil time or later (a skipped time: the transition).
  Timestamp instant(std::int64_t year, int month, int day, int hour = 0, int minute = 0, int second = 0) const;

  const absl::TimeZone& absl() const { return zone_; }

 private:
  absl::TimeZone zone_;
};

// How often something begins anew.
enum class Every : std::uint8_t { never, hourly, daily, weekly, fixed };

// A period [starts, ends): instants, so that an hour that clocks repeat is two periods.
struct Period {
  Timestamp starts;
  Timestamp ends;
  bool contains(Timestamp time) const { return starts <= time && time < ends; }
  bool operator==(const Period&) const = default;
};

// Divides time into periods: hours, days and weeks (from Monday) of a time zone, or a fixed length counted from
// the Unix epoch. Remembers the period found last, so that asking about times near each other costs a compare.
//
// Threads: one owner.
class Calendar {
 public:
  Calendar() = default;  // One period: all time.
  Calendar(Every every, TimeZone zone, Duration length = {});

  // The period `time` lies in. Valid until the next call.
  const Period& period(Timestamp time);

  // The period `count` before (or, negative, after) the one that begins at `starts`.
  Period before(const Period& period, int count);

  // The local start as boards name windows: "2026-07-19" where it starts at midnight, else "2026-07-19T20:00"
  // (with seconds where needed). Two periods of a repeated hour get the same name.
  std::string name(const Period& period) const;
  // The same with the UTC offset appended: "2026-10-25T02:00+01:00".
  std::string name_with_offset(const Period& period) const;

  Every every() const { return every_; }

 private:
  Period find(Timestamp time) const;

  Every every_ = Every::never;
  TimeZone zone_;
  Duration length_{};
  Period last_{};
};

}  // namespace tallyho

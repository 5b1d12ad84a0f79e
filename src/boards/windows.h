#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"

namespace tallyho {

// The periods of a board: which is current, which are readable, in which an event counts, and what they are called.
// A board for all time has one, a default Period.
//
// The current period is that of the greatest arrival time so far, the Unix epoch at first. Readable are it and the
// `keep` periods before it. An event counts in the period its time lies in, unless that is before the readable ones:
// a later period than the current one begins early.
//
// Threads: one owner.
class Windows {
 public:
  Windows(Every every, TimeZone zone, Duration length, std::uint32_t keep);

  bool is_all_time() const { return every_ == Every::never; }

  // Time has come to `arrival`; an earlier one than before changes nothing. True if the current period is another now.
  // O(1) within a period, else O(keep).
  bool advance(Timestamp arrival);

  const Period& current() const { return current_; }
  bool is_readable(const Period& period) const { return is_all_time() || period.starts >= oldest_.starts; }

  // The period in which an event at `now` counts, or nothing. O(1).
  std::optional<Period> counting_at(Timestamp now);

  // The current period and the `keep` before it, newest first. O(keep).
  std::vector<Period> readable() const;

  // The local start: "2026-07-19" where that is midnight, else "2026-07-19T20:00" (with seconds where needed). Where
  // clocks show the same start twice, the second has the UTC offset appended ("2026-10-25T02:00+01:00"), whether or
  // not the first is still readable: so a name means the same period for ever. "" for all time.
  std::string name(const Period& period) const;

 private:
  Every every_;
  TimeZone zone_;
  std::uint32_t keep_;
  Calendar calendar_;
  Period current_;
  Period oldest_;
};

}  // namespace tallyho

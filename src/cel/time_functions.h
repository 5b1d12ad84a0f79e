#pragma once

// The parts of a time that CEL's accessors give, for the library and the evaluator's own instruction. Internal to cel/.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/calendar.h"
#include "cel/value.h"

namespace tallyho::cel {

enum class TimeField : std::uint8_t {
  full_year,
  month,         // 0-based
  date,          // 1-based
  day_of_month,  // 0-based
  day_of_week,   // Sunday 0
  day_of_year,   // 0-based
  hours,
  minutes,
  seconds,
  milliseconds,
};

// The field that an accessor names: "getHours".
std::optional<TimeField> time_field_named(std::string_view function);

// A field of a timestamp as clocks in `zone` show it. An error value if `time` is no timestamp.
Value time_field(TimeField field, const Value& time, const TimeZone& zone, std::uint32_t position);

}  // namespace tallyho::cel

// The accessors of timestamps and durations: getFullYear() and its like, with and without a time zone.

#include "cel/time_functions.h"

#include <array>

#include "cel/library.h"

namespace tallyho::cel {
namespace {

struct Accessor {
  std::string_view function;
  std::string_view id;
  TimeField field;
};

constexpr std::array accessors = {
    Accessor{"getFullYear", "timestamp_to_year", TimeField::full_year},
    Accessor{"getMonth", "timestamp_to_month", TimeField::month},
    Accessor{"getDate", "timestamp_to_day_of_month_1_based", TimeField::date},
    Accessor{"getDayOfMonth", "timestamp_to_day_of_month", TimeField::day_of_month},
    Accessor{"getDayOfWeek", "timestamp_to_day_of_week", TimeField::day_of_week},
    Accessor{"getDayOfYear", "timestamp_to_day_of_year", TimeField::day_of_year},
    Accessor{"getHours", "timestamp_to_hours", TimeField::hours},
    Accessor{"getMinutes", "timestamp_to_minutes", TimeField::minutes},
    Accessor{"getSeconds", "timestamp_to_seconds", TimeField::seconds},
    Accessor{"getMilliseconds", "timestamp_to_milliseconds", TimeField::milliseconds},
};

template <TimeField field>
Value in_utc(const Call& c) {
  return time_field(field, c.args[0], TimeZone(), c.position);
}

template <TimeField field>
Value in_zone(const Call& c) {
  const auto zone = TimeZone::load(c.args[1].as_string());
  if (!zone) return c.error(ErrorKind::invalid_argument);
  return time_field(field, c.args[0], *zone, c.position);
}

// The whole duration in a unit, cut off.
template <std::int64_t nanos_per_unit>
Value total(const Call& c) {
  return Value::int64(c.args[0].as_duration().count() / nanos_per_unit);
}

// The part of a duration below a second.
Value milliseconds_part(const Call& c) {
  return Value::int64(c.args[0].as_duration().count() % 1'000'000'000 / 1'000'000);
}

template <std::size_t... index>
void add_accessors(Library& lib, std::index_sequence<index...>) {
  constexpr CallCost cost = {.base = 60, .per_16_bytes = 0, .result_size_max = 0};
  constexpr CallCost zone_cost = {.base = 500, .per_16_bytes = 1, .result_size_max = 0};  // Looks the zone up.
  const auto add = [&](const Accessor& accessor, Implementation utc, Implementation zone) {
    lib.method(accessor.function, accessor.id, {lib.timestamp}, lib.int64, utc, cost);
    lib.method(accessor.function, std::string(accessor.id) + "_with_tz", {lib.timestamp, lib.string}, lib.int64, zone,
               zone_cost);
  };
  (add(accessors[index], in_utc<accessors[index].field>, in_zone<accessors[index].field>), ...);
}

}  // namespace

std::optional<TimeField> time_field_named(std::string_view function) {
  for (const Accessor& accessor : accessors) {
    if (accessor.function == function) return accessor.field;
  }
  return std::nullopt;
}

Value time_field(TimeField field, const Value& time, const TimeZone& zone, std::uint32_t position) {
  if (time.is_error()) return time;
  if (!time.is(Kind::timestamp)) return Value::error(ErrorKind::no_such_overload, position);
  const Timestamp timestamp = time.as_timestamp();
  if (field == TimeField::milliseconds) return Value::int64(timestamp.nanos / 1'000'000);
  const TimeZone::Civil civil = zone.civil(timestamp);
  switch (field) {
    case TimeField::full_year: return Value::int64(civil.year);
    case TimeField::month: return Value::int64(civil.month - 1);
    case TimeField::date: return Value::int64(civil.day);
    case TimeField::day_of_month: return Value::int64(civil.day - 1);
    case TimeField::day_of_week: return Value::int64(civil.weekday);
    case TimeField::day_of_year: return Value::int64(civil.yearday - 1);
    case TimeField::hours: return Value::int64(civil.hour);
    case TimeField::minutes: return Value::int64(civil.minute);
    case TimeField::seconds: return Value::int64(civil.second);
    case TimeField::milliseconds: break;
  }
  return Value::error(ErrorKind::no_such_overload, position);
}

void add_time_functions(Environment& environment) {
  Library lib(environment);
  add_accessors(lib, std::make_index_sequence<accessors.size()>());
  constexpr std::int64_t second = 1'000'000'000;
  lib.method("getHours", "duration_to_hours", {lib.duration}, lib.int64, total<3600 * second>);
  lib.method("getMinutes", "duration_to_minutes", {lib.duration}, lib.int64, total<60 * second>);
  lib.method("getSeconds", "duration_to_seconds", {lib.duration}, lib.int64, total<second>);
  lib.method("getMilliseconds", "duration_to_milliseconds", {lib.duration}, lib.int64, milliseconds_part);
}

}  // namespace tallyho::cel

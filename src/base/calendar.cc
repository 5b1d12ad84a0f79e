#include "base/calendar.h"

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;

absl::Time to_absl(Timestamp time) {
  return absl::FromUnixSeconds(time.seconds) + absl::Nanoseconds(time.nanos);
}

// The calendar's boundaries are whole seconds.
Timestamp from_absl(absl::Time time) {
  return {absl::ToUnixSeconds(time), 0};
}

// "+02:00", "-02:30", "02:00": as CEL's fixed offsets.
std::optional<int> parse_offset(std::string_view text) {
  const bool is_west = text.starts_with('-');
  if (is_west || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0u, 1u, 3u, 4u}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (hours * 60 + minutes) * (is_west ? -60 : 60);
}

}  // namespace

TimeZone::TimeZone() : zone_(absl::UTCTimeZone()) {}

std::optional<TimeZone> TimeZone::load(std::string_view name) {
  TimeZone zone;
  if (const auto offset = parse_offset(name)) {
    zone.zone_ = absl::FixedTimeZone(*offset);
    return zone;
  }
  // The loader also takes paths and what the machine is set to; a zone is a name that means the same everywhere.
  constexpr std::string_view nul("\0", 1);
  if (name.empty() || name.front() == '/' || name.front() == ':' || name == "localtime" ||
      name.find("..") != std::string_view::npos || name.find(nul) != std::string_view::npos) {
    return std::nullopt;
  }
  if (!absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone.zone_)) return std::nullopt;
  return zone;
}

TimeZone::Civil TimeZone::civil(Timestamp time) const {
  const absl::TimeZone::CivilInfo info = zone_.At(absl::FromUnixSeconds(time.seconds));
  const absl::CivilDay day(info.cs);
  // absl counts weekdays from Monday = 0.
  const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  return {info.cs.year(),   info.cs.month(), info.cs.day(),         info.cs.hour(), info.cs.minute(),
          info.cs.second(), weekday,         absl::GetYearDay(day), info.offset};
}

Timestamp TimeZone::instant(std::int64_t year, int month, int day, int hour, int minute, int second) const {
  const absl::TimeZone::TimeInfo info = zone_.At(absl::CivilSecond(year, month, day, hour, minute, second));
  return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

Calendar::Calendar(Every every, TimeZone zone, Duration length) : every_(every), zone_(zone), length_(length) {
  // Nothing lies in the period remembered first.
  last_ = {Timestamp::max(), Timestamp::min()};
}

const Period& Calendar::period(Timestamp time) {
  if (!last_.contains(time)) last_ = find(time);
  return last_;
}

Period Calendar::before(const Period& period, int count) {
  Period found = period;
  for (; count > 0; --count) {
    found = find(found.starts.nanos > 0 ? Timestamp{found.starts.seconds, found.starts.nanos - 1}
                                        : Timestamp{found.starts.seconds - 1, 999'999'999});
  }
  for (; count < 0; ++count) found = find(found.ends);
  return found;
}

namespace {

// The first second after `from` at which clocks are at the offset that they have at `to`; between the two they are set
// at most once.
std::int64_t second_when_set(const TimeZone& zone, std::int64_t from, std::int64_t to) {
  const int offset = zone.civil({to, 0}).offset_seconds;
  while (to - from > 1) {
    const std::int64_t middle = from + (to - from) / 2;
    (zone.civil({middle, 0}).offset_seconds == offset ? to : from) = middle;
  }
  return to;
}

// Hours begin where the minute hand is at zero, and where clocks are set: an hour that is shown twice is two periods,
// and where only half an hour is skipped or repeated, the hour it cuts is shorter.
Period find_hour(const TimeZone& zone, Timestamp time) {
  const TimeZone::Civil civil = zone.civil(time);
  std::int64_t starts = time.seconds - (civil.minute * 60 + civil.second);
  std::int64_t ends = starts + 3600;
  const auto is_other_offset = [&](std::int64_t second) {
    return zone.civil({second, 0}).offset_seconds != civil.offset_seconds;
  };
  if (is_other_offset(starts)) starts = second_when_set(zone, starts, time.seconds);
  if (is_other_offset(ends - 1)) ends = second_when_set(zone, time.seconds, ends - 1);
  return {{starts, 0}, {ends, 0}};
}

Period find_days(const absl::TimeZone& zone, Timestamp time, bool is_week) {
  absl::CivilDay day(zone.At(to_absl(time)).cs);
  if (is_week) day -= static_cast<int>(absl::GetWeekday(day));  // Monday = 0.
  return {from_absl(absl::FromCivil(day, zone)), from_absl(absl::FromCivil(day + (is_week ? 7 : 1), zone))};
}

}  // namespace

Period Calendar::find(Timestamp time) const {
  switch (every_) {
    case Every::never: return {Timestamp::min(), {Timestamp::max().seconds + 1, 0}};
    case Every::hourly: return find_hour(zone_, time);
    case Every::daily: return find_days(zone_.absl(), time, false);
    case Every::weekly: return find_days(zone_.absl(), time, true);
    case Every::fixed: break;
  }
  const __int128 nanos = static_cast<__int128>(time.seconds) * nanos_per_second + time.nanos;
  __int128 number = nanos / length_.count();
  if (nanos % length_.count() < 0) --number;
  const auto instant = [](__int128 at) {
    __int128 seconds = at / nanos_per_second;
    if (at % nanos_per_second < 0) --seconds;
    return Timestamp{static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(at - seconds * nanos_per_second)};
  };
  return {instant(number * length_.count()), instant((number + 1) * length_.count())};
}

std::string Calendar::name(const Period& period) const {
  const TimeZone::Civil civil = zone_.civil(period.starts);
  std::string out = fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
  const bool has_seconds = civil.second != 0 || period.starts.nanos != 0;
  if (civil.hour == 0 && civil.minute == 0 && !has_seconds) return out;
  out += fmt::format("T{:02}:{:02}", civil.hour, civil.minute);
  if (!has_seconds) return out;
  out += fmt::format(":{:02}", civil.second);
  if (period.starts.nanos == 0) return out;
  out += fmt::format(".{:09}", period.starts.nanos);
  return out.erase(out.find_last_not_of('0') + 1);
}

std::string Calendar::name_with_offset(const Period& period) const {
  const int offset = zone_.civil(period.starts).offset_seconds;
  const int seconds = offset < 0 ? -offset : offset;
  std::string out =
      fmt::format("{}{}{:02}:{:02}", name(period), offset < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) out += fmt::format(":{:02}", seconds % 60);  // Local mean time, before there were zones.
  return out;
}

}  // namespace tallyho

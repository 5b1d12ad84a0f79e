#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyho {

// A length of time in nanoseconds, as CEL's duration: int64, about ±292 years.
using Duration = std::chrono::nanoseconds;

// A point in time, UTC, to the nanosecond: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, the range of
// CEL and of RFC 3339. Default: the Unix epoch.
struct Timestamp {
  std::int64_t seconds = 0;  // Since the Unix epoch; floored, so that nanos counts forward from it.
  std::int32_t nanos = 0;    // 0 to 999'999'999.

  auto operator<=>(const Timestamp&) const = default;

  static constexpr Timestamp min() { return {-62'135'596'800, 0}; }
  static constexpr Timestamp max() { return {253'402'300'799, 999'999'999}; }
  static constexpr Timestamp from_millis(std::int64_t millis) {
    const std::int64_t rest = millis % 1000;
    return {millis / 1000 - (rest < 0 ? 1 : 0), static_cast<std::int32_t>(rest < 0 ? rest + 1000 : rest) * 1'000'000};
  }
  // The system clock, in whole microseconds: state keeps those in fewer bytes. Only the edges (I/O threads, main) may
  // ask.
  static Timestamp system_now();
  // Milliseconds since the epoch, floored.
  constexpr std::int64_t to_millis() const { return seconds * 1000 + nanos / 1'000'000; }
  constexpr bool is_valid() const { return *this >= min() && *this <= max(); }
};

// Sums and differences that leave the range are nothing.
std::optional<Timestamp> add(Timestamp time, Duration duration) noexcept;
std::optional<Timestamp> subtract(Timestamp time, Duration duration) noexcept;
std::optional<Duration> subtract(Timestamp later, Timestamp earlier) noexcept;

// RFC 3339: `T` and `Z` in either case, any offset, digits beyond nanoseconds cut, no leap second, no 24:00,
// 0001 to 9999 in UTC. Nothing if `text` is anything else. No allocation.
std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept;

// RFC 3339 in UTC with as many fraction digits as it takes, as CEL's string(timestamp): "2026-07-19T19:00:00Z".
std::string format_timestamp(Timestamp time);

// As CEL's duration(): a sequence of decimal numbers with units h m s ms us ns, an optional sign, or "0":
// "10m", "1h30m", "-1.5s". Nothing if `text` is anything else or out of range. No allocation.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

// As CEL's string(duration): seconds with a fraction where needed: "600s", "0.005s".
std::string format_duration(Duration duration);

}  // namespace tallyho

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/time.h"

namespace tallyho {

static_assert(std::endian::native == std::endian::little, "times, ids and symbols are the lower bytes of numbers");

// A byte as the highest one of a number with a sign.
constexpr std::int64_t sign_extended(std::uint8_t byte) {
  return static_cast<std::int64_t>(std::uint64_t{byte} << 56) >> 56;
}

// A Timestamp in 9 bytes instead of 16: records and windows hold millions of them. The nanoseconds, 30 bits, and the
// lowest 34 of the seconds are one word; the other 8 follow it. That is more than every Timestamp needs.
class PackedTime {
 public:
  PackedTime() = default;
  explicit PackedTime(Timestamp time) {
    const auto seconds = static_cast<std::uint64_t>(time.seconds);
    const std::uint64_t word = seconds << nanos_bits | static_cast<std::uint32_t>(time.nanos);
    std::memcpy(bytes_.data(), &word, sizeof(word));
    bytes_[sizeof(word)] = static_cast<std::uint8_t>(seconds >> (64 - nanos_bits));
  }

  Timestamp unpack() const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data(), sizeof(word));
    const std::int64_t upper = sign_extended(bytes_[sizeof(word)]);
    return {upper * (std::int64_t{1} << (64 - nanos_bits)) + static_cast<std::int64_t>(word >> nanos_bits),
            static_cast<std::int32_t>(word & ((1U << nanos_bits) - 1))};
  }

  friend bool operator==(const PackedTime&, const PackedTime&) = default;

 private:
  static constexpr int nanos_bits = 30;

  std::array<std::uint8_t, 9> bytes_{};
};
static_assert(sizeof(PackedTime) == 9);

// Where times of 6 bytes count from: a second that is a multiple of 2^22, 49 days. They count whole microseconds, which
// the system's clock does too (Timestamp::system_now()), for at least 8.6 years.
class TimeBase {
 public:
  static constexpr int packed_bits = 48;

  TimeBase() = default;
  // The latest that is not after it; `sooner` times 49 days before that.
  explicit TimeBase(Timestamp earliest, int sooner = 0)
      : steps_(static_cast<std::int32_t>(earliest.seconds >> second_bits) - sooner) {}

  bool fits(Timestamp time) const {
    const std::int64_t seconds = time.seconds - base_seconds();
    return seconds >= 0 && seconds < seconds_max && time.nanos % nanos_per_micro == 0;
  }
  // The whole microseconds between, rounded down: of what fits, a number of packed_bits. Orders times as they are.
  std::int64_t pack(Timestamp time) const {
    return (time.seconds - base_seconds()) * micros_per_second + time.nanos / nanos_per_micro;
  }
  // Only of what fits.
  Timestamp unpack(std::uint64_t packed) const {
    return {base_seconds() + static_cast<std::int64_t>(packed / micros_per_second),
            static_cast<std::int32_t>(packed % micros_per_second) * nanos_per_micro};
  }

 private:
  static constexpr int second_bits = 22;
  static constexpr std::int32_t nanos_per_micro = 1'000;
  static constexpr std::int32_t micros_per_second = 1'000'000;
  static constexpr std::int64_t seconds_max = (std::int64_t{1} << packed_bits) / micros_per_second;

  std::int64_t base_seconds() const { return steps_ * (std::int64_t{1} << second_bits); }

  std::int32_t steps_ = 0;
};
static_assert(sizeof(TimeBase) == 4);

// Before every timestamp: "has not happened yet".
inline constexpr Timestamp never_happened{std::numeric_limits<std::int64_t>::min(), 0};

// One that may be never_happened, too, which is the least that fits.
class PackedMoment {
 public:
  PackedMoment() = default;
  explicit PackedMoment(Timestamp time) : time_(time == never_happened ? never : time) {}
  Timestamp unpack() const {
    const Timestamp time = time_.unpack();
    return time == never ? never_happened : time;
  }

 private:
  static constexpr Timestamp never{-(std::int64_t{1} << 41), 0};
  PackedTime time_;
};

// The start of a period, in seconds as PeriodClock says it, in 5 bytes instead of 8.
class PackedPeriod {
 public:
  PackedPeriod() = default;
  // It must be one that fits.
  explicit PackedPeriod(std::int64_t starts) {
    const std::int64_t kept = starts <= never_min + 1 ? starts - never_min + kept_min : starts;
    const auto low = static_cast<std::uint32_t>(kept);
    std::memcpy(bytes_.data(), &low, sizeof(low));
    bytes_[sizeof(low)] = static_cast<std::uint8_t>(kept >> 32);
  }
  // The least two of all numbers, which belong to no calendar, and whatever lies in some 17,000 years around 1970.
  static bool fits(std::int64_t starts) {
    return starts <= never_min + 1 || (starts > kept_min + 1 && starts <= -(kept_min + 1));
  }

  std::int64_t unpack() const {
    std::uint32_t low = 0;
    std::memcpy(&low, bytes_.data(), sizeof(low));
    const std::int64_t upper = sign_extended(bytes_[sizeof(low)]);
    const std::int64_t kept = upper * (std::int64_t{1} << 32) + low;
    return kept <= kept_min + 1 ? kept - kept_min + never_min : kept;
  }

 private:
  static constexpr std::int64_t never_min = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kept_min = -(std::int64_t{1} << 39);

  std::array<std::uint8_t, 5> bytes_{};
};
static_assert(sizeof(PackedPeriod) == 5);

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <limits>

#include "base/time.h"

namespace tallyho {

// A Timestamp in 12 bytes instead of 16: records and windows hold millions of them.
struct PackedTime {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::int32_t nanos = 0;

  PackedTime() = default;
  explicit PackedTime(Timestamp time)
      : low(static_cast<std::uint32_t>(static_cast<std::uint64_t>(time.seconds))),
        high(static_cast<std::uint32_t>(static_cast<std::uint64_t>(time.seconds) >> 32)),
        nanos(time.nanos) {}

  Timestamp unpack() const { return {static_cast<std::int64_t>((std::uint64_t{high} << 32) | low), nanos}; }
};
static_assert(sizeof(PackedTime) == 12);

// Before every timestamp: "has not happened yet".
inline constexpr Timestamp never_happened{std::numeric_limits<std::int64_t>::min(), 0};

}  // namespace tallyho

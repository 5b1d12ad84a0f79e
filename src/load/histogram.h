#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tallyho {

// Counts latencies, and says afterwards which one so many percent stayed under. Log-linear: every power of two is
// divided into 128 equal buckets, so that what it says is off by less than 0.8 %, whatever the size.
//
//     Histogram histogram;
//     histogram.add(250'000);            // nanoseconds, or any unit
//     histogram.percentile(99.9);
//
// Memory: 58 KiB, taken once. add() is O(1), percentile() O(buckets).
class Histogram {
 public:
  void add(std::uint64_t value) noexcept {
    ++counts_[bucket_of(value)];
    ++total_;
    if (value > max_) max_ = value;
  }

  // The smallest value that at least `percent` percent of those added do not exceed, rounded up to the end of its
  // bucket, but never above max(). 0 if there are none. `percent` is from 0 to 100.
  std::uint64_t percentile(double percent) const noexcept;

  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t max() const noexcept { return max_; }

 private:
  static constexpr int bits = 7;  // Of a value that tell buckets of one power of two apart.
  static constexpr std::size_t per_power = std::size_t{1} << bits;
  static constexpr std::size_t bucket_count = (64 - bits + 1) * per_power;

  // Values below 2 · per_power have a bucket each; above, the leading 1 and the `bits` after it choose.
  static std::size_t bucket_of(std::uint64_t value) noexcept {
    const int shift = static_cast<int>(std::bit_width(value)) - bits - 1;
    if (shift <= 0) return static_cast<std::size_t>(value);
    return static_cast<std::size_t>(shift) * per_power + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t last_of(std::size_t bucket) noexcept;

  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace tallyho

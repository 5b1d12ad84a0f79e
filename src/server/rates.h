#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace tallyho {

// How often something may happen: `burst` times at once, and `per_second` times a second in the long run. 0 a second:
// as often as one likes.
struct Rate {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 1;
};

// A token bucket as one number: when it will be full again. (As the generic cell rate algorithm of ITU-T I.371 has it.)
//
//     const auto wait = bucket.take({.per_second = 10, .burst = 20}, now);
//     if (wait > 0ms) return overloaded(wait);
//
// Threads: any; a lock-free number. Memory: 8 bytes.
class Bucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Takes a token, or says how long until there is one: at least a millisecond.
  std::chrono::milliseconds take(const Rate& rate, Time now) noexcept {
    if (rate.per_second == 0) return {};
    const std::int64_t interval = 1'000'000'000 / rate.per_second;
    const std::int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
    const std::int64_t room = interval * std::max<std::int64_t>(rate.burst, 1);
    std::int64_t full = full_.load(std::memory_order_relaxed);  // Partner: whoever else takes.
    while (true) {
      const std::int64_t next = std::max(full, at) + interval;
      if (next > at + room) return std::chrono::milliseconds((next - at - room + 999'999) / 1'000'000);
      if (full_.compare_exchange_weak(full, next, std::memory_order_relaxed)) return {};
    }
  }

 private:
  std::atomic<std::int64_t> full_{0};  // Nanoseconds of the steady clock.
};

// A bucket for every name there can be, in bounded memory: names share buckets by a hash that differs from process to
// process, so that who floods slows down hardly anybody else, and nobody can choose whom.
//
// Threads: any. Memory: 1 MiB.
class NamedBuckets {
 public:
  std::chrono::milliseconds take(std::string_view name, const Rate& rate, Bucket::Time now) noexcept {
    const std::size_t hash = absl::HashOf(absl::string_view(name.data(), name.size()));
    return (*buckets_)[hash % count].take(rate, now);
  }

 private:
  static constexpr std::size_t count = std::size_t{1} << 17;
  std::unique_ptr<std::array<Bucket, count>> buckets_ = std::make_unique<std::array<Bucket, count>>();
};

}  // namespace tallyho

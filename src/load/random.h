#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace tallyho {

// A well-mixed number for each number: SplitMix64 of Steele, Lea and Flood ("Fast splittable pseudorandom number
// generators", OOPSLA 2014), with the constants of Vigna's splitmix64.
constexpr std::uint64_t mixed(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

// Random numbers that are the same everywhere: xoshiro256** of Blackman and Vigna ("Scrambled linear pseudorandom
// number generators", ACM TOMS 47:4, 2021), seeded with SplitMix64 as they advise. All draws are integer arithmetic.
//
//     Random random(1);
//     if (random.one_in(1000)) …
//     const std::uint64_t die = 1 + random.below(6);
//
// Threads: one owner.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t i = 0; i < state_.size(); ++i) state_[i] = mixed(seed + i * 0x9e3779b97f4a7c15);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 to limit - 1. Uneven by at most limit in 2^64.
  std::uint64_t below(std::uint64_t limit) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(next()) * limit >> 64);
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  bool percent(std::uint64_t share) { return below(100) < share; }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace tallyho

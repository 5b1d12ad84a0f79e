#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "load/random.h"

namespace tallyho {

// Draws 0 to count - 1, number k with a weight of (k + 1) to the power of -skew: a few are seen often, most seldom.
// A skew of 0 makes all equal. The same draws on every machine: no function of the mathematics library is used, whose
// last digit may differ.
//
//     Zipf players(100'000, 0.6);
//     const std::uint32_t player = players.draw(random);
//
// Drawing is O(1) by Walker's alias method (built as Vose does, IEEE Transactions on Software Engineering 17:9, 1991).
// Threads: immutable. Memory: 8 bytes a number.
class Zipf {
 public:
  // O(count). `count` is at least 1; `skew` is not negative.
  Zipf(std::uint32_t count, double skew);

  std::uint32_t draw(Random& random) const {
    const std::uint64_t bits = random.next();
    const auto cell = static_cast<std::uint32_t>((bits >> 32) * cells_.size() >> 32);
    const Cell& drawn = cells_[cell];
    return static_cast<std::uint32_t>(bits) <= drawn.own ? cell : drawn.other;
  }

  std::uint32_t count() const { return static_cast<std::uint32_t>(cells_.size()); }

 private:
  // A cell stands for one number with a chance of (own + 1) / 2^32, and for another one else.
  struct Cell {
    std::uint32_t own;
    std::uint32_t other;
  };

  std::vector<Cell> cells_;
};

// base to the power of exponent, for a base of at least 1, to about 15 digits: sums and products alone, in an order
// that is fixed, so that every machine with IEEE 754 doubles gets the same bits.
double portable_power(double base, double exponent);

}  // namespace tallyho

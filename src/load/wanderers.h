#pragma once

#include <cstdint>
#include <vector>

#include "load/random.h"

namespace tallyho {

// A place on the map in millionths of a degree, north and east.
struct Spot {
  std::int32_t lat = 0;
  std::int32_t lon = 0;
};

// The players' ways through Munich: from a start of its own, each walks at up to 2 m/s between the times it is asked
// for, and never leaves the box of 48.06 to 48.24 N and 11.36 to 11.72 E.
//
// Threads: one owner. Memory: 12 bytes a player.
class Wanderers {
 public:
  Wanderers(std::uint32_t count, std::uint64_t seed) : seed_(seed), players_(count) {}

  // Where a player is, `millis` after the beginning. Times of one player do not go back.
  Spot walk(std::uint32_t player, std::int64_t millis, Random& random);

  static Spot anywhere(Random& random);

 private:
  struct Player {
    Spot place;                     // All zero: not started.
    std::uint32_t deciseconds = 0;  // When it was there, after the beginning: good for 13 years.
  };

  std::uint64_t seed_;
  std::vector<Player> players_;
};

}  // namespace tallyho

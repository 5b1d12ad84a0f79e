#pragma once

// For tests: random events for the shipped treasure hunt, over few players and things, so that everything happens:
// streaks, caps, cooldowns, full sets, moves between teams and regions, rejections, repeated ids, late events.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/time.h"

namespace tallyho {

struct HuntEvent {
  std::string bytes;
  Timestamp arrival;
};

// `seed` decides it all.
std::vector<HuntEvent> make_hunt_events(std::size_t count, unsigned seed);

}  // namespace tallyho

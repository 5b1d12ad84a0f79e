#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/position.h"

namespace tallyho::cli {

// What `explain --data DIR --player P` was asked.
struct PlayerQuestion {
  std::string data;
  std::string player;
  std::string id;                                          // "": everything that counted.
  std::uint32_t limit = 10;                                // The newest so many
  Position before = std::numeric_limits<Position>::max();  // before this position.
  bool as_json = false;
};

// Computes the log again, up to where the question ends, and says how the player came to its points; or what every rule
// did with the event of one id, each time it came. Returns the exit status.
int explain_player(const PlayerQuestion& question);

}  // namespace tallyho::cli

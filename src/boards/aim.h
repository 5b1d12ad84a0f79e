#pragma once

#include <cstdint>

namespace tallyho {

// Where on a leaderboard somebody who comes to have a value is to go, found before it happens: Leaderboard::aim(). It
// is a hint, which says itself whether it still holds. The default says that it does not.
struct Aim {
  std::uint64_t key = 0;  // The value, as the tree orders it.
  std::uint32_t leaf = 0xffffffff;
  std::uint32_t shape = 0;  // Of the tree, then.
};

}  // namespace tallyho

#pragma once

#include <string>
#include <string_view>

#include "base/problem.h"
#include "boards/board.h"
#include "engine/place.h"

namespace tallyho {

// Cursors of pages are keysets: what the last member of a page had reached, where in the log, and who it was. The next
// page begins with who comes after that now, whether or not it is still there, so that a member that does not move
// while one pages is seen exactly once. A cursor also says which window it pages through, which goes on when a new one
// begins.

// "570.8812.17.1": value, position, member, section. Opaque to clients.
std::string make_cursor(const Standing& last, const BoardSection& section);

// The rank at which the page after `cursor` begins. Moves `place` to the cursor's window, unless `is_window_given`.
// Errors: invalid_argument (no cursor of this board, group or window), not_found (its window is not readable any more).
Answered<Rank> find_page(Place& place, std::string_view cursor, bool is_window_given);

}  // namespace tallyho

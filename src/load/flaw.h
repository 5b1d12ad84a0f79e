#pragma once

#include <cstdint>

#include "base/error.h"
#include "load/load_line.h"
#include "load/random.h"

namespace tallyho {

// What is wrong with a line of the standard load, on purpose.
enum class Flaw : std::uint8_t {
  none,
  truncated,  // Cut off somewhere.
  unknown_type,
  missing_field,
  wrong_type,
  out_of_bounds,  // A number.
  beyond_int64,   // An integer.
  not_utf8,       // For files only: a WebSocket would close.
  oversized_string,
};
inline constexpr int flaw_count = 8;  // Without none.

// The code that a line with this flaw is answered with.
Code code_of(Flaw flaw);

// Spoils a finished line: `type`, `player`, perhaps others, and from member `first_field` on its fields, of which the
// first is required. A flaw of a number goes to `ts` where no field is a number, one of a string to `player` where none
// is a string. Leaves the member places of `line` behind.
void spoil(LoadLine& line, std::size_t first_field, Flaw flaw, Random& random);

}  // namespace tallyho

#pragma once

#include <cstdint>

namespace tallyho {

// A place in the log, counting up by one from 1; 0 is before everything. Also the version of a board: the position up
// to which it is computed.
using Position = std::uint64_t;

}  // namespace tallyho

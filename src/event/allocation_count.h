#pragma once

#include <cstddef>

namespace tallyho {

// How often this program has called `operator new`; linking allocation_count.cc replaces it. For tests that promise
// not to allocate.
std::size_t allocation_count();

}  // namespace tallyho

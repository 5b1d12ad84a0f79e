#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/problem.h"

namespace tallyho {

// The target of a request, taken apart: "/v1/boards/a%20b?limit=3" → segments v1, boards, "a b"; limit = 3.
// Views point into the target or the arena.
struct RequestTarget {
  std::vector<std::string_view> segments;                                 // Decoded.
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  // Decoded; no name twice.
};

// Errors: invalid_argument for a broken percent-encoding, bytes that are not UTF-8, a parameter given twice.
// O(length).
Answered<RequestTarget> parse_target(std::string_view target, Arena& arena);

}  // namespace tallyho

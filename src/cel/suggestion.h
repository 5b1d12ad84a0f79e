#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tallyho::cel {

// The known name that a misspelt one most likely stands for: the one with the fewest letters inserted, left out,
// replaced or swapped, case ignored, if that is no more than a third of them. Of several, the first. "" if there is
// none. O(names · length²).
std::string_view nearest_name(std::string_view misspelt, std::span<const std::string_view> known);

// "; did you mean 'x'?" for the nearest of these names, or "".
std::string suggestion(std::string_view misspelt, std::span<const std::string_view> known);

}  // namespace tallyho::cel

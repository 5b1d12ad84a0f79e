#include "cel/suggestion.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>
#include <vector>

namespace tallyho::cel {
namespace {

constexpr std::size_t length_max = 64;  // Names beyond it are not compared: the distance is quadratic.

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Optimal string alignment distance, by three rows of its table.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (is_same ? 0 : 1)});
      const bool is_swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view misspelt, std::span<const std::string_view> known) {
  std::string_view nearest;
  if (misspelt.size() > length_max) return nearest;
  std::size_t least = std::max<std::size_t>(misspelt.size() / 3, 1) + 1;
  for (const std::string_view name : known) {
    if (name.size() > length_max) continue;
    const std::size_t found = distance(misspelt, name);
    // A name of one or two letters is not made out of nothing that it holds.
    if (found < least && found < std::max(misspelt.size(), name.size())) {
      least = found;
      nearest = name;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view misspelt, std::span<const std::string_view> known) {
  const std::string_view nearest = nearest_name(misspelt, known);
  return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

}  // namespace tallyho::cel

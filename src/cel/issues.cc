#include "cel/issues.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tallyho::cel {

std::vector<Issue> in_order(std::vector<Issue> issues) {
  // Sorted by (place, when found) instead of stably: clang takes libstdc++ 12's stable_sort for deprecated.
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  order.reserve(issues.size());
  for (std::size_t i = 0; i < issues.size(); ++i) order.emplace_back(issues[i].begin, i);
  std::ranges::sort(order);
  std::vector<Issue> ordered;
  for (const auto& [begin, index] : order) {
    if (!ordered.empty() && ordered.back().begin == begin) continue;
    ordered.push_back(std::move(issues[index]));
  }
  return ordered;
}

}  // namespace tallyho::cel

#include "ruleset/ruleset.h"

#include <algorithm>

namespace tallyho {

const EventType* Ruleset::find_event(std::string_view type) const {
  const auto found = event_index.find(absl::string_view(type.data(), type.size()));
  return found == event_index.end() ? nullptr : &events[found->second];
}

std::optional<BoardIndex> Ruleset::find_board(std::string_view id) const {
  const auto found = std::ranges::find(boards, id, &BoardDefinition::id);
  if (found == boards.end()) return std::nullopt;
  return static_cast<BoardIndex>(found - boards.begin());
}

}  // namespace tallyho

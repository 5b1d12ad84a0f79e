#pragma once

#include <vector>

#include "ruleset/ruleset.h"

namespace tallyho {

// Which type of events writes what a player's record holds: if it is only one, then whoever sends no such events needs
// no room for that (RecordLayout). Computed once per ruleset; immutable.
struct Writers {
  // More than one type, none, or that does not matter, because keys and boards go by it.
  static constexpr EventTypeIndex several = 0xffff;

  std::vector<EventTypeIndex> variables;  // By StateVariable.
  std::vector<EventTypeIndex> cooldowns;  // By Rule::cooldown_number.
  std::vector<EventTypeIndex> caps;       // By PointsCap::number.
};

Writers writers_of_players(const Ruleset& ruleset);

}  // namespace tallyho

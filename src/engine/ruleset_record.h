#pragma once

#include <string>
#include <string_view>

namespace tallyho {

// What the log keeps of a ruleset: its source; and, where it is known who put it in force, a line before that, which
// begins with a byte that YAML does not know and so no source begins with.
//
//     \x01{"by":"ops@game.example"}
//     tallyho: 1
//     …
//
// Who it was changes nothing: a replay goes on under the source.
struct RulesetRecord {
  std::string_view source;
  std::string by = {};  // As the admin's token names it (`sub`); "": not known.
};

std::string to_ruleset_record(std::string_view source, std::string_view by);

// Views in the result point into `record`. What no ruleset's record is comes back as a source, that no loader takes.
RulesetRecord parse_ruleset_record(std::string_view record);

}  // namespace tallyho

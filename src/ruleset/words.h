#pragma once

#include <string>
#include <string_view>

#include "ruleset/ruleset.h"

namespace tallyho {

// What things are called in ruleset files: "list<string>", "window", "daily", "best".
std::string_view to_string(FieldType::Kind kind);
std::string to_string(const FieldType& type);
std::string_view to_string(StateType type);
std::string_view to_string(Every every);  // never: "ever".
std::string_view to_string(BoardOperator op);

}  // namespace tallyho

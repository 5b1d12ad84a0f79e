#pragma once

#include <string_view>

namespace tallyho::capi {

// The text of rulesets/treasure-hunt.yaml. The build makes its source from the file.
extern const std::string_view built_in_ruleset;

}  // namespace tallyho::capi

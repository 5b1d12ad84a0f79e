#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/diagnostic.h"
#include "ruleset/ruleset.h"

namespace tallyho {

// Checks and compiles a ruleset's text; or returns every problem it has, in order of position. Nothing partial is ever
// returned. `file` is the name that diagnostics carry.
std::expected<std::shared_ptr<const Ruleset>, std::vector<Diagnostic>> load_ruleset(
    std::string_view source, std::string_view file, cel::Evaluation evaluation = cel::Evaluation::fast);

// The same from a file; one that can't be read is a diagnostic too.
std::expected<std::shared_ptr<const Ruleset>, std::vector<Diagnostic>> load_ruleset_file(const std::string& path);

// What `tallyho check` prints of a good one: events, rules, boards, the worst cost of each event type.
std::string summarize(const Ruleset& ruleset);

// The same as one JSON object, for programs.
std::string summary_json(const Ruleset& ruleset);

}  // namespace tallyho

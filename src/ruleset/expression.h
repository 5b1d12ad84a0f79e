#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/program.h"
#include "ruleset/vocabulary.h"
#include "ruleset/yaml_node.h"

namespace tallyho {

// Compiles the expression that a YAML scalar holds, to a result of just this type (dyn: of any). `what` is what
// messages call it: "'when'". Every problem goes to the report, at its place in the scalar; nothing is returned if
// there is any.
std::optional<cel::Program> compile(const YamlNode& node, std::string_view what, const Vocabulary& vocabulary,
                                    const cel::Type& expected, Report& report);

// Whether the expression is `event.player`, however it is spaced.
bool is_event_player(const cel::Program& program, const Vocabulary& vocabulary);

// What a part of an expression reads, and how large that can be.
struct SizedRead {
  std::string text;         // "event.tags"
  std::uint32_t begin = 0;  // Its bytes in the expression.
  std::uint32_t end = 0;
  cel::Slot slot = 0;
  std::uint32_t size_max = 0;
};
// All reads in a checked expression that have sizes, largest first.
std::vector<SizedRead> sized_reads(std::string_view expression, const Vocabulary& vocabulary);

}  // namespace tallyho

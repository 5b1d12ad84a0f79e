// docs/reference/ruleset.md: its examples of CEL are true, and name every function there is.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cel/program.h"
#include "ruleset/extension.h"

namespace tallyho {
namespace {

// An expression and what it gives.
using Example = std::pair<std::string, std::string>;

// Cells that are code, in the rows `| `…` | `…` | … |`.
std::vector<Example> examples() {
  std::ifstream file(TALLYHO_SOURCE_DIR "/docs/reference/ruleset.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string document = text.str();
  const std::size_t begin = document.find("\n### Macros\n");
  const std::size_t end = document.find("\n| state | gives |\n");
  EXPECT_LT(begin, end);
  std::vector<Example> found;
  std::istringstream lines(document.substr(begin, end - begin));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t between = line.find("` | `");
    if (!line.starts_with("| `") || between == std::string::npos) continue;
    const std::size_t value = between + 5;
    found.emplace_back(line.substr(3, between - 3), line.substr(value, line.find('`', value) - value));
  }
  return found;
}

class NoActivation final : public cel::Activation {
 public:
  cel::Value read(cel::Slot, Arena&) override { return cel::Value::error(cel::ErrorKind::unbound); }
  bool has(cel::Slot) override { return false; }
};

TEST(RulesetReference, ItsExamplesGiveWhatItSays) {
  NoActivation nothing;
  Arena arena;
  for (const auto& [source, value] : examples()) {
    const auto program = cel::Program::compile(source, ruleset_environment());
    ASSERT_TRUE(program) << source << ": " << program.error()[0].message;
    EXPECT_EQ(to_literal(program->evaluate(nothing, arena)), value) << source;
  }
}

TEST(RulesetReference, ItHasAnExampleOfEveryFunctionAndMacro) {
  std::string all;
  for (const Example& example : examples()) all += example.first + "\n";
  std::vector<std::string_view> names = ruleset_environment().function_names();
  const std::string_view macros[] = {"has",           "all",        "exists",    "exists_one",
                                     "existsOne",     "map",        "filter",    "transformList",
                                     "transformMap",  "cel.bind",   "optMap",    "transformMapEntry",
                                     "math.greatest", "math.least", "optFlatMap"};
  names.insert(names.end(), std::begin(macros), std::end(macros));
  for (const std::string_view name : names) {
    const bool is_operator = name.starts_with('_') || name.contains('@') || name == "!_" || name == "-_";
    const bool is_of_state = name == "count";  // Of a window; in the table of state.
    if (is_operator || is_of_state) continue;
    const std::size_t at = all.find(std::string(name) + "(");
    EXPECT_NE(at, std::string::npos) << name;
  }
}

}  // namespace
}  // namespace tallyho

#include "cli/ruleset_files.h"

#include <fstream>
#include <iterator>

#include "fmt/format.h"

namespace tallyho::cli {

std::shared_ptr<const Ruleset> load_or_explain(const std::string& path) {
  auto ruleset = load_ruleset_file(path);
  if (ruleset) return *ruleset;
  fmt::print(stderr, "{}", diagnostics_text(ruleset.error(), read_file(path)));
  return nullptr;
}

std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics, std::string_view source) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    out += to_text(diagnostic, source);
    if (!out.ends_with('\n')) out += '\n';
  }
  out += fmt::format("{} problem{}; nothing was loaded\n", diagnostics.size(), diagnostics.size() == 1 ? "" : "s");
  return out;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tallyho::cli

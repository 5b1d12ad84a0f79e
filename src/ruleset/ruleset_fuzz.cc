// Whatever bytes are loaded as a ruleset: no crash, a result or problems at places that are there, and places of
// scalars that agree with the parser.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ruleset/loader.h"
#include "ruleset/yaml_node.h"
#include "ruleset/yaml_text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_places(const tallyho::YamlNode& node, std::string_view source) {
  require(node.begin <= source.size());
  if (node.is_scalar()) {
    const tallyho::ScalarPlaces places(source, node.begin, node.text);
    for (std::size_t i = 0; i <= node.text.size(); ++i) {
      const tallyho::ScalarPlaces::Range range = places.at(i);
      require(node.begin <= range.begin && range.begin <= range.end && range.begin <= source.size());
    }
  }
  for (const tallyho::YamlNode& key : node.keys) check_places(key, source);
  for (const tallyho::YamlNode& item : node.items) check_places(item, source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const tallyho::SourceText text(source);
  tallyho::Report report("fuzz", text);
  if (const auto node = tallyho::parse_yaml(report)) check_places(*node, source);

  const auto ruleset = tallyho::load_ruleset(source, "fuzz");
  if (ruleset) {
    require(!tallyho::summarize(**ruleset).empty());
    require(!tallyho::summary_json(**ruleset).empty());
    return 0;
  }
  require(!ruleset.error().empty());
  for (const tallyho::Diagnostic& diagnostic : ruleset.error()) {
    require(diagnostic.line >= 1 && diagnostic.line <= text.line_count() && diagnostic.column >= 1);
    require(!diagnostic.message.empty());
    require(!tallyho::to_text(diagnostic, source).empty());
  }
  return 0;
}

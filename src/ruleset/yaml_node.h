#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/source_text.h"

namespace tallyho {

inline constexpr std::size_t ruleset_bytes_max = std::size_t{1024} * 1024;
inline constexpr int yaml_depth_max = 32;

// A piece of a YAML file, as it was written: nothing is resolved yet (yaml_value.h does), maps keep their order, and
// keys that occur twice are there twice.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool is_plain = false;        // A scalar without quotes, which may be a number or bool.
  std::string text;             // Of a scalar, decoded.
  std::size_t begin = 0;        // First byte in the source; of an empty value, its key's.
  std::size_t end = 0;          // Past the last byte; of lists and maps, past the first.
  std::vector<YamlNode> keys;   // Of a map.
  std::vector<YamlNode> items;  // Of a list; of a map, the value of each key.

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  // For messages: "a list".
  std::string_view kind_name() const;
};

// Reads the one YAML document in the report's source into nodes. The subset is what rulesets need: no anchors, aliases,
// merge keys, and no tags but the core ones. Problems go to the report (the syntax is read up to the first error);
// nothing is returned if there is any. Never throws; input of any kind is safe.
std::optional<YamlNode> parse_yaml(Report& report);

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "ruleset/yaml_node.h"

namespace tallyho {

// What a scalar means by the core schema of YAML 1.2.2 (chapter 10.3): `yes` and `on` are texts, 017 is seventeen.
using YamlScalar = std::variant<std::monostate, bool, std::int64_t, double, std::string_view>;

// The value of a scalar or null node; nothing for a number that int64 or double cannot hold.
std::optional<YamlScalar> resolve(const YamlNode& node);

// The readers: each returns the value of `node`, or reports what is wrong with it and returns nothing. `what` is what
// messages call it: "'capacity'".
std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Report& report);
std::optional<std::int64_t> read_int(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max,
                                     Report& report);
std::optional<double> read_double(const YamlNode& node, std::string_view what, Report& report);
// Any scalar, as it is written; numbers and bools too.
std::optional<std::string_view> read_text(const YamlNode& node, std::string_view what, Report& report);
// As CEL's duration() takes it.
std::optional<Duration> read_duration(const YamlNode& node, std::string_view what, Report& report);
// RFC 3339, or integer milliseconds since the Unix epoch.
std::optional<Timestamp> read_timestamp(const YamlNode& node, std::string_view what, Report& report);
// The index of the choice it is.
std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       std::initializer_list<std::string_view> choices, Report& report);

// "', did you mean 'x'?'" pieces of messages: "; did you mean 'when'?" or, with nothing near, "; known are a, b, c".
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known);

// Reads a map with a fixed set of keys.
//
//     MapReader clock(node, "'clock'", report);
//     if (const YamlNode* late = clock.find("late")) …
//     clock.finish();    // reports the keys that nobody asked for, with the nearest of those that were
//
// A node that is not a map (nor empty) and keys that occur twice are reported when it is made.
class MapReader {
 public:
  MapReader(const YamlNode& node, std::string_view what, Report& report);

  // The value of a key, or null.
  const YamlNode* find(std::string_view key);
  // The same; a missing one is reported at the map.
  const YamlNode* require(std::string_view key);
  // Words for a key that is known elsewhere or not yet, in place of "unknown key".
  void forbid(std::string_view key, std::string_view message);
  void finish();

  bool is_map() const { return node_.is_map(); }

 private:
  const YamlNode& node_;
  std::string what_;
  Report& report_;
  std::vector<std::string_view> known_;
  std::vector<std::pair<std::string_view, std::string_view>> forbidden_;
};

// The entries of a map whose keys are names of the user's; keys that occur twice are reported, and given once.
// Empty for a null node; anything but a map is reported.
struct YamlEntry {
  const YamlNode* key;
  const YamlNode* value;
};
std::vector<YamlEntry> read_entries(const YamlNode& node, std::string_view what, Report& report);

// The items of a list; of a single scalar, itself. Anything else is reported.
std::vector<const YamlNode*> read_list_or_one(const YamlNode& node, std::string_view what, Report& report);

}  // namespace tallyho

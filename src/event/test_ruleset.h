#pragma once

// Rulesets made by hand, for tests of what needs a schema and nothing else.

#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ruleset/ruleset.h"

namespace tallyho {

inline FieldDefinition field(std::string_view name, FieldType::Kind kind,
                             FieldType::Kind item = FieldType::Kind::string) {
  FieldDefinition made;
  made.name = name;
  made.type = {kind, item};
  made.float_min = -std::numeric_limits<double>::infinity();
  made.float_max = std::numeric_limits<double>::infinity();
  return made;
}
inline FieldDefinition bool_field(std::string_view name) {
  return field(name, FieldType::Kind::boolean);
}
inline FieldDefinition int_field(std::string_view name, std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX) {
  FieldDefinition made = field(name, FieldType::Kind::int64);
  made.int_min = min;
  made.int_max = max;
  return made;
}
inline FieldDefinition double_field(std::string_view name) {
  return field(name, FieldType::Kind::float64);
}
inline FieldDefinition double_field(std::string_view name, double min, double max) {
  FieldDefinition made = double_field(name);
  made.float_min = min;
  made.float_max = max;
  return made;
}
inline FieldDefinition string_field(std::string_view name, std::uint32_t min_bytes = 0, std::uint32_t max_bytes = 256) {
  FieldDefinition made = field(name, FieldType::Kind::string);
  made.min_bytes = min_bytes;
  made.max_bytes = max_bytes;
  return made;
}
inline FieldDefinition choice_field(std::string_view name, std::vector<std::string> one_of) {
  FieldDefinition made = field(name, FieldType::Kind::string);
  made.one_of_strings = std::move(one_of);
  return made;
}
inline FieldDefinition optional_field(FieldDefinition made) {
  made.optional = true;
  return made;
}

inline void declare(Ruleset& ruleset, std::string_view name, std::vector<FieldDefinition> fields) {
  EventType type;
  type.name = name;
  type.fields = std::move(fields);
  ruleset.event_index.emplace(type.name, static_cast<EventTypeIndex>(ruleset.events.size()));
  ruleset.events.push_back(std::move(type));
}

// Two types of the treasure hunt, one with a field of every type, and one without fields.
inline Ruleset test_ruleset() {
  Ruleset ruleset;
  ruleset.hash = "test ruleset";
  const auto place = [] {
    return std::vector<FieldDefinition>{double_field("lat", -90, 90), double_field("lon", -180, 180),
                                        double_field("accuracy", 0, 10'000)};
  };
  declare(ruleset, "location_ping", place());
  std::vector<FieldDefinition> treasure{string_field("treasure", 1, 64),
                                        choice_field("rarity", {"common", "rare", "epic", "legendary"}),
                                        int_field("value", 0, 10'000)};
  for (FieldDefinition& coordinate : place()) treasure.push_back(std::move(coordinate));
  declare(ruleset, "treasure_found", std::move(treasure));

  FieldDefinition level = int_field("level");
  level.one_of_ints = {1, 5, 10};
  FieldDefinition tags = field("tags", FieldType::Kind::list);
  tags.max_items = 3;
  tags.min_bytes = 1;
  tags.max_bytes = 4;
  FieldDefinition notes = field("notes", FieldType::Kind::map, FieldType::Kind::float64);
  notes.max_items = 12;
  notes.max_bytes = 4;
  declare(ruleset, "everything",
          {optional_field(bool_field("flag")), optional_field(int_field("count")), optional_field(level),
           optional_field(double_field("ratio")), optional_field(string_field("word", 2, 8)),
           optional_field(field("when", FieldType::Kind::timestamp)), optional_field(tags),
           optional_field(field("counts", FieldType::Kind::list, FieldType::Kind::int64)),
           optional_field(field("times", FieldType::Kind::list, FieldType::Kind::timestamp)), optional_field(notes),
           optional_field(field("flags", FieldType::Kind::map, FieldType::Kind::boolean))});
  declare(ruleset, "ping", {});
  return ruleset;
}

}  // namespace tallyho

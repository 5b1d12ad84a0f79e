#pragma once

#include <optional>

#include "base/arena.h"
#include "cel/type.h"
#include "ruleset/yaml_node.h"

namespace tallyho {

// A value known when the ruleset is loaded, as expressions see it.
struct Constant {
  cel::Value value;
  cel::Type type;
  cel::Bounds bounds;
};

// A value under `tables`: YAML maps, lists and scalars (by the core schema) as CEL values. Items, keys and values of
// one type make list(T) and map(K, V); mixed ones make dyn. What it points to is in `arena`. Problems (a number out of
// range, a key that occurs twice or is none) go to the report.
std::optional<Constant> read_table(const YamlNode& node, Arena& arena, Report& report);

// How large a value is, for the cost of what reads it.
cel::Bounds bounds_of(const cel::Value& value);

}  // namespace tallyho

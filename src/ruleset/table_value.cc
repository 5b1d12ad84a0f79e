#include "ruleset/table_value.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "cel/containers.h"
#include "fmt/format.h"
#include "ruleset/yaml_value.h"

namespace tallyho {
namespace {

using cel::Type;
using cel::Value;

// The narrowest type that takes values of both.
Type join(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.is(Type::Kind::list) && b.is(Type::Kind::list)) return Type::list(join(a.parameters()[0], b.parameters()[0]));
  if (a.is(Type::Kind::map) && b.is(Type::Kind::map)) {
    return Type::map(join(a.parameters()[0], b.parameters()[0]), join(a.parameters()[1], b.parameters()[1]));
  }
  return Type();
}

struct Typed {
  Value value;
  Type type;
};

class TableReader {
 public:
  TableReader(Arena& arena, Report& report) : arena_(arena), report_(report) {}

  std::optional<Typed> read(const YamlNode& node) {
    if (node.is_list()) return read_list(node);
    if (node.is_map()) return read_map(node);
    return read_scalar(node);
  }

 private:
  std::optional<Typed> read_scalar(const YamlNode& node) {
    const std::optional<YamlScalar> scalar = resolve(node);
    if (!scalar) {
      report_.error(node.begin, node.end,
                    fmt::format("'{}' is out of range for a 64-bit number; quote it if it is a text", node.text));
      return std::nullopt;
    }
    if (const bool* truth = std::get_if<bool>(&*scalar)) {
      return Typed{Value::boolean(*truth), Type::simple(Type::Kind::boolean)};
    }
    if (const std::int64_t* number = std::get_if<std::int64_t>(&*scalar)) {
      return Typed{Value::int64(*number), Type::simple(Type::Kind::int64)};
    }
    if (const double* number = std::get_if<double>(&*scalar)) {
      return Typed{Value::float64(*number), Type::simple(Type::Kind::float64)};
    }
    if (const std::string_view* text = std::get_if<std::string_view>(&*scalar)) {
      return Typed{Value::string(arena_.copy(*text)), Type::simple(Type::Kind::string)};
    }
    return Typed{Value(), Type::simple(Type::Kind::null)};
  }

  std::optional<Typed> read_list(const YamlNode& node) {
    std::vector<Value> items;
    std::optional<Type> type;
    bool is_complete = true;
    for (const YamlNode& item : node.items) {
      const std::optional<Typed> read_item = read(item);
      is_complete = is_complete && read_item.has_value();
      if (!read_item) continue;
      type = type ? join(*type, read_item->type) : read_item->type;
      items.push_back(read_item->value);
    }
    if (!is_complete) return std::nullopt;
    return Typed{cel::make_list(items, arena_), Type::list(type.value_or(Type()))};
  }

  std::optional<Typed> read_map(const YamlNode& node) {
    std::vector<Value> pairs;
    std::optional<Type> key_type;
    std::optional<Type> value_type;
    absl::flat_hash_set<std::string> known;
    bool is_complete = true;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const std::optional<Typed> key = read_key(node.keys[i]);
      const std::optional<Typed> value = read(node.items[i]);
      is_complete = is_complete && key && value;
      if (!key || !value) continue;
      if (!known.insert(cel::to_literal(key->value)).second) {
        report_.error(node.keys[i].begin, node.keys[i].end, fmt::format("duplicate key '{}'", node.keys[i].text));
        is_complete = false;
      }
      key_type = key_type ? join(*key_type, key->type) : key->type;
      value_type = value_type ? join(*value_type, value->type) : value->type;
      pairs.push_back(key->value);
      pairs.push_back(value->value);
    }
    if (!is_complete) return std::nullopt;
    const auto map = cel::make_map(pairs, arena_);
    if (!map) {
      report_.error(node.begin, node.end, std::string(cel::describe(map.error())));
      return std::nullopt;
    }
    return Typed{*map, Type::map(key_type.value_or(Type()), value_type.value_or(Type()))};
  }

  std::optional<Typed> read_key(const YamlNode& node) {
    std::optional<Typed> key = read_scalar(node);
    if (key && cel::is_key(key->value)) return key;
    if (key) {
      report_.error(node.begin, node.end,
                    fmt::format("a key of a table must be a text, an integer or a bool; quote '{}'", node.text));
    }
    return std::nullopt;
  }

  Arena& arena_;
  Report& report_;
};

std::uint32_t size_of(const Value& value) {
  switch (value.kind()) {
    case cel::Kind::string: return static_cast<std::uint32_t>(value.as_string().size());
    case cel::Kind::bytes: return static_cast<std::uint32_t>(value.as_bytes().size());
    case cel::Kind::list: return static_cast<std::uint32_t>(value.as_list().size());
    case cel::Kind::map: return value.as_map().size;
    default: return 0;
  }
}

}  // namespace

std::optional<Constant> read_table(const YamlNode& node, Arena& arena, Report& report) {
  const std::optional<Typed> read = TableReader(arena, report).read(node);
  if (!read) return std::nullopt;
  return Constant{read->value, read->type, bounds_of(read->value)};
}

cel::Bounds bounds_of(const Value& value) {
  // 0 would mean that nothing is known; what is empty counts as one.
  const auto at_least_one = [](std::uint32_t size) { return std::max<std::uint32_t>(1, size); };
  cel::Bounds bounds;
  if (value.is(cel::Kind::string) || value.is(cel::Kind::bytes)) bounds.size_max = at_least_one(size_of(value));
  if (value.is(cel::Kind::list)) {
    bounds = {.size_max = at_least_one(size_of(value)), .item_size_max = 1};
    for (const Value& item : value.as_list()) bounds.item_size_max = std::max(bounds.item_size_max, size_of(item));
  }
  if (value.is(cel::Kind::map)) {
    const cel::Map& map = value.as_map();
    bounds = {.size_max = at_least_one(map.size), .item_size_max = 1};
    for (std::uint32_t i = 0; i < 2 * map.size; ++i) {
      bounds.item_size_max = std::max(bounds.item_size_max, size_of(map.pairs[i]));
    }
  }
  return bounds;
}

}  // namespace tallyho

#include "json_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/time.h"
#include "cel/containers.h"

namespace tallyho::conformance {
namespace {

using cel::Kind;
using cel::Type;
using cel::Value;
using simdjson::dom::element;
using simdjson::dom::object;

// The only member of a message that is a choice.
simdjson::dom::key_value_pair only_member(element json) {
  const object members = json.get_object();
  return *members.begin();
}

// The items of an array that is left out when it is empty.
std::vector<element> items_of(element json, const char* name) {
  simdjson::dom::array found;
  if (json[name].get(found) != simdjson::SUCCESS) return {};
  return {found.begin(), found.end()};
}

template <typename T>
T read_number(std::string_view text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Value> read_well_known(element json) {
  const std::string_view type = json["@type"].get_string();
  const std::string_view text = json["value"].is_string() ? json["value"].get_string().value() : std::string_view();
  if (type == "type.googleapis.com/google.protobuf.Timestamp") {
    if (const auto time = parse_timestamp(text)) return Value::timestamp(*time);
  }
  if (type == "type.googleapis.com/google.protobuf.Duration") {
    if (const auto duration = parse_duration(text)) return Value::duration(*duration);
  }
  return {};
}

std::optional<Value> read_list(element json, Arena& arena) {
  std::vector<Value> items;
  for (const element each : items_of(json, "values")) {
    const auto item = read_value(each, arena);
    if (!item) return {};
    items.push_back(*item);
  }
  return cel::make_list(items, arena);
}

std::optional<Value> read_map(element json, Arena& arena) {
  std::vector<Value> pairs;
  for (const element each : items_of(json, "entries")) {
    const auto key = read_value(each["key"], arena);
    const auto value = read_value(each["value"], arena);
    if (!key || !value) return {};
    pairs.push_back(*key);
    pairs.push_back(*value);
  }
  const auto map = cel::make_map(pairs, arena);
  return map ? std::optional(*map) : std::nullopt;
}

Value read_bytes(std::string_view base64, Arena& arena) {
  std::string bytes;
  absl::Base64Unescape({base64.data(), base64.size()}, &bytes);
  return Value::bytes(arena.copy(bytes));
}

Type primitive(std::string_view name) {
  if (name == "BOOL") return Type::simple(Type::Kind::boolean);
  if (name == "INT64") return Type::simple(Type::Kind::int64);
  if (name == "UINT64") return Type::simple(Type::Kind::uint64);
  if (name == "DOUBLE") return Type::simple(Type::Kind::float64);
  if (name == "STRING") return Type::simple(Type::Kind::string);
  return Type::simple(Type::Kind::bytes);
}

std::optional<Type> well_known(std::string_view name) {
  if (name == "TIMESTAMP" || name == "google.protobuf.Timestamp") return Type::simple(Type::Kind::timestamp);
  if (name == "DURATION" || name == "google.protobuf.Duration") return Type::simple(Type::Kind::duration);
  return {};
}

std::optional<Type> read_abstract(element json) {
  std::vector<Type> parameters;
  for (const element each : items_of(json, "parameterTypes")) {
    const auto parameter = read_type(each);
    if (!parameter) return {};
    parameters.push_back(*parameter);
  }
  const std::string_view name = json["name"].get_string();
  if (name == "optional_type" && parameters.size() == 1) return Type::optional(parameters[0]);
  return Type::opaque(std::string(name), std::move(parameters));
}

bool same_items(std::span<const Value> a, std::span<const Value> b) {
  return std::ranges::equal(a, b, same);
}

bool same_maps(const cel::Map& a, const cel::Map& b) {
  if (a.size != b.size) return false;
  for (std::size_t i = 0; i < a.size; ++i) {
    const Value& key = a.pairs[2 * i];
    bool found = false;
    for (std::size_t j = 0; j < b.size && !found; ++j) {
      found = same(key, b.pairs[2 * j]) && same(a.pairs[2 * i + 1], b.pairs[2 * j + 1]);
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::optional<Value> read_value(element json, Arena& arena) {
  const auto [kind, value] = only_member(json);
  const auto text = [&value] { return value.is_string() ? value.get_string().value() : std::string_view(); };
  if (kind == "nullValue") return Value();
  if (kind == "boolValue") return Value::boolean(value.get_bool());
  if (kind == "stringValue") return Value::string(text());
  if (kind == "bytesValue") return read_bytes(text(), arena);
  if (kind == "typeValue") return Value::type(text());
  if (kind == "listValue") return read_list(value, arena);
  if (kind == "mapValue") return read_map(value, arena);
  if (kind == "objectValue") return read_well_known(value);
  if (kind == "doubleValue") return Value::float64(read_number<double>(text()));  // "NaN" and "Infinity" too.
  if (kind == "int64Value") return Value::int64(read_number<std::int64_t>(text()));
  if (kind == "uint64Value") return Value::uint64(read_number<std::uint64_t>(text()));
  return {};
}

std::optional<Type> read_type(element json) {
  const auto [kind, value] = only_member(json);
  const auto text = [&value] { return value.is_string() ? value.get_string().value() : std::string_view(); };
  if (kind == "dyn") return Type();
  if (kind == "null") return Type::simple(Type::Kind::null);
  if (kind == "primitive") return primitive(text());
  if (kind == "wellKnown" || kind == "messageType") return well_known(text());
  if (kind == "typeParam") return Type::parameter(std::string(text()));
  if (kind == "abstractType") return read_abstract(value);
  if (kind == "listType") {
    const auto item = read_type(value["elemType"]);
    return item ? std::optional(Type::list(*item)) : std::nullopt;
  }
  if (kind == "mapType") {
    const auto key = read_type(value["keyType"]);
    const auto item = read_type(value["valueType"]);
    return key && item ? std::optional(Type::map(*key, *item)) : std::nullopt;
  }
  return {};
}

bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::error: return a.error_kind() == b.error_kind();
    case Kind::float64:
      return (std::isnan(a.as_float64()) && std::isnan(b.as_float64())) || a.as_float64() == b.as_float64();
    case Kind::list: return same_items(a.as_list(), b.as_list());
    case Kind::map: return same_maps(a.as_map(), b.as_map());
    case Kind::type: return a.as_type() == b.as_type();
    default: return cel::equal(a, b);
  }
}

}  // namespace tallyho::conformance

#include "cli/yaml_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/json.h"
#include "simdjson.h"
#include "yaml-cpp/yaml.h"

namespace tallyho::cli {
namespace {

bool is_json_number(std::string_view text) {
  simdjson::dom::parser parser;
  if (text.empty() || (text[0] != '-' && (text[0] < '0' || text[0] > '9'))) return false;
  return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

void append_scalar(std::string& out, const YAML::Node& node) {
  const std::string& text = node.Scalar();
  const bool is_plain = node.Tag() == "?";
  const bool is_literal = text == "true" || text == "false" || text == "null" || is_json_number(text);
  if (is_plain && is_literal)
    out += text;
  else
    append_json_string(out, text);
}

void append(std::string& out, const YAML::Node& node) {
  if (node.IsMap()) {
    out += '{';
    for (auto item = node.begin(); item != node.end(); ++item) {
      if (item != node.begin()) out += ',';
      append_json_string(out, item->first.Scalar());
      out += ':';
      append(out, item->second);
    }
    out += '}';
  } else if (node.IsSequence()) {
    out += '[';
    for (auto item = node.begin(); item != node.end(); ++item) {
      if (item != node.begin()) out += ',';
      append(out, *item);
    }
    out += ']';
  } else if (node.IsScalar()) {
    append_scalar(out, node);
  } else {
    out += "null";
  }
}

using simdjson::dom::element;

bool same(const element& a, const element& b);

bool same_numbers(const element& a, const element& b) {
  if (a.is_int64() && b.is_int64()) return a.get_int64().value_unsafe() == b.get_int64().value_unsafe();
  const double x = a.get_double().value_unsafe();
  const double y = b.get_double().value_unsafe();
  return std::abs(x - y) <= 1e-6 * std::max(std::abs(x), std::abs(y));
}

bool same_objects(const simdjson::dom::object& a, const simdjson::dom::object& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a, [&](const auto& field) {
    element other;
    return b.at_key(field.key).get(other) == simdjson::SUCCESS && same(field.value, other);
  });
}

bool same(const element& a, const element& b) {
  if (a.is_number() && b.is_number()) return same_numbers(a, b);
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case simdjson::dom::element_type::OBJECT: return same_objects(a, b);
    case simdjson::dom::element_type::ARRAY:
      return std::ranges::equal(simdjson::dom::array(a), simdjson::dom::array(b), same);
    case simdjson::dom::element_type::STRING: return a.get_string().value_unsafe() == b.get_string().value_unsafe();
    case simdjson::dom::element_type::BOOL: return a.get_bool().value_unsafe() == b.get_bool().value_unsafe();
    default: return true;  // null
  }
}

}  // namespace

std::string to_json(const YAML::Node& node) {
  std::string out;
  append(out, node);
  return out;
}

bool same_json(const std::string& a, const std::string& b) {
  simdjson::dom::parser parser_a;
  simdjson::dom::parser parser_b;
  element left;
  element right;
  if (parser_a.parse(a).get(left) != simdjson::SUCCESS || parser_b.parse(b).get(right) != simdjson::SUCCESS)
    return false;
  return same(left, right);
}

}  // namespace tallyho::cli

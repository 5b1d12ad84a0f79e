#include "engine/ruleset_record.h"

#include "base/json.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr char mark = '\x01';

}  // namespace

std::string to_ruleset_record(std::string_view source, std::string_view by) {
  if (by.empty()) return std::string(source);
  std::string record(1, mark);
  JsonWriter json(record);
  json.object().key("by").text(by).end();  // On one line: JSON has no line break in a text.
  record += '\n';
  record += source;
  return record;
}

RulesetRecord parse_ruleset_record(std::string_view record) {
  const std::size_t end = record.find('\n');
  if (!record.starts_with(mark) || end == std::string_view::npos) return {.source = record, .by = ""};
  simdjson::dom::parser parser;
  std::string_view by;
  const std::string head(record.substr(1, end - 1));
  if (parser.parse(head).at_key("by").get(by) != simdjson::SUCCESS) return {.source = record, .by = ""};
  return {.source = record.substr(end + 1), .by = std::string(by)};
}

}  // namespace tallyho

#include "load/flaw.h"

#include <optional>

namespace tallyho {
namespace {

using Kind = LoadLine::Kind;

bool is_number(Kind kind) {
  return kind == Kind::integer || kind == Kind::decimal;
}

void replace_value(LoadLine& line, std::size_t index, std::string_view json) {
  const LoadLine::Member& member = line.member(index);
  line.out().replace(member.value, member.end - member.value, json);
}

std::optional<std::size_t> find(const LoadLine& line, std::string_view name) {
  for (std::size_t i = 0; i < line.count(); ++i) {
    if (line.member(i).name == name) return i;
  }
  return std::nullopt;
}

// Gives the number that comes first among the fields another value; without one, `ts`, there or not.
template <typename Wanted>
void replace_number(LoadLine& line, std::size_t first_field, std::string_view json, std::string_view ts,
                    Wanted is_wanted) {
  for (std::size_t i = first_field; i < line.count(); ++i) {
    if (is_wanted(line.member(i).kind)) return replace_value(line, i, json);
  }
  if (const auto index = find(line, "ts")) return replace_value(line, *index, ts);
  std::string& out = line.out();
  out.pop_back();
  out += ",\"ts\":";
  out += ts;
  out += '}';
}

void remove_member(LoadLine& line, std::size_t index) {
  // With the comma before it: `type` is always first.
  const LoadLine::Member& member = line.member(index);
  line.out().erase(member.begin - 1, member.end - member.begin + 1);
}

void oversize(LoadLine& line, std::size_t first_field) {
  std::size_t index = first_field;
  while (index < line.count() && line.member(index).kind != Kind::text) ++index;
  if (index == line.count()) index = *find(line, "player");
  replace_value(line, index, '"' + std::string(300, 'x') + '"');  // More than any string of the ruleset may have.
}

}  // namespace

Code code_of(Flaw flaw) {
  switch (flaw) {
    case Flaw::none: return Code::ok;
    case Flaw::truncated:
    case Flaw::not_utf8: return Code::malformed;
    case Flaw::unknown_type: return Code::unknown_type;
    case Flaw::missing_field: return Code::missing_field;
    case Flaw::wrong_type:
    case Flaw::out_of_bounds:
    case Flaw::beyond_int64:
    case Flaw::oversized_string: return Code::invalid_field;
  }
  return Code::internal;
}

void spoil(LoadLine& line, std::size_t first_field, Flaw flaw, Random& random) {
  std::string& out = line.out();
  switch (flaw) {
    case Flaw::none: return;
    case Flaw::truncated: out.resize(1 + random.below(out.size() - 1)); return;
    case Flaw::unknown_type: replace_value(line, 0, "\"treasure_lost\""); return;
    case Flaw::missing_field: remove_member(line, first_field); return;
    case Flaw::wrong_type:
      replace_value(line, first_field, is_number(line.member(first_field).kind) ? "\"12\"" : "12");
      return;
    case Flaw::out_of_bounds: replace_number(line, first_field, "-1000", "-99999999999999999", is_number); return;
    case Flaw::beyond_int64:
      replace_number(line, first_field, "9223372036854775808", "9223372036854775808",
                     [](Kind kind) { return kind == Kind::integer; });
      return;
    case Flaw::not_utf8: out.insert(line.member(*find(line, "player")).value + 1, "\xff"); return;
    case Flaw::oversized_string: oversize(line, first_field); return;
  }
}

}  // namespace tallyho

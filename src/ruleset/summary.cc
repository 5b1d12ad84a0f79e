// What a loaded ruleset holds, in words.

#include <algorithm>
#include <cmath>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "ruleset/loader.h"
#include "ruleset/vocabulary.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

using Row = std::vector<std::string>;

// Rows in aligned columns, two blanks apart; the last column is ragged. Columns named in `right` end flush.
std::string table(const std::vector<Row>& rows, const std::vector<bool>& right = {}) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], count_code_points(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - count_code_points(row[i]), ' ');
      const bool is_right = i < right.size() && right[i];
      line += fmt::format(" {}{}{} ", is_right ? padding : "", row[i], is_right ? "" : padding);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

// 200000 → "200,000".
std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string range_of(const FieldDefinition& field) {
  std::vector<std::string> parts;
  if (!field.one_of_strings.empty()) parts.push_back(fmt::format("one of {}", fmt::join(field.one_of_strings, ", ")));
  if (!field.one_of_ints.empty()) parts.push_back(fmt::format("one of {}", fmt::join(field.one_of_ints, ", ")));
  if (field.int_min != INT64_MIN) parts.push_back(fmt::format("min {}", field.int_min));
  if (field.int_max != INT64_MAX) parts.push_back(fmt::format("max {}", field.int_max));
  if (std::isfinite(field.float_min)) parts.push_back(fmt::format("min {}", field.float_min));
  if (std::isfinite(field.float_max)) parts.push_back(fmt::format("max {}", field.float_max));
  const cel::Bounds bounds = bounds_of(field);
  const bool has_items = field.type.kind == FieldType::Kind::list || field.type.kind == FieldType::Kind::map;
  if (has_items) parts.push_back(fmt::format("up to {}", counted(field.max_items, "item")));
  const bool has_bytes = has_items ? bounds.item_size_max > 1 : field.type.kind == FieldType::Kind::string;
  if (has_bytes && field.one_of_strings.empty()) {
    parts.push_back(fmt::format("{} to {} bytes", field.min_bytes, field.max_bytes));
  }
  if (field.optional) parts.emplace_back("optional");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string details_of(const StateVariable& variable) {
  std::vector<std::string> parts;
  if (variable.type == StateType::window) parts.push_back(fmt::format("the last {}", format_duration(variable.span)));
  if (variable.capacity > 0) parts.push_back(fmt::format("capacity {}", grouped(variable.capacity)));
  if (variable.type == StateType::string || variable.type == StateType::set) {
    parts.push_back(fmt::format("up to {} bytes", variable.max_bytes));
  }
  if (variable.drop_oldest) parts.emplace_back("drops the oldest when full");
  if (variable.resets != Every::never) parts.push_back(fmt::format("resets {}", to_string(variable.resets)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// "every type", "treasure_found", "11 types".
std::string on_of(const std::vector<EventTypeIndex>& on, const Ruleset& ruleset) {
  if (on.size() == ruleset.events.size()) return "every type";
  if (on.size() == 1) return ruleset.events[on[0]].name;
  return counted(on.size(), "type");
}

std::string effects_of(const Rule& rule) {
  std::vector<std::string> parts;
  if (rule.reject) parts.emplace_back("rejects");
  if (rule.points) parts.emplace_back("points");
  if (rule.cap) parts.push_back(fmt::format("cap {} {}", rule.cap->points, to_string(rule.cap->per)));
  if (rule.cooldown) parts.push_back(fmt::format("cooldown {}", format_duration(*rule.cooldown)));
  const std::size_t writes = rule.set.size() + rule.add.size();
  if (writes > 0) parts.push_back(counted(writes, "write"));
  if (rule.notify) parts.emplace_back("notice");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string window_of(const BoardDefinition& board) {
  const std::string every = board.every == Every::fixed ? fmt::format("every {}", format_duration(board.every_length))
                                                        : std::string(to_string(board.every));
  return board.keep > 0 ? fmt::format("{} and the {} before", every, board.keep) : every;
}

std::string details_of(const BoardDefinition& board) {
  std::vector<std::string> parts;
  if (board.group_by) parts.push_back(fmt::format("by {}", board.group_by->source()));
  if (board.every != Every::never) parts.push_back(window_of(board));
  if (board.limit) parts.push_back(fmt::format("limit {}", grouped(*board.limit)));
  if (board.attempts) parts.push_back(counted(*board.attempts, "attempt"));
  if (board.starts) parts.push_back(fmt::format("from {}", format_timestamp(*board.starts)));
  if (board.ends) parts.push_back(fmt::format("until {}", format_timestamp(*board.ends)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string head_of(const Ruleset& ruleset) {
  std::string text = fmt::format("{}  {}\n", ruleset.name, ruleset.hash);
  if (!ruleset.description.empty()) text += fmt::format("{}\n", ruleset.description);
  text += fmt::format("\n  time zone {}, {}", ruleset.time_zone_name, ruleset.is_public ? "public" : "not public");
  if (ruleset.total_min) text += fmt::format(", total from {}", *ruleset.total_min);
  if (ruleset.total_max) text += fmt::format(", total to {}", *ruleset.total_max);
  text += fmt::format("\n  event time from {} late to {} early; {} ids a player remembered for {}\n",
                      format_duration(ruleset.clock_late), format_duration(ruleset.clock_early),
                      ruleset.dedupe_per_player, format_duration(ruleset.dedupe_window));
  return text;
}

std::string events_of(const Ruleset& ruleset) {
  std::vector<Row> costs{{"type", "rules", "boards", "worst cost", ""}};
  std::vector<Row> fields;
  for (const EventType& type : ruleset.events) {
    costs.push_back({type.name, fmt::format("{}", type.rules.size()), fmt::format("{}", type.boards.size()),
                     grouped(type.cost), type.player_may_send ? "players may send it" : ""});
    for (const FieldDefinition& field : type.fields) {
      fields.push_back(
          {&field == type.fields.data() ? type.name : "", field.name, to_string(field.type), range_of(field)});
    }
  }
  std::string text = fmt::format("\n{}, with at most {} units of cost each\n",
                                 counted(ruleset.events.size(), "event type"), grouped(ruleset.budget));
  text += table(costs, {false, true, true, true});
  if (!fields.empty()) text += "\nfields\n" + table(fields);
  return text;
}

std::string state_of(const Ruleset& ruleset) {
  std::vector<Row> rows;
  for (const Scope& scope : ruleset.scopes) {
    if (scope.key) rows.push_back({scope.name, "key", "string", scope.key->source()});
    for (const StateVariable& variable : scope.variables) {
      const bool is_first = &variable == scope.variables.data() && !scope.key;
      rows.push_back(
          {is_first ? scope.name : "", variable.name, std::string(to_string(variable.type)), details_of(variable)});
    }
  }
  return rows.empty() ? "" : "\nstate\n" + table(rows);
}

}  // namespace

std::string summarize(const Ruleset& ruleset) {
  std::vector<Row> rules;
  rules.reserve(ruleset.rules.size());
  for (const Rule& rule : ruleset.rules) {
    rules.push_back(
        {fmt::format("{}", rules.size() + 1), rule.id, grouped(rule.cost), on_of(rule.on, ruleset), effects_of(rule)});
  }
  std::vector<Row> boards;
  boards.reserve(ruleset.boards.size());
  for (const BoardDefinition& board : ruleset.boards) {
    boards.push_back({board.id, on_of(board.on, ruleset), std::string(to_string(board.op)),
                      board.member ? board.member->source() : "event.player",
                      board.value ? board.value->source() : "points", board.ascending ? "ascending" : "descending",
                      details_of(board)});
  }
  return head_of(ruleset) + events_of(ruleset) + state_of(ruleset) +
         fmt::format("\n{}, with its worst cost\n", counted(rules.size(), "rule")) + table(rules, {true, false, true}) +
         fmt::format("\n{}\n", counted(boards.size(), "board")) + table(boards);
}

}  // namespace tallyho

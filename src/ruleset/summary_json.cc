// What a loaded ruleset holds, as JSON.

#include <algorithm>

#include "base/json.h"
#include "ruleset/loader.h"
#include "ruleset/vocabulary.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

void write_event(const EventType& type, const Ruleset& ruleset, JsonWriter& json) {
  json.object();
  json.key("type").text(type.name);
  json.key("cost").number(static_cast<std::int64_t>(std::min<std::uint64_t>(type.cost, INT64_MAX)));
  json.key("player_may_send").boolean(type.player_may_send);
  json.key("fields").array();
  for (const FieldDefinition& field : type.fields) {
    json.object();
    json.key("name").text(field.name);
    json.key("type").text(to_string(field.type));
    json.key("optional").boolean(field.optional);
    json.end();
  }
  json.end();
  json.key("rules").array();
  for (const RuleIndex rule : type.rules) json.text(ruleset.rules[rule].id);
  json.end();
  json.key("boards").array();
  for (const BoardIndex board : type.boards) json.text(ruleset.boards[board].id);
  json.end();
  json.end();
}

void write_scope(const Scope& scope, JsonWriter& json) {
  json.object();
  json.key("scope").text(scope.name);
  json.key("key").text(scope.key ? scope.key->source() : "event.player");
  json.key("variables").array();
  for (const StateVariable& variable : scope.variables) {
    json.object();
    json.key("name").text(variable.name);
    json.key("type").text(to_string(variable.type));
    if (variable.resets != Every::never) json.key("resets").text(to_string(variable.resets));
    if (variable.capacity > 0) json.key("capacity").number(std::int64_t{variable.capacity});
    json.end();
  }
  json.end();
  json.end();
}

void write_on(const std::vector<EventTypeIndex>& on, const Ruleset& ruleset, JsonWriter& json) {
  json.key("on").array();
  for (const EventTypeIndex type : on) json.text(ruleset.events[type].name);
  json.end();
}

void write_board(const BoardDefinition& board, const Ruleset& ruleset, JsonWriter& json) {
  json.object();
  json.key("id").text(board.id);
  if (!board.description.empty()) json.key("description").text(board.description);
  write_on(board.on, ruleset, json);
  json.key("operator").text(to_string(board.op));
  json.key("order").text(board.ascending ? "ascending" : "descending");
  json.key("member").text(board.member ? board.member->source() : "event.player");
  json.key("value").text(board.value ? board.value->source() : "points");
  json.key("when").text(board.when ? board.when->source() : "points != 0");
  if (board.group_by) json.key("group_by").text(board.group_by->source());
  if (board.every != Every::never) {
    json.key("every").text(board.every == Every::fixed ? format_duration(board.every_length)
                                                       : std::string(to_string(board.every)));
    json.key("keep").number(std::int64_t{board.keep});
  }
  if (board.limit) json.key("limit").number(std::int64_t{*board.limit});
  if (board.attempts) json.key("attempts").number(std::int64_t{*board.attempts});
  if (board.starts) json.key("starts").text(format_timestamp(*board.starts));
  if (board.ends) json.key("ends").text(format_timestamp(*board.ends));
  json.end();
}

}  // namespace

std::string summary_json(const Ruleset& ruleset) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("name").text(ruleset.name);
  json.key("hash").text(ruleset.hash);
  json.key("description").text(ruleset.description);
  json.key("time_zone").text(ruleset.time_zone_name);
  json.key("public").boolean(ruleset.is_public);
  json.key("cost_model").number(std::int64_t{ruleset.cost_model});
  json.key("budget").number(static_cast<std::int64_t>(ruleset.budget));
  json.key("events").array();
  for (const EventType& type : ruleset.events) write_event(type, ruleset, json);
  json.end();
  json.key("state").array();
  for (const Scope& scope : ruleset.scopes) write_scope(scope, json);
  json.end();
  json.key("rules").array();
  for (const Rule& rule : ruleset.rules) {
    json.object();
    json.key("id").text(rule.id);
    if (!rule.description.empty()) json.key("description").text(rule.description);
    write_on(rule.on, ruleset, json);
    json.key("cost").number(static_cast<std::int64_t>(std::min<std::uint64_t>(rule.cost, INT64_MAX)));
    json.end();
  }
  json.end();
  json.key("boards").array();
  for (const BoardDefinition& board : ruleset.boards) write_board(board, ruleset, json);
  json.end();
  json.end();
  return out;
}

}  // namespace tallyho

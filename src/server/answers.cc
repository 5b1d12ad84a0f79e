#include "server/answers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"

namespace tallyho {
namespace {

// `known` is when there will be room again, or 0.
void append_retry(JsonWriter& json, Code code, const Limits& limits, std::uint32_t known = 0) {
  if (!is_retryable(code)) return;
  json.key("retry_after_ms").number(known > 0 ? std::int64_t{known} : std::int64_t{limits.retry_after.count()});
}

void append_fired(JsonWriter& json, const Ruleset& ruleset, const Outcome& outcome) {
  json.key("fired").array();
  for (const FiredRule& fired : outcome.fired) {
    json.array().text(ruleset.rules[fired.rule].id).number(fired.points).end();
  }
  json.end();
}

void append_notices(JsonWriter& json, const Outcome& outcome) {
  json.key("notices").array();
  for (const Notice& notice : outcome.notices) json.text(notice.text);
  json.end();
}

// `was` is left out where the member is new on the board, `rank` where it left.
void append_ranks(JsonWriter& json, const Ruleset& ruleset, const Outcome& outcome) {
  json.key("ranks").object();
  for (const RankChange& change : outcome.ranks) {
    json.key(ruleset.boards[change.board].id).object();
    if (change.rank > 0) json.key("rank").number(static_cast<std::int64_t>(change.rank));
    if (change.was > 0) json.key("was").number(static_cast<std::int64_t>(change.was));
    json.end();
  }
  json.end();
}

void append_outcome(JsonWriter& json, const Item& item) {
  const Outcome& outcome = item.outcome;
  const Ruleset& ruleset = *item.ruleset;
  const bool is_scored = outcome.code == Code::ok || outcome.code == Code::duplicate;
  if (is_scored) json.key("points").number(outcome.points).key("total").number(outcome.total);
  if (outcome.position > 0) json.key("position").number(static_cast<std::int64_t>(outcome.position));
  if (outcome.rule) json.key("rule").text(ruleset.rules[*outcome.rule].id);
  if (outcome.board) json.key("rule").text(ruleset.boards[*outcome.board].id);
  if (outcome.code == Code::out_of_time) json.key("field").text("ts");
  if (!is_scored) json.key("message").text(outcome.message.empty() ? describe(outcome.code) : outcome.message);
  if (outcome.code != Code::ok) return;
  if (item.detail.fired) append_fired(json, ruleset, outcome);
  if (item.detail.notices) append_notices(json, outcome);
  if (item.detail.ranks) append_ranks(json, ruleset, outcome);
}

void append_result_to(JsonWriter& json, const Item& item, const Limits& limits, bool with_ref) {
  json.object();
  if (!item.event.envelope.id.empty()) json.key("id").text(item.event.envelope.id);
  json.key("code").text(name_of(code_of(item)));
  if (item.kind == Item::Kind::event) {
    append_outcome(json, item);
  } else {
    if (!item.field.empty()) json.key("field").text(item.field);
    json.key("message").text(item.message);
  }
  append_retry(json, code_of(item), limits, item.retry_after_ms);
  if (with_ref && !item.event.envelope.ref.empty()) json.key("ref").raw(item.event.envelope.ref);
  json.end();
}

void append_error_to(JsonWriter& json, const Item& item, const Limits& limits) {
  json.object().key("code").text(name_of(item.code)).key("message").text(item.message);
  append_retry(json, item.code, limits, item.retry_after_ms);
  json.end();
}

char* copy_to(char* out, std::string_view text) {
  return std::ranges::copy(text, out).out;
}

// Whether the item's ack is what nearly all are: scored, and no details asked for.
bool is_plain_ack(const Item& item) {
  const Detail& detail = item.detail;
  return item.kind == Item::Kind::event && item.outcome.code == Code::ok && item.outcome.position > 0 &&
         !detail.fired && !detail.notices && !detail.ranks;
}

// The same bytes as append_result_to() gives, in a third of the instructions.
void append_plain_ack(std::string& out, const Item& item) {
  constexpr std::string_view points = R"("code":"ok","points":)";
  constexpr std::string_view total = R"(,"total":)";
  constexpr std::string_view position = R"(,"position":)";
  constexpr std::size_t digits_max = 20;  // Of 64 bits, with a sign.
  std::array<char, points.size() + total.size() + position.size() + 3 * digits_max + 1> numbers;
  char* const end = numbers.data() + numbers.size();
  char* at = copy_to(numbers.data(), points);
  at = std::to_chars(at, end, item.outcome.points).ptr;
  at = copy_to(at, total);
  at = std::to_chars(at, end, item.outcome.total).ptr;
  at = copy_to(at, position);
  at = std::to_chars(at, end, item.outcome.position).ptr;
  *at++ = '}';

  out += R"({"ack":{)";
  if (!item.event.envelope.id.empty()) {
    out += R"("id":)";
    append_json_string(out, item.event.envelope.id);
    out += ',';
  }
  out.append(numbers.data(), at);
  if (!item.event.envelope.ref.empty()) {
    out += R"(,"ref":)";
    out += item.event.envelope.ref;
  }
  out += '}';
}

}  // namespace

void AnswerWriter::append_message(std::string& out, const Item& item) const {
  if (!is_event(item) && item.code == Code::ok && !item.is_result) {
    out += item.text;
    return;
  }
  if (is_plain_ack(item)) return append_plain_ack(out, item);
  JsonWriter json(out);
  json.object();
  if (is_event(item)) {
    json.key("ack");
    append_result_to(json, item, limits_, false);
  } else if (item.code == Code::ok) {
    json.key("result").raw(item.text);
  } else {
    json.key("error");
    append_error_to(json, item, limits_);
  }
  if (!item.event.envelope.ref.empty()) json.key("ref").raw(item.event.envelope.ref);
  json.end();
}

void AnswerWriter::append_result(std::string& out, const Item& item, bool with_ref) const {
  JsonWriter json(out);
  append_result_to(json, item, limits_, with_ref);
}

void AnswerWriter::append_problem(std::string& out, int status, const Problem& problem) const {
  JsonWriter json(out);
  json.object();
  json.key("type").text("urn:tallyho:code:" + std::string(name_of(problem.code)));
  json.key("title").text(describe(problem.code));
  json.key("status").number(std::int64_t{status});
  json.key("detail").text(problem.message);
  json.key("code").text(name_of(problem.code));
  if (!problem.problems.empty()) json.key("problems").raw(problem.problems);
  append_retry(json, problem.code, limits_);
  json.end();
}

}  // namespace tallyho

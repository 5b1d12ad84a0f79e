#include "cli/explanation_text.h"

#include "fmt/format.h"

namespace tallyho::cli {
namespace {

using Verdict = RuleExplanation::Verdict;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::fired: return "fired";
    case Verdict::condition_false: return "condition_false";
    case Verdict::cooling_down: return "cooling_down";
    case Verdict::rejected: return "rejected";
    case Verdict::failed: return "failed";
    case Verdict::not_reached: return "not_reached";
  }
  return "";
}

std::string verdict_text(const RuleExplanation& rule) {
  switch (rule.verdict) {
    case Verdict::fired: return fmt::format("fired {:+}", rule.points);
    case Verdict::condition_false: return "passed over: its condition is false";
    case Verdict::cooling_down: return "passed over: cooling down " + rule.note;
    case Verdict::rejected: return "rejected the event: " + rule.note;
    case Verdict::failed: return "failed: " + rule.note;
    case Verdict::not_reached: return "not reached";
  }
  return "";
}

char mark_of(Verdict verdict) {
  if (verdict == Verdict::fired) return '+';
  return verdict == Verdict::rejected || verdict == Verdict::failed ? '!' : '-';
}

}  // namespace

std::string text_of(const Explanation& explanation, const Ruleset& ruleset) {
  std::string out;
  for (const RuleExplanation& rule : explanation.rules) {
    out += fmt::format("{} {:<20} {}\n", mark_of(rule.verdict), ruleset.rules[rule.rule].id, verdict_text(rule));
    for (const cel::Finding& finding : rule.findings)
      out += fmt::format("      {} = {}\n", finding.text, finding.value);
  }
  out += tallyho::name_of(explanation.code);
  if (explanation.code == Code::ok || explanation.code == Code::duplicate) {
    return out + fmt::format(": {} points, total {}\n", explanation.points, explanation.total);
  }
  return out + fmt::format(": {}\n", explanation.message);
}

void append_explanation(JsonWriter& json, const Explanation& explanation, const Ruleset& ruleset) {
  json.key("code").text(tallyho::name_of(explanation.code));
  json.key("points").number(explanation.points);
  json.key("total").number(explanation.total);
  if (!explanation.message.empty()) json.key("message").text(explanation.message);
  json.key("rules").array();
  for (const RuleExplanation& rule : explanation.rules) {
    json.object();
    json.key("rule").text(ruleset.rules[rule.rule].id);
    json.key("verdict").text(name_of(rule.verdict));
    if (rule.verdict == Verdict::fired) json.key("points").number(rule.points);
    if (!rule.note.empty()) json.key("note").text(rule.note);
    if (!rule.findings.empty()) {
      json.key("values").object();
      for (const cel::Finding& finding : rule.findings) json.key(finding.text).text(finding.value);
      json.end();
    }
    json.end();
  }
  json.end();
}

}  // namespace tallyho::cli

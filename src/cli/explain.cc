// tallyho explain: for one event, every rule of its type: fired, or passed over and why, with the values.

#include <cstdio>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/line_reader.h"
#include "cli/offline.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

struct ExplainOptions {
  std::string ruleset;
  std::string events;
  std::string event;
  bool as_json = false;
};

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

void print_text(const Explanation& explanation, const Ruleset& ruleset) {
  for (const RuleExplanation& rule : explanation.rules) {
    fmt::print("{} {:<20} {}\n", mark_of(rule.verdict), ruleset.rules[rule.rule].id, verdict_text(rule));
    for (const cel::Finding& finding : rule.findings) fmt::print("      {} = {}\n", finding.text, finding.value);
  }
  fmt::print("{}", tallyho::name_of(explanation.code));
  if (explanation.code == Code::ok || explanation.code == Code::duplicate) {
    fmt::print(": {} points, total {}\n", explanation.points, explanation.total);
  } else {
    fmt::print(": {}\n", explanation.message);
  }
}

void print_json(const Explanation& explanation, const Ruleset& ruleset) {
  std::string out;
  JsonWriter json(out);
  json.object();
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
  json.end().end();
  fmt::print("{}\n", out);
}

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho explain: {}\n", message);
  return 1;
}

// Where the file is a single event over several lines, it is one all the same.
std::optional<std::string> read_event(const std::string& path) {
  LineReader reader(recorded_bytes_max);
  if (const auto problem = reader.open(path)) {
    fail(*problem);
    return std::nullopt;
  }
  std::string event;
  while (const auto line = reader.next()) {
    if (!event.empty()) event += '\n';
    event += *line;
  }
  return event;
}

int explain(const ExplainOptions& options) {
  const auto ruleset = load_or_explain(options.ruleset);
  if (ruleset == nullptr) return 1;
  const auto event = read_event(options.event);
  if (!event) return 1;
  Offline offline(ruleset);
  if (!options.events.empty()) {
    LineReader reader(recorded_bytes_max);
    if (const auto problem = reader.open(options.events)) return fail(*problem);
    while (const auto line = reader.next()) {
      if (!line->empty() && *line != "\r") offline.score(*line);
    }
    if (!reader.problem().empty()) return fail(options.events + ": " + reader.problem());
  }
  const Explanation explanation = offline.explain(*event);
  if (options.as_json)
    print_json(explanation, *ruleset);
  else
    print_text(explanation, *ruleset);
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* verb = app.add_subcommand("explain", "Say for one event what each rule did, and why");
  verb->add_option("--ruleset", options->ruleset, "The ruleset")->required();
  verb->add_option("--events", options->events, "Score these events (NDJSON) first");
  verb->add_option("EVENT", options->event, "A file with the event; - is standard input")->required();
  verb->add_flag("--json", options->as_json, "Print one JSON object");
  verb->callback([options, &status] { status = explain(*options); });
}

}  // namespace tallyho::cli

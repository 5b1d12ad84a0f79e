// tallyho explain: for one event, every rule of its type: fired, or passed over and why, with the values.

#include <cstdio>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/explain_player.h"
#include "cli/explanation_text.h"
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
  PlayerQuestion player;  // Instead of those.
  bool as_json = false;
};

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
  std::string out;
  if (options.as_json) {
    JsonWriter json(out);
    json.object();
    append_explanation(json, explanation, *ruleset);
    json.end();
    out += '\n';
  } else {
    out = text_of(explanation, *ruleset);
  }
  fmt::print("{}", out);
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* verb = app.add_subcommand("explain", "Say what each rule did with an event, or where points come from");
  PlayerQuestion& player = options->player;
  auto* ruleset = verb->add_option("--ruleset", options->ruleset, "The ruleset");
  verb->add_option("--events", options->events, "Score these events (NDJSON) first")->needs(ruleset);
  auto* event = verb->add_option("EVENT", options->event, "A file with the event; - is standard input")->needs(ruleset);
  auto* data = verb->add_option("--data", player.data, "Or: the directory of a log; nothing in it changes")
                   ->type_name("DIR")
                   ->excludes(ruleset);
  auto* name = verb->add_option("--player", player.player, "Whose points")->needs(data);
  verb->add_option("--id", player.id, "Only the event or adjustment with this id, rule by rule")->needs(name);
  verb->add_option("--limit", player.limit, "How many, newest first")->needs(name)->check(CLI::Range(1, 1000));
  verb->add_option("--cursor", player.before, "Only those before this position")->needs(name)->type_name("POSITION");
  verb->add_flag("--json", options->as_json, "Print one JSON object");
  verb->callback([options, event, name, &status] {
    if (event->count() + name->count() == 0) throw CLI::RequiredError("--ruleset and EVENT, or --data and --player");
    options->player.as_json = options->as_json;
    status = name->count() > 0 ? explain_player(options->player) : explain(*options);
  });
}

}  // namespace tallyho::cli

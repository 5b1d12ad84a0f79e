// tallyho check: loads a ruleset and prints what is in it, or every problem it has.

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "engine/engine.h"
#include "fmt/format.h"
#include "log/memory_log.h"

namespace tallyho::cli {
namespace {

std::string diagnostics_json(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  JsonWriter json(out);
  json.object().key("ok").boolean(false).key("problems").array();
  for (const Diagnostic& diagnostic : diagnostics) {
    json.object();
    json.key("file").text(diagnostic.file);
    json.key("line").number(std::int64_t{diagnostic.line});
    json.key("column").number(std::int64_t{diagnostic.column});
    json.key("length").number(std::int64_t{diagnostic.length});
    json.key("message").text(diagnostic.message);
    json.end();
  }
  json.end().end();
  return out;
}

int check(const std::string& path, bool as_json) {
  const auto ruleset = load_ruleset_file(path);
  if (ruleset) {
    if (as_json)
      fmt::print("{}\n", summary_json(**ruleset));
    else
      fmt::print("{}", summarize(**ruleset));
    return 0;
  }
  if (as_json)
    fmt::print("{}\n", diagnostics_json(ruleset.error()));
  else
    fmt::print(stderr, "{}", diagnostics_text(ruleset.error(), read_file(path)));
  return 1;
}

// What of a game under `before` stays behind when the ruleset is swapped: found out by swapping it in a game without
// players.
std::vector<std::string> find_dropped(const std::shared_ptr<const Ruleset>& before,
                                      const std::shared_ptr<const Ruleset>& after) {
  Engine old(before, std::make_unique<MemoryLog>(), {});
  std::vector<std::string> dropped;
  if (const auto swapped = old.swap(after, {}); swapped) dropped = swapped->stays;
  return dropped;
}

// Both rulesets are good, or what is wrong with them is said.
int check_against(const std::string& path, const std::string& before_path, bool as_json) {
  const auto before = load_or_explain(before_path);
  if (before == nullptr) return 1;
  const auto after = load_ruleset_file(path);
  if (!after) return check(path, as_json);
  const std::vector<std::string> dropped = find_dropped(before, *after);
  if (as_json) {
    std::string out;
    JsonWriter json(out);
    json.object().key("ok").boolean(true).key("dropped").array();
    for (const std::string& one : dropped) json.text(one);
    json.end().end();
    fmt::print("{}\n", out);
    return 0;
  }
  fmt::print("{} -> {}\n", (*before).hash, (*after)->hash);
  if (dropped.empty()) fmt::print("everything carries over\n");
  for (const std::string& one : dropped) fmt::print("dropped  {}\n", one);
  return 0;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  struct Options {
    std::string path;
    std::string against;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check", "Load a ruleset; print a summary, or every problem it has");
  verb->add_option("FILE", options->path, "The ruleset")->required();
  verb->add_option("--against", options->against,
                   "Say instead what of a game under this ruleset would be dropped, were it swapped for FILE")
      ->type_name("OLD");
  verb->add_flag("--json", options->as_json, "Print one JSON object");
  verb->callback([options, &status] {
    status = options->against.empty() ? check(options->path, options->as_json)
                                      : check_against(options->path, options->against, options->as_json);
  });
}

}  // namespace tallyho::cli

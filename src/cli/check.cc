// tallyho check: loads a ruleset and prints what is in it, or every problem it has.

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "fmt/format.h"

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

}  // namespace

void add_check(CLI::App& app, int& status) {
  struct Options {
    std::string path;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check", "Load a ruleset; print a summary, or every problem it has");
  verb->add_option("FILE", options->path, "The ruleset")->required();
  verb->add_flag("--json", options->as_json, "Print one JSON object");
  verb->callback([options, &status] { status = check(options->path, options->as_json); });
}

}  // namespace tallyho::cli

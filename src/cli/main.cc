// The program `tallyho`: one verb, its options, an exit status (0 done, 1 the thing failed, 2 wrong usage).

#include <exception>
#include <string_view>

#include "CLI/CLI.hpp"
#include "base/large_pages.h"
#include "cli/verbs.h"
#include "fmt/format.h"

namespace {

// Verbs that work through much and end.
bool is_batch(std::string_view verb) {
  return verb == "score" || verb == "replay";
}

int run(int argc, char** argv) {
  CLI::App app("Live scoring and exact leaderboards: events in, rules in CEL, ranks pushed to whoever watches.",
               "tallyho");
  app.require_subcommand(1);
  app.footer("tallyho VERB --help says more. Start with: tallyho check rulesets/treasure-hunt.yaml");
  int status = 0;
  tallyho::cli::add_serve(app, status);
  tallyho::cli::add_check(app, status);
  tallyho::cli::add_test(app, status);
  tallyho::cli::add_score(app, status);
  tallyho::cli::add_explain(app, status);
  tallyho::cli::add_snapshot(app, status);
  tallyho::cli::add_backup(app, status);
  tallyho::cli::add_load(app, status);
  tallyho::cli::add_replay(app, status);
  tallyho::cli::add_log(app, status);
  tallyho::cli::add_board(app, status);
  tallyho::cli::add_player(app, status);
  tallyho::cli::add_ban(app, status);
  tallyho::cli::add_unban(app, status);
  tallyho::cli::add_adjust(app, status);
  tallyho::cli::add_token(app, status);
  tallyho::cli::add_version(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // --help is an "error" of CLI11's with status 0.
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && is_batch(argv[1])) tallyho::ask_for_large_pages();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tallyho: {}\n", error.what());
    return 1;
  }
}

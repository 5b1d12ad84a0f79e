// tallyho player: what a running server knows of a player.

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho::cli {
namespace {

struct PlayerOptions {
  RemoteOptions remote;
  std::string player;
  bool wants_ledger = false;
};

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho player: {}\n", message);
  return 1;
}

void print_player(const simdjson::dom::element& player) {
  fmt::print("{}: {} points{}\n", player["player"].get_string().value(), player["total"].get_int64().value(),
             player["banned"].get_bool().value() ? ", banned" : "");
  for (const auto rank : player["ranks"].get_object()) {
    fmt::print("  {:<24}rank {} of {}, {}\n", rank.key, rank.value["rank"].get_int64().value(),
               rank.value["of"].get_int64().value(), rank.value["value"].get_int64().value());
  }
  simdjson::dom::element state;
  if (player["state"].get(state) == simdjson::SUCCESS) fmt::print("  state {}\n", simdjson::to_string(state));
}

void print_ledger(const simdjson::dom::element& ledger) {
  for (const simdjson::dom::element entry : ledger["entries"].get_array()) {
    fmt::print("{:>10}  {:<30}  {:<20}{:>10}{:>12}\n", entry["position"].get_int64().value(),
               simdjson::to_string(entry["at"]), entry["type"].get_string().value(),
               entry["points"].get_int64().value(), entry["total"].get_int64().value());
  }
}

int show(const PlayerOptions& options) {
  const std::string path = "/v1/players/" + path_part(options.player) + (options.wants_ledger ? "/ledger" : "");
  const auto answer = ask(options.remote, "GET", path);
  if (!answer) return fail(answer.error());
  if (options.remote.as_json) {
    fmt::print("{}\n", *answer);
    return 0;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(*answer).get(json) != simdjson::SUCCESS) return fail("the server's answer is not JSON");
  try {
    options.wants_ledger ? print_ledger(json) : print_player(json);
  } catch (const simdjson::simdjson_error&) {
    return fail("the server's answer is not a player");
  }
  return 0;
}

}  // namespace

void add_player(CLI::App& app, int& status) {
  auto options = std::make_shared<PlayerOptions>();
  CLI::App* verb = app.add_subcommand("player", "Show a player of a running server");
  verb->add_option("PLAYER", options->player, "Who")->required();
  verb->add_flag("--ledger", options->wants_ledger, "Where the points come from, newest first");
  add_remote_options(*verb, options->remote, "http://127.0.0.1:7070");
  verb->callback([options, &status] { status = show(*options); });
}

}  // namespace tallyho::cli

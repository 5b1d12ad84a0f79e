// tallyho ban, unban, adjust: what an admin does to a player of a running server.

#include <cstdint>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho::cli {
namespace {

struct OperateOptions {
  RemoteOptions remote;
  std::string what;  // The verb, and the path's last part.
  std::string player;
  std::string reason;
  std::string id;
  std::int64_t points = 0;
};

int fail(const OperateOptions& options, const std::string& message) {
  fmt::print(stderr, "tallyho {}: {}\n", options.what, message);
  return 1;
}

std::string body_of(const OperateOptions& options) {
  std::string body;
  JsonWriter json(body);
  json.object();
  if (options.what == "adjust") json.key("id").text(options.id).key("points").number(options.points);
  if (!options.reason.empty()) json.key("reason").text(options.reason);
  json.end();
  return body;
}

int operate(const OperateOptions& options) {
  const std::string path = "/v1/players/" + path_part(options.player) + "/" + options.what;
  const auto answer = ask(options.remote, "POST", path, body_of(options));
  if (!answer) return fail(options, answer.error());
  if (options.remote.as_json) {
    fmt::print("{}\n", *answer);
    return 0;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  std::int64_t total = 0;
  bool is_banned = false;
  if (parser.parse(*answer).get(json) != simdjson::SUCCESS || json["total"].get(total) != simdjson::SUCCESS ||
      json["banned"].get(is_banned) != simdjson::SUCCESS) {
    return fail(options, "the server's answer is not one of its own");
  }
  fmt::print("{}: {} points{}\n", options.player, total, is_banned ? ", banned" : "");
  return 0;
}

CLI::App* add(CLI::App& app, int& status, const std::string& what, const std::string& words,
              const std::shared_ptr<OperateOptions>& options) {
  options->what = what;
  CLI::App* verb = app.add_subcommand(what, words);
  verb->add_option("PLAYER", options->player, "Who")->required();
  verb->add_option("--reason", options->reason, "Why; the log keeps it")->type_name("TEXT");
  add_remote_options(*verb, options->remote, "http://127.0.0.1:7071");
  verb->callback([options, &status] { status = operate(*options); });
  return verb;
}

}  // namespace

void add_ban(CLI::App& app, int& status) {
  add(app, status, "ban", "Hide a player from every board, and refuse its events", std::make_shared<OperateOptions>());
}

void add_unban(CLI::App& app, int& status) {
  add(app, status, "unban", "Restore a banned player exactly", std::make_shared<OperateOptions>());
}

void add_adjust(CLI::App& app, int& status) {
  auto options = std::make_shared<OperateOptions>();
  CLI::App* verb = add(app, status, "adjust", "Add points to a player's total, or take some", options);
  verb->add_option("--points", options->points, "How many; fewer than none takes them")->required();
  verb->add_option("--id", options->id, "The adjustment's own name: done once, however often it is asked")->required();
}

}  // namespace tallyho::cli

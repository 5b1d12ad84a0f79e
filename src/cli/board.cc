// tallyho board: a page of a board of a running server, or what stands around a member.

#include <cstdint>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "cli/remote.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho::cli {
namespace {

struct BoardOptions {
  RemoteOptions remote;
  std::string board;
  std::string group;
  std::string window;
  std::string around;
  std::uint32_t limit = 10;
};

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho board: {}\n", message);
  return 1;
}

void print_boards(const simdjson::dom::element& answer) {
  for (const simdjson::dom::element board : answer["boards"].get_array()) {
    fmt::print("{:<24}{:>12} members\n", board["id"].get_string().value(), board["size"].get_int64().value());
  }
}

void print_members(const simdjson::dom::element& answer, const char* key) {
  for (const simdjson::dom::element member : answer[key].get_array()) {
    fmt::print("{:>8}  {:<32}{:>20}\n", member["rank"].get_int64().value(), member["member"].get_string().value(),
               member["value"].get_int64().value());
  }
}

std::string path_of(const BoardOptions& options) {
  if (options.board.empty()) return "/v1/boards";
  std::string path = "/v1/boards/" + path_part(options.board);
  path += options.around.empty() ? fmt::format("?limit={}", options.limit)
                                 : fmt::format("/members/{}?around={}", path_part(options.around), options.limit / 2);
  if (!options.group.empty()) path += "&group=" + path_part(options.group);
  if (!options.window.empty()) path += "&window=" + path_part(options.window);
  return path;
}

int show(const BoardOptions& options) {
  const auto answer = ask(options.remote, "GET", path_of(options));
  if (!answer) return fail(answer.error());
  if (options.remote.as_json) {
    fmt::print("{}\n", *answer);
    return 0;
  }
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(*answer).get(json) != simdjson::SUCCESS) return fail("the server's answer is not JSON");
  try {
    if (options.board.empty())
      print_boards(json);
    else
      print_members(json, options.around.empty() ? "members" : "around");
  } catch (const simdjson::simdjson_error&) {
    return fail("the server's answer is not a board");
  }
  return 0;
}

}  // namespace

void add_board(CLI::App& app, int& status) {
  auto options = std::make_shared<BoardOptions>();
  CLI::App* verb = app.add_subcommand("board", "Show a board of a running server");
  verb->add_option("BOARD", options->board, "Which; without it, the list of boards");
  verb->add_option("--limit", options->limit, "So many members")->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_option("--around", options->around, "Those around this member")->type_name("MEMBER");
  verb->add_option("--group", options->group, "Of this group");
  verb->add_option("--window", options->window, "Of this window, as 2026-07-19");
  add_remote_options(*verb, options->remote, "http://127.0.0.1:7070");
  verb->callback([options, &status] { status = show(*options); });
}

}  // namespace tallyho::cli

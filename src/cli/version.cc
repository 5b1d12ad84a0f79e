// tallyho version: what this program is.

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/verbs.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

void print_version(bool as_json) {
  if (!as_json) {
    fmt::print("tallyho {} (ruleset format 1, protocol 1; {})\n", TALLYHO_VERSION, compiler);
    return;
  }
  std::string out;
  JsonWriter json(out);
  json.object().key("version").text(TALLYHO_VERSION);
  json.key("ruleset_format").number(std::int64_t{1}).key("protocol").number(std::int64_t{1});
  json.key("compiler").text(compiler).end();
  fmt::print("{}\n", out);
}

}  // namespace

void add_version(CLI::App& app, int& status) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("version", "Print the version");
  verb->add_flag("--json", *as_json, "Print one JSON object");
  verb->callback([as_json, &status] {
    print_version(*as_json);
    status = 0;
  });
}

}  // namespace tallyho::cli

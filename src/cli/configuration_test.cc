#include "cli/configuration.h"

#include <cstdlib>
#include <fstream>
#include <map>

#include "CLI/CLI.hpp"
#include "cli/verbs.h"
#include "gtest/gtest.h"

namespace tallyho::cli {
namespace {

// A verb with an option of each kind, as it is after the command line `arguments` was read.
struct World {
  explicit World(const std::string& arguments = "") {
    verb.add_option("--listen", listen);
    verb.add_option("--token-key", keys)->delimiter(',');
    verb.add_option("--limits-watches-max", watches_max)->check(CLI::Range(1, 100));
    verb.add_flag("--behind-proxy", is_behind_proxy);
    std::string unused;
    verb.add_option("--config", unused);
    read_environment(verb);
    verb.parse(arguments);
  }

  // "" or the problems, "LINE:COLUMN message" each.
  std::string apply(const std::string& source) {
    const auto applied = apply_configuration(verb, "f.yaml", source);
    std::string out;
    if (applied) return out;
    for (const Diagnostic& one : applied.error()) {
      out += std::to_string(one.line) + ":" + std::to_string(one.column) + " " + one.message + "\n";
    }
    return out;
  }

  CLI::App verb;
  std::string listen = "default";
  std::vector<std::string> keys;
  int watches_max = 64;
  bool is_behind_proxy = false;
};

TEST(Configuration, AFileSetsWhatItNamesAndLeavesTheRest) {
  World world;
  EXPECT_EQ(world.apply("# all of it\nlisten: 0.0.0.0:7070\ntoken:\n  key: [a, b]\nbehind_proxy: true\n"), "");
  EXPECT_EQ(world.listen, "0.0.0.0:7070");
  EXPECT_EQ(world.keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(world.is_behind_proxy);
  EXPECT_EQ(world.watches_max, 64);
}

TEST(Configuration, MapsOnlyGroup) {
  World nested;
  EXPECT_EQ(nested.apply("limits:\n  watches_max: 7\n"), "");
  EXPECT_EQ(nested.watches_max, 7);
  World flat;
  EXPECT_EQ(flat.apply("limits_watches_max: 7\ntoken_key: a\n"), "");
  EXPECT_EQ(flat.watches_max, 7);
  EXPECT_EQ(flat.keys, (std::vector<std::string>{"a"}));
}

TEST(Configuration, TheCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  ::setenv("TALLYHO_LISTEN", "environment", 1);
  ::setenv("TALLYHO_TOKEN_KEY", "c,d", 1);
  World world("--listen line");
  World without("");
  ::unsetenv("TALLYHO_LISTEN");
  ::unsetenv("TALLYHO_TOKEN_KEY");
  const std::string file = "listen: file\ntoken: {key: [a]}\nlimits: {watches_max: 7}\n";
  EXPECT_EQ(world.apply(file), "");
  EXPECT_EQ(world.listen, "line");
  EXPECT_EQ(world.keys, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(world.watches_max, 7);
  EXPECT_EQ(without.apply(file), "");
  EXPECT_EQ(without.listen, "environment");
}

TEST(Configuration, WhatIsWrongIsNamedWithItsPlace) {
  struct Case {
    const char* file;
    const char* problem;
  };
  for (const Case& c :
       {Case{"listne: x\n", "1:1 unknown key 'listne'; did you mean 'listen'?\n"},
        Case{"limits:\n  wachtes_max: 7\n", "2:3 unknown key 'wachtes_max'; did you mean 'watches_max'?\n"},
        Case{"limit: {}\n", "1:1 unknown key 'limit'; did you mean 'limits'?\n"},
        Case{"zzzzzzzzzz: 1\n", "1:1 unknown key 'zzzzzzzzzz'\n"}, Case{"config: x\n", "1:1 unknown key 'config'"},
        Case{"help: true\n", "1:1 unknown key 'help'"}, Case{"limits: 7\n", "1:1 'limits' groups others: it is a map"},
        Case{"listen: [a, b]\n", "1:1 'listen' is one value"}, Case{"listen: {a: b}\n", "1:1 'listen' is one value"},
        Case{"listen:\n", "1:1 'listen' is one value"}, Case{"token: {key: [[a]]}\n", "1:9 'key' is a value or a list"},
        Case{"behind_proxy: yes\n", "1:15 'behind_proxy' is true or false"},
        Case{"limits: {watches_max: 101}\n", "1:23 'watches_max': "},
        Case{"limits: {watches_max: many}\n", "1:23 'watches_max': "},
        Case{"token: {key: a}\ntoken_key: b\n", "2:1 'token_key' stands here twice"},
        Case{"listen: a\nlisten: b\n", "2:1 "}, Case{"- a\n", "1:1 the file is a map of settings"},
        Case{"listen: 'a\n", "1:"}}) {
    const std::string problem = World().apply(c.file);
    EXPECT_TRUE(problem.starts_with(c.problem)) << c.file << "said: " << problem;
  }
}

TEST(Configuration, WhatIsWrongIsNamedEvenWhereTheCommandLineGoesBefore) {
  EXPECT_NE(World("--behind-proxy").apply("behind_proxy: perhaps\n"), "");
}

// The options of `tallyho serve` as the reference lists them: key → (default, the environment's name).
std::map<std::string, std::pair<std::string, std::string>> documented() {
  std::map<std::string, std::pair<std::string, std::string>> rows;
  std::ifstream file(TALLYHO_SOURCE_DIR "/docs/reference/configuration.md");
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;  // | `key` | `default` | `NAME` | words |
    for (std::size_t at = 0, end = 0; (end = line.find('|', at)) != std::string::npos; at = end + 1) {
      std::string cell = line.substr(at, end - at);
      std::erase_if(cell, [](char c) { return c == '`' || c == ' '; });
      cells.push_back(cell);
    }
    if (cells.size() < 5 || !cells[3].starts_with("TALLYHO_")) continue;
    EXPECT_TRUE(rows.emplace(cells[1], std::pair{cells[2], cells[3]}).second) << cells[1] << " stands twice";
  }
  return rows;
}

TEST(Configuration, TheReferenceListsEveryOptionOfServeWithItsDefault) {
  CLI::App app;
  int status = 0;
  add_serve(app, status);
  auto rows = documented();
  for (const CLI::Option* option : app.get_subcommand("serve")->get_options()) {
    std::string key = option->get_lnames().front();
    if (key == "help" || key == "config" || key == "check") continue;
    std::ranges::replace(key, '-', '_');
    const auto row = rows.find(key);
    if (row == rows.end()) {
      ADD_FAILURE() << "docs/reference/configuration.md lacks:\n| `" << key << "` | `" << option->get_default_str()
                    << "` | `" << environment_name(*option) << "` | " << option->get_description() << " |";
      continue;
    }
    EXPECT_EQ(row->second.first, option->get_default_str()) << key;
    EXPECT_EQ(row->second.second, environment_name(*option)) << key;
    rows.erase(row);
  }
  for (const auto& [key, row] : rows) ADD_FAILURE() << "there is no option for the documented '" << key << "'";
}

}  // namespace
}  // namespace tallyho::cli

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "ruleset/loader.h"

// What the tests of the loader share.
namespace tallyho {

// What every ruleset begins with: two lines, so that what follows begins on line 3.
constexpr std::string_view head = "tallyho: 1\nname: t\n";

// The problems of a ruleset as "LINE:COLUMN: message" lines; "" for none.
inline std::string problems(const std::string& source) {
  const auto ruleset = load_ruleset(source, "f");
  if (ruleset) return "";
  std::string text;
  for (const Diagnostic& diagnostic : ruleset.error()) {
    text +=
        fmt::format("{}{}:{}: {}", text.empty() ? "" : "\n", diagnostic.line, diagnostic.column, diagnostic.message);
  }
  return text;
}

// A ruleset that must load; its problems fail the test.
inline std::shared_ptr<const Ruleset> loaded(const std::string& source) {
  auto ruleset = load_ruleset(source, "f");
  if (ruleset) return *ruleset;
  for (const Diagnostic& diagnostic : ruleset.error()) ADD_FAILURE() << to_text(diagnostic, source);
  return nullptr;
}

// A ruleset with two types, `find` (treasure, value, tags) and `ping` (lat), and state; rules begin on line 10.
inline std::string with_rules(std::string_view rest) {
  return std::string(head) +
         "events:\n"
         "  find: {treasure: string, value: int, level: int, tags: list<string>}\n"
         "  ping: {lat: double, level: double}\n"
         "state:\n"
         "  player: {n: int, on: bool, name: string, seen: {type: set, capacity: 8}, at: timestamp,\n"
         "           recent: {type: window, span: 5m, capacity: 8}}\n"
         "  treasure: {key: event.treasure, finders: int}\n" +
         std::string(rest);
}

}  // namespace tallyho

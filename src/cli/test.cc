// tallyho test: runs the tests of rulesets.

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/ruleset_tests.h"
#include "cli/verbs.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

void print_text(const TestReport& report, const std::string& path) {
  fmt::print("{}: {}, {} tests\n", path, report.failures.empty() ? "ok" : "FAILED", report.passed + report.failed);
  for (const TestFailure& failure : report.failures) {
    fmt::print("{}:{}: {}{}\n", failure.file, failure.line,
               failure.test.empty() ? "" : "'" + failure.test + "': ", failure.message);
  }
}

void append_json(JsonWriter& json, const TestReport& report, const std::string& path) {
  json.object().key("file").text(path);
  json.key("passed").number(static_cast<std::int64_t>(report.passed));
  json.key("failed").number(static_cast<std::int64_t>(report.failed));
  json.key("failures").array();
  for (const TestFailure& failure : report.failures) {
    json.object().key("test").text(failure.test).key("file").text(failure.file);
    json.key("line").number(std::int64_t{failure.line}).key("message").text(failure.message).end();
  }
  json.end().end();
}

int test(const std::vector<std::string>& paths, bool as_json) {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::string out;
  JsonWriter json(out);
  json.array();
  for (const std::string& path : paths) {
    const TestReport report = run_ruleset_tests(path);
    passed += report.passed;
    failed += report.failed;
    if (report.failed == 0 && !report.failures.empty()) ++failed;  // The file itself.
    if (as_json)
      append_json(json, report, path);
    else
      print_text(report, path);
  }
  json.end();
  if (as_json)
    fmt::print("{}\n", out);
  else
    fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

void add_test(CLI::App& app, int& status) {
  struct Options {
    std::vector<std::string> paths;
    bool as_json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("test", "Run the tests of rulesets");
  verb->add_option("FILE", options->paths, "Test files")->required();
  verb->add_flag("--json", options->as_json, "Print one JSON array");
  verb->callback([options, &status] { status = test(options->paths, options->as_json); });
}

}  // namespace tallyho::cli

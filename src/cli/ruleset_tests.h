#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tallyho::cli {

// One expectation that was not met, or a mistake in the test file.
struct TestFailure {
  std::string test;  // Its name; "" for a mistake in the file.
  std::string file;
  int line = 0;         // Where the expectation stands.
  std::string message;  // Both sides: "points: expected 20, got 40".
};

struct TestReport {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::vector<TestFailure> failures;
};

// Runs a file of ruleset tests (docs/reference/command-line.md, "Test files"): for each test a fresh engine, its events
// in order, and what it expects of each answer and, at the end, of players and boards. A file that can't be read, a
// ruleset with problems or an unknown key is a failure too; nothing is thrown.
TestReport run_ruleset_tests(const std::string& path);

}  // namespace tallyho::cli

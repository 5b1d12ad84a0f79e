// Runs the tests of CEL's specification and prints a table: `conformance_test FOLDER LEFT_OUT`, where FOLDER has what
// fetch.py brought. Ends with status 1 if a test neither passed nor is listed as out of profile, and if one that is
// listed passed or doesn't exist.

#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "suite.h"
#include "trial.h"

namespace tallyho::conformance {
namespace {

// What became of the tests of one file.
struct Row {
  std::string file;
  int passed = 0;
  int failed = 0;
  int left_out = 0;
  int unchecked = 0;  // Of those that passed: ran a second time without the checker, and passed.

  Row& operator+=(const Row& other) {
    passed += other.passed;
    failed += other.failed;
    left_out += other.left_out;
    unchecked += other.unchecked;
    return *this;
  }
};

class Run {
 public:
  explicit Run(std::map<std::string, std::string, std::less<>> left_out) : left_out_(std::move(left_out)) {}

  void run_conformance(const Suite& suite);
  // Prints the table and what failed; whether all is as it should be.
  bool report();

 private:
  Row& row_of(const std::string& file) {
    if (rows_.empty() || rows_.back().file != file) rows_.push_back({.file = file});
    return rows_.back();
  }
  // Whether the test is listed as out of profile.
  bool is_left_out(const Test& test) {
    const auto found = left_out_.find(test.id);
    if (found == left_out_.end()) return false;
    left_out_.erase(found);
    return true;
  }
  void fail(const Test& test, Row& row, const std::string& failure) {
    ++row.failed;
    failures_.push_back(fmt::format("{}: {}\n    {}", test.id, failure, test.expr()));
  }

  std::map<std::string, std::string, std::less<>> left_out_;  // Those that have not come by yet.
  std::vector<Row> rows_;
  std::vector<std::string> failures_;
};

void Run::run_conformance(const Suite& suite) {
  for (const Test& test : suite.tests()) {
    Row& row = row_of(test.file);
    const auto failure = conformance_failure(test, Checking::as_asked);
    if (is_left_out(test)) {
      ++row.left_out;
      if (!failure) fail(test, row, "it passes, but is listed as out of profile");
      continue;
    }
    if (failure) {
      fail(test, row, *failure);
      continue;
    }
    if (runs_unchecked(test)) {
      if (const auto other = conformance_failure(test, Checking::never)) {
        fail(test, row, "without the checker: " + *other);
        continue;
      }
      ++row.unchecked;
    }
    ++row.passed;
  }
}

bool Run::report() {
  Row sum{.file = "sum"};
  fmt::print("{:18}{:>8}{:>8}{:>16}{:>24}\n", "file", "passed", "failed", "out of profile", "without checker, too");
  for (const Row& row : rows_) sum += row;
  rows_.push_back(sum);
  for (const Row& row : rows_) {
    fmt::print("{:18}{:8}{:8}{:16}{:24}\n", row.file, row.passed, row.failed, row.left_out, row.unchecked);
  }
  for (const std::string& failure : failures_) fmt::print("{}\n", failure);
  for (const auto& [id, reason] : left_out_)
    fmt::print("{}: listed as out of profile, but there is no such test\n", id);
  fmt::print("{} passed, {} failed\n", sum.passed, sum.failed);
  return sum.failed == 0 && left_out_.empty();
}

int run(const std::string& folder, const std::string& left_out) {
  Run run(read_left_out(left_out));
  run.run_conformance(Suite("conformance", folder + "/conformance.json"));
  return run.report() ? 0 : 1;
}

}  // namespace
}  // namespace tallyho::conformance

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: conformance_test FOLDER LEFT_OUT\n");
    return 2;
  }
  try {
    return tallyho::conformance::run(argv[1], argv[2]);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 2;
  }
}

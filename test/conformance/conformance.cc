// Runs the tests of CEL's specification and prints a table: `conformance_test FOLDER LEFT_OUT`, where FOLDER has what
// fetch_package.py brought. Ends with status 1 if a test neither passed nor is listed as out of profile, and if one
// that is listed passed or doesn't exist.

#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "suite.h"
#include "tree_trial.h"
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

  // The suites of cel-go's parser and checker.
  void run_trees(const Suite& suite);
  void run_conformance(const Suite& suite);
  // Prints what became of the tests since the last table, and its sums as the last line.
  void print_table(const char* title);
  // Prints what is listed without reason; whether all is as it should be.
  bool finish();

 private:
  // Books a test's outcome; whether it is in profile and passed.
  bool book(const Test& test, const std::optional<std::string>& failure);
  void fail(const Test& test, const std::string& failure) {
    ++row_of(test).failed;
    all_well_ = false;
    fmt::print("{}: {}\n    {}\n", test.id, failure, test.expr());
  }
  Row& row_of(const Test& test) {
    if (rows_.empty() || rows_.back().file != test.file) rows_.push_back({.file = test.file});
    return rows_.back();
  }

  std::map<std::string, std::string, std::less<>> left_out_;  // Those that have not come by yet.
  std::vector<Row> rows_;                                     // Of the next table.
  bool all_well_ = true;
};

bool Run::book(const Test& test, const std::optional<std::string>& failure) {
  if (const auto listed = left_out_.find(test.id); listed != left_out_.end()) {
    left_out_.erase(listed);
    ++row_of(test).left_out;
    if (!failure) fail(test, "it passes, but is listed as out of profile");
    return false;
  }
  if (failure) fail(test, *failure);
  return !failure;
}

void Run::run_trees(const Suite& suite) {
  for (const Test& test : suite.tests()) {
    if (book(test, tree_failure(test))) ++row_of(test).passed;
  }
}

void Run::run_conformance(const Suite& suite) {
  for (const Test& test : suite.tests()) {
    if (!book(test, conformance_failure(test, Checking::as_asked))) continue;
    if (runs_unchecked(test)) {
      if (const auto failure = conformance_failure(test, Checking::never)) {
        fail(test, "without the checker: " + *failure);
        continue;
      }
      ++row_of(test).unchecked;
    }
    ++row_of(test).passed;
  }
}

void Run::print_table(const char* title) {
  Row sum{.file = "sum"};
  for (const Row& row : rows_) sum += row;
  rows_.push_back(sum);
  fmt::print("{:20}{:>8}{:>8}{:>16}{:>22}\n", title, "passed", "failed", "out of profile", "without checker too");
  for (const Row& row : rows_) {
    fmt::print("{:20}{:8}{:8}{:16}{:22}\n", row.file, row.passed, row.failed, row.left_out, row.unchecked);
  }
  fmt::print("{} passed, {} failed\n", sum.passed, sum.failed);
  rows_.clear();
}

bool Run::finish() {
  for (const auto& [id, reason] : left_out_) {
    fmt::print("{}: listed as out of profile, but there is no such test\n", id);
  }
  return all_well_ && left_out_.empty();
}

int run(const std::string& folder, const std::string& left_out) {
  Run run(read_left_out(left_out));
  for (const char* name : {"parsing", "checking", "comprehension"}) {
    run.run_trees(Suite(name, fmt::format("{}/{}.json", folder, name)));
  }
  run.print_table("trees of cel-go");
  fmt::print("\n");
  run.run_conformance(Suite("conformance", folder + "/conformance.json"));
  run.print_table("cel-spec");
  return run.finish() ? 0 : 1;
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

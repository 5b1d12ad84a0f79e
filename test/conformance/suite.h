#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

namespace tallyho::conformance {

// One test as the package has it.
struct Test {
  std::string file;              // "string_ext", or the suite itself where it has no files: "parsing".
  std::string id;                // "string_ext/char_at/middle"; the second of that name ends in "#2".
  simdjson::dom::element whole;  // original, ast, checkedAst, type, error.

  simdjson::dom::element original() const { return whole["original"]; }
  // A text of the test, or of the original; "" if it has none. Borrowed from the suite.
  std::string_view text(const char* name) const;
  std::string_view expr() const { return original()["expr"].get_string(); }
};

// The tests of one suite, in order. It owns the document that they point into.
class Suite {
 public:
  // Reads what export.js wrote. Throws simdjson::simdjson_error if it isn't that.
  Suite(const std::string& name, const std::string& path);

  const std::vector<Test>& tests() const { return tests_; }

 private:
  simdjson::dom::parser parser_;
  std::vector<Test> tests_;
};

// The tests that are out of profile, from id to reason. The file has headings, `[reason]`, and below each the ids, one
// a line; `#` at the beginning of a line makes it a comment. Throws std::runtime_error if it cannot be read or names a
// test twice.
std::map<std::string, std::string, std::less<>> read_left_out(const std::string& path);

}  // namespace tallyho::conformance

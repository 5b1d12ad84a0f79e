#include "cli/line_reader.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"

namespace tallyho::cli {
namespace {

// A file that is gone after the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  const std::string& path() const { return path_; }

 private:
  const TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/lines";
};

std::vector<std::string> lines_of(const std::string& bytes, std::size_t line_bytes_max = 100) {
  const TemporaryFile file(bytes);
  LineReader reader(line_bytes_max);
  EXPECT_EQ(reader.open(file.path()), std::nullopt);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(*line);
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.bytes_read(), bytes.size());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineReader, GivesLinesWithoutTheirNewlines) {
  EXPECT_EQ(lines_of("a\nbc\n"), (Lines{"a", "bc"}));
}
TEST(LineReader, TheLastLineNeedsNoNewline) {
  EXPECT_EQ(lines_of("a\nbc"), (Lines{"a", "bc"}));
}
TEST(LineReader, EmptyLinesCount) {
  EXPECT_EQ(lines_of("\n\na\n\r\n"), (Lines{"", "", "a", "\r"}));
}
TEST(LineReader, AnEmptyFileHasNoLines) {
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST(LineReader, LinesAcrossTheBuffersEndAreWhole) {
  std::string bytes;
  Lines expected;
  for (int i = 0; i < 60'000; ++i) {
    expected.push_back(std::string(static_cast<std::size_t>(i % 97), 'x') + std::to_string(i));
    bytes += expected.back() + "\n";
  }
  ASSERT_GT(bytes.size(), 2u * 1024 * 1024);
  EXPECT_EQ(lines_of(bytes), expected);
}

TEST(LineReader, OfAnEndlessLineOnlyWhatShowsThatItIsTooLargeIsKept) {
  const std::string endless(5 * 1024 * 1024, 'y');
  const Lines lines = lines_of("a\n" + endless + "\nb\n", 16'384);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1], std::string(16'385, 'y'));
  EXPECT_EQ(lines[2], "b");
  EXPECT_EQ(lines_of(endless, 16'384).at(0).size(), 16'385u);
}

TEST(LineReader, SaysWhatIsWrongWithAFile) {
  LineReader missing(100);
  EXPECT_NE(missing.open("/nowhere/at/all").value_or("").find("No such file"), std::string::npos);
  LineReader folder(100);
  EXPECT_NE(folder.open(testing::TempDir()).value_or("").find("is a folder"), std::string::npos);
}

}  // namespace
}  // namespace tallyho::cli

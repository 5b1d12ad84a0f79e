#include "ruleset/diagnostic.h"

#include <gtest/gtest.h>

#include "ruleset/source_text.h"

namespace tallyho {
namespace {

TEST(Diagnostic, ShowsTheLineAndACaret) {
  const Diagnostic diagnostic{"hunt.yaml", 2, 5, 3, "unknown key 'wen'; did you mean 'when'?"};
  EXPECT_EQ(to_text(diagnostic, "rules:\n    wen: true\n"),
            "hunt.yaml:2:5: error: unknown key 'wen'; did you mean 'when'?\n"
            "    wen: true\n"
            "    ^~~\n");
}

TEST(Diagnostic, KeepsTabsAndCountsCodePointsUnderTheCaret) {
  const Diagnostic diagnostic{"f", 1, 4, 1, "bad"};
  EXPECT_EQ(to_text(diagnostic, "\tä x"), "f:1:4: error: bad\n\tä x\n\t  ^\n");
}

TEST(Diagnostic, UnderlinesNoFurtherThanTheLine) {
  const Diagnostic diagnostic{"f", 1, 3, 100, "bad"};
  EXPECT_EQ(to_text(diagnostic, "abcd\r\nefgh"), "f:1:3: error: bad\nabcd\n  ^~\n");
}

TEST(Diagnostic, PointsBehindTheEndOfAFile) {
  EXPECT_EQ(to_text({"f", 1, 3, 1, "bad"}, "ab"), "f:1:3: error: bad\nab\n  ^\n");
  EXPECT_EQ(to_text({"f", 7, 3, 1, "bad"}, "ab"), "f:7:3: error: bad\n") << "a line that is not there is not shown";
  EXPECT_EQ(to_text({"f", 1, 1, 1, "bad"}, ""), "f:1:1: error: bad\n\n^\n");
}

TEST(Diagnostic, CutsLongLinesAroundTheCaret) {
  const std::string source = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  const std::string text = to_text({"f", 1, 5001, 1, "bad"}, source);
  EXPECT_LT(text.size(), 400U);
  const std::size_t line = text.find('\n') + 1;
  const std::size_t caret_line = text.find('\n', line) + 1;
  EXPECT_EQ(text[line + text.find('^') - caret_line], 'X');
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string_view> keys{"when", "points", "notify", "cooldown", "set", "add", "on"};
  const struct {
    std::string_view name;
    std::string_view nearest;
  } cases[] = {
      {"wen", "when"},
      {"whne", "when"},
      {"point", "points"},
      {"piont", "points"},
      {"When", "when"},
      {"notifiy", "notify"},
      {"coldown", "cooldown"},
      {"ste", "set"},
      {"ad", "add"},
      {"xyz", ""},
      {"", ""},
      {"q", ""},
      {"description", ""},
  };
  for (const auto& [name, expected] : cases) EXPECT_EQ(nearest(name, keys), expected) << name;
}

TEST(Nearest, TakesTheFirstOfEquallyNearOnes) {
  EXPECT_EQ(nearest("bat", {"cat", "rat"}), "cat");
  EXPECT_EQ(nearest("bat", {"rat", "cat"}), "rat");
  EXPECT_EQ(nearest(std::string(10'000, 'a'), {"a"}), "");
}

TEST(SourceText, FindsPlaces) {
  const SourceText text("ab\nä€c\r\n\nx");
  const struct {
    std::size_t offset;
    std::uint32_t line, column;
  } cases[] = {{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {5, 2, 2}, {8, 2, 3}, {11, 3, 1}, {12, 4, 1}, {13, 4, 2}, {99, 4, 2}};
  for (const auto& [offset, line, column] : cases) {
    EXPECT_EQ(text.place(offset).line, line) << offset;
    EXPECT_EQ(text.place(offset).column, column) << offset;
  }
  EXPECT_EQ(text.line(2), "ä€c");
  EXPECT_EQ(text.line(3), "");
  EXPECT_EQ(text.line(4), "x");
  EXPECT_EQ(text.line_count(), 4U);
}

TEST(SourceText, KnowsWhatIsNotUtf8) {
  const struct {
    std::string_view text;
    std::size_t bad;
  } cases[] = {
      {"plain", std::string_view::npos},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", std::string_view::npos},
      {"a\x80", 1},             // A continuation without a start.
      {"ab\xc0\x80", 2},        // Overlong.
      {"\xe0\x80\x80", 0},      // Overlong.
      {"\xed\xa0\x80", 0},      // A surrogate.
      {"\xf4\x90\x80\x80", 0},  // Beyond U+10FFFF.
      {"x\xe2\x82", 1},         // Cut off.
      {"\xff", 0},
  };
  for (const auto& [text, bad] : cases) EXPECT_EQ(find_invalid_utf8(text), bad) << text;
}

TEST(Report, SortsByPlaceAndDropsRepeats) {
  const SourceText text("a\nb\nc\n");
  Report report("f", text);
  report.error(4, 5, "third");
  report.error(0, 1, "first");
  report.error(2, 3, "second");
  report.error(0, 1, "first");
  const std::vector<Diagnostic> taken = report.take();
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].message, "first");
  EXPECT_EQ(taken[1].message, "second");
  EXPECT_EQ(taken[2].message, "third");
  EXPECT_TRUE(report.is_empty());
}

TEST(Report, StopsWhereNobodyReadsOn) {
  const SourceText text("a");
  Report report("f", text);
  for (std::size_t i = 0; i < 10 * problems_max; ++i) report.error(0, 1, std::to_string(i));
  const std::vector<Diagnostic> taken = report.take();
  ASSERT_EQ(taken.size(), problems_max + 1);
  EXPECT_EQ(taken.back().message, "more problems than can be shown; what follows is not");
}

}  // namespace
}  // namespace tallyho

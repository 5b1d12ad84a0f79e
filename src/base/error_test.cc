#include "base/error.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

struct Row {
  int number;
  std::string_view name;
  int http_status;
};
// The table of the protocol; the numbers are compatibility.
constexpr Row rows[] = {
    {0, "ok", 200},
    {1, "malformed", 400},
    {2, "too_large", 413},
    {3, "unknown_type", 400},
    {4, "missing_field", 400},
    {5, "invalid_field", 400},
    {6, "out_of_time", 400},
    {7, "duplicate", 200},
    {8, "rejected", 422},
    {9, "rule_error", 422},
    {10, "player_banned", 403},
    {11, "unauthorized", 403},
    {12, "overloaded", 429},
    {13, "unavailable", 503},
    {14, "capacity", 507},
    {15, "invalid_argument", 400},
    {16, "internal", 500},
    {17, "not_found", 404},
};

TEST(CodeTest, NumbersNamesAndStatusesAreTheProtocols) {
  ASSERT_EQ(std::size(rows), static_cast<std::size_t>(code_count));
  for (const Row& row : rows) {
    const Code code{static_cast<std::uint8_t>(row.number)};
    EXPECT_EQ(name_of(code), row.name);
    EXPECT_EQ(http_status(code), row.http_status) << row.name;
    EXPECT_EQ(code_named(row.name), code) << row.name;
  }
}

TEST(CodeTest, EveryCodeHasWordsOfItsOwn) {
  std::set<std::string_view> seen;
  for (const Row& row : rows) {
    const std::string_view words = describe(static_cast<Code>(row.number));
    EXPECT_FALSE(words.empty()) << row.name;
    EXPECT_NE(words.back(), '.') << row.name;
    EXPECT_TRUE(seen.insert(words).second) << row.name;
  }
}

TEST(CodeTest, UnknownNamesHaveNoCode) {
  for (const std::string_view name : {"", "OK", "okay", "rule error", " ok"}) {
    EXPECT_EQ(code_named(name), std::nullopt) << name;
  }
}

TEST(CodeTest, OnlyWhatPassesByItselfIsWorthARetry) {
  for (const Row& row : rows) {
    const bool passes = row.name == "overloaded" || row.name == "unavailable";
    EXPECT_EQ(is_retryable(static_cast<Code>(row.number)), passes) << row.name;
  }
}

TEST(ErrorTest, FitsInAWord) {
  EXPECT_EQ(sizeof(Error), 8U);
}

}  // namespace
}  // namespace tallyho

#include "event/field_reader.h"

#include <cmath>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

class FieldReaderTest : public testing::Test {
 protected:
  // The token of this JSON value. Its text is `json`'s.
  const JsonToken& token(std::string json) {
    json_ = "{\"v\":" + std::move(json) + "}";
    EXPECT_FALSE(reader_.read(json_, arena_)) << json_;
    return reader_.tokens()[2];
  }

  Arena arena_;
  JsonReader reader_{32};
  std::string json_;
};

TEST_F(FieldReaderTest, IntsAreWithinInt64) {
  struct {
    std::string json;
    std::int64_t number;
  } const rows[] = {
      {"0", 0},
      {"-0", 0},
      {"42", 42},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"9007199254740993", 9'007'199'254'740'993},  // 2^53 + 1, which no double is.
  };
  for (const auto& row : rows) EXPECT_EQ(read_int(token(row.json)), row.number) << row.json;
}

TEST_F(FieldReaderTest, WhatIsNoIntIsRefused) {
  struct {
    std::string json;
    Fault fault;
  } const rows[] = {
      {"9223372036854775808", Fault::int_range},
      {"-9223372036854775809", Fault::int_range},
      {"18446744073709551616", Fault::int_range},
      {std::string(400, '1'), Fault::int_range},
      {"1.0", Fault::not_an_integer},
      {"-0.0", Fault::not_an_integer},
      {"1e2", Fault::not_an_integer},
      {"\"1\"", Fault::wrong_type},
      {"true", Fault::wrong_type},
      {"null", Fault::wrong_type},
      {"[1]", Fault::wrong_type},
      {"{}", Fault::wrong_type},
  };
  for (const auto& row : rows) EXPECT_EQ(read_int(token(row.json)), std::unexpected(row.fault)) << row.json;
}

TEST_F(FieldReaderTest, DoublesAreAnyFiniteNumber) {
  const auto zeros = [](int count) { return std::string(static_cast<std::size_t>(count), '0'); };
  struct {
    std::string json;
    double number;
  } const rows[] = {
      {"0", 0},
      {"1", 1},
      {"48.137154", 48.137154},
      {"1e2", 100},
      {"-2.5E-3", -0.0025},
      {"9007199254740993", 9007199254740992.0},  // Ties to even.
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"5e-324", std::numeric_limits<double>::denorm_min()},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"1e-324", 0},
      {"1e-400", 0},
      {"1e-99999999999999999999", 0},
      {"0e99999999999999999999", 0},
      {"0." + zeros(5000) + "1", 0},
      {"0." + zeros(400) + "1e400", 0.1},
      {"0." + zeros(5000) + "1e1", 0},
      {"1" + zeros(400) + "e-400", 1},
      {"1" + zeros(300), 1e300},
      {"123456789" + zeros(300) + "e-900", 0},
      {"3." + std::string(5000, '3'), 10.0 / 3.0},
  };
  for (const auto& row : rows) EXPECT_EQ(read_double(token(row.json)), row.number) << row.json;
  EXPECT_TRUE(std::signbit(*read_double(token("-0"))));
  EXPECT_TRUE(std::signbit(*read_double(token("-1e-400"))));
}

TEST_F(FieldReaderTest, NumbersBeyondDoublesAreNotFinite) {
  for (const std::string json : {"1e309", "-1e309", "1e999", "1.8e308", "1e99999999999999999999"}) {
    EXPECT_EQ(read_double(token(json)), std::unexpected(Fault::not_finite)) << json;
  }
  EXPECT_EQ(read_double(token(std::string(400, '9'))), std::unexpected(Fault::not_finite));
  EXPECT_EQ(read_double(token("0." + std::string(100, '0') + "1e500")), std::unexpected(Fault::not_finite));
  EXPECT_EQ(read_double(token("\"NaN\"")), std::unexpected(Fault::wrong_type));
  EXPECT_EQ(read_double(token("null")), std::unexpected(Fault::wrong_type));
}

TEST_F(FieldReaderTest, TimesAreMillisecondsOrTexts) {
  struct {
    std::string json;
    Timestamp time;
  } const rows[] = {
      {"0", {0, 0}},
      {"-0", {0, 0}},
      {"-1", {-1, 999'000'000}},
      {"1784484000123", {1'784'484'000, 123'000'000}},
      {"\"2026-07-19T20:00:00.123+02:00\"", {1'784'484'000, 123'000'000}},
      {"\"2026-07-19t18:00:00z\"", {1'784'484'000, 0}},
      {R"("2026-07-19\u005418:00:00Z")", {1'784'484'000, 0}},
      {"-62135596800000", Timestamp::min()},
      {"253402300799999", {253'402'300'799, 999'000'000}},
      {"\"9999-12-31T23:59:59.9999999999Z\"", Timestamp::max()},
  };
  for (const auto& row : rows) EXPECT_EQ(read_timestamp(token(row.json)), row.time) << row.json;
}

TEST_F(FieldReaderTest, WhatIsNoTimeIsRefused) {
  struct {
    std::string json;
    Fault fault;
  } const rows[] = {
      {"-62135596800001", Fault::bad_timestamp},
      {"253402300800000", Fault::bad_timestamp},
      {"1784484000123000000", Fault::bad_timestamp},  // Nanoseconds, meant well.
      {"-9223372036854775808", Fault::bad_timestamp},
      {"9223372036854775808", Fault::bad_timestamp},
      {"\"2026-07-19\"", Fault::bad_timestamp},
      {"\"2026-07-19T24:00:00Z\"", Fault::bad_timestamp},
      {"\"2026-06-30T23:59:60Z\"", Fault::bad_timestamp},
      {"\"1784484000123\"", Fault::bad_timestamp},
      {"\"\"", Fault::bad_timestamp},
      {"1.5", Fault::not_an_integer},
      {"1e12", Fault::not_an_integer},
      {"null", Fault::wrong_type},
      {"false", Fault::wrong_type},
      {"[0]", Fault::wrong_type},
      {"{}", Fault::wrong_type},
  };
  for (const auto& row : rows) EXPECT_EQ(read_timestamp(token(row.json)), std::unexpected(row.fault)) << row.json;
}

TEST_F(FieldReaderTest, IdentitiesAreShortTextsWithoutControls) {
  EXPECT_EQ(read_identity(token("\"a\"")), "a");
  EXPECT_EQ(read_identity(token("\"" + std::string(128, 'a') + "\"")), std::string(128, 'a'));
  EXPECT_EQ(read_identity(token(R"("\u00a0\u0020\u200d\u202e")")), "\u00a0 \u200d\u202e");
  EXPECT_EQ(read_identity(token("\"\u00e0\u0100\u4e80\"")), "\u00e0\u0100\u4e80");  // 80 to 9f as later bytes.
  struct {
    std::string json;
    Fault fault;
  } const rows[] = {
      {"\"\"", Fault::too_short},
      {"\"" + std::string(129, 'a') + "\"", Fault::too_long},
      {"\"\u00fc" + std::string(127, 'a') + "\"", Fault::too_long},
      {R"("a\u0000")", Fault::control_character},
      {R"("\n")", Fault::control_character},
      {R"("\u001f")", Fault::control_character},
      {"\"\x7f\"", Fault::control_character},
      {R"("\u0080")", Fault::control_character},
      {R"("a\u009f")", Fault::control_character},
      {"\"\u0085\"", Fault::control_character},
      {"7", Fault::wrong_type},
      {"null", Fault::wrong_type},
      {"[\"a\"]", Fault::wrong_type},
  };
  for (const auto& row : rows) EXPECT_EQ(read_identity(token(row.json)), std::unexpected(row.fault)) << row.json;
}

}  // namespace
}  // namespace tallyho

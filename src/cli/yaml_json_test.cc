#include "cli/yaml_json.h"

#include "gtest/gtest.h"
#include "yaml-cpp/yaml.h"

namespace tallyho::cli {
namespace {

TEST(YamlToJson, PlainScalarsAreWhatTheyLookLike) {
  EXPECT_EQ(
      to_json(YAML::Load("{a: 12, b: -1.5, c: true, d: null, e: text, f: 2026-07-19T20:00:00Z, g: 0x10, h: '12'}")),
      R"({"a":12,"b":-1.5,"c":true,"d":null,"e":"text","f":"2026-07-19T20:00:00Z","g":"0x10","h":"12"})");
}

TEST(YamlToJson, NumbersKeepTheirSpelling) {
  EXPECT_EQ(to_json(YAML::Load("[9223372036854775808, 1e2, 1.0]")), "[9223372036854775808,1e2,1.0]");
}

TEST(SameJson, ComparesByValue) {
  EXPECT_TRUE(same_json(R"({"a":1,"b":[true,null]})", R"({"b":[true,null],"a":1})"));
  EXPECT_FALSE(same_json(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(same_json(R"({"a":1})", R"({"a":2})"));
  EXPECT_FALSE(same_json("[1,2]", "[2,1]"));
  EXPECT_FALSE(same_json("1", "\"1\""));
  EXPECT_FALSE(same_json("9007199254740993", "9007199254740992"));  // Integers are exact beyond 2^53.
}

TEST(SameJson, FractionsMayDifferByAMillionth) {
  EXPECT_TRUE(same_json("1234.5678", "1234.5677"));
  EXPECT_TRUE(same_json("2", "2.0"));
  EXPECT_FALSE(same_json("1234.5", "1234.6"));
}

}  // namespace
}  // namespace tallyho::cli

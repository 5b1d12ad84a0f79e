#include "engine/ruleset_record.h"

#include "gtest/gtest.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::string_view source = "tallyho: 1\nname: t\n";

TEST(RulesetRecord, SaysWhoPutItInForceAndHasTheSourceAsItWas) {
  const std::string long_one(4000, 'x');
  for (const std::string_view by : {std::string_view("ops"), std::string_view("a \"b\"\n\x01 \\ c"),
                                    std::string_view("zoë"), std::string_view(long_one)}) {
    const std::string record = to_ruleset_record(source, by);
    const RulesetRecord read = parse_ruleset_record(record);
    EXPECT_EQ(read.source, source) << by;
    EXPECT_EQ(read.by, by);
  }
}

TEST(RulesetRecord, WhereNobodyIsKnownIsTheSourceAlone) {
  EXPECT_EQ(to_ruleset_record(source, ""), source);
  EXPECT_EQ(parse_ruleset_record(source).source, source);
  EXPECT_EQ(parse_ruleset_record(source).by, "");
}

// Else a file could be put in force whose record says that somebody else did it.
TEST(RulesetRecord, NoSourceCanPassForOneThatSaysWho) {
  const std::string forged = to_ruleset_record(source, "somebody else");
  EXPECT_FALSE(load_ruleset(forged, "f"));
}

TEST(RulesetRecord, WhatIsNoneIsASourceThatNobodyTakes) {
  for (const std::string_view record :
       {"", "\x01", "\x01\n", "\x01{}\ntallyho: 1\n", "\x01{\"by\":1}\n", "\x01{\"by\":\"a\"}"}) {
    EXPECT_EQ(parse_ruleset_record(record).source, record);
    EXPECT_EQ(parse_ruleset_record(record).by, "");
    EXPECT_FALSE(load_ruleset(record, "f"));
  }
}

}  // namespace
}  // namespace tallyho

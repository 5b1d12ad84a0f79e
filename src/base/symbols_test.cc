#include "base/symbols.h"

#include <random>
#include <string>
#include <vector>

#include "base/names_for_test.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

TEST(SymbolTableTest, EqualStringsHaveEqualSymbols) {
  SymbolTable symbols;
  std::string name = "ada";
  const Symbol ada = symbols.intern(name);
  const Symbol bob = symbols.intern("bob");
  name = "xxx";  // The table keeps its own bytes.
  EXPECT_EQ(ada, 0U);
  EXPECT_EQ(bob, 1U);
  EXPECT_EQ(symbols.intern("ada"), ada);
  EXPECT_EQ(symbols.text(ada), "ada");
}

TEST(SymbolTableTest, LookingNeverAdds) {
  SymbolTable symbols;
  EXPECT_EQ(symbols.find("ada"), std::nullopt);
  EXPECT_EQ(symbols.size(), 0U);
}

TEST(SymbolTableTest, WhatIsLikelyHasTheSameHashAndItsStringTells) {
  const auto [ada, other] = names_of_one_hash();
  SymbolTable symbols;
  EXPECT_EQ(symbols.find_likely(SymbolTable::wanted(ada)).symbol, no_symbol);
  const Symbol symbol = symbols.intern(ada);
  for (const std::string& name : {ada, other}) {
    const SymbolTable::Likely likely = symbols.find_likely(SymbolTable::wanted(name));
    EXPECT_EQ(likely.symbol, symbol);
    EXPECT_EQ(likely.text(), ada);
  }
  EXPECT_EQ(symbols.find(other), std::nullopt);
  EXPECT_NE(symbols.intern(other), symbol);
}

TEST(SymbolTableTest, EmptyStringsAndNulBytesAreStringsToo) {
  SymbolTable symbols;
  const Symbol empty = symbols.intern("");
  const Symbol nul = symbols.intern(std::string_view("a\0b", 3));
  EXPECT_EQ(symbols.find(""), empty);
  EXPECT_EQ(symbols.find("a"), std::nullopt);
  EXPECT_EQ(symbols.text(nul), std::string_view("a\0b", 3));
  symbols.truncate(0);
  EXPECT_EQ(symbols.find(""), std::nullopt);
}

TEST(SymbolTableTest, TakingBackMakesRoomAgain) {
  SymbolTable symbols;
  symbols.intern("kept");
  const auto fill = [&] {
    for (int i = 0; i < 2000; ++i) symbols.intern("failed event " + std::to_string(i));
    symbols.truncate(1);
  };
  fill();
  const std::size_t held = symbols.memory_bytes();
  for (int round = 0; round < 50; ++round) fill();
  EXPECT_LE(symbols.memory_bytes(), held * 2);
  EXPECT_EQ(symbols.text(0), "kept");
}

TEST(SymbolTableTest, TakesBackOverTheEdgeOfABlock) {
  SymbolTable symbols;
  const std::string large(4090, 'l');  // Leaves too little of the first block for the next.
  symbols.intern(large);
  symbols.intern("does not fit");
  symbols.truncate(0);
  symbols.intern("after");
  symbols.intern(large);
  EXPECT_EQ(symbols.text(0), "after");
  EXPECT_EQ(symbols.text(1), large);
}

// Goal: symbols, texts and lookups stay right in any order of interning and taking back.
// Method: random steps among few strings, each compared with a vector searched from the front.
TEST(SymbolTableTest, AgreesWithAVector) {
  constexpr std::uint64_t seed = 11;
  std::mt19937_64 random(seed);
  SymbolTable symbols;
  std::vector<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
    const std::string text = std::to_string(random() % 3000) + std::string(random() % 40, 'x');
    const auto found = std::find(model.begin(), model.end(), text);
    const auto expected = static_cast<Symbol>(found - model.begin());
    if (random() % 100 == 0) {
      const std::size_t size = model.size() - random() % (model.size() / 2 + 1);
      model.resize(size);
      symbols.truncate(size);
    } else if (random() % 3 == 0) {
      ASSERT_EQ(symbols.find(text), found == model.end() ? std::nullopt : std::optional(expected));
    } else {
      if (found == model.end()) model.push_back(text);
      ASSERT_EQ(symbols.intern(text), expected);
    }
    ASSERT_EQ(symbols.size(), model.size());
    if (!model.empty()) {
      const std::size_t any = random() % model.size();
      ASSERT_EQ(symbols.text(static_cast<Symbol>(any)), model[any]);
    }
  }
}

}  // namespace
}  // namespace tallyho

#include "state/set_state.h"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using How = SetState::Added::How;
using testing::ElementsAre;

std::vector<Symbol> members(const SetState& set) {
  std::vector<Symbol> all;
  all.reserve(set.size());
  for (std::uint32_t i = 0; i < set.size(); ++i) all.push_back(set[i]);
  return all;
}

TEST(SetState, KeepsTheOrderInWhichMembersCame) {
  SetState set;
  for (const Symbol symbol : {7U, 3U, 5U}) EXPECT_EQ(set.add(symbol, 8, false).how, How::added);
  EXPECT_THAT(members(set), ElementsAre(7, 3, 5));
}

TEST(SetState, AMemberItHasChangesNothing) {
  SetState set;
  for (const Symbol symbol : {7U, 3U}) set.add(symbol, 2, true);
  EXPECT_EQ(set.add(7, 2, true).how, How::was_there);  // Also when full: 7 stays the one added first.
  EXPECT_THAT(members(set), ElementsAre(7, 3));
}

TEST(SetState, AFullSetTakesNobodyElse) {
  SetState set;
  set.add(1, 1, false);
  EXPECT_EQ(set.add(2, 1, false).how, How::full);
  EXPECT_THAT(members(set), ElementsAre(1));
  EXPECT_FALSE(set.contains(2));
}

TEST(SetState, DropOldestMakesRoom) {
  SetState set;
  for (const Symbol symbol : {1U, 2U, 3U}) set.add(symbol, 3, true);
  const SetState::Added added = set.add(4, 3, true);
  EXPECT_EQ(added.how, How::added);
  EXPECT_EQ(added.dropped, 1U);
  EXPECT_THAT(members(set), ElementsAre(2, 3, 4));
  EXPECT_FALSE(set.contains(1));
}

TEST(SetState, UndoneAdditionsLeaveNoTrace) {
  SetState set;
  for (const Symbol symbol : {1U, 2U, 3U}) set.add(symbol, 3, true);
  const Symbol first = set.add(4, 3, true).dropped;
  const Symbol second = set.add(5, 3, true).dropped;
  set.undo_add(second);
  set.undo_add(first);
  EXPECT_THAT(members(set), ElementsAre(1, 2, 3));
}

TEST(SetState, HoldsTheLargestSetThereMayBe) {
  SetState set;
  for (Symbol symbol = 0; symbol < 65'536; ++symbol) ASSERT_EQ(set.add(symbol * 977, 65'536, false).how, How::added);
  EXPECT_EQ(set.add(1, 65'536, false).how, How::full);
  for (Symbol symbol = 0; symbol < 65'536; ++symbol) ASSERT_TRUE(set.contains(symbol * 977));
  EXPECT_FALSE(set.contains(978));
}

TEST(SetState, AnUnusedSetHoldsNoMemory) {
  EXPECT_EQ(SetState().memory_bytes(), 0U);
}

TEST(SetState, TakesLittleMoreThanItsMembers) {
  SetState set;
  for (Symbol symbol = 0; symbol < 65'536; ++symbol) {
    set.add(symbol, 65'536, false);
    if (set.size() <= 4) {
      ASSERT_EQ(set.memory_bytes(), 0U);
    } else if (set.size() <= 626) {
      ASSERT_LE(set.memory_bytes(), set.size() * 3.9 + 24) << set.size();
    } else {
      ASSERT_LE(set.memory_bytes(), set.size() * 11U + (set.size() > 50'000 ? set.size() * 3U : 0U)) << set.size();
    }
  }
}

// Symbols that differ in their upper bits only, and those whose bits are all ones as those of a free slot are.
TEST(SetState, TellsSymbolsApartByAllOfTheirBits) {
  const std::vector<Symbol> alike{7,         0x1'0007,    0xff'0007,   0x100'0007,  0xfffe'0007,
                                  0xffff,    0x1'ffff,    0xfe'ffff,   0xff'ffff,   0x1ff'ffff,
                                  0xff'fffe, 0xfffe'ffff, 0xffff'fffe, 0x7fff'ffff, 0x100'0000};
  for (const std::uint32_t more : {0U, 30U, 700U}) {
    SCOPED_TRACE(more);
    SetState set;
    for (Symbol symbol = 1000; symbol < 1000 + more; ++symbol) set.add(symbol, 2000, false);
    std::vector<Symbol> there = members(set);
    for (std::size_t i = 0; i < alike.size(); ++i) {
      for (std::size_t j = 0; j < alike.size(); ++j) ASSERT_EQ(set.contains(alike[j]), j < i) << alike[j];
      ASSERT_EQ(set.add(alike[i], 2000, false).how, How::added) << alike[i];
      there.push_back(alike[i]);
      ASSERT_EQ(members(set), there);
    }
    for (std::size_t i = alike.size(); i-- > 0;) {
      set.undo_add(no_symbol);
      ASSERT_FALSE(set.contains(alike[i])) << alike[i];
    }
    EXPECT_EQ(set.size(), more);
  }
}

// Against a deque searched from the front: additions, drops, and undoing some of them again.
TEST(SetState, DoesWhatADequeDoes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const std::uint32_t first_capacity : {1U, 3U, 8U, 9U, 64U, 122U, 626U, 627U, 900U}) {
    SetState set;
    std::deque<Symbol> model;
    std::vector<std::pair<Symbol, Symbol>> additions;  // What was added, and what it dropped.
    // Neighbours; or far from each other, one of a thousand of them beyond 24 bits.
    const std::uint64_t apart = random() % 2 == 0 ? 1 : 16'790'000 / (std::uint64_t{first_capacity} * 2);
    const auto any = [&] { return static_cast<Symbol>(random() % (std::uint64_t{first_capacity} * 3) * apart); };
    std::uint32_t capacity = first_capacity;
    for (int step = 0; step < 4000; ++step) {
      if (step == 3000) capacity *= 2;  // Another ruleset, while the ring may begin anywhere.
      if (random() % 4 == 0 && !additions.empty()) {
        const auto [added, dropped] = additions.back();
        additions.pop_back();
        set.undo_add(dropped);
        model.pop_back();
        if (dropped != no_symbol) model.push_front(dropped);
      } else {
        const Symbol symbol = any();
        const bool drops = random() % 2 == 0;
        const SetState::Added added = set.add(symbol, capacity, drops);
        const bool was_there = std::ranges::find(model, symbol) != model.end();
        const bool is_full = model.size() >= capacity;
        ASSERT_EQ(added.how, was_there ? How::was_there : is_full && !drops ? How::full : How::added);
        if (added.how == How::added) {
          ASSERT_EQ(added.dropped, is_full ? model.front() : no_symbol);
          if (is_full) model.pop_front();
          model.push_back(symbol);
          additions.emplace_back(symbol, added.dropped);
        }
      }
      ASSERT_EQ(members(set), std::vector<Symbol>(model.begin(), model.end())) << "capacity " << capacity;
      const Symbol asked = any();
      ASSERT_EQ(set.contains(asked), std::ranges::find(model, asked) != model.end());
    }
  }
}

}  // namespace
}  // namespace tallyho

#include "boards/leaderboard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "boards/standing_tree.h"

namespace tallyho {
namespace {

constexpr Member ada = 0;
constexpr Member bob = 1;
constexpr Member cyd = 2;
constexpr Member dan = 3;
constexpr Member eve = 4;

std::vector<Standing> read(const Leaderboard& board, Rank first, std::size_t count,
                           Ranking ranking = Ranking::ordinal) {
  std::vector<Standing> standings;
  board.read(first, count, standings, ranking);
  return standings;
}

std::vector<Member> members(const Leaderboard& board) {
  std::vector<Member> order;
  for (const Standing& standing : read(board, 1, board.size())) order.push_back(standing.member);
  return order;
}

std::vector<Rank> ranks(const Leaderboard& board, Ranking ranking) {
  std::vector<Rank> ranks;
  for (const Standing& standing : read(board, 1, board.size(), ranking)) ranks.push_back(standing.rank);
  return ranks;
}

TEST(Leaderboard, TheHighestValueIsFirstOnADescendingBoard) {
  Leaderboard board(Order::descending);
  board.set(ada, 10, 1);
  board.set(bob, 30, 2);
  board.set(cyd, 20, 3);
  EXPECT_EQ(members(board), (std::vector<Member>{bob, cyd, ada}));
}

TEST(Leaderboard, TheLowestValueIsFirstOnAnAscendingBoard) {
  Leaderboard board(Order::ascending);
  board.set(ada, 10, 1);
  board.set(bob, -30, 2);
  board.set(cyd, 20, 3);
  EXPECT_EQ(members(board), (std::vector<Member>{bob, ada, cyd}));
}

TEST(Leaderboard, TieGoesToWhoReachedItFirst) {
  for (const Order order : {Order::descending, Order::ascending}) {
    Leaderboard board(order);
    board.set(bob, 30, 1);
    board.set(ada, 30, 2);
    EXPECT_EQ(members(board), (std::vector<Member>{bob, ada}));
  }
}

TEST(Leaderboard, TieAtOnePositionGoesToTheSmallerSymbol) {
  for (const Order order : {Order::descending, Order::ascending}) {
    Leaderboard board(order);
    board.set(bob, 30, 1);
    board.set(cyd, 30, 1);
    board.set(ada, 30, 1);
    EXPECT_EQ(members(board), (std::vector<Member>{ada, bob, cyd}));
  }
}

TEST(Leaderboard, SettingTheSameValueKeepsThePlace) {
  Leaderboard board(Order::descending);
  board.set(ada, 30, 1);
  board.set(bob, 30, 2);
  const Move move = board.set(ada, 30, 3);
  EXPECT_EQ(move.was, 1U);
  EXPECT_EQ(move.rank, 1U);
  EXPECT_EQ(board.find(ada)->reached, 1U);
}

TEST(Leaderboard, AValueThatComesBackIsReachedAnew) {
  Leaderboard board(Order::descending);
  board.set(ada, 30, 1);
  board.set(bob, 30, 2);
  board.set(ada, 40, 3);
  board.set(ada, 30, 4);
  EXPECT_EQ(members(board), (std::vector<Member>{bob, ada}));
}

TEST(Leaderboard, AChangeTellsTheRankBeforeAndAfter) {
  Leaderboard board(Order::descending);
  board.set(ada, 30, 1);
  board.set(bob, 20, 2);
  const Move entered = board.set(cyd, 25, 3);
  EXPECT_EQ(entered.was, 0U);
  EXPECT_EQ(entered.rank, 2U);
  const Move rose = board.set(bob, 35, 4);
  EXPECT_EQ(rose.was, 3U);
  EXPECT_EQ(rose.rank, 1U);
  const Move left = board.remove(ada);
  EXPECT_EQ(left.was, 2U);
  EXPECT_EQ(left.rank, 0U);
  EXPECT_EQ(board.remove(ada).was, 0U);
}

TEST(Leaderboard, SharedRanksSkipOrDoNot) {
  Leaderboard board(Order::descending);
  board.set(ada, 30, 1);
  board.set(bob, 30, 2);
  board.set(cyd, 20, 3);
  board.set(dan, 20, 4);
  board.set(eve, 10, 5);
  EXPECT_EQ(ranks(board, Ranking::ordinal), (std::vector<Rank>{1, 2, 3, 4, 5}));
  EXPECT_EQ(ranks(board, Ranking::competition), (std::vector<Rank>{1, 1, 3, 3, 5}));
  EXPECT_EQ(ranks(board, Ranking::dense), (std::vector<Rank>{1, 1, 2, 2, 3}));
  EXPECT_EQ(board.find(dan, Ranking::competition)->rank, 3U);
  EXPECT_EQ(board.find(eve, Ranking::dense)->rank, 3U);
}

TEST(Leaderboard, TheExtremesOfInt64AreValuesLikeOthers) {
  for (const Order order : {Order::descending, Order::ascending}) {
    Leaderboard board(order);
    board.set(ada, INT64_MIN, 1);
    board.set(bob, INT64_MAX, 2);
    board.set(cyd, 0, 3);
    board.set(dan, -1, UINT64_MAX);
    const std::vector<Member> descending{bob, cyd, dan, ada};
    std::vector<Member> expected = descending;
    if (order == Order::ascending) std::ranges::reverse(expected);
    EXPECT_EQ(members(board), expected);
    EXPECT_EQ(board.value(ada), INT64_MIN);
    EXPECT_EQ(board.value(bob), INT64_MAX);
    EXPECT_EQ(board.find(dan)->reached, UINT64_MAX);
  }
}

TEST(Leaderboard, AnEmptyBoardHasNobody) {
  const Leaderboard board(Order::descending);
  EXPECT_EQ(board.size(), 0U);
  EXPECT_FALSE(board.value(ada));
  EXPECT_FALSE(board.find(ada));
  EXPECT_FALSE(board.last());
  EXPECT_TRUE(read(board, 1, 10).empty());
  EXPECT_EQ(board.rank_of(5, 1), 1U);
}

TEST(Leaderboard, NoSymbolIsOnNoBoard) {
  Leaderboard board(Order::descending);
  EXPECT_FALSE(board.find(no_symbol));
  for (Member member = 0; member < 20'000; ++member) {
    board.set(member, 1, 1);  // From a hash table to an array.
    ASSERT_FALSE(board.find(no_symbol));
  }
}

TEST(Leaderboard, PagesEndWithTheBoard) {
  Leaderboard board(Order::descending);
  for (Member member = 0; member < 1000; ++member) board.set(member, 1000 - member, member + 1);
  EXPECT_EQ(read(board, 999, 10).size(), 2U);
  EXPECT_TRUE(read(board, 1001, 10).empty());
  EXPECT_TRUE(read(board, 0, 10).empty());
  EXPECT_TRUE(read(board, 1, 0).empty());
  EXPECT_EQ(board.last()->member, 999U);
  EXPECT_EQ(board.last()->rank, 1000U);
}

TEST(Leaderboard, AKeysetContinuesBehindAMemberThatIsGone) {
  Leaderboard board(Order::descending);
  for (Member member = 0; member < 10; ++member) board.set(member, 7, 1);
  board.remove(4);
  EXPECT_EQ(board.rank_of(7, 1, 4), 5U);      // Where it was.
  EXPECT_EQ(board.rank_of(7, 1, 4 + 1), 5U);  // Member 5 is next.
  EXPECT_EQ(read(board, board.rank_of(7, 1, 4 + 1), 1)[0].member, 5U);
}

// The naive model: a sorted vector, and what it holds by member.
class SortedVector {
 public:
  explicit SortedVector(Order order) : order_(order) {}

  Move set(Member member, Points value, Position at) {
    const Rank was = rank(member);
    if (was != 0 && entries_[was - 1].value == value) return {was, was};
    remove(member);
    const Standing entry{0, member, value, at};
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(count_ahead(entry)), entry);
    by_member_[member] = entry;
    return {was, rank(member)};
  }
  Move remove(Member member) {
    const Rank was = rank(member);
    if (was != 0) entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(was) - 1);
    by_member_.erase(member);
    return {was, 0};
  }
  Rank rank(Member member) const {
    const auto found = by_member_.find(member);
    return found == by_member_.end() ? 0 : count_ahead(found->second) + 1;
  }
  Rank rank_of(Points value, Position at, Member member) const { return 1 + count_ahead({0, member, value, at}); }
  std::vector<Standing> read(Ranking ranking) const {
    std::vector<Standing> standings = entries_;
    for (std::size_t i = 0; i < standings.size(); ++i) {
      const bool is_tie = i > 0 && standings[i - 1].value == standings[i].value;
      const Rank before = i > 0 ? standings[i - 1].rank : 0;
      standings[i].rank = i + 1;
      if (ranking == Ranking::competition && is_tie) standings[i].rank = before;
      if (ranking == Ranking::dense) standings[i].rank = before + (is_tie ? 0 : 1);
    }
    return standings;
  }
  std::size_t size() const { return entries_.size(); }

 private:
  std::uint64_t count_ahead(const Standing& entry) const {
    const auto first = std::ranges::lower_bound(entries_, entry, [&](auto& a, auto& b) { return is_ahead(a, b); });
    return static_cast<std::uint64_t>(first - entries_.begin());
  }
  bool is_ahead(const Standing& a, const Standing& b) const {
    if (a.value != b.value) return order_ == Order::descending ? a.value > b.value : a.value < b.value;
    return std::pair(a.reached, a.member) < std::pair(b.reached, b.member);
  }
  Order order_;
  std::vector<Standing> entries_;
  std::map<Member, Standing> by_member_;
};

struct Mix {
  const char* name;
  Order order;
  Member members;
  std::uint64_t values;  // How many different ones: few make many ties.
  Points first_value;
  int remove_percent;
  Position positions;  // How many different ones: few make ties that only the symbol decides.
  int operations;
};

std::ostream& operator<<(std::ostream& out, const Mix& mix) {
  return out << mix.name;
}

class LeaderboardModel : public testing::TestWithParam<Mix> {};

// Goal: no sequence of operations makes the tree differ from a sorted vector. Method: random operations, every answer
// compared, and now and then the whole board in every ranking.
TEST_P(LeaderboardModel, AgreesWithASortedVector) {
  const Mix& mix = GetParam();
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Leaderboard board(mix.order);
  SortedVector model(mix.order);
  for (int i = 0; i < mix.operations; ++i) {
    const auto member = static_cast<Member>(random() % mix.members);
    const auto value = static_cast<Points>(static_cast<std::uint64_t>(mix.first_value) + random() % mix.values);
    const Position at = mix.positions == 0 ? static_cast<Position>(i) : random() % mix.positions;
    const bool removes = static_cast<int>(random() % 100) < mix.remove_percent;
    const Move expected = removes ? model.remove(member) : model.set(member, value, at);
    const Move move = removes ? board.remove(member) : board.set(member, value, at);
    ASSERT_EQ(move.was, expected.was) << "operation " << i;
    ASSERT_EQ(move.rank, expected.rank) << "operation " << i;
    ASSERT_EQ(board.size(), model.size());
    if (i % 64 == 0) {
      ASSERT_EQ(board.rank_of(value, at, member), model.rank_of(value, at, member));
    }
    if (i % (mix.operations / 8) != 0) continue;
    for (const Ranking ranking : {Ranking::ordinal, Ranking::competition, Ranking::dense}) {
      const std::vector<Standing> all = model.read(ranking);
      ASSERT_EQ(read(board, 1, all.size(), ranking), all);
      for (const Standing& standing : all) ASSERT_EQ(board.find(standing.member, ranking), standing);
      if (all.empty()) continue;
      const Rank first = random() % all.size();
      const std::vector<Standing> page(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
      ASSERT_EQ(read(board, first + 1, all.size(), ranking), page);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Mixes, LeaderboardModel,
                         testing::Values(Mix{"small", Order::descending, 20, 5, -2, 30, 0, 100'000},
                                         Mix{"ascending", Order::ascending, 2000, 1'000'000, -500'000, 5, 0, 80'000},
                                         Mix{"many_ties", Order::descending, 2000, 3, 0, 5, 0, 80'000},
                                         Mix{"ties_at_one_position", Order::descending, 2000, 2, 0, 10, 2, 80'000},
                                         Mix{"all_equal", Order::ascending, 1000, 1, 7, 40, 1, 80'000},
                                         Mix{"extremes", Order::ascending, 1500, 3, INT64_MAX - 1, 10, 0,
                                             80'000},  // Wraps to INT64_MIN.
                                         Mix{"coming_and_going", Order::descending, 3000, 100, 0, 50, 0, 80'000}),
                         [](const testing::TestParamInfo<Mix>& mix) { return std::string(mix.param.name); });

// Goal: many at once come to the same as one after the other. Method: two boards, and members that come twice, or are
// new.
TEST(Leaderboard, ManyAtOnceAreAsManyOneAfterTheOther) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const Order order : {Order::descending, Order::ascending}) {
    Leaderboard together(order);
    Leaderboard apart(order);
    Position at = 1;
    for (int round = 0; round < 200; ++round) {
      std::vector<Leaderboard::Gain> gains(random() % 100);
      for (auto& gain : gains) {
        gain = {static_cast<Member>(random() % 5000), static_cast<Points>(random() % 50) - 10};
      }
      std::vector<Move> moves(gains.size());
      together.add(gains, at, moves);
      std::vector<Member> members;
      for (std::size_t i = 0; i < gains.size(); ++i) {
        const Member member = gains[i].member;
        const Move move = apart.set(member, apart.value(member).value_or(0) + gains[i].points, at + i);
        ASSERT_EQ(std::pair(moves[i].was, moves[i].rank), std::pair(move.was, move.rank));
        members.push_back(member + 1);  // Some are not there.
      }
      at += gains.size();
      std::vector<Standing> standings(members.size());
      together.find(members, standings, Ranking::competition);
      for (std::size_t i = 0; i < members.size(); ++i) {
        ASSERT_EQ(standings[i], apart.find(members[i], Ranking::competition).value_or(Standing{.member = members[i]}));
      }
    }
    ASSERT_EQ(read(together, 1, 5000), read(apart, 1, 5000));
  }
}

// Goal: an aim never makes a difference, however old it is and whatever it was for. Method: two boards, one of which is
// given aims of earlier operations, for the same value or another, at positions that also lie before what is there.
TEST(Leaderboard, AnAimThatHoldsNoMoreMakesNoDifference) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const Points values : {3, 100, 100'000}) {
    Leaderboard aimed(Order::descending);
    Leaderboard plain(Order::descending);
    std::vector<std::pair<Points, Aim>> aims;
    for (Position at = 1000; at < 41'000; ++at) {
      const auto member = static_cast<Member>(random() % 3000);
      if (random() % 8 == 0) {
        ASSERT_EQ(aimed.remove(member).was, plain.remove(member).was);
        continue;
      }
      if (aims.size() < 64) aims.emplace_back();
      auto& [value, aim] = aims[random() % aims.size()];
      if (random() % 4 != 0) value = static_cast<Points>(random() % static_cast<std::uint64_t>(values));
      if (random() % 4 != 0) aim = aimed.aim(value);
      const Position reached = random() % 4 == 0 ? at - random() % 1000 : at;
      const std::optional<Points> old = plain.value(member);
      const Move expected = plain.set(member, value, reached);
      const Leaderboard::Change change = aimed.change(member, value, reached, aim);
      ASSERT_EQ(std::pair(change.move.was, change.move.rank), std::pair(expected.was, expected.rank));
      ASSERT_EQ(change.old, old);
    }
    ASSERT_EQ(read(aimed, 1, aimed.size()), read(plain, 1, plain.size()));
  }
}

// Goal: millions of operations on a board of several levels, growing, churning and emptying, keep the tree sound.
// Method: cheap comparisons only (a map of values), and the tree's own check of its invariants now and then.
TEST(StandingTree, StaysSoundOverMillionsOfOperations) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr Symbol members = 40'000;
  constexpr int operations = 1'000'000;
  StandingTree tree;
  std::vector<Place> places(members, 0);
  std::uint64_t size = 0;
  for (int i = 0; i < operations; ++i) {
    // The first half mostly enters, the second mostly takes out, until nobody is left.
    const bool removes = random() % 100 < (i < operations / 2 ? 10U : 75U);
    const auto member = static_cast<Symbol>(random() % members);
    const StandingTree::Seat seat = tree.find(member);
    ASSERT_EQ(seat.leaf != StandingTree::none, places[member] != 0);
    const Place place = make_place(random() % 1000, static_cast<std::uint64_t>(i) + 1);
    if (places[member] == 0) {
      if (removes) continue;
      if (random() % 2 == 0) {
        tree.insert_untold(place, member);
      } else {
        ASSERT_EQ(tree.insert(place, member), tree.count_ahead(place, member));
      }
      ++size;
    } else if (removes) {
      const std::uint64_t ahead = tree.count_ahead(seat);
      ASSERT_EQ(tree.erase(seat, member), ahead);
      --size;
    } else {
      const Aim aim = random() % 2 == 0 ? tree.aim(key_of(place)) : Aim{};
      if (random() % 2 == 0) {
        tree.move_untold(seat, member, place, aim);
      } else {
        const StandingTree::Moved moved = tree.move(seat, member, place, aim);
        ASSERT_EQ(moved.is, tree.count_ahead(tree.find(member)));
      }
    }
    places[member] = removes ? 0 : place;
    ASSERT_EQ(tree.size(), size);
    if (i % (operations / 10) == 0) {
      ASSERT_TRUE(tree.is_sound());
    }
  }
  for (Symbol member = 0; member < members; ++member) {
    if (places[member] != 0) tree.erase(tree.find(member), member);
    if (member % 4000 == 0) {
      ASSERT_TRUE(tree.is_sound());
    }
  }
  EXPECT_EQ(tree.size(), 0U);
}

TEST(StandingTree, FillsItsLeavesWhicheverWayMembersCome) {
  constexpr Symbol members = 100'000;
  for (const char* way : {"best first", "worst first", "anyhow"}) {
    StandingTree tree;
    std::mt19937_64 random(1);
    for (Symbol member = 0; member < members; ++member) {
      std::uint64_t key = random();
      if (way[0] == 'b') key = member;
      if (way[0] == 'w') key = members - member;
      tree.insert(make_place(key, member), member);
    }
    EXPECT_TRUE(tree.is_sound());
    EXPECT_LT(tree.memory_bytes() / members, 40U) << way;
  }
}

TEST(MemberIndex, FindsWhatWasPutThere) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const Symbol range : {50U, 10'000U, 4'000'000'000U}) {
    MemberIndex index;
    std::map<Symbol, std::uint32_t> model;
    for (std::uint32_t i = 0; i < 60'000; ++i) {
      // Symbols near zero first, so that it becomes an array, then from the whole range.
      const auto member = static_cast<Symbol>(random() % (i < 30'000 ? std::min(range, 10'000U) : range));
      if (random() % 4 == 0 && model.erase(member) == 1) {
        index.erase(member);
      } else {
        index.set(member, i);
        model[member] = i;
      }
      const auto other = static_cast<Symbol>(random() % range);
      const auto found = model.find(other);
      ASSERT_EQ(index.find(other), found == model.end() ? MemberIndex::none : found->second);
      ASSERT_EQ(index.size(), model.size());
    }
    for (const auto& [member, number] : model) ASSERT_EQ(index.find(member), number);
  }
}

TEST(MemberIndex, IsAnArrayOnlyWhereThatIsSmall) {
  MemberIndex everybody;
  MemberIndex a_few;
  for (Symbol member = 0; member < 100'000; ++member) everybody.set(member, 1);
  for (Symbol member = 0; member < 1000; ++member) a_few.set(member * 4000, 1);
  EXPECT_TRUE(everybody.is_array());
  EXPECT_LT(everybody.memory_bytes(), 100'000U * 6);
  EXPECT_FALSE(a_few.is_array());
  EXPECT_LT(a_few.memory_bytes(), 1000U * 22);
  everybody.set(4'000'000'000, 1);
  EXPECT_FALSE(everybody.is_array());
  EXPECT_EQ(everybody.find(99'999), 1U);
}

}  // namespace
}  // namespace tallyho

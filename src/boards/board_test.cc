// Named tests for each sentence of the ruleset specification's "Boards". The random ones are in board_model_test.cc.
#include "boards/board.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tallyho {
namespace {

constexpr Member ada = 1;
constexpr Member bob = 2;
constexpr Member cyd = 3;
constexpr Symbol north = 101;
constexpr Symbol south = 102;
constexpr Symbol west = 103;

using Standings = std::vector<std::pair<Member, Points>>;

Timestamp at(std::string_view text) {
  return parse_timestamp(text).value();
}
const Timestamp noon = at("2026-07-19T12:00:00Z");

TimeZone berlin() {
  return TimeZone::load("Europe/Berlin").value();
}

// A board and the log's position.
class Game {
 public:
  explicit Game(BoardOptions options) : board(std::move(options)) { arrive(noon); }

  // An event: the answer of plan(); what it did is in `changes`.
  Code count(Member member, Points value, Symbol group = no_group, Timestamp now = noon) {
    changes.clear();
    ++position;
    Board::Plan plan;
    const Status planned = board.plan(member, group, value, now, plan);
    if (!planned) return planned.error().code;
    counted = plan.counts;
    board.commit(plan, position, &changes);
    return Code::ok;
  }
  void follow(Member member, Symbol group) {
    changes.clear();
    board.follow(member, group, ++position, changes);
  }
  bool arrive(Timestamp arrival) {
    dropped.clear();
    return board.advance(arrival, dropped);
  }

  Standings standings(Symbol group = no_group, std::optional<Timestamp> starts = {}) const {
    Standings out;
    const BoardSection* section = board.find_section(group, starts);
    if (section == nullptr) return out;
    std::vector<Standing> all;
    section->leaderboard->read(1, section->leaderboard->size(), all);
    for (const Standing& standing : all) out.emplace_back(standing.member, standing.value);
    return out;
  }

  Board board;
  Position position = 0;
  bool counted = false;
  std::vector<BoardChange> changes;
  std::vector<std::uint32_t> dropped;
};

TEST(Board, SumAddsUp) {
  Game game({});
  game.count(ada, 10);
  game.count(bob, 15);
  game.count(ada, 7);
  EXPECT_EQ(game.standings(), (Standings{{ada, 17}, {bob, 15}}));
}

TEST(Board, ANewcomerWithZeroPointsEnters) {
  Game game({});
  game.count(ada, 0);
  EXPECT_EQ(game.standings(), (Standings{{ada, 0}}));
  ASSERT_EQ(game.changes.size(), 1U);
  EXPECT_TRUE(game.changes[0].value_changed);
}

TEST(Board, BestIsBestInTheBoardsOrder) {
  Game descending({.op = Operator::best, .order = Order::descending});
  Game ascending({.op = Operator::best, .order = Order::ascending});
  for (const Points value : {20, 10, 30, 25}) {
    descending.count(ada, value);
    ascending.count(ada, value);
  }
  EXPECT_EQ(descending.standings(), (Standings{{ada, 30}}));
  EXPECT_EQ(ascending.standings(), (Standings{{ada, 10}}));
}

TEST(Board, LatestTakesWhateverCameLast) {
  Game game({.op = Operator::latest});
  game.count(ada, 30);
  game.count(ada, 5);
  EXPECT_EQ(game.standings(), (Standings{{ada, 5}}));
}

TEST(Board, OfEqualValuesTheOneReachedFirstIsAhead) {
  for (const Order order : {Order::descending, Order::ascending}) {
    Game game({.op = Operator::latest, .order = order});
    game.count(bob, 30);
    game.count(ada, 30);
    EXPECT_EQ(game.standings(), (Standings{{bob, 30}, {ada, 30}}));
  }
}

TEST(Board, AnEventThatLeavesTheValueLeavesThePlace) {
  for (const Operator op : {Operator::sum, Operator::best, Operator::latest}) {
    Game game({.op = op});
    game.count(ada, 30);
    game.count(bob, 30);
    game.count(ada, op == Operator::sum ? 0 : 30);
    EXPECT_EQ(game.standings(), (Standings{{ada, 30}, {bob, 30}}));
    ASSERT_EQ(game.changes.size(), 1U);
    EXPECT_FALSE(game.changes[0].value_changed);
    EXPECT_EQ(game.changes[0].move.was, 1U);
    EXPECT_EQ(game.changes[0].move.rank, 1U);
  }
}

TEST(Board, AValueThatChangesAndComesBackIsReachedAnew) {
  Game game({});
  game.count(ada, 30);
  game.count(bob, 30);
  game.count(ada, 5);
  game.count(ada, -5);
  EXPECT_EQ(game.standings(), (Standings{{bob, 30}, {ada, 30}}));
}

TEST(Board, ASumThatLeavesInt64IsARuleErrorAndChangesNothing) {
  Game game({});
  game.count(ada, INT64_MAX);
  EXPECT_EQ(game.count(ada, 1), Code::rule_error);
  EXPECT_EQ(game.standings(), (Standings{{ada, INT64_MAX}}));
  game.count(bob, INT64_MIN);
  EXPECT_EQ(game.count(bob, -1), Code::rule_error);
  EXPECT_EQ(game.count(ada, INT64_MIN), Code::ok);
  EXPECT_EQ(game.standings(), (Standings{{ada, -1}, {bob, INT64_MIN}}));
}

TEST(Board, PlanningChangesNothing) {
  Game game({.is_grouped = true});
  Board::Plan plan;
  ASSERT_TRUE(game.board.plan(ada, north, 5, noon, plan));
  EXPECT_EQ(game.board.groups(), 0U);
  EXPECT_TRUE(game.board.sections().empty());
}

TEST(Board, NobodyAndNoGroupDoNotCount) {
  Game game({.is_grouped = true});
  game.count(no_symbol, 5, north);
  EXPECT_FALSE(game.counted);
  game.count(ada, 5, no_group);
  EXPECT_FALSE(game.counted);
  EXPECT_TRUE(game.board.sections().empty());
}

TEST(Board, EachGroupKeepsItsOwnEntry) {
  Game game({.is_grouped = true});
  game.count(ada, 5, north);
  game.count(ada, 7, south);
  game.follow(ada, west);  // Nothing: the board doesn't follow.
  EXPECT_EQ(game.standings(north), (Standings{{ada, 5}}));
  EXPECT_EQ(game.standings(south), (Standings{{ada, 7}}));
  EXPECT_TRUE(game.standings(west).empty());
}

TEST(Board, GroupsOverTheMaximumAreRefused) {
  Game game({.is_grouped = true, .groups_max = 2});
  game.count(ada, 5, north);
  game.count(ada, 5, south);
  EXPECT_EQ(game.count(ada, 5, west), Code::capacity);
  EXPECT_EQ(game.count(ada, 5, north), Code::ok);
  EXPECT_EQ(game.board.groups(), 2U);
}

// limit

TEST(Board, TheWorstIsDroppedForABetterNewcomer) {
  Game game({.op = Operator::best, .limit = 2});
  game.count(ada, 30);
  game.count(bob, 20);
  game.count(cyd, 25);
  EXPECT_EQ(game.standings(), (Standings{{ada, 30}, {cyd, 25}}));
  ASSERT_EQ(game.changes.size(), 1U);
  EXPECT_EQ(game.changes[0].dropped, bob);
  EXPECT_EQ(game.changes[0].move.rank, 2U);
}

TEST(Board, ANewcomerEqualToTheWorstDoesNotEnter) {
  Game game({.op = Operator::best, .limit = 2});
  game.count(ada, 30);
  game.count(bob, 20);
  game.count(cyd, 20);
  EXPECT_EQ(game.standings(), (Standings{{ada, 30}, {bob, 20}}));
  EXPECT_TRUE(game.changes.empty());
}

TEST(Board, WhoWasDroppedIsForgotten) {
  Game game({.op = Operator::best, .limit = 1});
  game.count(ada, 30);
  game.count(bob, 40);  // Drops ada.
  game.count(ada, 50);
  EXPECT_EQ(game.standings(), (Standings{{ada, 50}}));
  EXPECT_EQ(game.changes[0].move.was, 0U);
}

TEST(Board, AFullBoardsMemberStaysWhenItsLatestIsTheWorst) {
  Game game({.op = Operator::latest, .limit = 2});
  game.count(ada, 30);
  game.count(bob, 20);
  game.count(ada, 1);
  EXPECT_EQ(game.standings(), (Standings{{bob, 20}, {ada, 1}}));
}

TEST(Board, TheLimitIsPerGroup) {
  Game game({.op = Operator::best, .is_grouped = true, .limit = 1});
  game.count(ada, 5, north);
  game.count(bob, 4, south);
  EXPECT_EQ(game.standings(north), (Standings{{ada, 5}}));
  EXPECT_EQ(game.standings(south), (Standings{{bob, 4}}));
}

TEST(Board, ALimitOfAnAscendingBoardDropsTheHighest) {
  Game game({.op = Operator::best, .order = Order::ascending, .limit = 1});
  game.count(ada, 30);
  game.count(bob, 40);
  EXPECT_EQ(game.standings(), (Standings{{ada, 30}}));
  game.count(cyd, 20);
  EXPECT_EQ(game.standings(), (Standings{{cyd, 20}}));
}

// attempts

TEST(Board, OnlySoManyEventsOfAMemberCount) {
  Game game({.op = Operator::best, .attempts = 2});
  game.count(ada, 10);
  game.count(ada, 5);  // Leaves the value, but was an attempt.
  game.count(ada, 99);
  EXPECT_FALSE(game.counted);
  EXPECT_EQ(game.standings(), (Standings{{ada, 10}}));
  game.count(bob, 7);
  EXPECT_EQ(game.standings(), (Standings{{ada, 10}, {bob, 7}}));
}

TEST(Board, AttemptsAreCountedPerWindow) {
  Game game({.every = Every::daily, .attempts = 1});
  game.count(ada, 10);
  game.arrive(at("2026-07-20T12:00:00Z"));
  game.count(ada, 20, no_group, at("2026-07-20T12:00:00Z"));
  EXPECT_EQ(game.standings(), (Standings{{ada, 20}}));
}

TEST(Board, AttemptsMoveWithTheMember) {
  Game game({.is_grouped = true, .follows_player = true, .attempts = 2});
  game.count(ada, 10, north);
  game.count(ada, 5, south);
  game.count(ada, 1, south);
  EXPECT_FALSE(game.counted);
  EXPECT_EQ(game.standings(south), (Standings{{ada, 15}}));
}

TEST(Board, WhoIsKeptOutByTheLimitHasStillTried) {
  Game game({.op = Operator::best, .limit = 1, .attempts = 1});
  game.count(ada, 30);
  game.count(bob, 20);
  game.count(bob, 50);
  EXPECT_FALSE(game.counted);
}

// A group that follows the player

TEST(Board, AMemberMovesWithItsValueWhetherOrNotTheEventCounts) {
  Game game({.is_grouped = true, .follows_player = true});
  game.count(ada, 10, north);
  game.count(bob, 10, south);
  game.follow(ada, south);
  EXPECT_TRUE(game.standings(north).empty());
  EXPECT_EQ(game.standings(south), (Standings{{bob, 10}, {ada, 10}}));  // Reached at that event.
  ASSERT_EQ(game.changes.size(), 2U);
  EXPECT_EQ(game.changes[0].move.rank, 0U);
  EXPECT_EQ(game.changes[1].move.rank, 2U);
  EXPECT_EQ(game.changes[1].value, 10);
}

TEST(Board, AMemberMovesInEveryReadableWindow) {
  Game game({.is_grouped = true, .follows_player = true, .every = Every::daily, .keep = 1});
  const Timestamp today = at("2026-07-20T12:00:00Z");
  game.count(ada, 10, north);
  game.arrive(today);
  game.count(ada, 7, north, today);
  game.follow(ada, south);
  EXPECT_EQ(game.standings(south, at("2026-07-19T00:00:00Z")), (Standings{{ada, 10}}));
  EXPECT_EQ(game.standings(south), (Standings{{ada, 7}}));
}

TEST(Board, AnEventThatMovesAndCountsAddsToTheValueMoved) {
  Game game({.is_grouped = true, .follows_player = true});
  game.count(bob, 12, south);
  game.count(ada, 10, north);
  game.count(ada, 5, south);
  EXPECT_TRUE(game.standings(north).empty());
  EXPECT_EQ(game.standings(south), (Standings{{ada, 15}, {bob, 12}}));
  ASSERT_EQ(game.changes.size(), 2U);  // Left north, entered south with 15.
  EXPECT_EQ(game.changes[1].move.was, 0U);
  EXPECT_EQ(game.changes[1].move.rank, 1U);
  EXPECT_EQ(game.changes[1].value, 15);
}

TEST(Board, ASumThatMovesIsCheckedToo) {
  Game game({.is_grouped = true, .follows_player = true});
  game.count(ada, INT64_MAX, north);
  EXPECT_EQ(game.count(ada, 1, south), Code::rule_error);
  EXPECT_EQ(game.standings(north), (Standings{{ada, INT64_MAX}}));
}

TEST(Board, AMemberWhoseGroupBecomesNothingLeavesAndNothingIsKept) {
  Game game({.is_grouped = true, .follows_player = true});
  game.count(ada, 10, north);
  game.follow(ada, no_group);
  EXPECT_TRUE(game.standings(north).empty());
  game.count(ada, 5, no_group);
  game.count(ada, 3, south);
  EXPECT_EQ(game.standings(south), (Standings{{ada, 3}}));
}

TEST(Board, AMemberThatMovesToAFullGroupMustBeBetterThanItsWorst) {
  Game game({.op = Operator::best, .is_grouped = true, .follows_player = true, .limit = 1});
  game.count(ada, 10, north);
  game.count(bob, 10, south);
  game.follow(ada, south);  // Equal to the worst.
  EXPECT_EQ(game.standings(south), (Standings{{bob, 10}}));
  game.count(cyd, 20, north);
  game.follow(cyd, south);
  EXPECT_EQ(game.standings(south), (Standings{{cyd, 20}}));
}

TEST(Board, AGroupThatNobodyIsInAnyMoreMakesRoom) {
  Game game({.is_grouped = true, .follows_player = true, .groups_max = 2});
  game.count(ada, 10, north);
  game.count(bob, 10, south);
  EXPECT_EQ(game.board.can_follow(ada, west).error().code, Code::capacity);
  EXPECT_TRUE(game.board.can_follow(cyd, west));  // Nothing would move.
  game.follow(ada, south);
  EXPECT_EQ(game.board.groups(), 1U);
  EXPECT_EQ(game.count(ada, 1, west), Code::ok);
}

// Windows

TEST(Board, TheCurrentPeriodIsThatOfTheGreatestArrivalTime) {
  Game game({.every = Every::daily, .time_zone = berlin()});
  game.count(ada, 10);
  EXPECT_FALSE(game.arrive(at("2026-07-19T21:59:59.999Z")));
  EXPECT_EQ(game.standings(), (Standings{{ada, 10}}));
  EXPECT_TRUE(game.arrive(at("2026-07-19T22:00:00Z")));  // Midnight in Berlin.
  EXPECT_TRUE(game.standings().empty());
  EXPECT_FALSE(game.arrive(noon));  // Time never goes back.
  EXPECT_EQ(game.board.period_name(game.board.current_period()), "2026-07-20");
}

TEST(Board, ALateEventCountsInItsPeriodWhileThatIsReadable) {
  Game game({.every = Every::daily, .keep = 1});
  game.arrive(at("2026-07-20T12:00:00Z"));
  game.count(ada, 10, no_group, noon);
  EXPECT_TRUE(game.counted);
  EXPECT_EQ(game.standings(no_group, at("2026-07-19T00:00:00Z")), (Standings{{ada, 10}}));
  game.count(ada, 10, no_group, at("2026-07-18T23:59:59Z"));
  EXPECT_FALSE(game.counted);
}

TEST(Board, ALaterPeriodBeginsEarly) {
  Game game({.every = Every::daily});
  const Timestamp tomorrow = at("2026-07-20T00:00:01Z");
  game.count(ada, 10, no_group, tomorrow);
  EXPECT_TRUE(game.standings().empty());
  EXPECT_EQ(game.standings(no_group, at("2026-07-20T00:00:00Z")), (Standings{{ada, 10}}));
  EXPECT_EQ(game.board.periods().size(), 2U);
  game.count(bob, 10);  // The current one still counts.
  EXPECT_TRUE(game.counted);
  game.arrive(tomorrow);
  EXPECT_EQ(game.standings(), (Standings{{ada, 10}}));
  EXPECT_EQ(game.dropped.size(), 1U);
}

TEST(Board, AWindowIsReadableWhileItIsOneOfTheKept) {
  Game game({.every = Every::hourly, .keep = 2});
  game.count(ada, 10);
  const std::uint32_t number = game.board.sections()[0]->number;
  game.arrive(at("2026-07-19T14:59:59Z"));
  EXPECT_TRUE(game.dropped.empty());
  EXPECT_NE(game.board.section(number), nullptr);
  game.arrive(at("2026-07-19T15:00:00Z"));
  EXPECT_EQ(game.dropped, std::vector<std::uint32_t>{number});
  EXPECT_EQ(game.board.section(number), nullptr);
  EXPECT_EQ(game.board.find_section(no_group, at("2026-07-19T12:00:00Z")), nullptr);
}

TEST(Board, ReadablePeriodsAreThereWhetherOrNotAnybodyIsOnThem) {
  const Game game({.every = Every::weekly, .time_zone = berlin(), .keep = 2});
  std::vector<std::string> names;
  for (const Period& period : game.board.periods()) names.push_back(game.board.period_name(period));
  EXPECT_EQ(names, (std::vector<std::string>{"2026-07-13", "2026-07-06", "2026-06-29"}));  // Mondays.
  EXPECT_EQ(game.board.period_named("2026-07-06")->starts, at("2026-07-05T22:00:00Z"));
  EXPECT_FALSE(game.board.period_named("2026-06-22"));
}

TEST(Board, FixedWindowsAreAlignedToTheUnixEpoch) {
  Game game({.every = Every::fixed, .every_length = std::chrono::minutes(90), .time_zone = berlin()});
  const Period period = game.board.current_period();
  EXPECT_EQ(period.starts.seconds % 5400, 0);
  EXPECT_EQ(game.board.period_name(period), "2026-07-19T14:00");
}

TEST(Board, TheSecondOfTwoEqualNamesHasTheOffset) {
  Game game({.every = Every::hourly, .time_zone = berlin(), .keep = 3});
  game.arrive(at("2026-10-25T02:30:00Z"));
  std::vector<std::string> names;
  for (const Period& period : game.board.periods()) names.push_back(game.board.period_name(period));
  EXPECT_EQ(names, (std::vector<std::string>{"2026-10-25T03:00", "2026-10-25T02:00+01:00", "2026-10-25T02:00",
                                             "2026-10-25T01:00"}));
  EXPECT_EQ(game.board.period_named("2026-10-25T02:00")->starts, at("2026-10-25T00:00:00Z"));
  EXPECT_EQ(game.board.period_named("2026-10-25T02:00+01:00")->starts, at("2026-10-25T01:00:00Z"));
}

TEST(Board, ARepeatedHalfHourIsTwoPeriodsToo) {
  Game game({.every = Every::fixed, .every_length = std::chrono::minutes(30), .time_zone = berlin()});
  game.arrive(at("2026-10-25T00:30:00Z"));
  EXPECT_EQ(game.board.period_name(game.board.current_period()), "2026-10-25T02:30");
  game.arrive(at("2026-10-25T01:30:00Z"));
  EXPECT_EQ(game.board.period_name(game.board.current_period()), "2026-10-25T02:30+01:00");
}

TEST(Board, AnAllTimeBoardHasOnePeriodWithoutAName) {
  Game game({});
  EXPECT_EQ(game.board.periods(), std::vector<Period>{Period{}});
  EXPECT_EQ(game.board.period_name(game.board.current_period()), "");
  EXPECT_TRUE(game.board.period_named(""));
  EXPECT_FALSE(game.board.period_named("2026-07-19"));
  game.count(ada, 1, no_group, Timestamp::min());
  game.count(ada, 1, no_group, Timestamp::max());
  EXPECT_EQ(game.standings(), (Standings{{ada, 2}}));
}

TEST(Board, SectionsAreListedByPeriodThenByBeginning) {
  Game game({.is_grouped = true, .every = Every::daily, .keep = 1});
  game.arrive(at("2026-07-20T12:00:00Z"));
  game.count(ada, 1, south, at("2026-07-20T12:00:00Z"));
  game.count(ada, 1, north, noon);
  game.count(ada, 1, west, noon);
  game.count(ada, 1, north, at("2026-07-20T12:00:00Z"));
  std::vector<Symbol> groups;
  for (const BoardSection* section : game.board.sections()) groups.push_back(section->group);
  EXPECT_EQ(groups, (std::vector<Symbol>{north, west, south, north}));
}

std::vector<std::uint64_t> hash(const Board& board) {
  std::vector<std::uint64_t> words;
  board.hash([&](std::span<const std::uint64_t> more) { words.insert(words.end(), more.begin(), more.end()); });
  return words;
}

TEST(Board, TheHashTellsWhatReplayMustReproduce) {
  const BoardOptions options{.is_grouped = true, .every = Every::daily, .keep = 1, .attempts = 9};
  Game one(options);
  Game same(options);
  for (Game* game : {&one, &same}) {
    for (Member member = 0; member < 50; ++member) game->count(member, 1, north + member % 3);
  }
  EXPECT_EQ(hash(one.board), hash(same.board));
  same.count(7, 0, north + 1);  // Only an attempt.
  EXPECT_NE(hash(one.board), hash(same.board));
  one.count(7, 0, north + 1);
  EXPECT_EQ(hash(one.board), hash(same.board));
  one.arrive(at("2026-07-20T12:00:00Z"));
  EXPECT_NE(hash(one.board), hash(same.board));
}

}  // namespace
}  // namespace tallyho

// Bugs that other leaderboards have had, each as the story that would show it here; and windows around the days that
// calendars are hard on. What was reported where: agoragames/leaderboard 53; heroiclabs/nakama 384, 607, 1124, 1203,
// 1232, 2353, and its reset hooks; incubator-kie 4928.
#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "boards/board.h"

namespace tallyho {
namespace {

constexpr Member ada = 1;
constexpr Member bob = 2;
constexpr Member cyd = 3;

using Standings = std::vector<std::pair<Member, Points>>;

Timestamp at(std::string_view text) {
  return parse_timestamp(text).value();
}
const Timestamp noon = at("2026-07-19T12:00:00Z");

// Counts an event on an ungrouped board.
void count(Board& board, Member member, Points value, Position position, Timestamp now = noon) {
  std::vector<BoardChange> changes;
  Board::Plan plan;
  ASSERT_TRUE(board.plan(member, no_group, value, now, plan));
  board.commit(plan, position, &changes);
}

std::vector<std::uint32_t> advance(Board& board, std::string_view arrival) {
  std::vector<std::uint32_t> dropped;
  board.advance(at(arrival), dropped);
  return dropped;
}

Standings page(const Board& board, Rank first = 1, std::size_t members = 100) {
  Standings out;
  const BoardSection* section = board.find_section(no_group, {});
  if (section == nullptr) return out;
  std::vector<Standing> standings;
  section->leaderboard->read(first, members, standings);
  for (const Standing& standing : standings) out.emplace_back(standing.member, standing.value);
  return out;
}

std::vector<std::uint64_t> hash(const Board& board) {
  std::vector<std::uint64_t> all;
  board.hash([&](std::span<const std::uint64_t> words) { all.insert(all.end(), words.begin(), words.end()); });
  return all;
}

TEST(KnownBugs, AScoreOfZeroIsRanked) {
  Board board({});
  count(board, ada, 0, 1);
  EXPECT_EQ(board.find_section(no_group, {})->leaderboard->find(ada)->rank, 1U);
}

TEST(KnownBugs, AnIncrementByZeroMovesNobody) {
  Board board({});
  count(board, ada, 5, 1);
  count(board, bob, 5, 2);
  count(board, ada, 0, 3);
  EXPECT_EQ(page(board), (Standings{{ada, 5}, {bob, 5}}));
}

TEST(KnownBugs, AroundTheSecondIsAlsoTheFirst) {
  Board board({});
  count(board, ada, 9, 1);
  count(board, bob, 8, 2);
  count(board, cyd, 7, 3);
  const Rank rank = board.find_section(no_group, {})->leaderboard->find(bob)->rank;
  EXPECT_EQ(page(board, rank - 1, 3), (Standings{{ada, 9}, {bob, 8}, {cyd, 7}}));
}

TEST(KnownBugs, AWorseBestChangesNothingAndAddsNobody) {
  for (const Order order : {Order::descending, Order::ascending}) {
    Board board({.op = Operator::best, .order = order});
    const Points worse = order == Order::descending ? 5 : 15;
    count(board, ada, 10, 1);
    count(board, ada, worse, 2);
    EXPECT_EQ(page(board), (Standings{{ada, 10}}));
    EXPECT_EQ(board.find_section(no_group, {})->leaderboard->size(), 1U);
  }
}

TEST(KnownBugs, PagesReadBackwardsHaveTheirRanks) {
  Board board({});
  for (Member member = 0; member < 1000; ++member) count(board, member, 1000 - member / 3, member + 1);
  const Leaderboard& leaderboard = *board.find_section(no_group, {})->leaderboard;
  for (const Ranking ranking : {Ranking::ordinal, Ranking::competition, Ranking::dense}) {
    for (Rank first = 991; first >= 1 && first <= 1000; first -= 10) {
      std::vector<Standing> standings;
      leaderboard.read(first, 10, standings, ranking);
      ASSERT_EQ(standings.size(), 10U);
      for (const Standing& standing : standings) {
        // Three share a value, in order of their symbols.
        const Rank third = standing.member / 3;
        const Rank expected = ranking == Ranking::ordinal       ? standing.member + 1
                              : ranking == Ranking::competition ? third * 3 + 1
                                                                : third + 1;
        ASSERT_EQ(standing.rank, expected);
      }
    }
  }
}

TEST(KnownBugs, ANewPeriodKeepsNoRankOfTheOld) {
  Board board({.every = Every::daily});
  advance(board, "2026-07-19T12:00:00Z");
  count(board, ada, 90, 1, at("2026-07-19T12:00:00Z"));
  advance(board, "2026-07-20T12:00:00Z");
  EXPECT_EQ(page(board), Standings());
  count(board, bob, 1, 2, at("2026-07-20T12:00:00Z"));
  count(board, ada, 1, 3, at("2026-07-20T12:00:00Z"));
  EXPECT_EQ(page(board), (Standings{{bob, 1}, {ada, 1}}));
}

TEST(KnownBugs, AForgottenMemberComesBackBehindItsEquals) {
  Board board({});
  std::vector<BoardChange> changes;
  count(board, ada, 5, 1);
  count(board, bob, 5, 2);
  board.forget(ada, changes);
  count(board, ada, 5, 3);
  EXPECT_EQ(page(board), (Standings{{bob, 5}, {ada, 5}}));
}

TEST(KnownBugs, TheSameEventsAfterARestartMakeTheSameBoard) {
  const auto play = [] {
    Board board({.every = Every::hourly, .keep = 2, .attempts = 3});
    for (Position i = 1; i <= 500; ++i) {
      Timestamp now = noon;
      now.seconds += static_cast<std::int64_t>(i) * 40;
      std::vector<std::uint32_t> dropped;
      board.advance(now, dropped);
      count(board, static_cast<Member>(i * i % 37), static_cast<Points>(i % 11), i, now);
    }
    return hash(board);
  };
  EXPECT_EQ(play(), play());
}

TEST(KnownBugs, AWindowEndsOnceAndWithoutAnEventOfItsOwn) {
  Board board({.every = Every::hourly});
  advance(board, "2026-07-19T12:10:00Z");
  count(board, ada, 5, 1, at("2026-07-19T12:10:00Z"));
  const std::uint32_t number = board.find_section(no_group, {})->number;
  EXPECT_EQ(advance(board, "2026-07-19T12:59:59Z"), std::vector<std::uint32_t>());
  EXPECT_EQ(advance(board, "2026-07-19T13:00:00Z"), std::vector{number});
  EXPECT_EQ(advance(board, "2026-07-19T13:00:00Z"), std::vector<std::uint32_t>());
  EXPECT_EQ(board.section(number), nullptr);
}

TEST(KnownBugs, TheTieBreakBelongsToTheValueThatStands) {
  Board board({.op = Operator::best});
  count(board, ada, 10, 1);
  count(board, bob, 10, 2);
  count(board, ada, 3, 3);  // A worse one later is not when she reached hers.
  EXPECT_EQ(board.find_section(no_group, {})->leaderboard->find(ada)->reached, 1U);
  EXPECT_EQ(page(board), (Standings{{ada, 10}, {bob, 10}}));
}

// The period that is current at a time, as instants.
void expect_period(Every every, std::string_view now, std::string_view starts, std::string_view ends,
                   std::string_view name) {
  Board board({.every = every, .time_zone = TimeZone::load("Europe/Berlin").value()});
  advance(board, now);
  EXPECT_EQ(format_timestamp(board.current_period().starts), starts) << now;
  EXPECT_EQ(format_timestamp(board.current_period().ends), ends) << now;
  EXPECT_EQ(board.period_name(board.current_period()), name) << now;
}

// Berlin goes from +01:00 to +02:00 on 2026-03-29 at 01:00 UTC, and back on 2026-10-25 at 01:00 UTC.
TEST(Windows, DaysAreAsLongAsTheirClocksSay) {
  expect_period(Every::daily, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-29");
  expect_period(Every::daily, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-25");
  expect_period(Every::weekly, "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-23");
  expect_period(Every::weekly, "2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z", "2026-10-26");
}

TEST(Windows, AnHourThatIsSkippedIsNoPeriodAndARepeatedOneIsTwo) {
  expect_period(Every::hourly, "2026-03-29T00:59:59Z", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z",
                "2026-03-29T01:00");
  expect_period(Every::hourly, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z",
                "2026-03-29T03:00");
  expect_period(Every::hourly, "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z",
                "2026-10-25T02:00");
  expect_period(Every::hourly, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z",
                "2026-10-25T02:00+01:00");
}

TEST(Windows, ALeapDayIsADayAndItsWeekHasSeven) {
  expect_period(Every::daily, "2028-02-29T12:00:00Z", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z", "2028-02-29");
  expect_period(Every::daily, "2100-02-28T23:00:00Z", "2100-02-28T23:00:00Z", "2100-03-01T23:00:00Z", "2100-03-01");
  // 29 February 2028 is a Tuesday.
  expect_period(Every::weekly, "2028-02-29T12:00:00Z", "2028-02-27T23:00:00Z", "2028-03-05T23:00:00Z", "2028-02-28");
}

TEST(Windows, KeptDaysReachOverAChangeOfTheClocks) {
  Board board({.every = Every::daily, .time_zone = TimeZone::load("Europe/Berlin").value(), .keep = 2});
  advance(board, "2026-10-26T12:00:00Z");
  count(board, ada, 5, 1, at("2026-10-23T22:00:00Z"));  // 24 October, from its first
  count(board, bob, 5, 2, at("2026-10-24T21:59:59Z"));  // to its last second.
  count(board, cyd, 5, 3, at("2026-10-23T21:59:59Z"));  // The day before is not kept.
  const Period day = board.period_named("2026-10-24").value();
  EXPECT_EQ(board.find_section(no_group, day.starts)->leaderboard->size(), 2U);
  EXPECT_EQ(board.sections().size(), 1U);
}

}  // namespace
}  // namespace tallyho

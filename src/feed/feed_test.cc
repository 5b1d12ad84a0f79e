#include "feed/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "feed/feed_test_world.h"
#include "feed/player_news.h"

namespace tallyho {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const BoardView top_three{.board = 0, .period_starts = {}, .top = 3};

TEST(Feed, AWatchBeginsWithASnapshot) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.count(0, "ada", 570);
  world.count(0, "bob", 520);
  EXPECT_EQ(world.feed->watch_board(client, "7", top_three, world.version),
            R"("board":"global","log":"0123456789abcdef0123456789abcdef","version":2,"of":2,"members":[)"
            R"({"rank":1,"member":"ada","value":570},{"rank":2,"member":"bob","value":520}]})");
}

TEST(Feed, ASnapshotNamesGroupAndWindowWhereTheBoardHasThem) {
  FeedWorld world({{.id = "regions", .is_grouped = true, .every = Every::daily}});
  FakeSubscriber client;
  world.count(0, "ada", 1, "north");
  EXPECT_THAT(world.feed->watch_board(client, "1", {.group = world.symbol("north"), .period_starts = {}, .top = 1}, 1),
              HasSubstr(R"("board":"regions","group":"north","window":"2026-07-19","log":)"));
}

TEST(Feed, AChangeTellsWhoRoseWhoFellAndWhoLeft) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.count(0, "ada", 30);
  world.count(0, "bob", 20);
  world.count(0, "cyd", 10);
  world.watch(client, "7", {.period_starts = {}, .top = 2});
  world.count(0, "cyd", 15);
  world.flush_after(milliseconds(1));
  EXPECT_THAT(client.messages,
              ElementsAre(R"({"watch":7,"version":4,"merged":1,"of":3,"changes":[{"member":"bob","left":true},)"
                          R"({"member":"cyd","value":25,"rank":2}]})"));
  world.count(0, "cyd", 15);
  world.flush_after(milliseconds(50));
  EXPECT_EQ(client.messages[1],
            R"({"watch":7,"version":5,"merged":1,"of":3,"changes":[{"member":"cyd","value":40,"rank":1,"was":2},)"
            R"({"member":"ada","value":30,"rank":2,"was":1}]})");
}

TEST(Feed, NamesAreCarriedAsTheyAreAndMembersAreEscaped) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.watch(client, R"("a \"b\" \u00e9")", top_three);
  world.count(0, "quo\"te\\", 1);
  world.flush_after(milliseconds(1));
  ASSERT_THAT(client.messages, SizeIs(1));
  EXPECT_THAT(client.messages[0], HasSubstr(R"({"watch":"a \"b\" \u00e9","version":1)"));
  EXPECT_THAT(client.messages[0], HasSubstr(R"({"member":"quo\"te\\","value":1,"rank":1})"));
}

TEST(Feed, TheFirstChangeGoesOutAtOnceThenOnePerInterval) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.watch(client, "7", top_three);
  EXPECT_EQ(world.feed->next_due(), FeedWorld::Time::max());
  world.count(0, "ada", 1);
  EXPECT_LE(world.feed->next_due(), world.now);
  world.flush_after(milliseconds(0));
  EXPECT_THAT(client.messages, SizeIs(1));
  const FeedWorld::Time first = world.now;
  for (int i = 0; i < 4; ++i) {
    world.count(0, "ada", 1);
    world.flush_after(milliseconds(10));
  }
  EXPECT_THAT(client.messages, SizeIs(1));
  EXPECT_EQ(world.feed->next_due(), first + milliseconds(50));
  world.flush_after(milliseconds(10));
  ASSERT_THAT(client.messages, SizeIs(2));
  EXPECT_EQ(client.shown["7"].merged, 4U);
  EXPECT_EQ(client.shown["7"].rows.at("ada").value, 5);
}

TEST(Feed, ASlowReadersChangeLeadsFromWhatItSaw) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber slow;
  world.count(0, "ada", 10);
  world.watch(slow, "7", top_three);
  slow.is_ready = false;
  for (int i = 0; i < 5; ++i) {
    world.count(0, "bob", 4);
    world.flush_after(milliseconds(60));
  }
  EXPECT_THAT(slow.messages, IsEmpty());
  slow.is_ready = true;
  world.flush_after(milliseconds(1));
  EXPECT_THAT(slow.messages,
              ElementsAre(R"({"watch":7,"version":6,"merged":5,"of":2,"changes":[{"member":"bob","value":20,"rank":1},)"
                          R"({"member":"ada","value":10,"rank":2,"was":1}]})"));
  EXPECT_EQ(world.feed->stats().merged, 4U);
}

TEST(Feed, WatchesThatShowTheSameShareWhatIsEncoded) {
  FeedWorld world({{.id = "global"}});
  std::vector<FakeSubscriber> clients(100);
  for (FakeSubscriber& client : clients) world.watch(client, "1", top_three);
  clients[7].is_ready = false;
  for (int i = 0; i < 3; ++i) {
    world.count(0, "ada", 1);
    world.flush_after(milliseconds(50));
  }
  EXPECT_EQ(world.feed->stats().encoded, 3U);
  EXPECT_EQ(world.feed->stats().messages, 297U);
  EXPECT_EQ(clients[0].bodies[0].get(), clients[99].bodies[0].get());
  clients[7].is_ready = true;
  world.flush_after(milliseconds(50));
  EXPECT_EQ(world.feed->stats().encoded, 4U);
  EXPECT_EQ(clients[7].shown["1"].merged, 3U);
}

TEST(Feed, WhatHappensBelowTheViewIsNoEffect) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  for (const auto* name : {"ada", "bob", "cyd", "dan", "eve"}) world.count(0, name, name[0] == 'e' ? 1 : 100);
  world.watch(client, "1", top_three);
  world.count(0, "eve", 5);
  world.flush_after(milliseconds(1000));
  EXPECT_THAT(client.messages, IsEmpty());
}

TEST(Feed, AChangeOfTheSizeAloneIsToldNowAndThen) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  for (const auto* name : {"ada", "bob", "cyd"}) world.count(0, name, 100);
  world.watch(client, "1", top_three);
  for (int i = 0; i < 18; ++i) {
    world.count(0, "newcomer " + std::to_string(i), 1);
    world.flush_after(milliseconds(100));
  }
  EXPECT_THAT(client.messages, ElementsAre(R"({"watch":1,"version":4,"merged":0,"of":4,"changes":[]})",
                                           R"({"watch":1,"version":14,"merged":0,"of":14,"changes":[]})"));
  world.flush_after(milliseconds(1000));
  EXPECT_EQ(client.shown["1"].of, 21U);
}

TEST(Feed, AViewAroundAMemberFollowsIt) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  for (int i = 0; i < 9; ++i) world.count(0, std::string(1, static_cast<char>('a' + i)), 100 - 10 * i);
  world.watch(client, "1", {.period_starts = {}, .around = world.symbol("e"), .radius = 1});
  EXPECT_THAT(client.shown["1"].rows, SizeIs(3));
  world.count(0, "e", 35);  // From rank 5 to 2.
  world.flush_after(milliseconds(1));
  using Row = FakeSubscriber::Row;
  EXPECT_EQ(client.shown["1"].rows, (std::map<std::string, Row>{{"a", {100, 1}}, {"e", {95, 2}}, {"b", {90, 3}}}));
}

TEST(Feed, AViewAroundSomebodyAbsentShowsNobodyUntilItEnters) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.count(0, "ada", 5);
  world.watch(client, "1", {.period_starts = {}, .around = world.symbol("bob"), .radius = 2});
  EXPECT_THAT(client.shown["1"].rows, IsEmpty());
  EXPECT_EQ(client.shown["1"].of, 1U);
  world.count(0, "bob", 1);
  world.flush_after(milliseconds(1));
  EXPECT_THAT(client.shown["1"].rows, SizeIs(2));
}

TEST(Feed, ASectionThatDoesNotExistYetIsShownOnceItDoes) {
  FeedWorld world({{.id = "regions", .is_grouped = true}});
  FakeSubscriber client;
  world.watch(client, "1", {.group = world.symbol("north"), .period_starts = {}, .top = 3});
  world.count(0, "ada", 5, "south");
  world.flush_after(milliseconds(50));
  EXPECT_THAT(client.messages, IsEmpty());
  world.count(0, "ada", 7, "north");
  world.flush_after(milliseconds(50));
  EXPECT_EQ(client.shown["1"].rows.at("ada").value, 7);
  EXPECT_EQ(client.shown["1"].of, 1U);
}

TEST(Feed, AGroupThatEmptiesAndFillsAgainIsStillWatched) {
  FeedWorld world({{.id = "regions", .is_grouped = true, .follows_player = true}});
  FakeSubscriber client;
  world.count(0, "ada", 5, "north");
  world.watch(client, "1", {.group = world.symbol("north"), .period_starts = {}, .top = 3});
  world.count(0, "ada", 1, "south");
  world.flush_after(milliseconds(50));
  EXPECT_THAT(client.shown["1"].rows, IsEmpty());
  EXPECT_EQ(client.shown["1"].of, 0U);
  world.count(0, "ada", 1, "north");
  world.flush_after(milliseconds(50));
  EXPECT_EQ(client.shown["1"].rows.at("ada").value, 7);
}

TEST(Feed, AWatchWithoutAPeriodFollowsTheCurrentOneWithASnapshot) {
  FeedWorld world({{.id = "today", .every = Every::daily, .keep = 1}});
  FakeSubscriber client;
  world.count(0, "ada", 5);
  world.watch(client, "1", top_three);
  world.arrive(parse_timestamp("2026-07-20T00:00:00Z").value());
  world.flush_after(milliseconds(50));
  ASSERT_THAT(client.messages, SizeIs(1));
  EXPECT_TRUE(client.shown["1"].was_snapshot);
  EXPECT_EQ(client.shown["1"].window, "2026-07-20");
  EXPECT_THAT(client.shown["1"].rows, IsEmpty());
  world.count(0, "bob", 7);
  world.flush_after(milliseconds(50));
  EXPECT_EQ(client.shown["1"].rows.at("bob").value, 7);
}

TEST(Feed, AWatchOfAWindowEndsWhenThatIsNotReadableAnyMore) {
  FeedWorld world({{.id = "today", .every = Every::daily, .keep = 1}});
  FakeSubscriber client;
  world.count(0, "ada", 5);
  const Timestamp starts = parse_timestamp("2026-07-19T00:00:00Z").value();
  world.watch(client, "1", {.period_starts = starts, .top = 3});
  world.watch(client, "2", {.period_starts = starts, .around = world.symbol("nobody"), .radius = 1});
  world.arrive(parse_timestamp("2026-07-20T00:00:00Z").value());
  world.flush_after(milliseconds(50));
  EXPECT_THAT(client.messages, IsEmpty());
  EXPECT_TRUE(world.feed->has_watch(client, "1"));
  world.arrive(parse_timestamp("2026-07-21T00:00:00Z").value());
  world.flush_after(milliseconds(50));
  ASSERT_THAT(client.messages, SizeIs(2));
  EXPECT_THAT(client.messages[0], HasSubstr(R"("window":"2026-07-19")"));
  EXPECT_THAT(client.messages[0], HasSubstr(R"("of":0,"members":[]})"));
  EXPECT_FALSE(world.feed->has_watch(client, "1")) << "its name is free again";
  EXPECT_FALSE(world.feed->unwatch(client, "1"));
  EXPECT_EQ(world.feed->watches(client), 0U);
  EXPECT_EQ(world.feed->stats().watches, 0U);
}

TEST(Feed, AWatchOfTheSameNameReplacesTheFormer) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.watch(client, "1", top_three);
  world.watch(client, "1", {.period_starts = {}, .top = 1});
  EXPECT_EQ(world.feed->watches(client), 1U);
  world.count(0, "ada", 3);
  world.count(0, "bob", 2);
  world.flush_after(milliseconds(50));
  EXPECT_THAT(client.messages, SizeIs(1));
  EXPECT_THAT(client.shown["1"].rows, SizeIs(1));
}

TEST(Feed, NothingIsSentAfterUnwatchAndRemove) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber one;
  FakeSubscriber other;
  world.watch(one, "1", top_three);
  world.watch(one, "2", {.period_starts = {}, .top = 1});
  world.watch(other, "1", top_three);
  world.feed->watch_player(other, "2", world.symbol("ada"));
  world.count(0, "ada", 3);
  EXPECT_TRUE(world.feed->unwatch(one, "1"));
  EXPECT_FALSE(world.feed->unwatch(one, "1"));
  world.feed->scored({.player = world.symbol("ada"), .points = 3, .event_type = "found", .notices = {}});
  world.feed->remove(other);
  world.flush_after(milliseconds(50));
  EXPECT_THAT(one.messages, SizeIs(1));
  EXPECT_THAT(other.messages, IsEmpty());
  EXPECT_EQ(world.feed->stats().watches, 1U);
}

TEST(Feed, AFlushIsBoundedAndEveryViewGetsItsTurn) {
  FeedWorld world({{.id = "global"}}, {.views_per_flush_max = 2});
  FakeSubscriber client;
  for (std::uint32_t top = 1; top <= 5; ++top)
    world.watch(client, std::to_string(top), {.period_starts = {}, .top = top});
  std::set<std::size_t> seen;
  for (const std::size_t expected : {2U, 4U, 5U}) {
    world.count(0, "ada", 1);
    world.flush_after(milliseconds(0));
    EXPECT_THAT(client.messages, SizeIs(expected));
  }
  EXPECT_THAT(client.shown, SizeIs(5));
}

TEST(Feed, AViewWithMoreWatchesThanAFlushMayServeIsContinued) {
  FeedWorld world({{.id = "global"}}, {.views_per_flush_max = 1});  // 16 watches.
  std::vector<FakeSubscriber> clients(40);
  for (FakeSubscriber& client : clients) world.watch(client, "1", top_three);
  for (int i = 0; i < 3; ++i) {
    world.count(0, "ada", 1);
    world.flush_after(milliseconds(0));
  }
  for (const FakeSubscriber& client : clients) EXPECT_THAT(client.messages, SizeIs(1));
  // The first ones missed what came while the others were served.
  EXPECT_EQ(clients[0].shown["1"].rows["ada"].value, 1);
  for (int i = 0; i < 3; ++i) world.flush_after(milliseconds(50));
  for (FakeSubscriber& client : clients) EXPECT_EQ(client.shown["1"].rows["ada"].value, 3);
}

// A round of many watches

TEST(Feed, WhereThereIsRoomForFewARoundGoesOnWhereItStopped) {
  FeedWorld world({{.id = "global"}});
  std::vector<FakeSubscriber> clients(10);
  for (FakeSubscriber& client : clients) world.watch(client, "1", top_three);
  const auto told = [&] {
    std::vector<std::size_t> counts;
    for (const FakeSubscriber& client : clients) counts.push_back(client.messages.size());
    return counts;
  };
  const auto flush_four = [&](int after_ms) {
    world.count(0, "ada", 1);
    world.feed->set_room(4);
    world.flush_after(milliseconds(after_ms));
  };
  flush_four(50);
  EXPECT_THAT(told(), ElementsAre(1, 1, 1, 1, 0, 0, 0, 0, 0, 0));
  EXPECT_LE(world.feed->next_due(), world.now);
  flush_four(20);
  EXPECT_THAT(told(), ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
  flush_four(20);  // The round's end, 40 ms after it began: the next may not begin.
  EXPECT_THAT(told(), ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(clients[9].shown["1"].merged, 3U);
  flush_four(20);
  EXPECT_THAT(told(), ElementsAre(2, 2, 2, 2, 1, 1, 1, 1, 1, 1));
  EXPECT_EQ(clients[0].shown["1"].merged, 3U);
}

TEST(Feed, ARoundThatTakesLongerThanTheIntervalIsFollowedByTheNextAtOnce) {
  FeedWorld world({{.id = "global"}});
  std::vector<FakeSubscriber> clients(8);
  for (FakeSubscriber& client : clients) world.watch(client, "1", top_three);
  for (int i = 0; i < 40; ++i) {
    world.count(0, "ada", 1);
    world.feed->set_room(2);
    world.flush_after(milliseconds(30));
  }
  for (const FakeSubscriber& client : clients) EXPECT_THAT(client.messages, SizeIs(10));
  // Two get the same, so it is encoded once.
  EXPECT_EQ(world.feed->stats().messages, 80U);
  EXPECT_EQ(world.feed->stats().encoded, 40U);
}

TEST(Feed, WithoutRoomNobodyIsToldAndNothingIsLost) {
  FeedWorld world({{.id = "global"}});
  FakeSubscriber client;
  world.watch(client, "1", top_three);
  world.feed->watch_player(client, "2", world.symbol("ada"));
  world.feed->set_room(0);
  world.count(0, "ada", 1);
  world.feed->scored({.player = world.symbol("ada"),
                      .points = 1,
                      .total = 1,
                      .position = world.version,
                      .event_type = "a",
                      .notices = {}});
  world.flush_after(milliseconds(50));
  EXPECT_THAT(client.messages, IsEmpty());
  world.feed->set_room(2);
  world.flush_after(milliseconds(0));
  EXPECT_THAT(client.messages, SizeIs(2));
}

// Players

PlayerScore score(FeedWorld& world, std::string_view player, std::int64_t points, std::int64_t total) {
  return {.player = world.symbol(player),
          .points = points,
          .total = total,
          .position = ++world.version,
          .event_type = "treasure_found",
          .notices = {}};
}

TEST(PlayerWatch, TellsScoresAndNotices) {
  FeedWorld world({});
  FakeSubscriber client;
  world.feed->watch_player(client, R"("self")", world.symbol("ada"));
  PlayerScore found = score(world, "ada", 20, 1760);
  const std::vector<PlayerScore::Notice> notices{{"collector", "10 \"treasures\""}};
  found.notices = notices;
  world.feed->scored(found);
  world.feed->scored(score(world, "bob", 20, 20));
  world.flush_after(milliseconds(0));
  EXPECT_THAT(
      client.messages,
      ElementsAre(
          R"({"watch":"self","score":{"player":"ada","points":20,"total":1760,"position":1,"type":"treasure_found"}})",
          R"({"watch":"self","notice":{"player":"ada","rule":"collector","text":"10 \"treasures\"","position":1}})"));
}

TEST(PlayerWatch, TheSenderIsNotToldAgain) {
  FeedWorld world({});
  FakeSubscriber sender;
  FakeSubscriber other;
  world.feed->watch_player(sender, "1", world.symbol("ada"));
  world.feed->watch_player(other, "1", world.symbol("ada"));
  PlayerScore found = score(world, "ada", 20, 20);
  found.sender = &sender;
  world.feed->scored(found);
  world.flush_after(milliseconds(0));
  EXPECT_THAT(sender.messages, IsEmpty());
  EXPECT_THAT(other.messages, SizeIs(1));
}

TEST(PlayerWatch, WhatASlowReaderMissesIsMerged) {
  FeedWorld world({});
  FakeSubscriber slow;
  slow.is_ready = false;
  world.feed->watch_player(slow, "1", world.symbol("ada"));
  for (std::int64_t i = 1; i <= 100; ++i) {
    PlayerScore found = score(world, "ada", 2, 2 * i);
    const std::string text = std::to_string(i);
    const std::vector<PlayerScore::Notice> notices{{"collector", text}};
    found.notices = notices;
    world.feed->scored(found);
    world.flush_after(milliseconds(1));
  }
  slow.is_ready = true;
  world.flush_after(milliseconds(1));
  ASSERT_THAT(slow.messages, SizeIs(1 + PlayerNews::notices_max));
  EXPECT_THAT(slow.messages[0], HasSubstr(R"("points":200,"total":200,"position":100,)"));
  EXPECT_THAT(slow.messages[0], HasSubstr(R"("merged":100})"));
  EXPECT_THAT(slow.messages[1], HasSubstr(R"("text":"37","position":37,"dropped":36})"));
  EXPECT_THAT(slow.messages[2], Not(HasSubstr("dropped")));
  EXPECT_THAT(slow.messages.back(), HasSubstr(R"("text":"100")"));
}

TEST(PlayerWatch, WhoWasToldTheSameSharesBodies) {
  FeedWorld world({});
  std::vector<FakeSubscriber> clients(10);
  for (FakeSubscriber& client : clients) world.feed->watch_player(client, "1", world.symbol("ada"));
  PlayerScore sent_by_one = score(world, "ada", 1, 1);
  sent_by_one.sender = &clients[3];
  world.feed->scored(sent_by_one);
  world.feed->scored(score(world, "ada", 5, 6));
  world.flush_after(milliseconds(0));
  EXPECT_EQ(world.feed->stats().encoded, 2U);
  EXPECT_EQ(world.feed->stats().messages, 10U);
  EXPECT_THAT(clients[3].messages[0], HasSubstr(R"("points":5,)"));
  EXPECT_THAT(clients[4].messages[0], HasSubstr(R"("points":6,)"));
}

}  // namespace
}  // namespace tallyho

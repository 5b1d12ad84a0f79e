// Random operations: what a client makes of its messages is the board.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "feed/feed_test_world.h"

namespace tallyho {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds push_interval{50};

// A watch as the model knows it.
struct Watch {
  BoardView view;
  std::map<std::string, FakeSubscriber::Row> rows;  // What it should show now,
  std::string window;
  std::uint64_t effects = 0;  // and how often that changed since the last message.
  FeedWorld::Time pushed = FeedWorld::Time::min();
  FeedWorld::Time first_pushed = FeedWorld::Time::min();  // Since when `messages` are counted.
  std::int64_t messages = 0;

  // What the client had after each message, and how many effects there had been before it.
  struct Told {
    FakeSubscriber::Shown shown;
    std::uint64_t effects = 0;
  };
  std::vector<Told> told;
  std::uint64_t effects_told = 0;  // In all messages.
};

struct Client {
  FakeSubscriber subscriber;
  std::map<std::string, Watch> watches;
  std::vector<Watch> broken;  // Connections that broke, and come back with `since`.
};

class FeedModel : public testing::Test {
 protected:
  const BoardSection* section(const BoardView& view) {
    return world.boards[view.board]->find_section(view.group, view.period_starts);
  }

  std::map<std::string, FakeSubscriber::Row> rows(const BoardView& view) {
    std::map<std::string, FakeSubscriber::Row> rows;
    const BoardSection* shown = section(view);
    if (shown == nullptr) return rows;
    std::vector<Standing> all;
    shown->leaderboard->read(1, shown->leaderboard->size(), all);
    const auto center = std::ranges::find(all, view.around, &Standing::member);
    for (const Standing& standing : all) {
      if (view.top > 0 ? standing.rank > view.top : center == all.end()) break;
      const bool is_near =
          view.top > 0 || (standing.rank + view.radius >= center->rank && standing.rank <= center->rank + view.radius);
      if (is_near) rows[std::string(world.symbols.text(standing.member))] = {standing.value, standing.rank};
    }
    return rows;
  }

  // After each event: did it have an effect?
  void observe() {
    for (const auto& client : clients) {
      for (auto& [name, watch] : client->watches) observe(watch);
      for (Watch& watch : client->broken) observe(watch);
    }
  }
  void observe(Watch& watch) {
    auto shows = rows(watch.view);
    if (shows != watch.rows) ++watch.effects;
    watch.rows = std::move(shows);
  }

  // A message has come, and the client has applied it.
  void check(Client& client, const std::string& name) {
    const auto known = client.watches.find(name);
    ASSERT_NE(known, client.watches.end()) << "a message for a watch that has ended: " << name;
    Watch& watch = known->second;
    const FakeSubscriber::Shown& shown = client.subscriber.shown[name];
    const BoardSection* section_shown = section(watch.view);
    EXPECT_EQ(shown.version, world.version);
    EXPECT_EQ(shown.rows, watch.rows) << client.subscriber.messages.back();
    EXPECT_EQ(shown.of, section_shown == nullptr ? 0 : section_shown->leaderboard->size());
    if (!shown.was_snapshot) {
      EXPECT_EQ(shown.merged, watch.effects) << client.subscriber.messages.back();
    }
    check_interval(watch);
    watch.effects_told += std::exchange(watch.effects, 0);
    watch.pushed = world.now;
    watch.told.push_back({shown, watch.effects_told});
    const Board& board = *world.boards[watch.view.board];
    if (!watch.view.period_starts) {
      EXPECT_EQ(shown.window, board.period_name(board.current_period()));
    } else if (!board.is_readable({*watch.view.period_starts, *watch.view.period_starts})) {
      EXPECT_TRUE(shown.was_snapshot);
      client.watches.erase(known);  // That was the last.
    }
  }

  // Where rounds are interrupted a watch may come earlier in one than it did in the one before, but it comes once in
  // each, and they are an interval apart.
  void check_interval(Watch& watch) const {
    if (watch.pushed == FeedWorld::Time::min()) {
      watch.first_pushed = world.now;
      watch.messages = 0;
    } else if (!is_short_of_room) {
      EXPECT_GE(world.now - watch.pushed, push_interval);
    }
    ++watch.messages;
    EXPECT_LE(watch.messages, (world.now - watch.first_pushed) / push_interval + 2);
  }

  void add_client() {
    auto client = std::make_unique<Client>();
    Client* raw = client.get();
    client->subscriber.told = [this, raw](const std::string& name) { check(*raw, name); };
    clients.push_back(std::move(client));
  }

  void watch(Client& client) {
    const std::string name = std::to_string(random() % 5);
    Watch watch;
    watch.view.board = static_cast<std::uint16_t>(random() % world.boards.size());
    const Board& board = *world.boards[watch.view.board];
    if (board.options().is_grouped) watch.view.group = groups[random() % groups.size()];
    const std::vector<Period> periods = board.periods();
    if (board.options().every != Every::never && random() % 2 == 0) {
      watch.view.period_starts = periods[random() % periods.size()].starts;
    }
    if (random() % 2 == 0) {
      watch.view.top = 1 + static_cast<std::uint32_t>(random() % 6);
    } else {
      watch.view.around = members[random() % members.size()];
      watch.view.radius = static_cast<std::uint32_t>(random() % 4);
    }
    watch.rows = rows(watch.view);
    world.watch(client.subscriber, name, watch.view);
    EXPECT_EQ(client.subscriber.shown[name].rows, watch.rows);
    watch.told.push_back({client.subscriber.shown[name], 0});
    client.watches[name] = watch;
  }

  void break_off(Client& client) {
    if (client.watches.empty() || client.broken.size() >= 4) return;
    const auto watch = client.watches.begin();
    EXPECT_TRUE(world.feed->unwatch(client.subscriber, watch->first));
    client.broken.push_back(std::move(watch->second));
    client.watches.erase(watch);
  }

  // Comes back with what one of the last messages led to; those after it were lost with the connection.
  void resume(Client& client) {
    if (client.broken.empty()) return;
    Watch watch = std::move(client.broken.front());
    client.broken.erase(client.broken.begin());
    const Board& board = *world.boards[watch.view.board];
    if (watch.view.period_starts && !board.is_readable({*watch.view.period_starts, *watch.view.period_starts})) return;
    const std::size_t lost = random() % std::min<std::size_t>(watch.told.size(), 4);
    const Watch::Told had = watch.told[watch.told.size() - 1 - lost];
    const std::string name = "resumed";
    client.watches.erase(name);
    client.subscriber.shown[name] = had.shown;
    client.subscriber.apply(
        name, world.feed->watch_board(client.subscriber, name, watch.view, world.version, had.shown.version));
    const FakeSubscriber::Shown& shown = client.subscriber.shown[name];
    EXPECT_EQ(shown.rows, watch.rows);
    EXPECT_EQ(shown.window, board.options().every == Every::never
                                ? ""
                                : board.period_name(watch.view.period_starts
                                                        ? Period{*watch.view.period_starts, *watch.view.period_starts}
                                                        : board.current_period()));
    if (!shown.was_snapshot) {
      EXPECT_EQ(shown.merged, watch.effects_told + watch.effects - had.effects);
    }
    ++(shown.was_snapshot ? resumed_by_snapshot : resumed_by_change);
    watch.effects_told += std::exchange(watch.effects, 0);
    watch.pushed = FeedWorld::Time::min();
    watch.told.push_back({shown, watch.effects_told});
    client.watches[name] = std::move(watch);
  }

  void unwatch(Client& client) {
    const std::string name = std::to_string(random() % 5);
    EXPECT_EQ(world.feed->unwatch(client.subscriber, name), client.watches.erase(name) == 1);
  }

  void count() {
    const auto board = static_cast<std::uint16_t>(random() % world.boards.size());
    const Member member = members[random() % members.size()];
    Symbol group = no_group;
    if (board != 0 && random() % 8 != 0) group = groups[random() % groups.size()];
    Timestamp now = world.arrival;
    now.seconds += static_cast<std::int64_t>(random() % 7200) - 6000;
    world.count(board, member, static_cast<Points>(random() % 20) - 6, group, now);
    observe();
  }

  void step(int i) {
    Client& client = *clients[random() % clients.size()];
    switch (random() % 40) {
      case 0: client.subscriber.is_ready = !client.subscriber.is_ready; return;
      case 1: watch(client); return;
      case 2: unwatch(client); return;
      case 3: {
        Timestamp arrival = world.arrival;
        arrival.seconds += static_cast<std::int64_t>(random() % 900);
        ++world.version;  // Time comes with an event.
        world.arrive(arrival);
        observe();
        return;
      }
      case 4:
        if (i % 7 != 0) return;
        world.feed->remove(client.subscriber);
        client.watches.clear();
        return;
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
      case 12:
        if (is_short_of_room) world.feed->set_room(random() % 6);
        world.flush_after(milliseconds(random() % 40));
        return;
      case 13: break_off(client); return;
      case 14: resume(client); return;
      default: count();
    }
  }

  // Whatever has been held back comes within a second of readiness, and then every client shows the boards.
  void finish() {
    for (const auto& client : clients) client->subscriber.is_ready = true;
    world.feed->set_room(1000);
    for (int i = 0; i < 30; ++i) world.flush_after(milliseconds(50));
    for (const auto& client : clients) {
      EXPECT_EQ(world.feed->watches(client->subscriber), client->watches.size());
      for (const auto& [name, watch] : client->watches) {
        const BoardSection* shown = section(watch.view);
        EXPECT_EQ(client->subscriber.shown[name].rows, watch.rows);
        EXPECT_EQ(client->subscriber.shown[name].of, shown == nullptr ? 0 : shown->leaderboard->size());
        EXPECT_EQ(watch.effects, 0U);
      }
      world.feed->remove(client->subscriber);
    }
    EXPECT_EQ(world.feed->stats().watches, 0U);
    EXPECT_EQ(world.feed->next_due(), FeedWorld::Time::max());
  }

  void play() {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    for (int i = 0; i < 25; ++i) members.push_back(world.symbol("member " + std::to_string(i)));
    for (const auto* group : {"north", "south", "west"}) groups.push_back(world.symbol(group));
    for (int i = 0; i < 6; ++i) add_client();
    for (int i = 0; i < 20'000 && !HasFailure(); ++i) step(i);
    finish();
    EXPECT_GT(resumed_by_change, 0);
    EXPECT_GT(resumed_by_snapshot, 0);
  }

  FeedWorld world{{{.id = "global"},
                   {.id = "regions", .is_grouped = true, .follows_player = true, .every = Every::daily, .keep = 1},
                   {.id = "best",
                    .op = Operator::best,
                    .order = Order::ascending,
                    .is_grouped = true,
                    .every = Every::hourly,
                    .keep = 2,
                    .limit = 5}},
                  {.push_interval = push_interval,
                   .views_per_flush_max = 8,
                   .history_rows_max = 1000,
                   .lingering_views_max = 6,
                   .linger = milliseconds(1000)}};
  bool is_short_of_room = false;
  int resumed_by_change = 0;
  int resumed_by_snapshot = 0;
  std::mt19937_64 random;
  std::vector<Member> members;
  std::vector<Symbol> groups;
  std::vector<std::unique_ptr<Client>> clients;
};

// Goal: however slowly it reads, whatever comes and goes, each message leads a client to exactly what the board shows
// at its version, with every effect counted once, and no message comes too soon; also over broken connections, when it
// comes back with a version that it had. Method: random events, watches, readiness, time, flushes, breaks and resumes;
// every message checked as it arrives. History and lingering are so short that either way of resuming is met.
TEST_F(FeedModel, EveryMessageLeadsToTheBoardAtItsVersion) {
  play();
}

// The same where a flush has room for 0 to 5 messages, so that rounds are interrupted wherever they can be.
TEST_F(FeedModel, RoundsMayBeInterruptedAnywhere) {
  is_short_of_room = true;
  play();
}

}  // namespace
}  // namespace tallyho

// What carries over when the ruleset is swapped, what stays behind, and what watches see of it.
#include <array>

#include "engine/recording_log_for_test.h"
#include "engine/replay.h"
#include "engine/ruleset_record.h"
#include "engine/snapshot.h"
#include "event/decoder.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view base = R"yaml(tallyho: 1
name: hunt
events: {find: {value: int, team: string}}
state:
  player:
    {finds: int, team: string, best: {type: int, resets: daily}, seen: {type: set, capacity: 4, on_full: drop_oldest}}
  team: {key: event.team, finds: int}
rules:
  - id: base
    points: event.value
    cap: {points: 100, per: daily}
    set: {player.finds: player.finds + 1, player.team: event.team, player.best: event.value, team.finds: team.finds + 1}
    add: {player.seen: string(event.value)}
  - {id: slow, when: event.value > 5, cooldown: 24h, points: '1'}
boards:
  - {id: global}
  - {id: today, window: {every: daily}}
  - {id: mates, group_by: player.team}
  - {id: first, operator: best, limit: 3}
)yaml";

std::shared_ptr<const Ruleset> load(const std::string& source) {
  auto ruleset = load_ruleset(source, "test.yaml");
  EXPECT_TRUE(ruleset) << ruleset.error().front().message << "\n" << source;
  return ruleset ? *ruleset : nullptr;
}

std::shared_ptr<const Ruleset> changed(std::initializer_list<std::pair<std::string_view, std::string_view>> changes) {
  std::string source(base);
  for (const auto& [what, by] : changes) {
    const std::size_t at = source.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    if (at != std::string::npos) source.replace(at, what.size(), by);
  }
  return load(source);
}

class Swap : public testing::Test {
 protected:
  Swap() { start(); }

  void start() {
    auto log = std::make_unique<RecordingLog>(std::make_shared<Recorded>());
    log_ = log.get();
    engine_ = std::make_unique<Engine>(load(std::string(base)), std::move(log), Engine::Options{});
    EXPECT_TRUE(engine_->begin_log(now_));
    for (int i = 1; i <= 6; ++i) {
      for (const auto* player : {"ada", "bob", "cat", "dan"}) send(player, i * 10);
    }
    send("ada", 1);
  }

  Outcome send(std::string_view player, int value) {
    arena_.reset();
    const std::string bytes = fmt::format(R"({{"type":"find","player":"{}","value":{},"team":"red"}})", player, value);
    const auto event = decoder_.decode(bytes, engine_->ruleset(), arena_);
    EXPECT_TRUE(event) << decoder_.describe(event.error());
    return engine_->ingest(*event, bytes, now_, {}, arena_);
  }
  std::vector<std::string> swap(std::initializer_list<std::pair<std::string_view, std::string_view>> changes) {
    const auto swapped = engine_->swap(changed(changes), now_);
    EXPECT_TRUE(swapped);
    return swapped ? swapped->stays : std::vector<std::string>{};
  }
  std::string state(std::string_view player) {
    return engine_->player_state_json(engine_->find_player(player)->symbol);
  }
  std::string board(std::string_view id) {
    const auto index = engine_->ruleset().find_board(id);
    std::string out;
    for (const BoardSection* section : engine_->board(index.value()).sections()) {
      std::vector<Standing> standings;
      section->leaderboard->read(1, 10, standings);
      for (const Standing& one : standings)
        out += fmt::format("{} {} ", engine_->symbols().text(one.member), one.value);
    }
    return out;
  }

  const Timestamp now_ = parse_timestamp("2026-07-19T12:00:00Z").value();
  Decoder decoder_;
  Arena arena_;
  RecordingLog* log_ = nullptr;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Swap, OfRulesAloneCarriesEverythingOver) {
  const std::string before = engine_->state_hash();
  EXPECT_THAT(swap({{"points: event.value\n", "points: 2 * event.value\n"}}), IsEmpty());
  EXPECT_EQ(engine_->state_hash(), before);
  EXPECT_EQ(engine_->ruleset().name, "hunt");
  send("eva", 1);
  EXPECT_EQ(engine_->find_player("eva")->total, 2) << "the new rule";
  EXPECT_EQ(send("ada", 30).points, 0) << "what the cap had paid and when the slow rule fired are remembered";
}

TEST_F(Swap, IsALogRecordWithThePositionItAnswers) {
  const Position before = engine_->version();
  const auto swapped = engine_->swap(changed({{"name: hunt", "name: chase"}}), now_);
  ASSERT_TRUE(swapped);
  EXPECT_EQ(swapped->position, before + 1);
  EXPECT_EQ(engine_->version(), before + 1);
  RecordKind kind{};
  ASSERT_TRUE(log_->read(before + 1, [&](const LogRecord& record) {
    kind = record.kind;
    return record.bytes == engine_->ruleset().source;
  }));
  EXPECT_EQ(kind, RecordKind::ruleset);
}

TEST_F(Swap, SaysInItsRecordWhoDidItAndThatChangesNothing) {
  const auto chase = changed({{"name: hunt", "name: chase"}, {"points: event.value\n", "points: 2 * event.value\n"}});
  const auto play_on = [&](std::string_view by) {
    start();
    EXPECT_TRUE(engine_->swap(chase, now_, by));
    send("eva", 1);
    return engine_->state_hash();
  };
  const std::string unknown = play_on("");
  EXPECT_EQ(play_on("ops@game.example"), unknown);

  // A replay goes on under the ruleset in the record, whoever did it.
  std::string by;
  Engine again(load(std::string(base)), std::make_unique<MemoryLog>(), {});
  Replayer replayer(again, {});
  ASSERT_TRUE(log_->read(1, [&](const LogRecord& record) {
    if (record.kind == RecordKind::ruleset) by = parse_ruleset_record(record.bytes).by;
    return replayer.take(record);
  }));
  ASSERT_TRUE(replayer.finish()) << replayer.problem();
  EXPECT_EQ(by, "ops@game.example");
  EXPECT_EQ(again.ruleset().source, chase->source);
  EXPECT_EQ(again.state_hash(), unknown);
}

TEST_F(Swap, ThatTheLogDoesNotTakeChangesNothing) {
  const std::string before = engine_->state_hash();
  log_->is_full = true;
  const auto swapped = engine_->swap(changed({{"name: hunt", "name: chase"}}), now_);
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().code, Code::unavailable);
  EXPECT_EQ(engine_->ruleset().name, "hunt");
  EXPECT_EQ(engine_->state_hash(), before);
}

TEST_F(Swap, CarriesVariablesOverByNameAndType) {
  EXPECT_EQ(state("ada"), R"({"finds":7,"team":"red","best":1,"seen":4})");
  EXPECT_THAT(swap({{"{finds: int, team: string,", "{team: string, finds: int, fresh: {type: int, init: 7},"}}),
              IsEmpty())
      << "their order is nothing";
  EXPECT_EQ(state("ada"), R"({"team":"red","finds":7,"fresh":7,"best":1,"seen":4})");
}

TEST_F(Swap, DropsWhatIsGoneOrOfAnotherTypeAndSaysSo) {
  struct Case {
    std::string_view what, by, dropped;
  };
  for (const Case& one : {
           Case{"best: {type: int, resets: daily}", "best: {type: int, resets: hourly}",
                "player.best: it was int that resets daily and is int that resets hourly"},
           Case{"best: {type: int, resets: daily}", "best: int",
                "player.best: it was int that resets daily and is int"},
           Case{"capacity: 4", "capacity: 2", "player.seen: what is longer than it may be, for 4 of 4"},
           Case{"id: slow", "id: quick", "rule slow: when it fired last"},
           Case{"per: daily", "per: ever", "rule base: what its cap has paid"},
           Case{"{id: global}", "{id: world}", "board global: there is no such board"},
           Case{"every: daily}", "every: hourly}", "board today: its windows are of another length"},
           Case{"operator: best,", "operator: latest,", "board first: its operator is another"},
           Case{"{id: global}", "{id: global, order: ascending}", "board global: its order is another"},
           Case{"{id: global}", "{id: global, member: player.team}",
                "board global: it ranks players in one and something else in the other"},
           Case{"{id: global}", "{id: global, group_by: player.team}",
                "board global: it is grouped in one and not in the other"},
           Case{"{id: mates, group_by: player.team}", "{id: mates, group_by: event.team}",
                "board mates: its groups follow the player in one and not in the other"},
           Case{"name: hunt", "name: hunt\ntime_zone: Europe/Berlin",
                "board today: its windows are of another time zone"},
       }) {
    start();
    EXPECT_THAT(swap({{one.what, one.by}}), ElementsAre(std::string(one.dropped)));
    EXPECT_EQ(engine_->find_player("ada")->total, 101) << "totals always carry over";
  }
}

TEST_F(Swap, DropsAScopeThatIsGone) {
  EXPECT_THAT(swap({{"  team: {key: event.team, finds: int}\n", ""}, {", team.finds: team.finds + 1", ""}}),
              ElementsAre("team: there is no such scope"));
  EXPECT_THAT(swap({}), IsEmpty()) << "and back: it begins anew";
}

TEST_F(Swap, KeepsTheNewestOfASetAndTheBestOfABoard) {
  swap({{"capacity: 4", "capacity: 2"}, {"limit: 3", "limit: 1"}});
  EXPECT_EQ(state("ada"), R"({"finds":7,"team":"red","best":1,"seen":2})");
  EXPECT_EQ(board("first"), "ada 40 ") << "the first of the equals";
}

TEST_F(Swap, ShowsNobodyWhoIsBannedOnANewBoard) {
  arena_.reset();
  const Operation ban{.kind = Operation::Kind::ban, .player = "bob"};
  engine_->operate(ban, to_record(ban), now_, arena_);
  swap({{"{id: global}", "{id: world, operator: latest, value: player.total, when: 'true'}"}});
  send("ada", 1);
  EXPECT_EQ(send("bob", 1).code, Code::player_banned);
  EXPECT_EQ(board("world"), "ada 101 ");
  const Operation unban{.kind = Operation::Kind::unban, .player = "bob"};
  engine_->operate(unban, to_record(unban), now_, arena_);
  EXPECT_EQ(board("today"), "ada 101 bob 101 cat 101 dan 101 ");
}

// Remembers what it was pushed.
class Screen final : public Subscriber {
 public:
  bool ready() override { return is_ready; }
  void push(std::string_view watch, const std::shared_ptr<const std::string>& body) override {
    pushed.push_back(std::string(watch) + ": " + *body);
  }
  bool is_ready = true;
  std::vector<std::string> pushed;
};

class WatchedSwap : public Swap {
 protected:
  std::string watch(std::string_view name, std::string_view board, BoardView view = {}) {
    view.board = engine_->ruleset().find_board(board).value();
    view.top = 2;
    return engine_->feed().watch_board(screen_, name, view, engine_->version());
  }
  std::vector<std::string> pushes() {
    clock_ += std::chrono::seconds(2);
    engine_->push(clock_);
    return std::exchange(screen_.pushed, {});
  }

  Screen screen_;
  std::chrono::steady_clock::time_point clock_{std::chrono::hours(1)};
};

TEST_F(WatchedSwap, GivesEachWatchASnapshotAndThenGoesOnWithChanges) {
  watch("1", "global");
  watch("2", "today");
  pushes();
  swap({{"  - {id: global}\n", "  - {id: fresh}\n  - {id: global}\n"}});
  EXPECT_THAT(pushes(), UnorderedElementsAre(AllOf(HasSubstr("1: \"board\":\"global\""), HasSubstr("\"of\":4")),
                                             AllOf(HasSubstr("2: \"board\":\"today\""), HasSubstr("\"of\":4"))));
  send("eva", 50);
  send("eva", 49);
  EXPECT_THAT(pushes(), ElementsAre(HasSubstr("\"of\":5"), HasSubstr("\"of\":5")));
  send("eva", 2);
  EXPECT_THAT(pushes(), IsEmpty()) << "she is the fifth: nobody sees it";
  EXPECT_TRUE(engine_->feed().unwatch(screen_, "1"));
}

TEST_F(WatchedSwap, EndsWatchesOfWhatIsNoMoreWithASnapshotWithoutMembers) {
  watch("1", "global");
  BoardView reds;
  reds.group = engine_->symbols().find("red").value();
  watch("2", "mates", reds);
  watch("3", "first");
  screen_.is_ready = false;
  swap({{"  - {id: global}\n", ""}, {"{id: mates, group_by: player.team}", "{id: mates}"}});
  pushes();
  EXPECT_EQ(engine_->feed().watches(screen_), 3U) << "they have not been told yet";
  swap({{"  - {id: global}\n", ""}, {"{id: mates, group_by: player.team}", "{id: mates}"}, {"limit: 3", "limit: 2"}});
  screen_.is_ready = true;
  EXPECT_THAT(pushes(), UnorderedElementsAre(
                            AllOf(HasSubstr("1: \"board\":\"global\""), HasSubstr("\"members\":[]}")),
                            AllOf(HasSubstr("2: \"board\":\"mates\",\"group\":\"red\""), HasSubstr("\"members\":[]}")),
                            AllOf(HasSubstr("3: \"board\":\"first\""), HasSubstr("\"of\":2"))));
  EXPECT_FALSE(engine_->feed().has_watch(screen_, "1"));
  EXPECT_FALSE(engine_->feed().has_watch(screen_, "2"));
  EXPECT_TRUE(engine_->feed().has_watch(screen_, "3"));
  EXPECT_EQ(engine_->feed().stats().watches, 1U);
}

TEST_F(WatchedSwap, TellsWatchesOfPlayersWhatTheyHaveNotSeenYet) {
  engine_->feed().watch_player(screen_, "1", engine_->find_player("ada")->symbol);
  send("ada", 1);
  swap({{"name: hunt", "name: chase"}});
  send("ada", -3);
  EXPECT_THAT(pushes(), ElementsAre(AllOf(HasSubstr("1: \"score\":{\"player\":\"ada\""), HasSubstr("\"merged\":2"))));
}

}  // namespace
}  // namespace tallyho

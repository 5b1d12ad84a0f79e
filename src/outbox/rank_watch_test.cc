// What is told of ranks, beside what comparing whole boards before and after each record comes to.
#include "outbox/rank_watch.h"

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "event/decoder.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

constexpr std::string_view ruleset = R"yaml(
tallyho: 1
name: game
events:
  find: {value: int}
  joined: {team: string}
state:
  player: {team: string}
rules:
  - {id: base, on: find, points: event.value}
  - {id: join, on: joined, points: 1, set: {player.team: event.team}}
boards:
  - id: global
  - id: best
    on: find
    operator: best
    limit: 6
  - id: teams
    group_by: player.team
  - id: today
    window: {every: daily, keep: 2}
)yaml";

std::vector<RankThreshold> thresholds(std::initializer_list<std::string_view> texts) {
  std::vector<RankThreshold> parsed;
  for (const std::string_view text : texts) parsed.push_back(parse_rank_threshold(text).value());
  return parsed;
}

// An engine, and a watch that is told of it.
class Game {
 public:
  explicit Game(std::vector<RankThreshold> thresholds) : watch_(std::move(thresholds)) {
    Engine::Options options;
    options.feed.changed = [this](BoardIndex board, const BoardChange& change) { watch_.changed(board, change); };
    engine_ =
        std::make_unique<Engine>(load_ruleset(ruleset, "game.yaml").value(), std::make_unique<MemoryLog>(), options);
    watch_.begin(*engine_);
  }

  void later(Duration time) { now_ = *add(now_, time); }
  // "entered global ada 1 (0)", and for overtaken who came past behind it.
  std::vector<std::string> find(std::string_view player, int value) {
    return send(fmt::format(R"({{"type":"find","player":"{}","value":{}}})", player, value));
  }
  std::vector<std::string> join(std::string_view player, std::string_view team) {
    return send(fmt::format(R"({{"type":"joined","player":"{}","team":"{}"}})", player, team));
  }
  std::vector<std::string> operate(Operation::Kind kind, std::string_view player) {
    const Operation operation{.kind = kind, .player = player};
    arena_.reset();
    engine_->operate(operation, to_record(operation), now_, arena_);
    return news();
  }
  RankWatch& watch() { return watch_; }
  const Engine& engine() const { return *engine_; }

  // Every section of every board: "global", "teams/red", "today/2026-07-19".
  std::map<std::string, std::vector<std::string>> boards() const {
    std::map<std::string, std::vector<std::string>> all;
    const auto count = static_cast<BoardIndex>(engine_->ruleset().boards.size());
    for (BoardIndex board = 0; board < count; ++board) {
      for (const BoardSection* section : engine_->board(board).sections()) {
        std::vector<Standing> standings;
        section->leaderboard->read(1, section->leaderboard->size(), standings);
        auto& names = all[place(board, section)];
        for (const Standing& one : standings) names.emplace_back(engine_->symbols().text(one.member));
      }
    }
    return all;
  }

 private:
  std::string place(BoardIndex board, const BoardSection* section) const {
    std::string name = engine_->ruleset().boards[board].id;
    if (section == nullptr) return name + "/ended";
    if (section->group != no_group) name += "/" + std::string(engine_->symbols().text(section->group));
    const std::string window = engine_->board(board).period_name(section->period);
    return window.empty() ? name : name + "/" + window;
  }
  std::vector<std::string> send(const std::string& record) {
    arena_.reset();
    const auto event = decoder_.decode(record, engine_->ruleset(), arena_);
    EXPECT_TRUE(event) << record;
    engine_->ingest(*event, record, now_, Sender{}, arena_);
    return news();
  }
  std::vector<std::string> news() {
    std::vector<RankNews> news;
    watch_.collect(news);
    std::vector<std::string> texts;
    for (const RankNews& one : news) {
      texts.push_back(fmt::format("{}{} {} {} {} ({})", name_of(one.threshold->what), one.threshold->top,
                                  place(one.board, one.section), engine_->symbols().text(one.member), one.rank,
                                  one.was));
      if (one.by != no_symbol) texts.back() += fmt::format(" by {}", engine_->symbols().text(one.by));
    }
    return texts;
  }

  RankWatch watch_;
  std::unique_ptr<Engine> engine_;
  Decoder decoder_;
  Arena arena_;
  Timestamp now_ = *parse_timestamp("2026-07-19T12:00:00Z");
};

TEST(RankThreshold, IsABoardAChangeAndATop) {
  EXPECT_EQ(parse_rank_threshold("global:entered:10"),
            (RankThreshold{.board = "global", .what = RankThreshold::What::entered, .top = 10}));
  EXPECT_EQ(parse_rank_threshold("a-b_c:overtaken:1000"),
            (RankThreshold{.board = "a-b_c", .what = RankThreshold::What::overtaken, .top = 1000}));
  for (const std::string_view wrong : {"", "global", "global:entered", ":entered:10", "global:entered:0", "x:left:1001",
                                       "global:entered:ten", "global:passed:10", "global:entered:10 ", "::"}) {
    const auto parsed = parse_rank_threshold(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_THAT(parsed.error(), HasSubstr("global:entered:10"));
  }
}

TEST(RankWatch, WhoEntersTheFirstIsToldAndWhoIsPushedOut) {
  Game game(thresholds({"global:entered:2", "global:left:2"}));
  EXPECT_THAT(game.find("ada", 10), ElementsAre("entered2 global ada 1 (0)"));
  EXPECT_THAT(game.find("bob", 5), ElementsAre("entered2 global bob 2 (0)"));
  EXPECT_THAT(game.find("cy", 1), IsEmpty());
  EXPECT_THAT(game.find("bob", 1), IsEmpty());
  EXPECT_THAT(game.find("cy", 6), ElementsAre("entered2 global cy 2 (3)", "left2 global bob 3 (2)"));
  EXPECT_THAT(game.find("cy", 10), IsEmpty());  // Both are among the first two, before and after.
}

TEST(RankWatch, WhoIsOvertakenIsToldByWhom) {
  Game game(thresholds({"global:overtaken:2"}));
  for (const auto& [player, value] : {std::pair("ada", 30), std::pair("bob", 20), std::pair("cy", 10)}) {
    EXPECT_THAT(game.find(player, value), IsEmpty());
  }
  // Cy was third, so nobody tells him; the others were among the first two.
  EXPECT_THAT(game.find("dan", 100),
              ElementsAre("overtaken2 global ada 2 (1) by dan", "overtaken2 global bob 3 (2) by dan"));
  // Who falls by his own doing was not overtaken.
  EXPECT_THAT(game.find("dan", -90), IsEmpty());
}

TEST(RankWatch, WhoMovesUpBecauseAnotherLeavesHasEntered) {
  Game game(thresholds({"global:entered:1", "global:left:1"}));
  game.find("ada", 10);
  game.find("bob", 5);
  EXPECT_THAT(game.operate(Operation::Kind::ban, "ada"),
              ElementsAre("entered1 global bob 1 (2)", "left1 global ada 0 (1)"));
  EXPECT_THAT(game.operate(Operation::Kind::unban, "ada"),
              ElementsAre("entered1 global ada 1 (0)", "left1 global bob 2 (1)"));
}

TEST(RankWatch, ANewWindowBeginsEmptyAndNobodyLeavesTheOldOne) {
  Game game(thresholds({"today:entered:1", "today:left:1"}));
  EXPECT_THAT(game.find("ada", 10), ElementsAre("entered1 today/2026-07-19 ada 1 (0)"));
  game.later(std::chrono::hours(24));
  EXPECT_THAT(game.find("bob", 1), ElementsAre("entered1 today/2026-07-20 bob 1 (0)"));
  game.later(std::chrono::hours(24 * 30));
  EXPECT_THAT(game.find("ada", 1), ElementsAre("entered1 today/2026-08-19 ada 1 (0)"));
}

TEST(RankWatch, WhatWasBeforeItBeganHasNotHappened) {
  Game game(thresholds({"global:entered:2", "global:left:2"}));
  game.find("ada", 10);
  game.find("bob", 5);
  EXPECT_THAT(game.watch().begin(game.engine()), IsEmpty());
  EXPECT_THAT(game.find("bob", 1), IsEmpty());
  EXPECT_THAT(game.find("cy", 100), ElementsAre("entered2 global cy 1 (0)", "left2 global bob 3 (2)"));
}

TEST(RankWatch, ABoardThatIsNotThereIsSaid) {
  Game game(thresholds({"global:entered:2"}));
  RankWatch watch(thresholds({"nowhere:entered:2", "global:left:1", "nowhere:left:2"}));
  EXPECT_THAT(watch.begin(game.engine()), ElementsAre("nowhere"));
}

// What two states of a board mean for a threshold, computed from all of both.
void expect(std::vector<std::string>& out, RankThreshold::What what, std::size_t top, const std::string& place,
            const std::vector<std::string>& was, const std::vector<std::string>& now, const std::string& cause) {
  const auto rank_in = [](const std::vector<std::string>& names, const std::string& name) -> std::size_t {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? 0 : static_cast<std::size_t>(found - names.begin()) + 1;
  };
  std::set<std::string> everybody(was.begin(), was.end());
  everybody.insert(now.begin(), now.end());
  for (const std::string& name : everybody) {
    const std::size_t before = rank_in(was, name);
    const std::size_t after = rank_in(now, name);
    const bool was_in = before > 0 && before <= top;
    const bool is_in = after > 0 && after <= top;
    const std::string told = fmt::format("{}{} {} {} {} ({})", name_of(what), top, place, name, after, before);
    if (what == RankThreshold::What::entered && is_in && !was_in) {
      // Of who was far behind it is not known where.
      out.push_back(before > 5 ? fmt::format("{}{} {} {} {} (0)", name_of(what), top, place, name, after) : told);
    }
    if (what == RankThreshold::What::left && was_in && !is_in) out.push_back(told);
    if (what == RankThreshold::What::overtaken && was_in && after > before && name != cause) {
      out.push_back(fmt::format("{} by {}", told, cause));
    }
  }
}

// Goal: what is told is what happened, whatever moves whom. Method: random events, changes of team, bans, days that
// pass, and limits; after each all boards are compared with what they were. The greatest top is 4, so that of the fifth
// it is known that he was there.
TEST(RankWatch, TellsWhatComparingWholeBoardsTells) {
  const char* wanted = std::getenv("TALLYHO_SEED");
  const auto seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("TALLYHO_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  std::vector<RankThreshold> all;
  for (const std::string_view board : {"global", "best", "teams", "today"}) {
    for (const std::string_view what : {"entered:4", "left:2", "overtaken:3", "left:4", "overtaken:4", "entered:1"}) {
      all.push_back(parse_rank_threshold(fmt::format("{}:{}", board, what)).value());
    }
  }
  Game game(all);
  auto was = game.boards();
  for (int i = 0; i < 4000; ++i) {
    const std::string player = fmt::format("p{}", below(12));
    std::vector<std::string> told;
    const int what = below(20);
    if (what == 0) told = game.operate(Operation::Kind::ban, player);
    if (what == 1 || what == 2) told = game.operate(Operation::Kind::unban, player);
    if (what == 3) told = game.operate(Operation::Kind::forget, player);
    if (what == 4) game.later(std::chrono::hours(below(40)));
    if (what > 4 && what < 8) told = game.join(player, below(2) == 0 ? "red" : "blue");
    if (what >= 8) told = game.find(player, below(100) - 30);
    auto now = game.boards();
    std::vector<std::string> expected;
    for (const RankThreshold& threshold : all) {
      std::set<std::string> places;
      for (const auto& [place, names] : now) places.insert(place);
      for (const auto& [place, names] : was) {
        // Of a window that has gone nothing is told; a group that has ended was left.
        if (!now.contains(place) && !place.starts_with("today")) places.insert(place);
      }
      for (const std::string& place : places) {
        if (place.substr(0, place.find('/')) != threshold.board) continue;
        const std::string name = now.contains(place) ? place : threshold.board + "/ended";
        expect(expected, threshold.what, threshold.top, name, was[place], now[place], player);
        if (!game.boards().contains(place)) now.erase(place);
      }
    }
    ASSERT_THAT(told, UnorderedElementsAreArray(expected)) << "after step " << i;
    was = std::move(now);
  }
}

}  // namespace
}  // namespace tallyho

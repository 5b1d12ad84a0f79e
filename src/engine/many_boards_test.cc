// One event that counts on as many boards as a ruleset may have.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/game.h"
#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr int boards = 1'000;  // As many as there may be (ruleset.md, "Limits").

// What kinds there are, by a board's number.
enum Kind : std::uint8_t { sum, best, latest, grouped, daily, kinds };
Kind kind_of(int board) {
  return static_cast<Kind>(board % kinds);
}

// Board N ranks event.value + N, so that one that is mistaken for another shows other values. `last` is what else is
// said of the last one.
std::string ruleset_with(std::string_view last = "") {
  static constexpr const char* of_kind[] = {"operator: sum", "operator: best", "operator: latest",
                                            "operator: best, group_by: event.region",
                                            "operator: sum, window: {every: daily, keep: 2}"};
  std::string source =
      "budget: 2000000\n"
      "events: {find: {value: int, divisor: int, region: string}}\n"
      "rules: [{id: base, points: event.value}]\n"
      "boards:\n";
  for (int i = 0; i < boards; ++i) {
    const bool is_last = i == boards - 1 && !last.empty();
    source += is_last ? fmt::format("  - {{id: b{}, {}}}\n", i, last)
                      : fmt::format("  - {{id: b{0}, value: event.value + {0}, {1}}}\n", i, of_kind[kind_of(i)]);
  }
  return source;
}

struct Find {
  std::string player;
  std::int64_t value = 0;
  std::string region;
};

Answer send(Game& game, const Find& find, int divisor = 1) {
  return game.send(find.player, "find",
                   fmt::format("'value': {}, 'divisor': {}, 'region': '{}'", find.value, divisor, find.region));
}

// What the board shows of these events, of one day: "ada 30, bob 20".
std::string expected(int board, const std::vector<Find>& finds, std::string_view region) {
  std::map<std::string, std::int64_t> values;
  for (const Find& find : finds) {
    if (kind_of(board) == grouped && find.region != region) continue;
    const std::int64_t value = find.value + board;
    const auto [at, is_new] = values.emplace(find.player, value);
    if (is_new) continue;
    switch (kind_of(board)) {
      case sum:
      case daily: at->second += value; break;
      case latest: at->second = value; break;
      default: at->second = std::max(at->second, value);
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> ranked(values.begin(), values.end());
  std::ranges::sort(ranked, std::greater(), [](const auto& member) { return member.second; });
  std::string shown;
  for (const auto& [player, value] : ranked) shown += fmt::format("{}{} {}", shown.empty() ? "" : ", ", player, value);
  return shown;
}

std::vector<std::string> all_boards(Game& game) {
  std::vector<std::string> shown;
  shown.reserve(boards);
  for (int i = 0; i < boards; ++i) shown.push_back(game.board(fmt::format("b{}", i), i % kinds == grouped ? "n" : ""));
  return shown;
}

TEST(ManyBoards, OneEventCountsOnAllOfThem) {
  Game game(ruleset_with());
  game.at("2026-07-18T10:00:00Z");
  const std::vector<Find> finds = {{"ada", 30, "n"}, {"bob", 20, "n"}, {"ada", -7, "n"}, {"bob", 25, "s"}};
  for (const Find& find : finds) {
    const Answer answer = send(game, find);
    EXPECT_EQ(answer.code, Code::ok) << answer.message;
    EXPECT_EQ(answer.ranks.size(), boards) << "each says where the member is now";
  }
  for (int i = 0; i < boards; ++i) {
    const std::string id = fmt::format("b{}", i);
    if (kind_of(i) == grouped) {
      EXPECT_EQ(game.board(id, "n"), expected(i, finds, "n")) << id;
      EXPECT_EQ(game.board(id, "s"), expected(i, finds, "s")) << id;
    } else {
      EXPECT_EQ(game.board(id), expected(i, finds, "")) << id;
    }
  }
}

// A ban and an unban go through all of them, too.
TEST(ManyBoards, ABanTakesAPlayerFromAllOfThemAndBack) {
  Game game(ruleset_with());
  game.at("2026-07-18T10:00:00Z");
  send(game, {"ada", 30, "n"});
  const std::vector<std::string> alone = all_boards(game);
  send(game, {"bob", 40, "n"});
  const std::vector<std::string> both = all_boards(game);
  EXPECT_EQ(game.ban("bob").code, Code::ok);
  EXPECT_EQ(all_boards(game), alone);
  EXPECT_EQ(game.unban("bob").code, Code::ok);
  EXPECT_EQ(all_boards(game), both);
  EXPECT_EQ(game.forget("bob").code, Code::ok);
  EXPECT_EQ(all_boards(game), alone);
}

// The first 999 have their plans by then; Game looks at the state's hash after each event that was refused.
TEST(ManyBoards, OneThatFailsKeepsTheEventFromAllOfThem) {
  Game game(ruleset_with("value: event.value / event.divisor"));
  game.at("2026-07-18T10:00:00Z");
  send(game, {"ada", 30, "n"});
  const std::vector<std::string> before = all_boards(game);
  EXPECT_THAT(send(game, {"ada", 40, "n"}, 0), is_refused(Code::rule_error, "b999"));
  EXPECT_THAT(send(game, {"eve", 40, "n"}, 0), is_refused(Code::rule_error, "b999"));
  EXPECT_EQ(all_boards(game), before);
}

TEST(ManyBoards, OneWithoutRoomForAGroupKeepsTheEventFromAllOfThem) {
  Game game(ruleset_with("group_by: event.region"), Engine::Options{.groups_max = 1});
  game.at("2026-07-18T10:00:00Z");
  send(game, {"ada", 30, "n"});
  const std::vector<std::string> before = all_boards(game);
  EXPECT_THAT(send(game, {"ada", 40, "s"}), is_refused(Code::capacity, "b3"));  // The first that is grouped.
  EXPECT_EQ(all_boards(game), before);
}

}  // namespace
}  // namespace tallyho

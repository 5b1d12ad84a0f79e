#pragma once

// For tests: a game played under a small ruleset.
//
//     Game game(R"yaml(
//       events: {find: {value: int}}
//       rules: [{id: base, points: event.value}])yaml");
//     EXPECT_THAT(game.send("ada", "find", "'value': 20"), is_ok(20));
//
// With every event that is not `ok` it checks that the state's hash is as before; and when it ends, that the same
// events in a new engine come to the same answers and the same hash.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "event/decoder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {

// An outcome with names for numbers, which stays.
struct Answer {
  Code code = Code::internal;
  Position position = 0;
  std::int64_t points = 0;
  std::int64_t total = 0;
  std::string blamed;  // The rule or board.
  std::string message;
  std::vector<std::pair<std::string, std::int64_t>> fired;
  std::vector<std::string> notices;
  std::vector<std::string> ranks;  // "global 3 -> 1"
  bool operator==(const Answer&) const = default;
};
void PrintTo(const Answer& answer, std::ostream* out);

class Game {
 public:
  explicit Game(std::string_view ruleset, const Engine::Options& options = {});
  ~Game();

  // What time it is: the arrival time of the events that follow.
  void at(std::string_view time);
  void later(Duration duration);
  Timestamp now() const { return now_; }
  // The next event meets a defect of the engine.
  void fail_next() { next_fails_ = true; }
  // With the next event a period ends, so that boards change even if it is refused.
  void let_period_end() { period_ends_ = true; }

  // An event of a player. `rest` are further members, with ' for ".
  Answer send(std::string_view player, std::string_view type, std::string_view rest = "");
  // The same from a sender without the role `ingest`.
  Answer send_as_player(std::string_view player, std::string_view type, std::string_view rest = "");
  // What whoever runs the game does: its record (engine/operation.h), with ' for ".
  Answer operate(std::string_view record);
  Answer ban(std::string_view player);
  Answer unban(std::string_view player);
  Answer forget(std::string_view player);
  Answer adjust(std::string_view player, std::string_view id, std::int64_t points);
  // The same as send(), explained only.
  Explanation explain(std::string_view player, std::string_view type, std::string_view rest = "");

  // A variable of a player as JSON, or the total.
  std::string player(std::string_view player, std::string_view variable);
  std::int64_t total(std::string_view player);
  // A section of a board: "ada 30, bob 20".
  std::string board(std::string_view board, std::string_view group = "", std::string_view window = "");

  Engine& engine() { return *engine_; }
  const Ruleset& ruleset() const { return *ruleset_; }

 private:
  struct Sent {
    std::string bytes;
    Timestamp arrival;
    bool is_ingest = true;
    bool fails = false;
    Answer answer;
  };
  Answer ingest(Engine& engine, const Sent& sent);
  Outcome play(Engine& engine, const Sent& sent);
  Answer take(Sent sent);
  Answer send(std::string_view player, std::string_view type, std::string_view rest, bool is_ingest);
  std::string json(std::string_view player, std::string_view type, std::string_view rest) const;

  std::shared_ptr<const Ruleset> ruleset_;
  Engine::Options options_;
  std::unique_ptr<Engine> engine_;
  Decoder decoder_;
  Arena arena_;
  Timestamp now_;
  std::vector<Sent> sent_;
  bool next_fails_ = false;
  bool period_ends_ = false;
};

MATCHER_P(is_ok, points, "is ok with " + testing::PrintToString(points) + " points") {
  return arg.code == Code::ok && arg.points == points;
}
MATCHER_P2(is_ok, points, total,
           "is ok with " + testing::PrintToString(points) + " points, total " + testing::PrintToString(total)) {
  return arg.code == Code::ok && arg.points == points && arg.total == total;
}
MATCHER_P2(is_refused, code, blamed, "is refused because of '" + std::string(blamed) + "'") {
  return arg.code == code && arg.blamed == blamed && !arg.message.empty();
}
MATCHER_P3(is_refused, code, blamed, message,
           "is refused because of '" + std::string(blamed) + "': " + std::string(message)) {
  return arg.code == code && arg.blamed == blamed && arg.message == message;
}
// Of whatever rule or board, with this in the message.
MATCHER_P(is_rule_error_saying, text, "is a rule_error that says: " + std::string(text)) {
  return arg.code == Code::rule_error && arg.message.find(text) != std::string::npos;
}

}  // namespace tallyho

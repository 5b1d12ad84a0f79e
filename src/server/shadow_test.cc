// A shadow beside the comparison that a replay of the same events makes.
#include "server/shadow.h"

#include <random>

#include "gtest/gtest.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"
#include "simdjson.h"

namespace tallyho {
namespace {

std::shared_ptr<const Ruleset> rules(std::string_view points) {
  return load_ruleset(
             "tallyho: 1\nname: game\nevents: {find: {value: int}}\n"
             "rules: [{id: base, on: find, points: " +
                 std::string(points) + "}]\nboards: [{id: global}]\n",
             "test")
      .value();
}

// A live engine whose records a shadow is given.
class Live {
 public:
  explicit Live(Shadow::Options options = {}) : shadow_(candidate_, ruleset_, std::string(32, '0'), options, [] {}) {}

  void find(std::string_view player, int value) {
    arena_.reset();
    const std::string bytes =
        R"({"type":"find","player":")" + std::string(player) + R"(","value":)" + std::to_string(value) + "}";
    const auto event = decoder_.decode(bytes, *ruleset_, arena_);
    ASSERT_TRUE(event);
    const LogRecord record{++last_, RecordKind::event, {static_cast<std::int64_t>(last_), 0}, bytes};
    Replayed replayed{.record = record, .event = &*event, .envelope = event->envelope, .outcome = {}};
    replayed.outcome = engine_.replay(*event, record, arena_);
    shadow_.add(replayed);
  }

  simdjson::dom::element ask() {
    const auto report = shadow_.ask(tops_of(engine_), engine_.version());
    while (!report->is_done) std::this_thread::yield();
    text_ = report->text;
    return parser_.parse(text_);
  }

  Shadow& shadow() { return shadow_; }
  Position last() const { return last_; }

 private:
  const std::shared_ptr<const Ruleset> ruleset_ = rules("event.value");
  const std::shared_ptr<const Ruleset> candidate_ = rules("'event.value > 50 ? 1 / (event.value - 99) : event.value'");
  Engine engine_{ruleset_, std::make_unique<MemoryLog>(), {}};
  Shadow shadow_;
  Decoder decoder_;
  Arena arena_;
  Position last_ = 0;
  simdjson::dom::parser parser_;
  std::string text_;
};

TEST(Shadow, SaysWhatTheCandidateWouldHaveMadeOfEveryEvent) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  Live live;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::uint64_t failed = 0;
  std::uint64_t other = 0;
  for (int round = 0; round < 20; ++round) {
    for (auto events = random() % 500; events > 0; --events) {
      const int value = static_cast<int>(random() % 100);
      live.find("p" + std::to_string(random() % 20), value);
      before += value;
      if (value == 99) ++failed;
      // Whole numbers: 1 / -1 at 98, else 0.
      const int points = value == 99 ? 0 : value == 98 ? -1 : value > 50 ? 0 : value;
      after += points;
      if (value != 99 && points != value) ++other;
      if (random() % 20 == 0) live.shadow().hand_over(true);
    }
    const auto report = live.ask();
    ASSERT_EQ(report["version"].get_uint64().value(), live.last());
    ASSERT_EQ(report["events"].get_uint64().value(), live.last());
    ASSERT_EQ(report["ended"].get_bool().value(), false);
    EXPECT_EQ(report["points"]["before"].get_int64().value(), before);
    EXPECT_EQ(report["points"]["after"].get_int64().value(), after);
    EXPECT_EQ(report["other_codes"].get_uint64().value(), failed);
    EXPECT_EQ(report["other_points"].get_uint64().value(), other);
    EXPECT_EQ(report["changed"].get_array().value().size(), std::min<std::uint64_t>(failed, 100));
  }
  EXPECT_GT(failed, 0U);
}

TEST(Shadow, SaysWhoStandsElsewhere) {
  Live live;
  live.find("ada", 60);
  live.find("bob", 40);
  const auto report = live.ask();
  const auto moves = report["boards"].at(0)["moves"].get_array().value();
  ASSERT_EQ(moves.size(), 2U);
  // Points of 0 put nobody on a board.
  EXPECT_EQ(moves.at(0)["member"].get_string().value(), "bob");
  EXPECT_EQ(moves.at(0)["rank_before"].get_uint64().value(), 2U);
  EXPECT_EQ(moves.at(0)["rank_after"].get_uint64().value(), 1U);
  EXPECT_EQ(moves.at(1)["member"].get_string().value(), "ada");
  EXPECT_EQ(moves.at(1)["rank_after"].error(), simdjson::NO_SUCH_FIELD);
}

TEST(Shadow, ThatFallsBehindTooFarEndsAndSaysSo) {
  Live live({.engine = {}, .waiting_bytes_max = 1000});
  for (int i = 0; i < 100; ++i) live.find("ada", 1);
  live.shadow().hand_over(true);
  const auto report = live.ask();
  EXPECT_EQ(report["ended"].get_bool().value(), true);
  EXPECT_EQ(report["boards"].get_array().value().size(), 0U);
}

}  // namespace
}  // namespace tallyho

// Applying is a pure function of state, event, position and arrival time; refused events leave no trace; and a
// warmed-up engine does not allocate. All under the shipped treasure hunt.

#include <array>
#include <memory>
#include <random>
#include <string>

#include "engine/engine.h"
#include "engine/hunt_events_for_test.h"
#include "event/allocation_count.h"
#include "event/decoder.h"
#include "gtest/gtest.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

std::shared_ptr<const Ruleset> treasure_hunt() {
  return load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml").value();
}

// A log whose next position can be chosen.
class SkippingLog final : public Log {
 public:
  explicit SkippingLog(const Position* next) : next_(next) {}
  Result<Position> append(std::string_view, Timestamp, RecordKind) override { return last_ = *next_; }
  void commit() override {}
  Position durable() const override { return last_; }
  Position last() const override { return last_; }
  const std::string& identity() const override { return identity_; }

 private:
  const Position* next_;
  Position last_ = 0;
  const std::string identity_ = std::string(32, '0');
};

class Replay : public testing::Test {
 protected:
  Outcome ingest(Engine& engine, const HuntEvent& event) {
    const Result<Event> decoded = decoder_.decode(event.bytes, *ruleset_, arena_);
    if (!decoded) ADD_FAILURE() << decoder_.describe(decoded.error()) << ": " << event.bytes;
    return decoded ? engine.ingest(*decoded, event.bytes, event.arrival, {}, arena_, true) : Outcome{};
  }

  const unsigned seed_ = std::random_device()();
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  const std::shared_ptr<const Ruleset> ruleset_ = treasure_hunt();
  Decoder decoder_;
  Arena arena_;
};

TEST_F(Replay, ComesToTheSameStateAtEveryPositionWhateverElseWasAsked) {
  Engine live(ruleset_, std::make_unique<MemoryLog>(), {});
  Engine replayed(ruleset_, std::make_unique<MemoryLog>(), {});
  std::array<int, code_count> codes{};
  int step = 0;
  for (const HuntEvent& event : make_hunt_events(4000, seed_)) {
    arena_.reset();
    if (const Result<Event> decoded = decoder_.decode(event.bytes, *ruleset_, arena_); decoded && step % 3 == 0) {
      live.explain(*decoded, event.arrival);
    }
    const Outcome first = ingest(live, event);
    const Outcome again = ingest(replayed, event);
    ASSERT_EQ(first.code, again.code) << event.bytes;
    ASSERT_EQ(first.position, again.position);
    ASSERT_EQ(first.points, again.points) << event.bytes;
    ASSERT_EQ(first.total, again.total) << event.bytes;
    ASSERT_EQ(first.message, again.message) << event.bytes;
    ++codes[static_cast<std::size_t>(first.code)];
    if (step % 7 == 0) {
      live.commit();
      live.push({});
    }
    if (step % 50 == 0) {
      ASSERT_EQ(live.state_hash(), replayed.state_hash()) << "step " << step;
    }
    ++step;
  }
  EXPECT_EQ(live.state_hash(), replayed.state_hash());
  for (const Code code : {Code::ok, Code::duplicate, Code::rejected, Code::out_of_time}) {
    EXPECT_GT(codes[static_cast<std::size_t>(code)], 30) << name_of(code) << " hardly happened";
  }
}

// Messages too: a rule's error is told as the exact evaluator tells it.
TEST_F(Replay, WithoutTheFastPathComesToTheSameState) {
  Engine fast(ruleset_, std::make_unique<MemoryLog>(), {});
  Engine exact(load_ruleset(ruleset_->source, "treasure-hunt.yaml", cel::Evaluation::exact).value(),
               std::make_unique<MemoryLog>(), {});
  int step = 0;
  for (const HuntEvent& event : make_hunt_events(4000, seed_)) {
    arena_.reset();
    const Outcome first = ingest(fast, event);
    const Outcome again = ingest(exact, event);
    ASSERT_EQ(first.code, again.code) << event.bytes;
    ASSERT_EQ(first.points, again.points) << event.bytes;
    ASSERT_EQ(first.message, again.message) << event.bytes;
    if (++step % 50 == 0) {
      ASSERT_EQ(fast.state_hash(), exact.state_hash()) << "step " << step;
    }
  }
  EXPECT_EQ(fast.state_hash(), exact.state_hash());
  EXPECT_GT(exact.hand_overs(), 100 * fast.hand_overs());
}

TEST_F(Replay, WithoutTheRefusedEventsComesToTheSameState) {
  Position position = 0;
  Engine all(ruleset_, std::make_unique<SkippingLog>(&position), {});
  Engine accepted(ruleset_, std::make_unique<SkippingLog>(&position), {});
  int refused = 0;
  for (const HuntEvent& event : make_hunt_events(4000, seed_)) {
    arena_.reset();
    ++position;
    const Outcome outcome = ingest(all, event);
    if (outcome.code != Code::ok) {
      ++refused;
      continue;
    }
    const Outcome again = ingest(accepted, event);
    ASSERT_EQ(again.code, Code::ok) << event.bytes;
    ASSERT_EQ(again.points, outcome.points) << event.bytes;
    if (position % 20 == 0) {
      ASSERT_EQ(all.state_hash(), accepted.state_hash()) << event.bytes;
    }
  }
  EXPECT_GT(refused, 500);
}

// Every third event meets a defect after its rules have written, and then comes again.
TEST_F(Replay, WithDefectsInBetweenComesToTheSameState) {
  Position position = 0;
  Engine sound(ruleset_, std::make_unique<SkippingLog>(&position), {});
  Engine defective(ruleset_, std::make_unique<SkippingLog>(&position), {});
  for (const HuntEvent& event : make_hunt_events(2000, seed_)) {
    arena_.reset();
    ++position;
    const Code code = ingest(sound, event).code;
    if (position % 3 == 0 && code == Code::ok) {
      defective.fail_next_for_test();
      ASSERT_EQ(ingest(defective, event).code, Code::internal);
    }
    ASSERT_EQ(ingest(defective, event).code, code) << event.bytes;
    if (position % 20 == 0) {
      ASSERT_EQ(sound.state_hash(), defective.state_hash()) << event.bytes;
    }
  }
}

// What players do over and over, without finding anything new.
TEST_F(Replay, AWarmedUpEngineAllocatesNothing) {
  Engine engine(ruleset_, std::make_unique<MemoryLog>(), {});
  static constexpr std::array templates{
      R"("type":"location_ping","lat":48.1,"lon":11.5,"accuracy":12)",
      R"("type":"treasure_found","treasure":"t1","rarity":"rare","value":20,"lat":48.1,"lon":11.5,"accuracy":12)",
      R"("type":"hint_used","clue":"c1")",
      R"("type":"puzzle_attempt","puzzle":"z1","correct":false,"difficulty":2)",
      R"("type":"photo_submitted","photo":"f1","checkpoint":"k1","votes":300)",
      R"("type":"session_started","platform":"ios","region":"north")",
      R"("type":"team_joined","team":"red")",
      R"("type":"prediction_settled","correct":true,"minute_error":3)",
      R"("type":"power_up_used","kind":"shield")",
      R"("type":"foul_reported","severity":1,"upheld":false)"};
  std::mt19937 random(seed_);
  std::vector<HuntEvent> events;
  std::array<int, code_count> codes{};
  for (int i = 0; i < 20'000; ++i) {
    const std::string bytes = "{\"player\":\"p" + std::to_string(random() % 20) + "\",\"id\":\"e" + std::to_string(i) +
                              "\"," + templates[random() % templates.size()] + "}";
    // All within one day: the next one would begin a window, whose members are new.
    events.push_back({bytes, {1'784'484'000 + i / 10, 0}});
  }
  std::size_t before = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    arena_.reset();
    if (i == events.size() / 2) before = allocation_count();
    ++codes[static_cast<std::size_t>(ingest(engine, events[i]).code)];
  }
  EXPECT_EQ(allocation_count() - before, 0U);
  EXPECT_GT(codes[static_cast<std::size_t>(Code::ok)], 5000);
  EXPECT_GT(codes[static_cast<std::size_t>(Code::rejected)], 500);
}

}  // namespace
}  // namespace tallyho

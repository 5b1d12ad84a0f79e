// Goal: a replay is what was live, at every 1,000th position by state hash, however events came together then.
// Method: the same events one by one, in batches by chance, and in large ones, with commits and pushes in between; each
// log is then replayed.
#include <map>
#include <memory>
#include <random>

#include "engine/engine.h"
#include "engine/hunt_events_for_test.h"
#include "engine/recording_log_for_test.h"
#include "engine/replay.h"
#include "event/decoder.h"
#include "gtest/gtest.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr Position step = 1'000;
using Hashes = std::map<Position, std::string>;

class Batching : public testing::Test {
 protected:
  // Plays all events in batches of sizes that `next_size` names; the state hash at every 1,000th position.
  Hashes play(const std::function<std::size_t()>& next_size, const std::shared_ptr<Recorded>& records) {
    Engine engine(ruleset_, std::make_unique<RecordingLog>(records), {});
    EXPECT_TRUE(engine.begin_log({}));
    Hashes hashes;
    Decoder decoder;
    Arena arena;
    std::vector<Event> batch;
    std::vector<const Event*> next;
    for (std::size_t begin = 0; begin < events_.size(); begin += batch.size()) {
      arena.reset();
      batch.clear();
      next.clear();
      const std::size_t size = std::min(next_size(), events_.size() - begin);
      for (std::size_t i = 0; i < size; ++i) {
        batch.push_back(decoder.decode(events_[begin + i].bytes, *ruleset_, arena).value());
      }
      for (const Event& event : batch) next.push_back(&event);
      engine.prepare(next, true);
      for (std::size_t i = 0; i < size; ++i) {
        engine.ingest(batch[i], events_[begin + i].bytes, events_[begin + i].arrival, {}, arena, true);
        if (engine.version() % step == 0) hashes[engine.version()] = engine.state_hash();
      }
      engine.commit();
      if (begin % 3 == 0) engine.push({});
    }
    hashes[engine.version()] = engine.state_hash();
    return hashes;
  }

  Hashes replay(const Recorded& records) const {
    Engine engine(ruleset_, std::make_unique<RecordingLog>(std::make_shared<Recorded>(records)), {});
    Hashes hashes;
    const auto opened = open_history(engine, {}, {.told = [&](const Replayed& told) {
                                       if (told.record.position % step == 0)
                                         hashes[engine.version()] = engine.state_hash();
                                     }});
    EXPECT_TRUE(opened) << opened.error();
    hashes[engine.version()] = engine.state_hash();
    return hashes;
  }

  const unsigned seed_ = std::random_device()();
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  const std::shared_ptr<const Ruleset> ruleset_ =
      load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml").value();
  const std::vector<HuntEvent> events_ = make_hunt_events(5 * step, seed_);
};

TEST_F(Batching, OfAnyKindIsReplayedToTheSameStateAtEvery1000thPosition) {
  std::mt19937_64 random(seed_);
  const auto one_by_one = std::make_shared<Recorded>();
  const Hashes expected = play([] { return 1; }, one_by_one);
  ASSERT_GE(expected.size(), 5U);
  EXPECT_EQ(replay(*one_by_one), expected);
  const std::vector<std::function<std::size_t()>> sizes{[&random] { return 1 + random() % 40; }, [] { return 256; }};
  for (const auto& next_size : sizes) {
    const auto records = std::make_shared<Recorded>();
    EXPECT_EQ(play(next_size, records), expected);
    EXPECT_EQ(replay(*records), expected);
  }
}

}  // namespace
}  // namespace tallyho

// A game goes on from its log, and from any snapshot of it, as if it had never ended: also where rulesets were swapped.
#include "engine/open_game.h"

#include <random>

#include "engine/recording_log_for_test.h"
#include "engine/replay.h"
#include "engine/snapshot_world_for_test.h"
#include "event/decoder.h"
#include "gmock/gmock.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using testing::HasSubstr;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

std::shared_ptr<const Ruleset> load(const std::string& source) {
  auto ruleset = load_ruleset(source, "test.yaml");
  EXPECT_TRUE(ruleset) << ruleset.error().front().message;
  return ruleset ? *ruleset : nullptr;
}

// The small world, and others that differ from it in something of everything.
std::vector<std::shared_ptr<const Ruleset>> make_rulesets() {
  const std::string world = world_ruleset()->source;
  std::string other =
      replaced(world, "finds_now: {type: int, resets: hourly}", "finds_now: {type: int, resets: daily}");
  other = replaced(other, "init: nobody", "init: somebody");
  other = replaced(other, "capacity: 12", "capacity: 4");
  other =
      replaced(other, "{id: hour, window: {every: hourly, keep: 3}}", "{id: hour, window: {every: daily, keep: 3}}");
  other = replaced(other, "limit: 5", "limit: 2");
  other = replaced(other, "    cooldown: 90m\n", "");
  other = replaced(other, "dedupe: {window: 2h, per_player: 5}", "dedupe: {window: 2h, per_player: 2}");
  std::string third = replaced(world, "  - {id: mates, group_by: player.team}\n", "");
  third = replaced(third, "points: event.value\n", "points: 2 * event.value\n");
  third = replaced(third, "  - {id: global}\n", "  - {id: extra, member: player.team}\n  - {id: global}\n");
  third = replaced(third, "keep: 2", "keep: 1");
  return {world_ruleset(), load(other), load(third)};
}

class OpenedGameTest : public testing::Test {
 protected:
  // Plays with a swap now and then, and snapshots after about each 100 records.
  void play(std::size_t count, bool with_swaps) {
    const auto rulesets = make_rulesets();
    live_ = std::make_unique<Engine>(rulesets[0], std::make_unique<RecordingLog>(records_), Engine::Options{});
    ASSERT_TRUE(live_->begin_log({}));
    std::mt19937 random(seed_);
    for (const WorldRecord& record : make_world_records(count, seed_)) {
      if (with_swaps && random() % 60 == 0) {
        ASSERT_TRUE(live_->swap(rulesets[random() % rulesets.size()], record.arrival));
        ++swaps_;
      }
      if (random() % 100 == 0) snapshots_.push_back({live_->version(), snapshot_of(*live_)});
      ingest(record);
    }
  }

  void ingest(const WorldRecord& record) {
    arena_.reset();
    if (record.kind == RecordKind::operation) {
      live_->operate(parse_operation(record.bytes, arena_).value(), record.bytes, record.arrival, arena_);
      return;
    }
    const auto event = decoder_.decode(record.bytes, live_->ruleset(), arena_);
    ASSERT_TRUE(event) << decoder_.describe(event.error());
    live_->ingest(*event, record.bytes, record.arrival, {.is_ingest = record.kind == RecordKind::event}, arena_);
  }

  static ByteSource source_of(std::vector<std::byte> bytes) {
    return [bytes = std::move(bytes), at = std::size_t{0}](std::span<std::byte> into) mutable {
      const std::size_t count = std::min(into.size(), bytes.size() - at);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
      at += count;
      return std::optional(count);
    };
  }

  std::expected<OpenedGame, std::string> open(std::vector<OpenGame::Snapshot> snapshots, Position log_begins = 1,
                                              std::shared_ptr<const Ruleset> ruleset = nullptr) {
    told_.clear();
    return open_game({.ruleset = std::move(ruleset),
                      .log = std::make_unique<RecordingLog>(records_, log_begins),
                      .snapshots = std::move(snapshots),
                      .tell = [this](std::string_view what) { told_ += std::string(what) + "\n"; }});
  }

  struct Taken {
    Position position = 0;
    std::vector<std::byte> bytes;
  };
  const unsigned seed_ = std::random_device()();
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::shared_ptr<Recorded> records_ = std::make_shared<Recorded>();
  std::unique_ptr<Engine> live_;
  std::vector<Taken> snapshots_;
  std::size_t swaps_ = 0;
  std::string told_;
  Decoder decoder_;
  Arena arena_;
};

TEST_F(OpenedGameTest, IsAsItWasFromTheLogAloneAndFromEverySnapshot) {
  play(2000, true);
  EXPECT_GT(swaps_, 5U);
  EXPECT_GT(snapshots_.size(), 5U);
  const auto replayed = open({});
  ASSERT_TRUE(replayed) << replayed.error();
  EXPECT_EQ(replayed->engine->state_hash(), live_->state_hash());
  EXPECT_EQ(replayed->engine->version(), live_->version());
  EXPECT_EQ(replayed->engine->ruleset().hash, live_->ruleset().hash);
  EXPECT_TRUE(snapshot_of(*replayed->engine) == snapshot_of(*live_));
  for (const Taken& taken : snapshots_) {
    const auto resumed = open({{"one", source_of(taken.bytes)}}, taken.position + 1);
    ASSERT_TRUE(resumed) << resumed.error();
    EXPECT_EQ(resumed->snapshot, "one");
    EXPECT_EQ(resumed->snapshot_position, taken.position);
    EXPECT_EQ(resumed->engine->state_hash(), live_->state_hash()) << "from position " << taken.position;
    EXPECT_TRUE(snapshot_of(*resumed->engine) == snapshot_of(*live_));
  }
}

TEST_F(OpenedGameTest, BeginsWithAnOlderSnapshotOrTheWholeLogIfTheNewestIsDamagedAndSaysSo) {
  play(800, false);
  ASSERT_GT(snapshots_.size(), 1U);
  const Taken& older = snapshots_[snapshots_.size() - 2];
  std::vector<std::byte> damaged = snapshots_.back().bytes;
  damaged[damaged.size() / 2] ^= std::byte{4};
  auto game = open({{"newer", source_of(damaged)}, {"older", source_of(older.bytes)}});
  ASSERT_TRUE(game) << game.error();
  EXPECT_EQ(game->snapshot, "older");
  EXPECT_THAT(told_, HasSubstr("snapshot newer cannot be used: frame 0 is damaged"));
  EXPECT_EQ(game->engine->state_hash(), live_->state_hash());

  game = open({{"newer", source_of(damaged)}, {"older", source_of({})}});
  ASSERT_TRUE(game) << game.error();
  EXPECT_EQ(game->snapshot, "");
  EXPECT_THAT(told_, HasSubstr("snapshot older cannot be used"));
  EXPECT_EQ(game->engine->state_hash(), live_->state_hash());
}

TEST_F(OpenedGameTest, IsRefusedIfTheLogBeginsLaterAndNoSnapshotCanBeUsed) {
  play(300, false);
  const auto refused = open({{"newer", source_of({})}}, 100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "the log begins with position 100");
}

TEST_F(OpenedGameTest, UnderAnotherRulesetThanTheOneInForceIsRefused) {
  play(300, true);
  const auto rulesets = make_rulesets();
  for (const auto& ruleset : rulesets) {
    const auto game = open({}, 1, ruleset);
    EXPECT_EQ(game.has_value(), ruleset->hash == live_->ruleset().hash);
    if (!game) {
      EXPECT_THAT(game.error(), HasSubstr("the log goes on under another ruleset"));
    }
  }
}

TEST_F(OpenedGameTest, WithoutRecordsBeginsWithItsRulesetAndNeedsOne) {
  EXPECT_EQ(open({}).error(), "a new game needs a ruleset");
  const auto game = open({}, 1, world_ruleset());
  ASSERT_TRUE(game) << game.error();
  EXPECT_EQ(game->engine->version(), 1U);
  EXPECT_EQ(records_->front().bytes, world_ruleset()->source);
}

TEST_F(OpenedGameTest, WithSnapshotsButNoLogIsRefused) {
  EXPECT_THAT(open({{"newer", source_of({})}}, 1, world_ruleset()).error(), HasSubstr("newer, but no log"));
}

}  // namespace
}  // namespace tallyho

// An engine that was written down and read back is the engine that it was, and goes on as that does. What was damaged
// is refused.
#include "engine/snapshot.h"

#include <map>
#include <random>

#include "engine/hunt_events_for_test.h"
#include "engine/snapshot_world_for_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

class Snapshot : public testing::Test {
 protected:
  // Applies all records, and at every `step`th position lets an engine that was read back go on beside for `tail` more.
  void check_run(const std::shared_ptr<const Ruleset>& ruleset, const std::vector<WorldRecord>& records,
                 std::size_t step, std::size_t tail) {
    const auto live = make_world_engine(ruleset);
    std::vector<std::string> outcomes;
    std::vector<std::string> hashes;
    std::vector<std::vector<std::byte>> snapshots;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i % step == 0) snapshots.push_back(snapshot_of(*live));
      outcomes.push_back(player_.apply(*live, records[i], i + 1));
      hashes.push_back(live->state_hash());
    }
    for (std::size_t number = 0; number < snapshots.size(); ++number) {
      const std::size_t begin = number * step;
      SCOPED_TRACE("from position " + std::to_string(begin));
      const auto again = engine_of(snapshots[number], ruleset);
      ASSERT_TRUE(again) << again.error();
      ASSERT_EQ((*again)->version(), begin);
      ASSERT_TRUE(snapshot_of(**again) == snapshots[number]) << "written down once more it is something else";
      for (std::size_t i = begin; i < std::min(begin + tail, records.size()); ++i) {
        ASSERT_EQ(player_.apply(**again, records[i], i + 1), outcomes[i]) << records[i].bytes;
        ASSERT_EQ((*again)->state_hash(), hashes[i]) << records[i].bytes;
      }
    }
  }

  std::vector<std::byte> small_snapshot(const std::shared_ptr<const Ruleset>& ruleset) {
    const auto engine = make_world_engine(ruleset);
    Position position = 0;
    for (const WorldRecord& record : make_world_records(60, 7)) player_.apply(*engine, record, ++position);
    return snapshot_of(*engine);
  }

  const unsigned seed_ = std::random_device()();
  const testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  WorldPlayer player_;
};

TEST_F(Snapshot, AndTheRecordsBehindItComeToWhatAllRecordsDo) {
  check_run(world_ruleset(), make_world_records(1500, seed_), 61, 100);
}

TEST_F(Snapshot, OfTheTreasureHuntGoesOnAsTheGameDid) {
  std::vector<WorldRecord> records;
  for (const HuntEvent& event : make_hunt_events(1500, seed_)) records.push_back({event.bytes, event.arrival});
  check_run(load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml").value(), records, 149, 100);
}

TEST_F(Snapshot, HoldsSomethingOfEverything) {
  const auto engine = make_world_engine(world_ruleset());
  Position position = 0;
  std::map<std::string, int> codes;
  for (const WorldRecord& record : make_world_records(1500, 7)) {  // Of another seed, something might hardly happen.
    const std::string outcome = player_.apply(*engine, record, ++position);
    ++codes[outcome.substr(0, outcome.find(' '))];
  }
  for (const auto* code : {"ok", "duplicate", "rejected", "player_banned"}) {
    EXPECT_GT(codes[code], 5) << code << " hardly happened";
  }
  for (std::size_t i = 0; i < engine->ruleset().boards.size(); ++i) {
    EXPECT_FALSE(engine->board(static_cast<BoardIndex>(i)).sections().empty()) << engine->ruleset().boards[i].id;
  }
}

// Two that reach the same value at one position, as a ban lifted or a team that moves lets them, stand in the order in
// which the log brought up their names, also where records of the later one were written first.
TEST_F(Snapshot, KeepsTheOrderOfNamesThatDecidesAmongEquals) {
  const auto ruleset = world_ruleset();
  const auto engine = make_world_engine(ruleset);
  const Timestamp now{1'792'857'600, 0};
  Position position = 0;
  for (const auto* name : {"zoe", "ada", "mia"}) {
    const std::string bytes = fmt::format(R"({{"type":"find","player":"{}","thing":"t","value":30}})", name);
    player_.apply(*engine, {bytes, now}, ++position);
  }
  player_.apply(*engine, {to_record({.kind = Operation::Kind::forget, .player = "zoe"}), now, RecordKind::operation},
                4);
  const auto again = engine_of(snapshot_of(*engine), ruleset);
  ASSERT_TRUE(again) << again.error();
  ASSERT_EQ((*again)->symbols().size(), engine->symbols().size());
  for (Symbol symbol = 0; symbol < engine->symbols().size(); ++symbol) {
    EXPECT_EQ((*again)->symbols().text(symbol), engine->symbols().text(symbol));
  }
}

TEST_F(Snapshot, WithAnyBitFlippedIsRefused) {
  const auto ruleset = world_ruleset();
  std::vector<std::byte> bytes = small_snapshot(ruleset);
  ASSERT_TRUE(engine_of(bytes, ruleset));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    ASSERT_FALSE(engine_of(bytes, ruleset)) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
}

TEST_F(Snapshot, CutAnywhereOrGoneOnIsRefused) {
  const auto ruleset = world_ruleset();
  std::vector<std::byte> bytes = small_snapshot(ruleset);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(engine_of(std::span(bytes).first(size), ruleset)) << size << " bytes";
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(engine_of(bytes, ruleset));
}

// Damage that comes with the right CRCs is a defect of whoever wrote it: what it holds is refused all the same, by
// itself or by the state hash at the end.
TEST_F(Snapshot, OfOtherContentsThanItsHashSaysIsRefused) {
  const auto ruleset = world_ruleset();
  const std::vector<std::byte> bytes = small_snapshot(ruleset);
  std::vector<std::byte> form;
  std::span<const std::byte> rest = std::span(bytes).subspan(snapshot_header_bytes);
  while (rest.size() > 8) {
    const std::size_t size = std::to_integer<std::size_t>(rest[4]) | std::to_integer<std::size_t>(rest[5]) << 8U |
                             std::to_integer<std::size_t>(rest[6]) << 16U;
    form.insert(form.end(), rest.begin() + 8, rest.begin() + 8 + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(8 + size);
  }
  const std::string before = (*engine_of(bytes, ruleset))->state_hash();
  std::size_t tried = 0;
  std::size_t refused = 0;
  for (std::size_t bit = seed_ % 37; bit < form.size() * 8; bit += 37, ++tried) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    form[bit / 8] ^= mask;
    std::vector<std::byte> framed;
    SnapshotFrameWriter out(
        [&framed](std::span<const std::byte> more) {
          framed.insert(framed.end(), more.begin(), more.end());
          return true;
        },
        {.identity = std::string(world_log), .position = 60});
    out.write(form);
    out.finish();
    const auto again = engine_of(framed, ruleset);
    if (again) {
      ASSERT_EQ((*again)->state_hash(), before) << "bit " << bit;
    }
    refused += again ? 0 : 1;
    form[bit / 8] ^= mask;
  }
  EXPECT_GT(refused, tried / 2) << "of " << tried;
}

TEST_F(Snapshot, OfAnotherLogOrRulesetIsRefused) {
  const auto ruleset = world_ruleset();
  const std::vector<std::byte> bytes = small_snapshot(ruleset);
  const auto other = load_ruleset(ruleset->source + "# the same but for this\n", "other.yaml").value();
  EXPECT_EQ(engine_of(bytes, other).error(), "it was made under another ruleset");

  auto saved = SavedEngine::open([rest = std::span(bytes)](std::span<std::byte> into) mutable {
    const auto next = rest.first(std::min(rest.size(), into.size()));
    std::ranges::copy(next, into.begin());
    rest = rest.subspan(next.size());
    return std::optional(next.size());
  });
  ASSERT_TRUE(saved) << saved.error();
  EXPECT_EQ(saved->head().identity, world_log);
  EXPECT_EQ(saved->head().position, 60U);
  EXPECT_EQ(saved->ruleset_source(), ruleset->source);
  EXPECT_GT(saved->players(), 3U);
  Engine elsewhere(ruleset, std::make_unique<MemoryLog>(), {});
  EXPECT_EQ(saved->restore(elsewhere).error(), "it belongs to another log");
}

TEST_F(Snapshot, ThatCannotBeWrittenSaysSo) {
  const auto engine = make_world_engine(world_ruleset());
  for (int calls = 0; calls < 3; ++calls) {
    int left = calls;
    EXPECT_FALSE(save_snapshot(*engine, [&left](std::span<const std::byte>) { return left-- > 0; })) << calls;
  }
}

}  // namespace
}  // namespace tallyho

// Goal: a bit that flips in a snapshot is refused or harmless, wherever it is: a game goes on from the other snapshot,
// or from the whole log, and comes to the state that it had.
// Method: a small game on a disk in memory, with two snapshots and what came behind them; every bit of both (of a tenth
// of the bytes, unless all faults are asked for), each opened as a start does.
#include "engine/data_directory.h"

#include <cstdio>
#include <random>

#include "engine/snapshot_world_for_test.h"
#include "event/decoder.h"
#include "gtest/gtest.h"
#include "log/snapshot_files.h"
#include "log/testing/long_tier.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

class KeptGameTest : public testing::Test {
 protected:
  const SegmentLog::Options tiny_{.segment_bytes = 16'384, .buffer_bytes_max = 4096, .has_threads = false};

  // Plays a game with snapshots after the first and the second third. Segments that both hold are let go of, if wanted.
  void play(std::size_t count, const Retention& retention) {
    const auto directory = disk_.directory();
    auto kept = open_kept_game(disk_.directory(), tiny_, std::string(world_log));
    ASSERT_TRUE(kept) << kept.error();
    auto game = open_game({.ruleset = ruleset_, .log = std::move(kept->log)});
    ASSERT_TRUE(game) << game.error();
    Decoder decoder;
    Arena arena;
    std::size_t done = 0;
    for (const WorldRecord& record : make_world_records(count, 7)) {
      arena.reset();
      if (record.kind == RecordKind::operation) {
        game->engine->operate(parse_operation(record.bytes, arena).value(), record.bytes, record.arrival, arena);
      } else {
        const auto event = decoder.decode(record.bytes, *ruleset_, arena);
        ASSERT_TRUE(event) << decoder.describe(event.error());
        game->engine->ingest(*event, record.bytes, record.arrival, {.is_ingest = record.kind == RecordKind::event},
                             arena);
      }
      game->engine->commit();
      ++done;
      if (done % (count / 3) != 0 || done == count) continue;
      const auto made = make_snapshot(*directory, {.retention = retention});
      ASSERT_TRUE(made) << made.error();
      segments_let_go_ += made->let_go.segments;
    }
    hash_ = game->engine->state_hash();
    version_ = game->engine->version();
    game->engine.reset();  // It seals the log.
    ASSERT_EQ(snapshots().size(), 2U);
  }

  // Their names, newest first.
  std::vector<std::string> snapshots() {
    const auto directory = disk_.directory();
    return list_snapshots(*directory).value();
  }

  // As a server starts. The name of the snapshot that it began with.
  std::expected<std::string, std::string> start(VirtualDisk& disk) {
    auto kept = open_kept_game(disk.directory(), tiny_);
    if (!kept) return std::unexpected(kept.error());
    told_.clear();
    auto game = open_game({.ruleset = ruleset_,
                           .log = std::move(kept->log),
                           .snapshots = std::move(kept->snapshots),
                           .tell = [this](std::string_view what) { told_ += what; }});
    if (!game) return std::unexpected(game.error());
    EXPECT_EQ(game->engine->version(), version_);
    EXPECT_EQ(game->engine->state_hash(), hash_);
    return game->snapshot;
  }

  // What became of flips: how often a start went on from which snapshot, and how often it was refused.
  struct Flips {
    std::uint64_t from_newer = 0, from_older = 0, from_log = 0, refused = 0;
    std::uint64_t all() const { return from_newer + from_older + from_log + refused; }
  };
  Flips flip_every_bit(const std::vector<std::string>& flipped) {
    Flips flips;
    LongProgress progress("bytes of a snapshot, every bit", disk_.bytes(flipped.front()).size());
    const auto names = snapshots();
    std::mt19937_64 random(3);
    for (std::size_t i = 0; i < disk_.bytes(flipped.front()).size(); i += is_long_tier() ? 1 : 10) {
      progress.at(i + 1);
      for (int bit = 0; bit < 8 && !HasFailure(); ++bit) {
        SCOPED_TRACE(testing::Message() << flipped.front() << " byte " << i << " bit " << bit);
        VirtualDisk copy = disk_.crashed(random);  // Nothing is unsynced: it is the same.
        for (const std::string& name : flipped) {
          copy.bytes(name)[i % copy.bytes(name).size()] ^= static_cast<std::byte>(1 << bit);
        }
        const auto begun = start(copy);
        if (!begun) {
          ++flips.refused;
        } else if (begun->empty()) {
          ++flips.from_log;
        } else {
          ++(*begun == names[0] ? flips.from_newer : flips.from_older);
        }
        EXPECT_EQ(begun && *begun == names[0], told_.empty()) << "what is done without is said";
      }
    }
    return flips;
  }

  static void print(const char* what, const Flips& flips) {
    std::printf(
        "%llu bits of %s flipped: %llu starts from the newer, %llu from the older, %llu from the log, "
        "%llu refused\n",
        static_cast<unsigned long long>(flips.all()), what, static_cast<unsigned long long>(flips.from_newer),
        static_cast<unsigned long long>(flips.from_older), static_cast<unsigned long long>(flips.from_log),
        static_cast<unsigned long long>(flips.refused));
  }

  const std::shared_ptr<const Ruleset> ruleset_ = world_ruleset();
  VirtualDisk disk_;
  std::string hash_;
  Position version_ = 0;
  std::size_t segments_let_go_ = 0;
  std::string told_;
};

TEST_F(KeptGameTest, AFlippedBitInEitherSnapshotIsDoneWithoutAlsoIfTheLogBeginsLater) {
  ASSERT_NO_FATAL_FAILURE(play(300, {.bytes_max = 16'384}));
  ASSERT_GT(segments_let_go_, 0U);
  const auto names = snapshots();
  ASSERT_EQ(start(disk_), names[0]);

  const Flips newer = flip_every_bit({names[0]});
  EXPECT_EQ(newer.from_older, newer.all());
  print("the newer snapshot", newer);

  const Flips older = flip_every_bit({names[1]});
  EXPECT_EQ(older.from_newer, older.all());
  print("the older snapshot", older);
}

TEST_F(KeptGameTest, FlippedBitsInBothSnapshotsLeaveTheWholeLog) {
  ASSERT_NO_FATAL_FAILURE(play(90, {}));
  const Flips both = flip_every_bit(snapshots());
  EXPECT_EQ(both.from_log, both.all());
  print("both snapshots", both);
}

TEST_F(KeptGameTest, FlippedBitsInBothSnapshotsOfALogThatBeginsLaterAreRefused) {
  ASSERT_NO_FATAL_FAILURE(play(300, {.bytes_max = 16'384}));
  ASSERT_GT(segments_let_go_, 0U);
  for (const std::string& name : snapshots()) disk_.bytes(name)[100] ^= std::byte{1};
  EXPECT_FALSE(start(disk_));
}

}  // namespace
}  // namespace tallyho

// What retention lets go: only from the front, only below the snapshots, and never with a gap.
#include "log/retention.h"

#include <random>

#include "gtest/gtest.h"
#include "log/segment_log.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

constexpr std::uint64_t segment_bytes = 16 * 1024;

// A log of many segments; record n arrived n seconds after the epoch.
VirtualDisk disk_with(Position records) {
  VirtualDisk disk;
  const auto log = SegmentLog::open(disk.directory(), {}, {.segment_bytes = segment_bytes, .has_threads = false});
  EXPECT_TRUE(log);
  for (Position position = 1; position <= records; ++position) {
    EXPECT_TRUE((*log)->append("record", {static_cast<std::int64_t>(position), 0}, RecordKind::event));
    (*log)->commit();
  }
  return disk;
}

Position first_of(const VirtualDisk& disk) {
  for (const std::string& name : disk.names()) {
    if (const auto first = first_position_of(name)) return *first;
  }
  return 0;
}

std::size_t segments_of(const VirtualDisk& disk) {
  std::size_t count = 0;
  for (const std::string& name : disk.names()) count += first_position_of(name) ? 1 : 0;
  return count;
}

TEST(Retention, WithoutABoundKeepsAll) {
  VirtualDisk disk = disk_with(300);
  const auto done = retain(*disk.directory(), 300, {});
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->segments, 0U);
  EXPECT_EQ(first_of(disk), 1U);
}

TEST(Retention, BySizeLetsTheOldestGoUntilTheRestFits) {
  VirtualDisk disk = disk_with(300);
  const std::size_t before = segments_of(disk);
  ASSERT_GT(before, 6U);
  const auto done = retain(*disk.directory(), 300, {.bytes_max = 3 * segment_bytes + 1, .oldest = {}});
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(segments_of(disk), 3U);
  EXPECT_EQ(done->segments, before - 3);
  EXPECT_EQ(done->bytes, (before - 3) * segment_bytes);
}

TEST(Retention, ByAgeLetsSegmentsGoWhoseRecordsAreAllOlder) {
  for (const Position oldest : {1U, 40U, 41U, 150U, 299U}) {
    VirtualDisk disk = disk_with(300);
    const auto done =
        retain(*disk.directory(), 300, {.bytes_max = {}, .oldest = Timestamp{static_cast<std::int64_t>(oldest), 0}});
    ASSERT_TRUE(done) << text_of(done.error());
    EXPECT_LE(first_of(disk), oldest) << "a record that is not too old is gone";
    const auto log = recover_log(*disk.directory(), 0);
    ASSERT_TRUE(log) << text_of(log.error());
    if (log->segments.size() > 1) {
      EXPECT_GE(log->segments.front().last, oldest) << "one more could go";
    }
  }
}

TEST(Retention, NeverGoesBeyondTheSnapshotsOrTakesTheLastSegment) {
  for (const Position floor : {0U, 1U, 20U, 77U, 150U, 300U}) {
    VirtualDisk disk = disk_with(300);
    const auto done = retain(*disk.directory(), floor, {.bytes_max = 0, .oldest = Timestamp::max()});
    ASSERT_TRUE(done) << text_of(done.error());
    EXPECT_LE(first_of(disk), floor + 1) << "what the older snapshot needs is gone";
    EXPECT_GE(segments_of(disk), 1U);
  }
}

TEST(Retention, LeavesALogWithoutAGapWheneverItCrashes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const VirtualDisk whole = disk_with(300);
  for (int round = 0; round < 100; ++round) {
    VirtualDisk disk = whole.crashed(random);
    const std::uint64_t crash = disk.operations() + random() % 20;
    std::optional<VirtualDisk> image;
    disk.before_operation = [&] {
      if (disk.operations() >= crash && !image) image = disk.crashed(random);
    };
    ASSERT_TRUE(retain(*disk.directory(), 250, {.bytes_max = 0, .oldest = {}}));
    if (!image) continue;
    const auto log = recover_log(*image->directory(), 250);
    ASSERT_TRUE(log) << text_of(log.error());
    EXPECT_EQ(log->last(), 300U);
  }
}

TEST(Retention, TellsALogThatBeginsLaterThanItIsReadFrom) {
  VirtualDisk disk = disk_with(300);
  ASSERT_TRUE(retain(*disk.directory(), 200, {.bytes_max = 0, .oldest = {}}));
  const auto recovered = recover_log(*disk.directory(), 200);
  ASSERT_TRUE(recovered) << text_of(recovered.error());
  const auto log =
      SegmentLog::open(disk.directory(), *recovered, {.segment_bytes = segment_bytes, .has_threads = false});
  ASSERT_TRUE(log);
  const auto take = [](const LogRecord&) { return true; };
  EXPECT_TRUE((*log)->read(201, take));
  const auto refused = (*log)->read(1, take);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().starts_with("the log begins with position ")) << refused.error();
}

}  // namespace
}  // namespace tallyho

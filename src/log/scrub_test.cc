// Every flipped bit of a segment that is not written any more is found, and one after the other all segments are read.
#include "log/scrub.h"

#include <map>
#include <random>

#include "gtest/gtest.h"
#include "log/segment_log.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

constexpr std::uint64_t segment_bytes = 16 * 1024;

VirtualDisk disk_with(Position records) {
  VirtualDisk disk;
  const auto log = SegmentLog::open(disk.directory(), {}, {.segment_bytes = segment_bytes, .has_threads = false});
  EXPECT_TRUE(log);
  for (Position position = 1; position <= records; ++position) {
    EXPECT_TRUE((*log)->append(std::string(200, 'r'), {}, RecordKind::event));
    (*log)->commit();
  }
  return disk;
}

std::vector<std::string> segments_of(const VirtualDisk& disk) {
  std::vector<std::string> names = disk.names();
  std::erase_if(names, [](const std::string& name) { return !first_position_of(name); });
  return names;
}

TEST(Scrub, OfALogThatIsWholeFindsNothingHoweverLongItGoesOn) {
  VirtualDisk disk = disk_with(300);
  const auto directory = disk.directory();
  Scrubber scrubber(*directory);
  for (int step = 0; step < 100; ++step) {
    const auto done = scrubber.step();
    ASSERT_TRUE(done) << text_of(done.error());
    EXPECT_GT(*done, 0U);
  }
}

TEST(Scrub, OfOneSegmentHasNothingToDo) {
  VirtualDisk disk = disk_with(3);
  const auto directory = disk.directory();
  EXPECT_EQ(Scrubber(*directory).step().value(), 0U);
}

// But for the zeros behind the last frame and the header's, which nothing covers, and frames behind the last record.
TEST(Scrub, FindsAnyFlippedBitAndGoesOnBehindIt) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  VirtualDisk disk = disk_with(300);
  const auto directory = disk.directory();
  const auto names = segments_of(disk);
  ASSERT_GT(names.size(), 5U);
  for (int round = 0; round < 500; ++round) {
    const std::size_t number = random() % (names.size() - 1);
    std::vector<std::byte>& bytes = disk.bytes(names[number]);
    // In the first frames: each is a sector with 40 + 20 + 200 bytes that count.
    const std::size_t byte = segment_header_bytes + sector_bytes * (random() % 10) + random() % 260;
    const auto mask = static_cast<std::byte>(1U << (random() % 8));
    bytes[byte] ^= mask;
    Scrubber scrubber(*directory);
    std::map<std::string, int> damaged;
    for (std::size_t step = 0; step < 2 * names.size(); ++step) {
      const auto done = scrubber.step();
      if (done) continue;
      ASSERT_TRUE(std::holds_alternative<LogDamage>(done.error()));
      ++damaged[std::get<LogDamage>(done.error()).segment];
    }
    bytes[byte] ^= mask;
    ASSERT_EQ(damaged.size(), 1U) << "byte " << byte;
    EXPECT_EQ(damaged.begin()->first, names[number]);
    EXPECT_GE(damaged.begin()->second, 2) << "it comes back to it";
  }
}

}  // namespace
}  // namespace tallyho

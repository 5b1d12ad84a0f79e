#include "log/recovery.h"

#include <cstdlib>
#include <random>

#include "gtest/gtest.h"
#include "log/log_reader.h"
#include "log/segment_log.h"
#include "log/testing/long_tier.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

const SegmentLog::Options tiny{.segment_bytes = 16384, .buffer_bytes_max = 4096, .has_threads = false};

// A tenth of the long tier's by default; TALLYHO_FAULTS=1 for all of it.
std::uint64_t scaled(std::uint64_t full) {
  return is_long_tier() ? full : full / 10;
}

// What record `position` of the test's logs holds: anything from nothing to more than a sector.
std::string content(Position position) {
  return std::string(position * 37 % 700, static_cast<char>('a' + position % 26));
}

// Everything in the log is what was written there, and everything acked is in it.
void expect_whole(LogDirectory& directory, const RecoveredLog& log, Position acked) {
  ASSERT_GE(log.last(), acked);
  Position position = 0;
  const auto read = read_log(directory, log.segments, 1, [&](const LogRecord& record) {
    EXPECT_EQ(record.position, ++position);
    EXPECT_EQ(record.bytes, content(position));
    return !testing::Test::HasFailure();
  });
  ASSERT_TRUE(read) << text_of(read.error());
  ASSERT_EQ(position, log.last());
}

// Crashes of one disk, and what became of them.
class Crashes {
 public:
  explicit Crashes(std::uint64_t seed) : random_(seed) {}

  // Writes to what is on the disk, and now and then looks at what a crash would leave.
  void live(VirtualDisk& disk, int generation) {
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    Position acked = recovered->last();
    VirtualDisk left;
    bool is_left = false;
    disk.before_operation = [&] {
      if (random_() % 4 != 0) return;
      left = disk.crashed(random_);
      is_left = true;
      examine(left, acked, 1);
    };
    {
      auto log = SegmentLog::open(disk.directory(), *recovered, tiny);
      ASSERT_TRUE(log);
      acked = (*log)->durable();
      const auto records = 5 + random_() % 60;
      for (std::uint64_t i = 0; i < records; ++i) {
        (void)(*log)->append(content((*log)->last() + 1), Timestamp{}, RecordKind::event);
        if (random_() % 3 == 0) (*log)->commit();
        acked = (*log)->durable();
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    disk.before_operation = nullptr;
    if (is_left && generation > 1) live(left, generation - 1);
  }

  std::uint64_t images() const { return images_; }

 private:
  // Recovers a crashed disk; of the crashes while it is being recovered, too.
  void examine(VirtualDisk& disk, Position acked, int depth) {
    ++images_;
    VirtualDisk left;
    if (depth > 0) {
      disk.before_operation = [&] {
        left = disk.crashed(random_);
        examine(left, acked, depth - 1);
      };
    }
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, acked);
    disk.before_operation = nullptr;
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    expect_whole(*directory, *recovered, acked);
  }

  std::mt19937_64 random_;
  std::uint64_t images_ = 0;
};

// Goal: no crash loses what was acked or makes a log that cannot be opened, also while it is opened after a crash.
// Method: crashes before a quarter of all operations on a disk that keeps, drops or spoils every unsynced sector, each
// recovered, with the crashes before every operation of that; three lives one after the other.
TEST(Recovery, NoCrashLosesWhatWasAcked) {
  const std::uint64_t images_wanted = scaled(1'000'000);
  std::uint64_t images = 0;
  std::uint64_t seed = 0;
  LongProgress progress("crash images", images_wanted);
  for (; images < images_wanted; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    VirtualDisk disk;
    Crashes crashes(seed);
    crashes.live(disk, 3);
    images += crashes.images();
    progress.at(images);
    ASSERT_FALSE(HasFatalFailure());
  }
  RecordProperty("images", static_cast<int>(images));
  std::printf("%llu crash images of %llu seeds recovered: nothing acked was lost, none was refused\n",
              static_cast<unsigned long long>(images), static_cast<unsigned long long>(seed));
}

VirtualDisk closed_log(Position records) {
  VirtualDisk disk;
  {
    auto log = SegmentLog::open(disk.directory(), {}, tiny);
    EXPECT_TRUE(log);
    for (Position i = 1; i <= records; ++i) {
      EXPECT_TRUE((*log)->append(content(i), Timestamp{}, RecordKind::event));
      if (i % 3 == 0) (*log)->commit();
    }
  }
  return disk;
}

// Goal: a flipped bit is refused or harmless, wherever it is.
// Method: every bit (of a tenth of the bytes, unless all faults are asked for) of a log that ended well.
TEST(Recovery, EveryFlippedBitIsRefusedOrHarmless) {
  constexpr Position records = 80;
  VirtualDisk disk = closed_log(records);
  std::uint64_t refused = 0;
  std::uint64_t harmless = 0;
  std::mt19937_64 random(3);
  for (const std::string& name : disk.names()) {
    if (!first_position_of(name)) continue;
    for (std::size_t i = 0; i < disk.bytes(name).size(); ++i) {
      if (!is_long_tier() && i % 10 != 0) continue;
      for (int bit = 0; bit < 8; ++bit) {
        SCOPED_TRACE(testing::Message() << name << " byte " << i << " bit " << bit);
        VirtualDisk copy = disk.crashed(random);  // Nothing is unsynced: it is the same.
        copy.bytes(name)[i] ^= static_cast<std::byte>(1 << bit);
        const auto directory = copy.directory();
        const auto recovered = recover_log(*directory, 0);
        if (recovered) {
          expect_whole(*directory, *recovered, records);
          ++harmless;
        } else {
          ++refused;
        }
        ASSERT_FALSE(HasFatalFailure());
      }
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_GT(harmless, 0U);
  std::printf("%llu bits of a log flipped: %llu refused, %llu harmless; nothing wrong was read\n",
              static_cast<unsigned long long>(refused + harmless), static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(harmless));
}

RecoveryError error_of(VirtualDisk& disk, Position known_durable = 0) {
  const auto directory = disk.directory();
  const auto recovered = recover_log(*directory, known_durable);
  EXPECT_FALSE(recovered);
  return recovered ? RecoveryError(IoError{}) : recovered.error();
}

TEST(Recovery, DamageIsSaidWithItsPlaceAndTheWaysOut) {
  VirtualDisk disk = closed_log(4);
  disk.bytes(segment_name(1))[segment_header_bytes + 100] ^= std::byte{1};
  const auto error = error_of(disk);
  const auto& damage = std::get<LogDamage>(error);
  EXPECT_EQ(damage.segment, segment_name(1));
  EXPECT_EQ(damage.offset, segment_header_bytes);
  EXPECT_EQ(damage.position, 1U);
  EXPECT_NE(text_of(error).find("put back the damaged file"), std::string::npos);
}

TEST(Recovery, AMissingSegmentIsDamage) {
  VirtualDisk disk = closed_log(200);
  ASSERT_GE(disk.names().size(), 3U);
  ASSERT_TRUE(disk.directory()->remove(disk.names()[1]));
  EXPECT_TRUE(std::holds_alternative<LogDamage>(error_of(disk)));
}

TEST(Recovery, AShorterFileIsDamage) {
  VirtualDisk disk = closed_log(4);
  disk.bytes(segment_name(1)).resize(segment_header_bytes);
  EXPECT_TRUE(std::holds_alternative<LogDamage>(error_of(disk)));
}

TEST(Recovery, ALogThatEndsBeforeTheSnapshotIsDamage) {
  VirtualDisk disk = closed_log(4);
  EXPECT_TRUE(std::holds_alternative<LogDamage>(error_of(disk, 5)));
  const auto directory = disk.directory();
  EXPECT_TRUE(recover_log(*directory, 4));
}

TEST(Recovery, FramesOfAnotherLogAreNoneOfThisOne) {
  VirtualDisk disk = closed_log(4);
  VirtualDisk other = closed_log(4);
  auto& bytes = disk.bytes(segment_name(1));
  const auto& foreign = other.bytes(segment_name(1));
  std::copy(foreign.begin() + segment_header_bytes, foreign.end(), bytes.begin() + segment_header_bytes);
  const auto directory = disk.directory();
  const auto recovered = recover_log(*directory, 0);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->last(), 0U);
}

TEST(Recovery, WhatIsCutOffIsKeptAside) {
  VirtualDisk disk = closed_log(4);
  auto& bytes = disk.bytes(segment_name(1));
  const auto directory = disk.directory();
  const auto before = recover_log(*directory, 0);
  ASSERT_TRUE(before);
  bytes[before->segments[0].end + 7] = std::byte{9};
  const auto recovered = recover_log(*directory, 0);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(recovered->last(), 4U);
  EXPECT_EQ(recovered->torn_bytes, 8U);
  EXPECT_EQ(disk.bytes(recovered->torn_copy).size(), 8U);
  EXPECT_EQ(disk.bytes(recovered->torn_copy)[7], std::byte{9});
}

TEST(Crc32c, AgreesWithThePublishedVectors) {  // RFC 3720, appendix B.4.
  const std::vector<std::byte> zeros(32);
  EXPECT_EQ(~crc32c(0xffffffff, zeros), 0x8a9136aaU);
  const std::vector<std::byte> ones(32, std::byte{0xff});
  EXPECT_EQ(~crc32c(0xffffffff, ones), 0x62a8ab43U);
}

}  // namespace
}  // namespace tallyho

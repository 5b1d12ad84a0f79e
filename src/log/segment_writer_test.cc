#include "log/segment_writer.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "log/testing/forwarding.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

constexpr std::uint64_t segment_bytes = 16384;
constexpr std::uint64_t step_bytes = 4096;

// A new log whose writer makes its next segment step by step, as a log with threads does.
class GrowingLog {
 public:
  explicit GrowingLog(VirtualDisk& disk) : directory_(disk.directory()), writer_(*directory_, segment_bytes) {
    EXPECT_TRUE(writer_.open({}, std::string(32, 'a')));
  }

  // A record, durable when it returns, and some more of the next segment.
  void write() {
    frames_.clear();
    frames_.add(writer_.last() + 1, RecordKind::event, {}, std::string(600, 'r'));
    ASSERT_TRUE(writer_.write(frames_, true));
    grow();
  }
  // False: it could not.
  bool grow() {
    if (writer_.has_spare()) return true;
    const auto grown = writer_.grow_spare(step_bytes);
    if (grown && *grown == segment_bytes) writer_.take_over_spare();
    return grown.has_value();
  }
  const SegmentWriter& writer() const { return writer_; }

 private:
  std::unique_ptr<LogDirectory> directory_;
  SegmentWriter writer_;
  FrameBuffer frames_;
};

// Goal: however far a segment is, and whatever of it a crash takes, no log is refused and nothing durable is lost.
// Method: a crash before every operation of four segments, on a disk that keeps, drops or spoils what was not synced.
TEST(SegmentWriter, ASegmentMadeInStepsIsWholeBeforeItIsUsed) {
  std::uint64_t images = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    VirtualDisk disk;
    GrowingLog log(disk);
    disk.before_operation = [&] {
      VirtualDisk left = disk.crashed(random);
      const auto directory = left.directory();
      const auto recovered = recover_log(*directory, 0);
      ASSERT_TRUE(recovered) << text_of(recovered.error());
      ASSERT_GE(recovered->last(), log.writer().durable());
      ++images;
    };
    for (int i = 0; i < 40; ++i) {
      log.write();
      ASSERT_FALSE(HasFatalFailure());
    }
    disk.before_operation = nullptr;
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    EXPECT_EQ(recovered->last(), 40U);
    EXPECT_GE(recovered->segments.size(), 4U);
  }
  std::printf("%llu crash images while segments were made in steps\n", static_cast<unsigned long long>(images));
}

// Whichever step of it fails: what was made goes, and it is begun anew.
TEST(SegmentWriter, ASegmentOfWhichAStepFailsIsMadeAnew) {
  constexpr std::uint64_t operations = 10;  // Created; four steps of a write, and of three that go to the disk; synced.
  for (std::uint64_t failing = 0; failing < operations; ++failing) {
    SCOPED_TRACE(failing);
    VirtualDisk disk;
    GrowingLog log(disk);
    disk.fail_from(disk.operations() + failing, 1, EIO);
    int failures = 0;
    for (int i = 0; i < 20 && !log.writer().has_spare(); ++i) {
      if (log.grow()) continue;
      ++failures;
      EXPECT_EQ(disk.names(), std::vector{segment_name(1)});
    }
    EXPECT_EQ(failures, 1);
    ASSERT_TRUE(log.writer().has_spare());
    for (int i = 0; i < 20; ++i) log.write();
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    EXPECT_EQ(recovered->last(), 20U);
    EXPECT_GE(recovered->segments.size(), 2U);
  }
}

// Checks that the page in which a write ends was asked for, by who opened the file.
class PagedFile final : public ForwardingFile {
 public:
  using ForwardingFile::ForwardingFile;
  IoStatus write(std::uint64_t at, std::span<const std::byte> bytes) override {
    const std::uint64_t end = at + bytes.size();
    EXPECT_TRUE(end % page_bytes == 0 || end <= asked_) << end << " of " << asked_;
    return ForwardingFile::write(at, bytes);
  }
  void read_ahead(std::uint64_t at, std::uint64_t bytes) override {
    EXPECT_LE(at, asked_);
    EXPECT_EQ((at + bytes) % page_bytes, 0U);
    asked_ = at + bytes;
    ++asks_;
  }

  static int asks() { return std::exchange(asks_, 0); }

 private:
  static constexpr std::uint64_t page_bytes = 4096;
  inline static int asks_ = 0;  // Of all.

  std::uint64_t asked_ = segment_header_bytes;  // Up to here.
};

class PagedDirectory final : public ForwardingDirectory {
 public:
  using ForwardingDirectory::ForwardingDirectory;
  IoResult<std::unique_ptr<LogFile>> open(std::string_view name) override {
    auto file = ForwardingDirectory::open(name);
    if (!file) return file;
    return std::make_unique<PagedFile>(std::move(*file));
  }
};

// A segment may have left the system's cache since it was made.
TEST(SegmentWriter, NoCommitWaitsUntilTheRestOfItsPageWasRead) {
  VirtualDisk disk;
  PagedDirectory directory(disk.directory());
  SegmentWriter writer(directory, 1 << 20);
  ASSERT_TRUE(writer.open({}, std::string(32, 'a')));
  std::mt19937_64 random(7);
  FrameBuffer frames;
  std::uint64_t bytes = 0;
  while (bytes < 4 << 20) {
    frames.clear();
    frames.add(writer.last() + 1, RecordKind::event, {}, std::string(random() % 20'000, 'r'));
    bytes += frames.bytes();
    if (!writer.fits(frames.bytes())) {
      ASSERT_TRUE(writer.make_spare());
      writer.take_over_spare();
    }
    ASSERT_TRUE(writer.write(frames, true));
  }
  const int asks = PagedFile::asks();
  EXPECT_GT(asks, 30);
  EXPECT_LT(asks, 50);  // 128 KiB each.
}

}  // namespace
}  // namespace tallyho

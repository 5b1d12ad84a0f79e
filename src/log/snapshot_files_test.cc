// Snapshots in a log's directory, and reading a log beside the server that writes it, on a disk that crashes.
#include "log/snapshot_files.h"

#include <algorithm>
#include <random>

#include "gtest/gtest.h"
#include "log/durable_reader.h"
#include "log/segment_log.h"
#include "log/testing/forwarding.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

IoStatus write_text(LogDirectory& directory, Position position, std::string_view text) {
  return write_snapshot(directory, position, [&](ByteSink sink) {
    SnapshotFrameWriter frames(std::move(sink), {.identity = std::string(32, 'a'), .position = position});
    frames.write(bytes_of(text));
    return frames.finish();
  });
}

// What a snapshot holds; nothing if it is not whole.
std::optional<std::string> read_text(LogDirectory& directory, const std::string& name) {
  auto file = directory.open(name);
  if (!file) return std::nullopt;
  auto frames = SnapshotFrameReader::open(source_of(std::move(*file)));
  if (!frames) return std::nullopt;
  std::string text;
  for (auto bytes = frames->next(); !bytes.empty(); bytes = frames->next()) {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return frames->problem().empty() ? std::optional(text) : std::nullopt;
}

TEST(SnapshotFiles, AreReadBackAndOnlySomeKept) {
  VirtualDisk disk;
  const auto directory = disk.directory();
  EXPECT_EQ(known_durable(*directory), 0U);
  for (const Position position : {7U, 900U, 31U}) {
    ASSERT_TRUE(write_text(*directory, position, "everything up to " + std::to_string(position)));
  }
  ASSERT_TRUE(keep_snapshots(*directory, std::vector{snapshot_name(31), snapshot_name(900)}));
  EXPECT_EQ(list_snapshots(*directory).value(), (std::vector{snapshot_name(900), snapshot_name(31)}));
  EXPECT_EQ(read_text(*directory, snapshot_name(900)), "everything up to 900");
  EXPECT_EQ(known_durable(*directory), 900U);
}

TEST(SnapshotFiles, LongerThanAFrameComeBackWhole) {
  VirtualDisk disk;
  const auto directory = disk.directory();
  std::string text(3 * snapshot_frame_bytes_max + 17, 'x');
  for (std::size_t i = 0; i < text.size(); i += 1000) text[i] = static_cast<char>('a' + i / 1000 % 26);
  ASSERT_TRUE(write_text(*directory, 5, text));
  EXPECT_TRUE(read_text(*directory, snapshot_name(5)) == text);
}

// Counts what is on its way to the disk at once.
class WatchedFile final : public ForwardingFile {
 public:
  WatchedFile(std::unique_ptr<LogFile> file, std::uint64_t& most) : ForwardingFile(std::move(file)), most_(most) {}
  IoStatus write(std::uint64_t at, std::span<const std::byte> bytes) override {
    EXPECT_EQ(at, written_);
    written_ += bytes.size();
    most_ = std::max(most_, written_ - given_);
    return ForwardingFile::write(at, bytes);
  }
  IoStatus write_back(std::uint64_t at, std::uint64_t bytes) override {
    EXPECT_EQ(at, given_);
    given_ += bytes;
    return ForwardingFile::write_back(at, bytes);
  }

 private:
  std::uint64_t& most_;
  std::uint64_t written_ = 0;
  std::uint64_t given_ = 0;
};

class WatchedDirectory final : public ForwardingDirectory {
 public:
  using ForwardingDirectory::ForwardingDirectory;
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override {
    auto file = ForwardingDirectory::create(name);
    if (!file) return file;
    return std::make_unique<WatchedFile>(std::move(*file), most);
  }

  std::uint64_t most = 0;  // On its way at once.
};

// All of it at its end kept commits of the log waiting for 300 ms.
TEST(SnapshotFiles, AreGivenToTheDiskAsTheyAreWritten) {
  VirtualDisk disk;
  WatchedDirectory directory(disk.directory());
  const std::string text(3 * snapshot_frame_bytes_max + 17, 'x');
  ASSERT_TRUE(write_text(directory, 5, text));
  EXPECT_LE(directory.most, 64U << 10);
  EXPECT_TRUE(read_text(directory, snapshot_name(5)) == text);
}

class SnapshotOfBytes : public testing::TestWithParam<std::size_t> {};

TEST_P(SnapshotOfBytes, IsWholeUnderItsNameWheneverTheDiskCrashes) {
  std::mt19937_64 random(11);
  for (std::uint64_t at = 0;; ++at) {
    VirtualDisk disk;
    const auto directory = disk.directory();
    ASSERT_TRUE(write_text(*directory, 7, "the one before"));
    std::optional<VirtualDisk> image;
    const std::uint64_t begun = disk.operations();
    disk.before_operation = [&] {
      if (disk.operations() == begun + at) image = disk.crashed(random);
    };
    ASSERT_TRUE(write_text(*directory, 9, std::string(GetParam(), 'y')));
    ASSERT_TRUE(keep_snapshots(*directory, std::vector{snapshot_name(9), snapshot_name(7)}));
    if (!image) {
      EXPECT_GT(at, 4U) << "so many steps";
      return;
    }
    const auto after = image->directory();
    const auto names = list_snapshots(*after).value();
    ASSERT_GE(names.size(), 1U) << "crash before step " << at;
    EXPECT_EQ(names.back(), snapshot_name(7));
    for (const std::string& name : names) EXPECT_TRUE(read_text(*after, name)) << name << ", crash before step " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(StepsOfTheDisk, SnapshotOfBytes, testing::Values(5'000, 150'000));

TEST(SnapshotFiles, ThatCannotBeWrittenAreNotThere) {
  for (const std::size_t bytes : {10UZ, 200'000UZ}) {  // In one step, and in four.
    const std::string text(bytes, 'x');
    std::size_t failures = 0;
    for (std::uint64_t at = 0; at < 40; ++at) {
      VirtualDisk disk;
      const auto directory = disk.directory();
      disk.fail_from(disk.operations() + at, 1, EIO);
      const bool is_written = write_text(*directory, 7, text).has_value();
      const bool is_there = !list_snapshots(*directory).value().empty();
      EXPECT_TRUE(is_there || !is_written);
      EXPECT_TRUE(!is_there || read_text(*directory, snapshot_name(7)) == text);
      failures += is_written ? 0 : 1;
    }
    EXPECT_GT(failures, bytes > 100'000 ? 10U : 4U) << "so many steps";
  }
}

// Writes batches of records beside a reader, which after each step of the disk must see records in order from 1 on, all
// of them durable: still there if the disk crashes at once.
TEST(DurableReader, BesideTheWriterBelievesOnlyWhatACrashWouldLeave) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  VirtualDisk disk;
  const auto log = SegmentLog::open(disk.directory(), {}, {.segment_bytes = 32 * 1024, .has_threads = false});
  ASSERT_TRUE(log);
  Position greatest = 0;
  std::size_t looks = 0;
  disk.before_operation = [&] {
    if (random() % 4 != 0) return;
    ++looks;
    const auto directory = disk.directory();
    const auto durable = survey_durable(*directory, 1);
    ASSERT_TRUE(durable) << text_of(durable.error());
    greatest = std::max(greatest, durable->last());
    Position next = 1;
    ASSERT_TRUE(read_log(*directory, durable->segments, 1, [&](const LogRecord& record) {
      EXPECT_EQ(record.position, next++);
      EXPECT_EQ(record.bytes, "record " + std::to_string(record.position));
      return true;
    }));
    EXPECT_EQ(next, durable->last() + 1);
    VirtualDisk crashed = disk.crashed(random);
    const auto left = recover_log(*crashed.directory(), durable->last());
    ASSERT_TRUE(left) << text_of(left.error());
    EXPECT_GE(left->last(), durable->last());
  };
  for (Position position = 1; position <= 3000;) {
    for (std::uint64_t left = random() % 30; left > 0 && position <= 3000; --left, ++position) {
      const auto entered = (*log)->append("record " + std::to_string(position), {}, RecordKind::event);
      ASSERT_EQ(entered, position);
    }
    (*log)->commit();
  }
  EXPECT_GT(looks, 20U);
  EXPECT_GT(greatest, 2000U) << "the reader fell behind";
}

TEST(DurableReader, BeginsWithTheSegmentOfTheWantedPosition) {
  VirtualDisk disk;
  const auto log = SegmentLog::open(disk.directory(), {}, {.segment_bytes = 16 * 1024, .has_threads = false});
  ASSERT_TRUE(log);
  for (Position position = 1; position <= 500; ++position) {
    ASSERT_TRUE((*log)->append("record", {}, RecordKind::event));
    (*log)->commit();
  }
  const auto directory = disk.directory();
  const auto all = survey_durable(*directory, 1);
  const auto some = survey_durable(*directory, 400);
  ASSERT_TRUE(all && some);
  EXPECT_EQ(all->first(), 1U);
  EXPECT_LE(some->first(), 400U);
  EXPECT_GT(some->first(), 300U);
  EXPECT_EQ(some->last(), all->last());
  EXPECT_EQ(some->identity, (*log)->identity());
  EXPECT_GE(all->last(), 499U) << "all but what no later frame calls durable";
}

}  // namespace
}  // namespace tallyho

#include "log/segment_log.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/testing/temporary_folder.h"
#include "log/log_reader.h"
#include "log/testing/forwarding.h"
#include "log/testing/log_conformance.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

SegmentLog::Options small() {
  return {.segment_bytes = 1 << 20, .buffer_bytes_max = 256 << 10, .spare_step_bytes = 64 << 10};
}

std::unique_ptr<SegmentLog> open_log(const std::string& path, SegmentLog::Options options = small()) {
  auto directory = open_log_directory(path);
  EXPECT_TRUE(directory);
  const auto recovered = recover_log(**directory, 0);
  EXPECT_TRUE(recovered) << text_of(recovered.error());
  auto log = SegmentLog::open(std::move(*directory), *recovered, std::move(options));
  EXPECT_TRUE(log);
  return std::move(*log);
}

// A log in a directory of its own.
class LogInADirectory final : public Log {
 public:
  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override {
    return log_->append(record, arrival, kind);
  }
  void commit() override { log_->commit(); }
  Position durable() const override { return log_->durable(); }
  Position last() const override { return log_->last(); }
  const std::string& identity() const override { return log_->identity(); }

 private:
  TemporaryFolder directory_;
  std::unique_ptr<SegmentLog> log_ = open_log(directory_.path());
};

INSTANTIATE_TEST_SUITE_P(Segments, LogConformance,
                         testing::Values(LogMaker{[] { return std::make_unique<LogInADirectory>(); }}));

std::vector<std::string> read_all(LogDirectory& directory, const RecoveredLog& log, Position from = 1) {
  std::vector<std::string> records;
  const auto read = read_log(directory, log.segments, from, [&](const LogRecord& record) {
    EXPECT_EQ(record.position, from + records.size());
    records.emplace_back(record.bytes);
    return true;
  });
  EXPECT_TRUE(read) << text_of(read.error());
  return records;
}

void wait_until_durable(Log& log) {
  while (log.durable() < log.last()) {
    log.commit();
    std::this_thread::yield();
  }
}

TEST(SegmentLog, WhatWasDurableIsThereAgainAndItGoesOn) {
  const TemporaryFolder directory;
  std::string identity;
  std::vector<std::string> expected;
  for (int run = 0; run < 3; ++run) {
    const auto log = open_log(directory.path());
    if (run > 0) {
      EXPECT_EQ(log->identity(), identity);
    }
    identity = log->identity();
    EXPECT_EQ(log->last(), expected.size());
    for (int i = 0; i < 1000; ++i) {
      expected.push_back("record " + std::to_string(expected.size()) + std::string(static_cast<std::size_t>(i), 'x'));
      while (!log->append(expected.back(), Timestamp{i, 5}, RecordKind::operation)) log->commit();
      if (i % 10 == 0) log->commit();
    }
    wait_until_durable(*log);
  }
  const auto files = open_log_directory(directory.path());
  const auto recovered = recover_log(**files, expected.size());
  ASSERT_TRUE(recovered) << text_of(recovered.error());
  EXPECT_GT(recovered->segments.size(), 1U);
  EXPECT_EQ(recovered->torn_bytes, 0U);
  EXPECT_EQ(read_all(**files, *recovered), expected);
  EXPECT_EQ(read_all(**files, *recovered, 2990).size(), 11U);
}

TEST(SegmentLog, ARecordKeepsItsKindAndArrival) {
  const TemporaryFolder directory;
  const Timestamp arrival{-62'135'596'800, 999'999'999};
  {
    const auto log = open_log(directory.path());
    ASSERT_EQ(log->append("a", arrival, RecordKind::event_of_player), 1U);
    wait_until_durable(*log);
  }
  const auto files = open_log_directory(directory.path());
  const auto recovered = recover_log(**files, 0);
  ASSERT_TRUE(recovered);
  ASSERT_TRUE(read_log(**files, recovered->segments, 1, [&](const LogRecord& record) {
    EXPECT_EQ(record.arrival, arrival);
    EXPECT_EQ(record.kind, RecordKind::event_of_player);
    return true;
  }));
}

TEST(SegmentLog, ADirectoryBelongsToOneLog) {
  const TemporaryFolder directory;
  const auto log = open_log(directory.path());
  const auto other = open_log_directory(directory.path());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().operation, "flock");
}

// A slow machine: the log falls idle, and seals itself, before open() has returned. It did not take the first record
// then, and a server on a new log did not start.
TEST(SegmentLog, TakesARecordAtOnceAlsoIfItFellIdleWhileItWasOpened) {
  auto options = small();
  options.seal_after = std::chrono::milliseconds(0);
  for (int run = 0; run < 100; ++run) {
    const TemporaryFolder directory;
    ASSERT_EQ(open_log(directory.path(), options)->append("a", {}, RecordKind::event), 1U) << "run " << run;
  }
}

TEST(SegmentLog, AnIdleLogSealsItself) {
  const TemporaryFolder directory;
  auto options = small();
  options.seal_after = std::chrono::milliseconds(1);
  const auto log = open_log(directory.path(), options);
  ASSERT_TRUE(log->append("a", Timestamp{}, RecordKind::event));
  wait_until_durable(*log);
  const std::string name = directory.path() + "/" + segment_name(1);
  for (bool is_sealed = false; !is_sealed; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    std::vector<std::byte> bytes(small().segment_bytes);
    const auto copy = directory.path() + "/copy";
    std::filesystem::copy_file(name, copy, std::filesystem::copy_options::overwrite_existing);
    std::FILE* file = std::fopen(copy.c_str(), "rb");
    ASSERT_EQ(std::fread(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
    is_sealed = scan_segment(bytes, *decode_segment_header(bytes)).info.ends_with_seal;  // Or the test's time is up.
  }
}

// How many spares were begun. Of all but the first, which is made at once as nobody waits for it: what was on its way
// to the disk at once, at most, and how far the last one is.
struct SpareCount {
  std::atomic<std::uint64_t> under_way_max{0};
  std::atomic<int> made{0};
  std::atomic<std::uint64_t> given{0};  // To the disk.
};

class CountedFile final : public ForwardingFile {
 public:
  CountedFile(std::unique_ptr<LogFile> file, SpareCount* count) : ForwardingFile(std::move(file)), count_(count) {}
  IoStatus write(std::uint64_t at, std::span<const std::byte> bytes) override {
    under_way_ += bytes.size();
    if (count_ != nullptr) count_->under_way_max = std::max(count_->under_way_max.load(), under_way_);
    return ForwardingFile::write(at, bytes);
  }
  IoStatus write_back(std::uint64_t at, std::uint64_t bytes) override {
    const IoStatus done = ForwardingFile::write_back(at, bytes);
    end_step();
    return done;
  }
  IoStatus sync() override {
    const IoStatus done = ForwardingFile::sync();
    end_step();
    return done;
  }

 private:
  void end_step() {
    if (count_ != nullptr) count_->given += under_way_;
    under_way_ = 0;
  }

  SpareCount* const count_;  // Null: no spare.
  std::uint64_t under_way_ = 0;
};

// A directory whose spares are counted.
class CountedDirectory final : public ForwardingDirectory {
 public:
  CountedDirectory(std::unique_ptr<LogDirectory> directory, SpareCount& count)
      : ForwardingDirectory(std::move(directory)), count_(count) {}
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override {
    const bool is_spare = name == "spare.segment";
    const bool is_counted = is_spare && ++count_.made > 1;
    if (is_counted) count_.given = 0;
    auto file = ForwardingDirectory::create(name);
    if (!file) return file;
    return std::make_unique<CountedFile>(std::move(*file), is_counted ? &count_ : nullptr);
  }

 private:
  SpareCount& count_;
};

// A new log whose spares are counted.
std::unique_ptr<SegmentLog> open_counted(const std::string& path, SpareCount& count, SegmentLog::Options options) {
  auto files = open_log_directory(path);
  EXPECT_TRUE(files);
  auto log = SegmentLog::open(std::make_unique<CountedDirectory>(std::move(*files), count), {}, std::move(options));
  EXPECT_TRUE(log);
  return std::move(*log);
}

// A commit would wait behind all that is on its way to the disk, and for the processor that makes it.
TEST(SegmentLog, ASegmentThatIsMadeInTimeIsMadeInSmallSteps) {
  const TemporaryFolder directory;
  auto options = small();
  options.spare_step_bytes = 32 << 10;
  options.seal_after = std::chrono::hours(1);  // So that records are all there is.
  SpareCount count;
  const auto log = open_counted(directory.path(), count, options);
  constexpr std::uint64_t frame_bytes = 20 * sector_bytes;
  const std::string record(frame_bytes - frame_header_bytes - record_header_bytes, 'r');
  std::uint64_t used = segment_header_bytes + sector_bytes;  // With what is kept for a seal.
  while (used < options.segment_bytes / 2 - options.spare_step_bytes) {
    ASSERT_TRUE(log->append(record, Timestamp{}, RecordKind::event));
    wait_until_durable(*log);
    used += frame_bytes;
    while (count.given <= 2 * used) std::this_thread::yield();  // It is never late.
  }
  EXPECT_EQ(count.made, 2);
  EXPECT_EQ(count.under_way_max, options.spare_step_bytes);
}

// Events that come faster than segments are made in small steps.
TEST(SegmentLog, ALateSegmentIsMadeInLargerSteps) {
  const TemporaryFolder directory;
  SpareCount count;
  auto options = small();
  options.spare_step_bytes = 32 << 10;
  auto log = open_counted(directory.path(), count, options);
  const std::string record(10'000, 'r');
  for (int i = 0; i < 500; ++i) {  // Five segments.
    while (!log->append(record, Timestamp{}, RecordKind::event)) {
      log->commit();
      std::this_thread::yield();
    }
    log->commit();
  }
  wait_until_durable(*log);
  EXPECT_GE(count.made, 5);
  EXPECT_GT(count.under_way_max, 0U);
  EXPECT_LE(count.under_way_max, options.segment_bytes / 8);
}

// While little of a segment is used, little of the next one is made.
TEST(SegmentLog, TheNextSegmentIsMadeAsThisOneFills) {
  const TemporaryFolder directory;
  const auto log = open_log(directory.path());
  ASSERT_TRUE(log->append("a", Timestamp{}, RecordKind::event));
  wait_until_durable(*log);
  const std::string spare = directory.path() + "/spare.segment";
  std::error_code error;
  EXPECT_LT(std::filesystem::exists(spare) ? std::filesystem::file_size(spare, error) : 0, small().segment_bytes);
  for (int i = 0; i < 60; ++i) {
    while (!log->append(std::string(10'000, 'r'), Timestamp{}, RecordKind::event)) log->commit();
    log->commit();
  }
  wait_until_durable(*log);
  while (std::filesystem::file_size(spare, error) < small().segment_bytes || error) std::this_thread::yield();
}

// A directory whose spares, all but the first, take as long as one wants; writes to segments are counted.
struct Holding {
  std::atomic<bool> holds{true};
  std::atomic<int> spares{0};
  std::atomic<int> writes{0};
};

class HeldFile final : public ForwardingFile {
 public:
  HeldFile(std::unique_ptr<LogFile> file, Holding& holding, bool is_held)
      : ForwardingFile(std::move(file)), holding_(holding), is_held_(is_held) {}
  IoStatus write(std::uint64_t at, std::span<const std::byte> bytes) override {
    while (is_held_ && holding_.holds) std::this_thread::yield();
    const IoStatus done = ForwardingFile::write(at, bytes);
    ++holding_.writes;
    return done;
  }

 private:
  Holding& holding_;
  const bool is_held_;
};

class HeldDirectory final : public ForwardingDirectory {
 public:
  HeldDirectory(std::unique_ptr<LogDirectory> directory, Holding& holding)
      : ForwardingDirectory(std::move(directory)), holding_(holding) {}
  IoResult<std::unique_ptr<LogFile>> open(std::string_view name) override {
    return held(ForwardingDirectory::open(name), false);
  }
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override {
    return held(ForwardingDirectory::create(name), ++holding_.spares > 1);
  }

 private:
  IoResult<std::unique_ptr<LogFile>> held(IoResult<std::unique_ptr<LogFile>> file, bool is_held) {
    if (!file) return file;
    return std::make_unique<HeldFile>(std::move(*file), holding_, is_held);
  }

  Holding& holding_;
};

// A segment that is nearly full, a log that falls idle after each record, and a slow disk: the seal took the last room
// that a record had been promised, which then began the next segment in what there was of it. The next start refused
// it.
class NearlyFullLog : public testing::TestWithParam<std::size_t> {};

TEST_P(NearlyFullLog, ARecordBehindASealNeverBeginsASegmentThatIsStillBeingMade) {
  const TemporaryFolder directory;
  Holding holding;
  auto files = open_log_directory(directory.path());
  ASSERT_TRUE(files);
  SegmentLog::Options options{.segment_bytes = 16384, .buffer_bytes_max = 4096};
  options.seal_after = std::chrono::milliseconds(1);
  auto opened = SegmentLog::open(std::make_unique<HeldDirectory>(std::move(*files), holding), {}, options);
  ASSERT_TRUE(opened);
  std::unique_ptr<SegmentLog> log = std::move(*opened);
  const auto append = [&](std::size_t bytes) {
    return log->append(std::string(bytes, 'r'), Timestamp{}, RecordKind::event).has_value();
  };
  Position taken = 0;
  for (bool is_taken = append(GetParam()); is_taken; is_taken = append(1)) {
    ++taken;
    const int before = holding.writes;
    wait_until_durable(*log);
    while (holding.writes < before + 2) std::this_thread::yield();  // The record, and the seal.
  }
  EXPECT_GT(taken, 10U);
  EXPECT_EQ(log->last(), taken);
  holding.holds = false;
  while (!append(1)) log->commit();
  wait_until_durable(*log);
  log.reset();
  const auto again = open_log_directory(directory.path());
  const auto recovered = recover_log(**again, taken + 1);
  ASSERT_TRUE(recovered) << text_of(recovered.error());
  EXPECT_EQ(recovered->segments.size(), 2U);
  EXPECT_EQ(read_all(**again, *recovered).size(), taken + 1);
}

// Of the first record: with one of them a single sector is left at the end, with the other there are two.
INSTANTIATE_TEST_SUITE_P(Sectors, NearlyFullLog, testing::Values(1, sector_bytes));

// A full disk: the segment at hand is used up, then nothing is taken until there is room.
TEST(SegmentLog, AFullDiskRefusesRecordsAndThenGoesOn) {
  VirtualDisk disk;
  const SegmentLog::Options options{.segment_bytes = 16384, .buffer_bytes_max = 4096, .has_threads = false};
  auto log = SegmentLog::open(disk.directory(), {}, options);
  ASSERT_TRUE(log);
  const std::string record(400, 'r');
  const auto fill = [&] {
    int taken = 0;
    while ((*log)->append(record, Timestamp{}, RecordKind::event)) {
      (*log)->commit();
      ++taken;
    }
    return taken;
  };
  disk.set_full(true);  // The first spare is there already.
  const int taken = fill();
  EXPECT_GT(taken, 20);
  EXPECT_TRUE((*log)->is_disk_full());
  EXPECT_EQ((*log)->append(record, Timestamp{}, RecordKind::event).error().code, Code::unavailable);
  EXPECT_EQ((*log)->durable(), (*log)->last());
  disk.set_full(false);
  (*log)->commit();
  EXPECT_FALSE((*log)->is_disk_full());
  EXPECT_TRUE((*log)->append(record, Timestamp{}, RecordKind::event));
}

// A log that cannot be opened is an error, whichever step it is that fails.
TEST(SegmentLog, AFailureWhileItIsOpenedIsAnError) {
  for (const bool is_new : {true, false}) {
    for (std::uint64_t failing = 0; failing < 20; ++failing) {
      SCOPED_TRACE(failing);
      VirtualDisk disk;
      const SegmentLog::Options options{
          .segment_bytes = 16384, .buffer_bytes_max = 4096, .has_threads = false, .on_failure = [](const IoError&) {
          }};  // Of its end.
      if (!is_new) {
        ASSERT_TRUE(SegmentLog::open(disk.directory(), {}, options));
      }
      const auto recovered = recover_log(*disk.directory(), 0);
      ASSERT_TRUE(recovered);
      const std::uint64_t before = disk.operations();
      disk.fail_from(before + failing, 1, EIO);
      const bool is_open = SegmentLog::open(disk.directory(), *recovered, options).has_value();
      // Of a new log the first segment takes eight steps; of one that goes on, the open frame two. The next segment is
      // tried again later.
      EXPECT_EQ(is_open, failing >= (is_new ? 8U : 2U));
    }
  }
}

// Whatever fails while records are written: nothing is called durable after it, and everything called so is there.
TEST(SegmentLog, AfterAnErrorNothingBecomesDurable) {
  for (std::uint64_t failing = 8; failing < 60; ++failing) {
    SCOPED_TRACE(failing);
    VirtualDisk disk;
    Position acked = 0;
    int failures = 0;
    {
      const SegmentLog::Options options{.segment_bytes = 16384,
                                        .buffer_bytes_max = 4096,
                                        .has_threads = false,
                                        .on_failure = [&failures](const IoError&) { ++failures; }};
      auto log = SegmentLog::open(disk.directory(), {}, options);
      ASSERT_TRUE(log);
      disk.fail_from(disk.operations() + failing - 8, 1, EIO);
      for (int i = 0; i < 60; ++i) {
        (void)(*log)->append(std::string(300, 'r'), Timestamp{}, RecordKind::event);
        (*log)->commit();
        ASSERT_TRUE(failures == 0 || (*log)->durable() == acked);
        acked = (*log)->durable();
      }
      EXPECT_TRUE(failures == 1 || (*log)->durable() == 60);
    }
    disk.fail_from(~std::uint64_t{0}, 0, 0);
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    EXPECT_GE(recovered->last(), acked);
  }
}

}  // namespace
}  // namespace tallyho

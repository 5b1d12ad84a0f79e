#include "log/segment_log.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "log/log_reader.h"
#include "log/testing/log_conformance.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

// A directory that is gone after the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = testing::TempDir() + "tallyho-log-" + std::string(6, 'X');  // What mkdtemp() fills in.
    path_ = ::mkdtemp(path.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

SegmentLog::Options small() {
  return {.segment_bytes = 1 << 20, .buffer_bytes_max = 256 << 10};
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
  TemporaryDirectory directory_;
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
  const TemporaryDirectory directory;
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
  const TemporaryDirectory directory;
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
  const TemporaryDirectory directory;
  const auto log = open_log(directory.path());
  const auto other = open_log_directory(directory.path());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().operation, "flock");
}

TEST(SegmentLog, AnIdleLogSealsItself) {
  const TemporaryDirectory directory;
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
  EXPECT_EQ((*log)->durable(), (*log)->last());
  disk.set_full(false);
  (*log)->commit();
  EXPECT_FALSE((*log)->is_disk_full());
  EXPECT_TRUE((*log)->append(record, Timestamp{}, RecordKind::event));
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

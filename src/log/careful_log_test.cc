// After lives that ended early, records are on the disk before anybody applies them; else not.
#include "log/careful_log.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "log/segment_log.h"
#include "log/testing/log_conformance.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

// A log that keeps its directory.
class CarefulLogInADirectory final : public Log {
 public:
  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override {
    return log_.append(record, arrival, kind);
  }
  void commit() override { log_.commit(); }
  Position durable() const override { return log_.durable(); }
  Position last() const override { return log_.last(); }
  const std::string& identity() const override { return log_.identity(); }
  void when_durable(std::function<void()> call) override { log_.when_durable(std::move(call)); }

 private:
  static std::unique_ptr<Log> open(const std::string& path) {
    return SegmentLog::open(open_log_directory(path).value(), {},
                            {.segment_bytes = 1 << 20, .buffer_bytes_max = 256 << 10})
        .value();
  }

  TemporaryFolder directory_;
  CarefulLog log_{open(directory_.path()), 3};
};

INSTANTIATE_TEST_SUITE_P(Careful, LogConformance,
                         testing::Values(LogMaker{[] { return std::make_unique<CarefulLogInADirectory>(); }}));

TEST(CarefulLog, HasItsFirstRecordsOnTheDiskBeforeTheyAreApplied) {
  CarefulLogInADirectory log;
  std::atomic<bool> is_told = false;
  log.when_durable([&is_told] { is_told = true; });
  for (Position position = 1; position <= 3; ++position) {
    ASSERT_EQ(log.append("record", {}, RecordKind::event), position);
    EXPECT_GE(log.durable(), position);
  }
  ASSERT_EQ(log.append("record", {}, RecordKind::event), 4U);
  EXPECT_EQ(log.durable(), 3U) << "nobody has committed it";
  while (!is_told) std::this_thread::yield();
}

// What a client was sent when the process ends over the event that it has just entered.
TEST(CarefulLogDeathTest, HasWhatEndsTheProcessWhileItIsAppliedForTheFirstTime) {
  for (const bool is_careful : {false, true}) {
    const TemporaryFolder folder;
    const auto live = [&] {
      CarefulLog log(SegmentLog::open(open_log_directory(folder.path()).value(), {},
                                      {.segment_bytes = 1 << 20, .buffer_bytes_max = 256 << 10})
                         .value(),
                     is_careful ? 10 : 0);
      (void)log.append("poison", {}, RecordKind::event);
      std::abort();
    };
    EXPECT_EXIT(live(), testing::KilledBySignal(SIGABRT), "");
    const auto directory = open_log_directory(folder.path());
    const auto recovered = recover_log(**directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    EXPECT_EQ(recovered->last(), is_careful ? 1U : 0U);
  }
}

TEST(EarlyEnds, AreCountedUntilALifeEndsAsItShould) {
  VirtualDisk disk;
  const auto directory = disk.directory();
  for (int lives = 0; lives < 4; ++lives) {
    auto ends = EarlyEnds::look(*directory);
    EXPECT_EQ(ends->count(), lives);
    EXPECT_EQ(EarlyEnds::look(*directory)->count(), lives) << "a start that is refused is no life";
    EXPECT_TRUE(ends->begin_life());
  }
  EarlyEnds::look(*directory)->end_life();
  EXPECT_EQ(EarlyEnds::look(*directory)->count(), 0);
  EXPECT_TRUE(EarlyEnds::look(*directory)->begin_life());
  disk.bytes(std::string(EarlyEnds::file_name)).clear();
  EXPECT_EQ(EarlyEnds::look(*directory)->count(), 1) << "it was there, whatever it says";
}

}  // namespace
}  // namespace tallyho

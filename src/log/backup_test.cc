// A backup is what was durable when it was taken, beside whoever writes the log; and one that is not whole is no log.
#include "log/backup.h"

#include <algorithm>
#include <cerrno>
#include <random>

#include "gtest/gtest.h"
#include "log/log_reader.h"
#include "log/quarantine.h"
#include "log/segment_log.h"
#include "log/snapshot_files.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

constexpr std::uint64_t segment_bytes = 16 * 1024;

// A log that is being written, and a disk for its backup.
class BackUp : public testing::Test {
 protected:
  void SetUp() override {
    auto log = SegmentLog::open(from_.directory(), {}, {.segment_bytes = segment_bytes, .has_threads = false});
    ASSERT_TRUE(log);
    log_ = std::move(*log);
    write(100);
  }

  static std::string content(Position position) { return "record " + std::to_string(position) + std::string(300, '.'); }

  void write(int records) {
    for (int i = 0; i < records; ++i) {
      ASSERT_TRUE(log_->append(content(log_->last() + 1), {}, RecordKind::event));
      log_->commit();
    }
  }

  std::expected<BackupDone, RecoveryError> back_up() {
    const auto from = from_.directory();
    const auto to = to_.directory();
    return back_up_log(*from, *to, progress_);
  }

  // Opens the backup as a server would; returns its last position.
  Position expect_whole() {
    const auto directory = to_.directory();
    const auto recovered = recover_log(*directory, 0);
    if (!recovered) ADD_FAILURE() << text_of(recovered.error());
    if (!recovered) return 0;
    EXPECT_EQ(recovered->torn_bytes, 0U);
    Position position = 0;
    EXPECT_TRUE(read_log(*directory, recovered->segments, 1, [&position](const LogRecord& record) {
      EXPECT_EQ(record.bytes, content(++position));
      return true;
    }));
    EXPECT_EQ(position, recovered->last());
    return recovered->last();
  }

  VirtualDisk from_;
  VirtualDisk to_;
  std::unique_ptr<SegmentLog> log_;
  std::function<void(std::uint64_t, std::uint64_t)> progress_;
};

TEST_F(BackUp, HoldsWhatWasDurableAndCanBeWrittenOn) {
  const auto done = back_up();
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_GT(done->segments, 2U);
  EXPECT_GE(done->position, 99U) << "the last commit may not be known to be durable yet";
  EXPECT_EQ(expect_whole(), done->position);
  const auto directory = to_.directory();
  const auto recovered = recover_log(*directory, 0);
  ASSERT_TRUE(recovered);
  const auto log =
      SegmentLog::open(to_.directory(), *recovered, {.segment_bytes = segment_bytes, .has_threads = false});
  ASSERT_TRUE(log);
  EXPECT_EQ((*log)->identity(), log_->identity());
  EXPECT_TRUE((*log)->append(content(done->position + 1), {}, RecordKind::event));
}

TEST_F(BackUp, OfALogThatGoesOnHoldsWhatWasThereWhenItBegan) {
  std::uint64_t told = 0;
  progress_ = [&](std::uint64_t done, std::uint64_t of) {
    EXPECT_GT(done, told);
    EXPECT_LE(done, of);
    told = done;
    write(20);
  };
  const auto done = back_up();
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(told, done->bytes);
  EXPECT_GT(log_->last(), done->position + 20);
  EXPECT_EQ(expect_whole(), done->position);
}

TEST_F(BackUp, HasSnapshotsAndWhatIsInQuarantine) {
  const auto from = from_.directory();
  ASSERT_TRUE(write_snapshot(*from, 7, [](const ByteSink& sink) { return sink(std::vector(5000, std::byte{7})); }));
  ASSERT_TRUE(Quarantine::add(*from, {3, RecordKind::event, {}, "x"}, log_->identity(), {}, "why"));
  const auto done = back_up();
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->snapshots, 1U);
  for (const std::string& name : {snapshot_name(7), std::string(Quarantine::file_name)}) {
    EXPECT_EQ(to_.bytes(name), from_.bytes(name)) << name;
  }
}

TEST_F(BackUp, IsMadeOfNoDamageAndIntoNothingThatHoldsSomething) {
  ASSERT_TRUE(back_up());
  const auto again = back_up();
  ASSERT_FALSE(again);
  EXPECT_EQ(std::get<IoError>(again.error()).number, ENOTEMPTY);
  to_ = VirtualDisk();
  from_.bytes(segment_name(1))[segment_header_bytes + 50] ^= std::byte{1};
  const auto damaged = back_up();
  ASSERT_FALSE(damaged);
  EXPECT_TRUE(std::holds_alternative<LogDamage>(damaged.error()));
  EXPECT_TRUE(to_.names().empty());
}

// Crashes and errors before every operation on the disk that it is made on.
TEST_F(BackUp, ThatDidNotComeToItsEndSaysSo) {
  std::mt19937_64 random(5);
  int finished = 0;
  for (std::uint64_t fails_at = 0; finished == 0; ++fails_at) {
    to_ = VirtualDisk();
    to_.fail_from(fails_at, ~std::uint64_t{0}, EIO);
    const auto done = back_up();
    finished += done ? 1 : 0;
    VirtualDisk left = to_.crashed(random);
    const auto names = left.names();
    const bool says_so = std::ranges::find(names, unfinished_backup_name) != names.end();
    const bool has_log =
        std::ranges::any_of(names, [](const auto& name) { return first_position_of(name).has_value(); });
    if (done) {
      EXPECT_FALSE(says_so);
      EXPECT_TRUE(has_log);
    } else if (has_log && !says_so) {
      to_ = std::move(left);  // Only its very end was missing.
      EXPECT_GE(expect_whole(), 99U);
    }
  }
}

}  // namespace
}  // namespace tallyho

// Beside the game old segments are read again and again, and whoever runs the server is told of damage, and of
// snapshots that could not be made.
#include "server/upkeep.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "base/testing/temporary_folder.h"
#include "gmock/gmock.h"
#include "log/log_reader.h"
#include "log/segment_log.h"
#include "log/snapshot_files.h"

namespace tallyho {
namespace {

using testing::HasSubstr;

// What it was told; threads meet here.
class Warnings {
 public:
  void add(std::string_view what) {
    const std::lock_guard lock(mutex_);
    all_ += std::string(what) + "\n";
    changed_.notify_all();
  }
  // All, once there is one that says this; or after a time that no machine needs.
  std::string wait_for(std::string_view what) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::minutes(2), [&] { return all_.find(what) != std::string::npos; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string all_;
};

class UpkeepTest : public testing::Test {
 protected:
  UpkeepTest() {
    log_ = std::move(*SegmentLog::open(std::move(*open_log_directory(folder_.path())), {},
                                       {.segment_bytes = 16'384, .has_threads = false}));
    for (int i = 0; i < 300; ++i) {
      EXPECT_TRUE(log_->append(std::string(200, 'r'), {}, RecordKind::event));
      log_->commit();
    }
  }

  // The first one: nothing is written to it any more.
  std::filesystem::path old_segment() const { return std::filesystem::path(folder_.path()) / segment_name(1); }

  UpkeepOptions options(std::vector<std::string> command = {}) {
    return {.data = folder_.path(),
            .snapshot_command = std::move(command),
            .snapshot_events = 1,
            .scrub_bytes_per_second = 1 << 30,
            .warn = [this](std::string_view what) { warnings_.add(what); }};
  }

  const TemporaryFolder folder_;
  std::unique_ptr<SegmentLog> log_;
  Warnings warnings_;
};

TEST_F(UpkeepTest, FindsABitThatFlippedInAnOldSegmentWhileTheServerRuns) {
  {
    std::fstream file(old_segment(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(segment_header_bytes + 100);
    const int byte = file.get();
    file.seekp(segment_header_bytes + 100);
    file.put(static_cast<char>(byte ^ 1));
  }
  const Upkeep upkeep(options(), *log_);
  const std::string said = warnings_.wait_for("AN OLD SEGMENT IS DAMAGED");
  EXPECT_THAT(said, HasSubstr("AN OLD SEGMENT IS DAMAGED"));
  EXPECT_THAT(said, HasSubstr(segment_name(1)));
  EXPECT_GE(upkeep.figures().scrub_faults, 1U);
}

TEST_F(UpkeepTest, FindsNothingInSegmentsThatAreWhole) {
  const Upkeep upkeep(options(), *log_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (upkeep.figures().scrubbed_bytes < 20'000 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_GE(upkeep.figures().scrubbed_bytes, 20'000U);
  EXPECT_EQ(upkeep.figures().scrub_faults, 0U);
}

TEST_F(UpkeepTest, SaysThatASnapshotCouldNotBeMade) {
  const Upkeep upkeep(options({"/bin/false"}), *log_);
  EXPECT_THAT(warnings_.wait_for("no snapshot"), HasSubstr("no snapshot could be made: it ended with status 1"));
  EXPECT_GE(upkeep.figures().snapshots_failed, 1U);
  EXPECT_EQ(upkeep.figures().snapshots_made, 0U);
}

TEST_F(UpkeepTest, MakesASnapshotAfterATimeIfAnythingHasCome) {
  UpkeepOptions by_time = options({"/bin/true"});
  by_time.snapshot_events = 0;
  by_time.snapshot_interval = std::chrono::milliseconds(1);
  const Upkeep upkeep(by_time, *log_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (upkeep.figures().snapshots_made == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(upkeep.figures().snapshot_position, log_->durable());
  // Nothing has come since; several looks later there is still the one.
  while (upkeep.figures().scrubbed_bytes < 50'000 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(upkeep.figures().snapshots_made, 1U);
}

TEST_F(UpkeepTest, CountsTheTimeFromTheNewestSnapshot) {
  const std::string name = folder_.path() + "/" + snapshot_name(7);
  std::ofstream(name) << "some";
  std::filesystem::last_write_time(name, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  UpkeepOptions by_time = options({"/bin/true"});
  by_time.snapshot_events = 0;
  by_time.snapshot_position = 7;
  const Upkeep upkeep(by_time, *log_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (upkeep.figures().snapshots_made == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(upkeep.figures().snapshots_made, 1U);
}

}  // namespace
}  // namespace tallyho

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "log/file_system.h"
#include "log/frame.h"
#include "log/log.h"
#include "log/recovery.h"
#include "log/segment_writer.h"

namespace tallyho {

// A log on disk: segment files in one directory (their form: log/frame.h; what happens after a crash: log/recovery.h).
//
//     auto directory = open_log_directory("data");
//     auto recovered = recover_log(**directory, 0);
//     auto log = SegmentLog::open(std::move(*directory), *recovered, {});
//
// Group commit: what is appended while one write is on its way to the disk goes with the next, all at once. An idle log
// seals itself, and so does one that ends. A write or sync that fails ends everything: `on_failure` is called, from
// whichever thread, and nothing becomes durable any more. A full disk is noticed while the next segment is made ahead
// of need: append() then answers `unavailable` once what is there is used up, and goes on when there is room again.
// The next segment is made little by little, as the one at hand fills, so that commits have disk and processor nearly
// for themselves: all of it is there when half of that one is used.
//
// Threads: as Log says; it has two of its own, one that writes and one that makes segments. Memory: two buffers of up
// to `buffer_bytes_max`.
class SegmentLog final : public Log {
 public:
  struct Options {
    std::uint64_t segment_bytes = 64 << 20;  // A multiple of 4096; at least four times the buffer.
    std::uint64_t buffer_bytes_max = 8 << 20;
    // Of the next segment that are made at once; more, and at most an eighth of it, where that many are late.
    std::uint64_t spare_step_bytes = 64 << 10;
    bool is_buffered = false;  // durable() counts what the system's page cache has: survives a killed process only.
    std::chrono::milliseconds seal_after{20};
    // False: no threads, commit() returns when everything is durable. For tests of what is below.
    bool has_threads = true;
    // None: says so on stderr and aborts the process.
    std::function<void(const IoError&)> on_failure = {};
  };

  // Goes on behind what recovery found. A new log gets a new identity, or `identity`.
  static IoResult<std::unique_ptr<SegmentLog>> open(std::unique_ptr<LogDirectory> directory, const RecoveredLog& log,
                                                    Options options, std::string identity = {});
  // Writes what is left, and a seal.
  ~SegmentLog() override;

  // Errors: unavailable (failed, or the disk is full), overloaded (the disk is slower than the events, also at making
  // the next segment).
  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override;
  void commit() override;
  Position durable() const override { return durable_.load(std::memory_order_acquire); }
  Position last() const override { return last_; }
  Position last_erased() const override { return last_erased_; }
  const std::string& identity() const override { return writer_.identity(); }
  std::expected<void, std::string> read(Position from,
                                        const std::function<bool(const LogRecord&)>& take) const override;
  void when_durable(std::function<void()> call) override;

  // Whether the disk has no room for the next segment. Any thread.
  bool is_disk_full() const { return is_disk_full_.load(std::memory_order_relaxed); }

 private:
  SegmentLog(std::unique_ptr<LogDirectory> directory, Options options);
  void write();
  void write_out(FrameBuffer& frames);
  std::uint64_t room_behind(std::uint64_t bytes) const;
  void tell(std::unique_lock<std::mutex>& lock);
  void make_spares();
  bool try_spare();
  std::uint64_t spare_bytes_due() const;
  void fail(const IoError& error);
  void stop();

  const std::unique_ptr<LogDirectory> directory_;
  const Options options_;
  std::vector<SegmentInfo> recovered_;  // What was there when it was opened.
  Position last_erased_ = 0;

  // The engine thread's.
  FrameBuffer filling_;
  Position last_ = 0;
  std::uint64_t budget_ = 0;  // How many bytes may be filled, so that they fit wherever they go.

  // The writing thread's.
  SegmentWriter writer_;

  std::mutex mutex_;                   // Guards what follows.
  std::condition_variable has_work_;   // The writing thread waits for it.
  std::condition_variable spare_due_;  // The other one does.
  FrameBuffer handed_;                 // To the writing thread, which empties it when it is durable.
  bool is_handed_ = false;
  bool is_sealing_ = false;  // The writing thread is at work of its own.
  bool is_spare_wanted_ = false;
  bool has_new_spare_ = false;
  std::uint64_t spare_bytes_ = 0;  // Of the spare that is being made.
  std::uint64_t used_bytes_ = 0;   // Of the segment at hand.
  bool is_stopping_ = false;
  std::shared_ptr<const std::function<void()>> on_durable_;  // Null: nobody is told.

  std::atomic<Position> durable_{0};  // The writing thread releases, durable() acquires.
  std::atomic<bool> has_failed_{false};
  std::atomic<bool> is_disk_full_{false};
  std::thread writing_;
  std::thread making_spares_;
};

}  // namespace tallyho

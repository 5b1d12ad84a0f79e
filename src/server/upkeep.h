#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/position.h"
#include "log/log.h"

namespace tallyho {

// What is done to a data directory beside the game.
struct UpkeepOptions {
  std::string data;                                // The directory; "": there is none, so nothing is done.
  std::vector<std::string> snapshot_command = {};  // A program and its arguments; none: no snapshots.
  std::uint64_t snapshot_events = 5'000'000;       // Makes one after so many records; 0: none.
  // And so long after the newest one, or after the start if there is none, if anything has come since; 0: none.
  std::chrono::nanoseconds snapshot_interval = std::chrono::hours(24);
  std::uint64_t scrub_bytes_per_second = 4 << 20;   // 0: none.
  Position snapshot_position = 0;                   // Of the newest one there is.
  std::function<void(std::string_view)> warn = {};  // Told, on its thread, what an operator should know.
};

// For metrics. Any thread may read it.
struct UpkeepFigures {
  std::atomic<std::uint64_t> snapshots_made{0};
  std::atomic<std::uint64_t> snapshots_failed{0};
  std::atomic<Position> snapshot_position{0};  // Everything up to here is in one.
  std::atomic<std::uint64_t> scrubbed_bytes{0};
  std::atomic<std::uint64_t> scrub_faults{0};
};

// A thread that starts the program which makes snapshots, as a process of its own and every so many records or hours,
// and that reads old segments again and again to see whether they are still whole. The game goes on beside both:
// neither reaches anything of it but durable().
//
// Threads: one of its own, from the constructor to the destructor, which ends a snapshot that is being made.
class Upkeep {
 public:
  // The log outlives it.
  Upkeep(UpkeepOptions options, const Log& log);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  const UpkeepFigures& figures() const { return figures_; }

 private:
  class Scrubbing;
  void run(const std::stop_token& stop);
  void look_after_snapshots();
  bool is_snapshot_due() const;
  void begin_snapshot();
  void end_snapshot(int status);
  void warn(const std::string& what) const;

  const UpkeepOptions options_;
  const Log& log_;
  UpkeepFigures figures_;
  std::unique_ptr<Scrubbing> scrubbing_;
  Position tried_ = 0;  // Where the log was when a snapshot was last begun,
  std::chrono::steady_clock::time_point tried_at_ = std::chrono::steady_clock::now();  // and when, or the server was.
  int snapshot_maker_ = 0;  // The process, if one is at work.
  std::jthread thread_;     // Last: it uses all of the above.
};

}  // namespace tallyho

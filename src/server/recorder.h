#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "base/time.h"
#include "server/metrics.h"

namespace tallyho {

// Writes every event that reached the log to a file, in the log's order, one per line, with its arrival time as `at`:
// what `tallyho score` needs to compute the same again.
//
// The engine thread copies an event into a buffer and hands full buffers to a writer thread; it never waits for the
// disk. If the disk can't keep up (64 MiB waiting) or fails, recording ends there for good, and says so: the file is
// then the exact beginning of the run, not a run with holes.
//
// Threads: write() and hand_over() belong to the engine thread. Destroying it writes out what is left.
class Recorder {
 public:
  using Warn = std::function<void(std::string_view)>;

  // Creates or empties `path`. Errors: a sentence.
  static std::expected<std::unique_ptr<Recorder>, std::string> open(const std::string& path, Warn warn);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void write(std::string_view event, Timestamp arrival);
  // Hands what was written so far to the writer, if it is much or `now_is_quiet`.
  void hand_over(bool now_is_quiet);

  std::uint64_t recorded() const { return recorded_.value(); }
  bool is_complete() const { return !has_failed_.load(); }

 private:
  struct Entry {
    Timestamp arrival;
    std::uint32_t bytes = 0;
  };
  // Events as received, back to back: the lines are made on the writer's thread.
  struct Chunk {
    std::string bytes;
    std::vector<Entry> entries;
  };

  Recorder(int file, std::string path, Warn warn);
  void write_chunks();
  bool write_out(const std::string& text);
  void fail(const std::string& why);

  const int file_;
  const std::string path_;
  const Warn warn_;
  std::unique_ptr<Chunk> filling_;  // Engine thread's.
  SpscQueue<Chunk*> to_writer_;
  SpscQueue<Chunk*> empty_;
  Doorbell bell_;
  std::atomic<bool> stopping_{false};    // Partners: the destructor and the writer.
  std::atomic<bool> has_failed_{false};  // Set by either thread, seen by both.
  Counter recorded_;
  std::thread writer_;
};

// The line for one event: `{"at":"…",` and the rest as it came, without an `at` of the sender's, on one line.
void append_recorded(std::string& out, std::string_view event, Timestamp arrival);

}  // namespace tallyho

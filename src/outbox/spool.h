#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/position.h"
#include "log/file_system.h"

namespace tallyho {

// Where a reader of the spool is: behind everything up to a position's record, which ends at an offset.
struct SpoolMark {
  std::uint64_t offset = 0;
  Position position = 0;
};

// What the outbox has to say and has not yet been heard: one record for each position of the log that has something to
// say, in order, in files beside the log. One thread adds, one takes.
//
//     auto spool = Spool::open(directory, log.identity(), log.last(), {}, warn);
//     spool->add(8812, "{…}\n{…}\n");          // the engine thread; nothing for a position that it has
//     spool->hand_over(8815, false);           // up to 8815 there is nothing more
//     spool->take(mark, 8815, 100'000, text)   // whoever sends
//     spool->taken(mark)                       // heard: need not be kept
//
// It is a copy of what a replay of the log would tell, so it needs no promise: what a crash took is added again when
// the log is replayed, and what the log lost is cut off when it is opened. That the replay begins early enough is up to
// whoever opens both: found_through() says from where on the spool needs it. A disk that cannot keep up or fails, and a
// receiver so far behind that `bytes_max` wait, end adding until the next start, and never hold up the engine.
//
// Files are called outbox-OFFSET, by where they begin: one with each start, with each `segment_bytes`, and where
// something was cut off. Those that were taken whole are removed. A record has a header of 16 bytes: its text's size, a
// CRC-32C that begins with the log's identity, its position. One without text says that there is no more up to its
// position; there is one each second, and they are synced.
//
// Threads: add(), hand_over(), keep_pace() belong to the engine thread (or to the one that replays before that runs),
// take() and taken() to one other. Memory: what waits to be written, at most `waiting_bytes_max`.
class Spool {
 public:
  struct Options {
    std::uint64_t segment_bytes = std::uint64_t{16} << 20;
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
    std::size_t waiting_bytes_max = std::size_t{64} << 20;
  };
  using Warn = std::function<void(std::string_view)>;

  // Reads what is there, as far as it is whole, of this log, and not behind its `last` position; the rest is cut off.
  // The directory outlives it.
  // Errors: of reading and writing.
  static IoResult<std::unique_ptr<Spool>> open(LogDirectory& directory, const std::string& identity, Position last,
                                               Options options, Warn warn);
  // Writes what is left.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Up to which position everything is in it.
  Position found_through() const { return found_through_; }
  // Everything up to `heard` was taken before it was opened: returns where to go on, and adds nothing again that is
  // not behind. Before anything else.
  SpoolMark resume(SpoolMark heard);

  // Enters what a position has to say. O(text), and writes nothing.
  void add(Position position, std::string_view text);
  // Everything up to `position` was added. Gives it to the writer, if it is much, `now_is_quiet`, or it is time.
  void hand_over(Position position, bool now_is_quiet);
  // Returns once the writer has not much left to do: for whoever adds faster than a disk writes, and may wait.
  void keep_pace();

  // Appends the texts of the records behind `mark` to `text`, as far as they are written, of positions up to `durable`,
  // and until that has `bytes` or more; says where the last one ends. Nothing: there is none.
  // Errors: of reading, or what was written is not there any more.
  IoResult<std::optional<SpoolMark>> take(SpoolMark mark, Position durable, std::size_t bytes, std::string& text);
  // Everything up to there was heard, and goes.
  void taken(SpoolMark mark);
  // Whoever takes is called, on another thread, once there may be more.
  void when_written(std::function<void()> call);

  // Any thread.
  bool is_complete() const { return !has_failed_.load(); }
  std::uint64_t bytes() const { return written_.load() - taken_.load(); }

 private:
  struct Chunk {
    std::uint64_t offset = 0;
    std::string bytes;
    bool is_marked = false;  // It ends with a record without text.
  };

  Spool(LogDirectory& directory, const std::string& identity, Options options, Warn warn);
  IoStatus find_records(Position last);
  IoResult<bool> find_records(std::uint64_t begin, Position last);
  IoStatus cut_from(std::size_t file);
  void enter(Position position, std::string_view text);
  void push_chunk();
  void write();
  IoStatus write(const Chunk& chunk);
  void fail(const std::string& why);
  // The file that `offset` is in, and where the next one begins.
  std::pair<std::uint64_t, std::uint64_t> file_of(std::uint64_t offset);

  LogDirectory& directory_;
  const std::uint32_t seed_;
  const Options options_;
  const Warn warn_;

  // The adding thread's.
  Position found_through_ = 0;
  Position reached_ = 0;    // Everything up to there was added.
  Position marked_ = 0;     // Up to there the files say that there is no more.
  std::uint64_t next_ = 0;  // Where the next record goes.
  std::unique_ptr<Chunk> filling_;
  std::chrono::steady_clock::time_point marked_at_;

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Chunk>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_stopping_ = false;
  std::vector<std::uint64_t> files_;  // Where they begin.
  std::function<void()> when_written_;

  // The writer's.
  std::unique_ptr<LogFile> file_;
  std::uint64_t file_offset_ = 0;

  // The taker's.
  std::unique_ptr<LogFile> taking_;
  std::uint64_t taking_offset_ = ~std::uint64_t{0};

  std::atomic<std::uint64_t> written_{0};  // Set by the writer, seen by the taker.
  std::atomic<std::uint64_t> taken_{0};    // Set by the taker, seen by who adds.
  std::atomic<bool> has_failed_{false};
  std::thread writer_;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "log/file_system.h"
#include "log/log.h"
#include "outbox/signature.h"
#include "outbox/spool.h"
#include "post/poster.h"

namespace tallyho {

// For metrics. Any thread may read it.
struct OutboxFigures {
  std::atomic<std::uint64_t> delivered{0};                           // Messages.
  std::atomic<std::uint64_t> posts{0};                               // That were taken.
  std::array<std::atomic<std::uint64_t>, post_failures> failures{};  // POSTs that were not, by PostFailure.
  std::atomic<std::uint64_t> waiting_bytes{0};                       // In the spool.
  std::atomic<Position> delivered_position{0};                       // Everything up to here was taken.
  std::atomic<bool> is_complete{true};                               // Nothing was left for the next start.
};

// Takes what the spool has and puts it to the receiver, in order, one POST at a time, again and again until it is
// taken, and remembers how far that is. What is not durable in the log yet is not said.
//
// Threads: one of its own, from the constructor to the destructor, which gives up a POST that is under way.
// Memory: a batch.
class Courier {
 public:
  struct Options {
    Poster::Options post;
    Backoff::Options backoff;
    std::size_t batch_bytes = std::size_t{256} * 1024;
    std::uint64_t seed = 0;  // Of the jitter.
  };
  using Warn = std::function<void(std::string_view)>;

  // Goes on from `mark`. All of these outlive it.
  Courier(const Options& options, Signer signer, Spool& spool, const Log& log, LogDirectory& directory, SpoolMark mark,
          OutboxFigures& figures, Warn warn);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

 private:
  void run();
  bool send_next();
  bool deliver(const std::string& body, const std::string& id);
  void failed(const PostAnswer& answer);
  void remember(bool is_quiet);
  void wait(std::chrono::milliseconds time, bool until_written);

  const Options options_;
  const Signer signer_;
  Spool& spool_;
  const Log& log_;
  LogDirectory& directory_;
  OutboxFigures& figures_;
  const Warn warn_;

  // The thread's.
  Poster poster_;
  Backoff backoff_;
  SpoolMark mark_;        // Everything up to there was taken,
  SpoolMark remembered_;  // and the cursor says so.
  std::chrono::steady_clock::time_point remembered_at_;
  std::string text_, body_;
  PostFailure said_ = PostFailure::none;  // What was last told to be wrong with the receiver,
  int said_status_ = 0;                   // and what it answered.

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  bool is_written_ = false;
  std::atomic<bool> is_stopping_{false};  // Also looked at while a POST is under way.
  std::thread thread_;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "base/queue.h"
#include "cli/line_reader.h"
#include "cli/offline.h"

namespace tallyho::cli {

// Reads and decodes events on a thread of its own, some batches ahead of whoever scores them: as in the server, where
// decoding is not the engine thread's work either.
//
//     DecodeAhead ahead(reader, ruleset);
//     while (DecodedLines* batch = ahead.next()) offline.score(*batch);
//     if (!reader.problem().empty()) …
//
// Lines without bytes, or of one carriage return, are passed over, but count.
//
// Threads: one consumer. The reader is the thread's until next() has returned null. Memory: as much as the longest
// batches took.
class DecodeAhead {
 public:
  DecodeAhead(LineReader& reader, std::shared_ptr<const Ruleset> ruleset);
  // Stops as soon as the reader returns.
  ~DecodeAhead();
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  // The next lines, in their order, which stay until the next call; null at the end.
  DecodedLines* next();

 private:
  static constexpr std::size_t batches_ahead = 8;

  void run();
  bool fill(DecodedLines& batch);
  DecodedLines* take(SpscQueue<DecodedLines*>& queue, Doorbell& bell);

  LineReader& reader_;
  const std::shared_ptr<const Ruleset> ruleset_;
  Decoder decoder_;
  std::uint64_t number_ = 0;             // Of the last line that was read.
  std::vector<std::string_view> lines_;  // In the reader.
  std::array<DecodedLines, batches_ahead> batches_;
  SpscQueue<DecodedLines*> empty_{batches_ahead};
  SpscQueue<DecodedLines*> full_{batches_ahead + 1};
  Doorbell emptied_;
  Doorbell filled_;
  DecodedLines* taken_ = nullptr;
  std::atomic<bool> stops_{false};
  std::thread thread_;
};

}  // namespace tallyho::cli

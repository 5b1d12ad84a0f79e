#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/replay.h"
#include "outbox/courier.h"
#include "outbox/messages.h"
#include "outbox/rank_watch.h"
#include "outbox/spool.h"

namespace tallyho {

// Who is told, and of what. What a configuration fills.
struct OutboxOptions {
  std::string url;          // "": there is no outbox.
  std::string key_file;     // Of the key that signs (outbox/signature.h).
  std::string authorities;  // Who may vouch for a receiver with https (Poster::Options); "": whom the system trusts.
  std::vector<RankThreshold> ranks;  // Beside notices.
  Courier::Options courier;          // Its URL and authorities are those above.
  Spool::Options spool;
};

// Tells a receiver over HTTP what the game has to say: notices, and changes of rank. At least once, in the order of the
// log, with ids that stay the same; over restarts and crashes of both sides.
//
//     auto messenger = Messenger::open(options, std::move(directory), log, warn);
//     messenger->begin(engine);                    // before the first record is replayed
//     messenger->changed(board, change);           // by the feed (Feed::Options::changed), during a record
//     messenger->enter(replayed);                  // each record, while it is replayed and live
//     messenger->hand_over(engine.version(), true);
//     messenger->start(log);                       // once all is replayed: begins to send
//
// It is a follower: what a record has to say is computed from it, so what a crash took is computed again when the log
// is replayed. Nothing holds up the engine: behind it are a spool on the disk and a thread that sends.
//
// A log without a cursor is one whose receiver is new: it is told what happens from then on.
//
// Threads: the engine thread, or the one that replays before it runs. Memory: see Spool, RankWatch.
class Messenger {
 public:
  using Warn = std::function<void(std::string_view)>;

  // Whether the options are such as open() takes: a URL, a key, certificates. Errors, as a sentence: which is none.
  static std::expected<void, std::string> check(const OutboxOptions& options);

  // Errors, as a sentence: those of check(); files that cannot be read or written.
  static std::expected<std::unique_ptr<Messenger>, std::string> open(const OutboxOptions& options,
                                                                     std::unique_ptr<LogDirectory> directory,
                                                                     const Log& log, Warn warn);

  // Begins to send. The log outlives it.
  void start(const Log& log);

  // The engine that it follows, before the next record. It outlives it.
  void begin(const Engine& engine);
  void changed(BoardIndex board, const BoardChange& change) { ranks_.changed(board, change); }
  void enter(const Replayed& replayed);
  void hand_over(Position position, bool now_is_quiet) { spool_->hand_over(position, now_is_quiet); }
  void keep_pace() { spool_->keep_pace(); }

  // Records behind this position are needed.
  Position found_through() const { return spool_->found_through(); }
  const OutboxFigures& figures() const { return figures_; }

 private:
  Messenger(OutboxOptions options, Signer signer, std::unique_ptr<LogDirectory> directory, Warn warn);

  const OutboxOptions options_;
  const Signer signer_;
  const Warn warn_;
  const std::unique_ptr<LogDirectory> directory_;
  RankWatch ranks_;
  const Engine* engine_ = nullptr;
  std::vector<RankNews> news_;  // Scratch,
  std::string text_;            // and this.
  OutboxFigures figures_;
  std::unique_ptr<Spool> spool_;
  SpoolMark mark_;                    // Where the courier goes on.
  std::unique_ptr<Courier> courier_;  // Last: it uses all of the above.
};

}  // namespace tallyho

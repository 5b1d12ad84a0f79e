#pragma once

#include <atomic>
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
#include <vector>

#include "engine/comparison.h"

namespace tallyho {

// What a shadow answers to one question; `text` may be read once `is_done`.
struct ShadowReport {
  std::string text;                  // JSON.
  std::atomic<bool> is_done{false};  // Set by the shadow's thread when `text` is complete.
};

// A candidate ruleset that scores every event beside the live one, without effect: an engine of its own on a thread of
// its own, fed with what the live engine has logged and what that came to. It answers what `tallyho replay --diff`
// says: rules before and after, who stands elsewhere, which events come to another code.
//
//     Shadow shadow(candidate, live_ruleset, log_identity, {}, ring);
//     shadow.add(replayed);                      // each record, in order, from the first on
//     shadow.hand_over(true);
//     auto report = shadow.ask(tops_of(engine, …), engine.version());   // `ring` is called when it is done
//
// It may lag, and says by how much. What waits is bounded: beyond that it ends for good and says so, for a state
// without some of the events would be none; it never holds up the live engine.
//
// Threads: add(), hand_over(), keep_pace(), ask() belong to the engine thread (or to the one that replays before that
// runs). Memory: the candidate's whole state once more, and what waits.
class Shadow {
 public:
  struct Options {
    Engine::Options engine = {};
    std::size_t waiting_bytes_max = std::size_t{64} << 20;
  };

  // `ring` is called on the shadow's thread.
  Shadow(std::shared_ptr<const Ruleset> candidate, std::shared_ptr<const Ruleset> live, const std::string& log,
         const Options& options, std::function<void()> ring);
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  // The sections of boards that a report compares at most.
  static constexpr std::size_t sections_max = 256;

  // A record that was applied, with its outcome under the live ruleset. Copies. O(record).
  void add(const Replayed& replayed);
  // Gives what was added to the thread, if it is much or `now_is_quiet`.
  void hand_over(bool now_is_quiet);
  // Returns once not much waits: for whoever may wait.
  void keep_pace();
  // Any thread: it leaves what waits, and answers with what it has come to.
  void end() { has_ended_ = true; }
  // What it comes to at `version`, up to which everything was added, where the live boards begin with `tops`.
  std::shared_ptr<ShadowReport> ask(std::vector<TopSection> tops, Position version);

 private:
  // A record and what it came to, as views into a chunk's bytes by their sizes.
  struct Entry {
    LogRecord record;  // Without its bytes.
    std::size_t record_bytes = 0, player_bytes = 0, id_bytes = 0;
    Code code = Code::internal;
    std::int64_t points = 0;
    std::optional<RuleIndex> rule;
    std::size_t fired = 0;
  };
  struct Chunk {
    std::string bytes;
    std::vector<Entry> entries;
    std::vector<FiredRule> fired;
    std::shared_ptr<ShadowReport> report;  // Asked for behind the entries.
    std::vector<TopSection> tops;
    Position version = 0;
    Position lag = 0;  // When it was asked.
    std::size_t size() const {
      return bytes.size() + entries.size() * sizeof(Entry) + fired.size() * sizeof(FiredRule);
    }
  };

  void push(std::unique_ptr<Chunk> chunk);
  void work();
  void apply(const Chunk& chunk);
  void go_on_under(std::string_view source);
  void answer(const Chunk& chunk);
  void keep_changed(const ChangedEvent& changed);

  const std::shared_ptr<const Ruleset> candidate_;
  std::shared_ptr<const Ruleset> live_;  // At the record at hand.
  const std::string log_;
  const Options options_;
  const std::function<void()> ring_;

  std::unique_ptr<Chunk> filling_;  // The engine thread's.

  // The shadow's thread's.
  Engine engine_;
  Comparison comparison_;
  Replayer replayer_;
  std::deque<std::string> changed_;  // The newest, as JSON.

  std::atomic<Position> version_{0};    // Up to which it has come; told as lag.
  std::atomic<bool> has_ended_{false};  // It fell behind too far, or could not go on.
  std::mutex mutex_;                    // Guards what follows.
  std::condition_variable moved_;
  std::deque<std::unique_ptr<Chunk>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace tallyho

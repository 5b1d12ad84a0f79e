#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "base/problem.h"
#include "capi/workspace.h"
#include "engine/engine.h"
#include "log/snapshot_frames.h"

namespace tallyho::capi {

// What an event came to, whether or not it was valid.
struct Scored {
  Outcome outcome;
  std::string_view field;  // The member to blame, or "".
};

// An engine that many threads use at once: each decodes by itself, and takes the lock to apply.
//
//     Scorer scorer(ruleset, {});
//     Scored scored = scorer.score(json, false, Workspace::of_this_thread());
//
// Arrival time is the greatest `ts` of the valid events so far, the event's own included, or the system clock for an
// event that has none; the engine sees to it that it never goes back.
//
// Exceptions: what is thrown while an event is applied leaves the engine half way; it goes on to the caller, and the
// scorer is broken from then on: it refuses everything, as nothing that it holds can be trusted.
class Scorer {
 public:
  static constexpr std::size_t chunk_events = 64;  // Applied under one lock.

  Scorer(std::shared_ptr<const Ruleset> ruleset, const Engine::Options& options);

  // Scores one event. Views point into the workspace's arena, the ruleset and `json`.
  Scored score(std::string_view json, bool wants_ranks, Workspace& workspace);

  // Scores up to `chunk_events` events under one lock, and puts what they came to into `scored`, which is as large.
  // What it hands out is in `kept`; the workspace's arena is used up. Returns how many were scored: all, unless it
  // was broken on the way.
  void score(std::span<const std::string_view> events, bool wants_ranks, Workspace& workspace, Arena& kept,
             std::span<Scored> scored, std::size_t& done);

  // Writes down everything the engine holds (engine/snapshot.h), under the lock. False: the sink has failed.
  // Errors: unavailable.
  Answered<bool> save(const ByteSink& sink);
  // Becomes what save() wrote, of this scorer or another one; or changes nothing. The ruleset stays; if it was another
  // one, state and boards carry over by name and type, and what has no place is left behind. It is read and built
  // beside the engine, without the lock. Errors: invalid_argument (it is damaged, or no snapshot); unavailable.
  Answered<void> load(ByteSource source);

  // Calls `use` with the engine, under the lock. Errors: unavailable; those of `use`.
  template <typename Use>
  auto read(Use&& use) -> decltype(use(std::declval<const Engine&>())) {
    const std::lock_guard lock(mutex_);
    if (is_broken_) return refuse(Code::unavailable, std::string(broken));
    return use(std::as_const(*engine_));
  }

  bool is_broken();
  const std::shared_ptr<const Ruleset>& ruleset() const { return ruleset_; }

 private:
  static constexpr std::string_view broken = "the engine ran out of memory while it applied an event; open a new one";

  // An event, or why it is none.
  Scored refusal(Decoder& decoder, const Error& error, Arena& kept) const;
  // With the lock held.
  Scored apply(const Event& event, std::string_view json, Timestamp now, bool wants_ranks, Arena& kept);
  static Scored unavailable();

  const std::shared_ptr<const Ruleset> ruleset_;
  const Engine::Options options_;
  const std::uint64_t id_;  // No other engine of the process has it, or had it.

  std::mutex mutex_;                // Guards the rest.
  std::unique_ptr<Engine> engine_;  // There is one.
  Timestamp event_time_max_ = Timestamp::min();
  bool is_broken_ = false;
};

}  // namespace tallyho::capi

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/queue.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "outbox/messenger.h"
#include "server/bookkeeper.h"
#include "server/current_ruleset.h"
#include "server/limits.h"
#include "server/own_watches.h"
#include "server/port.h"
#include "server/readiness.h"
#include "server/reads.h"
#include "server/recorder.h"
#include "server/shadow.h"

namespace tallyho {

// Who is told what records come to, each as far as there is one.
struct Followers {
  Recorder* recorder = nullptr;
  Bookkeeper* bookkeeper = nullptr;
  Shadow* shadow = nullptr;
  Messenger* messenger = nullptr;
};

// The one thread that owns the engine. It works in rounds:
//
//     take batches from every port → ingest, read, watch → commit and push → give batches back → hand over pushes
//
// A batch goes back once the position its answers know of is durable. A round hands over as many pushes as the ports
// have room for, so that a watcher who is one of very many never keeps acks waiting. With nothing to do it sleeps until
// a port rings the bell or the feed has something due.
class EngineThread {
 public:
  using BeforeIngest = std::function<void(Engine&, const Event&)>;

  // The ports, the bell and the followers outlive it.
  EngineThread(Engine& engine, CurrentRuleset& ruleset, std::vector<Port*> ports, Doorbell& bell, const Limits& limits,
               Followers followers, Readiness& readiness, BeforeIngest before_ingest);

  // The thread's body: returns once stop() was called and every batch has gone back.
  void run();
  // Any thread.
  void stop();
  // Any thread: says soon, on its own thread, what only it can say.
  void figures_soon(std::function<void(std::unique_ptr<EngineFigures>)> tell);
  // Any thread: swaps the ruleset soon, and says on its own thread what came of it.
  void swap_soon(std::shared_ptr<const Ruleset> ruleset, std::function<void(std::string_view)> tell);

 private:
  using Clock = std::chrono::steady_clock;
  struct Held {
    Batch* batch;
    std::size_t port;
  };

  bool take_round();
  bool take_some();
  void prepare();
  void add_events(const Batch& batch, std::size_t first);
  void process(Batch& batch);
  void decode_again(Batch& batch);
  void ingest(Item& item, Batch& batch);
  void answer(Item& item, Batch& batch);
  Answered<void> read(const ReadRequest& request, Item& item);
  Answered<void> watch(const WatchRequest& request, Item& item, Watcher& watcher);
  Answered<void> watch_board(const WatchRequest& request, Watcher& watcher, const std::string& name,
                             std::string& members);
  Answered<void> watch_player(const WatchRequest& request, Watcher& watcher, const std::string& name,
                              std::string& members);
  Answered<void> unwatch(const UnwatchRequest& request, Item& item, Watcher& watcher);
  Answered<void> operate(const OperationRequest& request, Batch& batch);
  Answered<void> swap(const std::shared_ptr<const Ruleset>& ruleset, Timestamp arrival, std::string_view by);
  void take_wanted_ruleset();
  void tell_figures();
  std::unique_ptr<EngineFigures> figures() const;
  void tell_followers(const Replayed& replayed);
  void hand_over(bool now_is_quiet);
  void release_durable();
  void release_reports();
  void release(const Held& held);
  void collect_pushes();
  std::size_t room_for_pushes() const;
  void hand_over_pushes();
  void wake_ports();
  std::chrono::nanoseconds idle_time() const;

  Engine& engine_;
  CurrentRuleset& ruleset_;
  const std::vector<Port*> ports_;
  Doorbell& bell_;
  const Limits& limits_;
  const Followers followers_;
  Readiness& readiness_;
  const BeforeIngest before_ingest_;
  Reads reads_;
  OwnWatches own_watches_;
  Decoder decoder_;                  // For events that were decoded under a ruleset that is in force no more.
  std::string text_;                 // Scratch for an answer.
  std::size_t answered_bytes_ = 0;   // Of the batch at hand, without acks.
  std::vector<Held> taken_;          // Of this round, to be processed.
  std::vector<const Event*> next_;   // Events.
  std::deque<Held> held_;            // Answered, not yet durable; positions only grow.
  std::vector<Held> reports_;        // Waiting for the shadow.
  std::vector<Watcher*> collected_;  // With pushes of this round.
  Position pushes_version_ = 0;      // What those show.
  Clock::time_point pushes_collected_;
  bool has_waiting_pushes_ = false;  // Until that is durable.
  bool has_room_ = true;             // For pushes, at the last look; else the bell rings when there is.
  std::vector<bool> has_delivery_;   // By port.
  std::uint64_t rounds_ = 0;
  std::mutex wanted_mutex_;
  std::shared_ptr<const Ruleset> wanted_ruleset_;                     // Guarded by it, as is
  std::function<void(std::string_view)> tell_swapped_;                // who is told.
  std::atomic<bool> is_swap_wanted_{false};                           // Set by swap_soon(), seen by run().
  std::function<void(std::unique_ptr<EngineFigures>)> tell_figures_;  // Guarded by wanted_mutex_.
  std::atomic<bool> are_figures_wanted_{false};                       // Set by figures_soon(), seen by run().
  std::atomic<bool> stopping_{false};                                 // Set by stop(), seen by run().
};

}  // namespace tallyho

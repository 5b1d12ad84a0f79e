#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/queue.h"
#include "engine/engine.h"
#include "server/limits.h"
#include "server/port.h"
#include "server/reads.h"
#include "server/recorder.h"

namespace tallyho {

// The one thread that owns the engine. It works in rounds:
//
//     take batches from every port → ingest, read, watch → commit and push → give batches back → hand over pushes
//
// A batch goes back once the position its answers know of is durable. With nothing to do it sleeps until a port rings
// the bell or the feed has something due.
class EngineThread {
 public:
  using BeforeIngest = std::function<void(Engine&, const Event&)>;

  // `recorder` may be null. The ports and the bell outlive it.
  EngineThread(Engine& engine, std::vector<Port*> ports, Doorbell& bell, const Limits& limits, Recorder* recorder,
               BeforeIngest before_ingest);

  // The thread's body: returns once stop() was called and every batch has gone back.
  void run();
  // Any thread.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  bool take_round();
  bool take_some();
  void prepare();
  void add_events(const Batch& batch, std::size_t first);
  void process(Batch& batch);
  void ingest(Item& item, Batch& batch);
  void answer(Item& item, Batch& batch);
  Answered<void> watch(const WatchRequest& request, Item& item, Watcher& watcher);
  Answered<void> watch_board(const WatchRequest& request, Watcher& watcher, const std::string& name,
                             std::string& members);
  Answered<void> watch_player(const WatchRequest& request, Watcher& watcher, const std::string& name,
                              std::string& members);
  Answered<void> unwatch(const UnwatchRequest& request, Item& item, Watcher& watcher);
  Answered<void> operate(const OperationRequest& request, Batch& batch);
  std::unique_ptr<EngineFigures> figures() const;
  void release_durable();
  void collect_pushes();
  void hand_over_pushes();
  void wake_ports();
  std::chrono::nanoseconds idle_time() const;

  Engine& engine_;
  const std::vector<Port*> ports_;
  Doorbell& bell_;
  const Limits& limits_;
  Recorder* const recorder_;
  const BeforeIngest before_ingest_;
  Reads reads_;
  std::string text_;  // Scratch for an answer.
  struct Held {
    Batch* batch;
    std::size_t port;
  };
  std::vector<Held> taken_;          // Of this round, to be processed.
  std::vector<const Event*> next_;   // Events.
  std::deque<Held> held_;            // Answered, not yet durable; positions only grow.
  std::vector<Watcher*> collected_;  // With pushes of this round.
  Position pushes_version_ = 0;      // What those show.
  bool has_waiting_pushes_ = false;  // Until that is durable.
  std::vector<bool> has_delivery_;   // By port.
  std::uint64_t rounds_ = 0;
  std::atomic<bool> stopping_{false};  // Set by stop(), seen by run().
};

}  // namespace tallyho

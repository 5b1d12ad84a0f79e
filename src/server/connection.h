#pragma once

#include <chrono>
#include <cstdint>

#include "server/batch.h"

namespace tallyho {

// A client, as its I/O thread sees it: an HTTP connection or a WebSocket. Everything happens on that thread.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Connection() = default;

  // A batch that it submitted has its answers: `is_done`. Batches come back in the order of submission.
  virtual void answered() = 0;
  // What it asked IoThread::at_round_end() for.
  virtual void round_ended() {}
  // The feed has something for it.
  virtual void push(const PushMessage& message) = 0;
  // Some time has passed: look at timeouts, and whether stopping is done. Says when to look again, at the latest: very
  // many connections are quiet, and cost nothing.
  virtual Clock::time_point tick(Clock::time_point now) = 0;
  // The server stops: answer what was sent, then close.
  virtual void stop() = 0;
  // Close at once, whatever is under way.
  virtual void drop() = 0;
};

}  // namespace tallyho

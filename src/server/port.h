#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/queue.h"
#include "server/batch.h"

namespace tallyho {

// What comes back from the engine thread: a batch with its answers, or pushes for a connection.
struct Delivery {
  Batch* batch = nullptr;
  PushMessage* pushes = nullptr;
};

// Where one I/O thread and the engine thread meet.
//
// Neither queue can overflow: an I/O thread has at most `batches` on their way (more are answered `overloaded`) and at
// most one goodbye and one push message per connection.
struct Port {
  Port(std::size_t batches, std::size_t connections)
      : to_engine(batches + connections), from_engine(batches + 2 * connections) {}

  SpscQueue<Batch*> to_engine;
  SpscQueue<Delivery> from_engine;
  std::function<void()> wake;                // Makes the I/O thread empty `from_engine`. Set before the threads start.
  std::atomic<bool> is_wake_pending{false};  // Set by the engine thread, cleared by the I/O thread before it looks.
};

}  // namespace tallyho

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
// Pushes are what there can be too many of: whoever watches gets one whenever something happens, and each costs the I/O
// thread a system call. So only `pushes_max` of them wait for the I/O thread at a time. It sends a few, looks after
// what else there is, and goes on; it never has many that have grown old. The engine thread hands over more when there
// is room again, of what is so then.
//
// Of items, an I/O thread would take in all that its clients have sent before the engine has looked at the first: with
// many of them in flight that is more than caches hold, and each is fetched from memory again and again. So it takes
// `items_max` at a time, and then lets the engine thread catch up.
//
// Neither queue can overflow: an I/O thread has at most `batches` on their way (more are answered `overloaded`) and at
// most one greeting, one goodbye and one push message per connection.
struct Port {
  static constexpr std::uint32_t pushes_max = 256;
  static constexpr std::uint32_t items_max = 2048;
  // So long an I/O thread waits at the most: the engine thread may be at something that takes longer.
  static constexpr std::chrono::milliseconds patience{2};

  Port(std::size_t batches, std::size_t connections)
      : to_engine(batches + 2 * connections), from_engine(batches + 3 * connections) {}

  // Engine thread: how many more pushes may be handed over; 0 until half of them have gone, and then the bell rings.
  std::uint32_t room() noexcept {
    if (pushes_waiting.load() <= pushes_max / 2) return pushes_max - pushes_waiting.load();
    is_room_wanted.store(true);
    const std::uint32_t waiting = pushes_waiting.load();
    return waiting <= pushes_max / 2 ? pushes_max - waiting : 0;
  }
  // I/O thread: so many have gone. True: the engine thread waits for that.
  bool made_room(std::uint32_t pushes) noexcept {
    const std::uint32_t waiting = pushes_waiting.fetch_sub(pushes) - pushes;
    return waiting <= pushes_max / 2 && is_room_wanted.load() && is_room_wanted.exchange(false);
  }

  // I/O thread, before it sends them: so many items more will wait. True: then they are many, and it should
  // wait_for_engine().
  bool sends(std::size_t items) noexcept {
    const auto count = static_cast<std::uint32_t>(items);
    return items_waiting.fetch_add(count) + count > items_max;
  }
  // I/O thread: returns once half of them have been looked at, or out of patience.
  void wait_for_engine() noexcept {
    const std::uint32_t seen = caught_up.seen();
    is_waiting_for_engine.store(true);
    if (items_waiting.load() > items_max / 2) caught_up.wait(seen, patience);
    is_waiting_for_engine.store(false);
  }
  // Engine thread: so many were looked at.
  void took(std::size_t items) noexcept {
    const auto count = static_cast<std::uint32_t>(items);
    if (items_waiting.fetch_sub(count) - count > items_max / 2) return;
    if (is_waiting_for_engine.load() && is_waiting_for_engine.exchange(false)) caught_up.ring();
  }

  SpscQueue<Batch*> to_engine;
  SpscQueue<Delivery> from_engine;
  std::function<void()> wake;                // Makes the I/O thread empty `from_engine`. Set before the threads start.
  std::atomic<bool> is_wake_pending{false};  // Set by the engine thread, cleared by the I/O thread before it looks.

  // Partners: room() sets `is_room_wanted` and then looks at `pushes_waiting` again; made_room() lowers that and then
  // looks at `is_room_wanted`.
  std::atomic<std::uint32_t> pushes_waiting{0};
  std::atomic<bool> is_room_wanted{false};

  // Partners: wait_for_engine() sets `is_waiting_for_engine` and then looks at `items_waiting`; took() lowers that and
  // then looks at `is_waiting_for_engine`.
  std::atomic<std::uint32_t> items_waiting{0};
  std::atomic<bool> is_waiting_for_engine{false};
  Doorbell caught_up;
};

}  // namespace tallyho

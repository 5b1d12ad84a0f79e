#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace tallyho {

// Where threads meet: a bounded queue with one producer and one consumer, without locks.
//
//     SpscQueue<Batch*> queue(1024);
//     if (!queue.push(batch)) answer_overloaded(batch);   // producer: full is an answer, never a wait
//     while (Batch* next; queue.pop(next)) apply(next);   // consumer
//
// Capacity is rounded up to a power of two. push() and pop() are wait-free and do not allocate.
template <typename T>
class SpscQueue {
 public:
  explicit SpscQueue(std::size_t capacity) {
    std::size_t rounded = 1;
    while (rounded < capacity) rounded *= 2;
    items_ = std::make_unique<T[]>(rounded);
    mask_ = rounded - 1;
  }

  // Producer: enters `item`; false, and `item` untouched, if the queue is full.
  bool push(T item) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);  // Partner: pop()'s release.
      if (tail - head_seen_ > mask_) return false;
    }
    items_[tail & mask_] = std::move(item);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Consumer: takes the oldest item; false if there is none.
  bool pop(T& item) noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);  // Partner: push()'s release.
      if (head == tail_seen_) return false;
    }
    item = std::move(items_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // Either side, or anyone for a metric: about how many wait.
  std::size_t size() const noexcept {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }

 private:
  std::unique_ptr<T[]> items_;
  std::size_t mask_ = 0;
  alignas(64) std::atomic<std::size_t> tail_{0};  // Producer's.
  std::size_t head_seen_ = 0;
  alignas(64) std::atomic<std::size_t> head_{0};  // Consumer's.
  std::size_t tail_seen_ = 0;
};

// Wakes a thread that sleeps until there is work. ring() takes a lock only when somebody sleeps.
//
//     const auto seen = bell.seen();        // the sleeper: remember, look for work, and only then
//     if (!work()) bell.wait(seen, 10ms);   // sleep, unless somebody has rung since
class Doorbell {
 public:
  // Any thread: work has been put where the sleeper looks.
  void ring() noexcept {
    rings_.fetch_add(1);
    if (!asleep_.load()) return;  // Partner: wait()'s store, which comes before its look at rings_.
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
  }
  std::uint32_t seen() const noexcept { return rings_.load(); }
  // The one sleeper: returns once somebody has rung since `seen`, or after `timeout`.
  void wait(std::uint32_t seen, std::chrono::nanoseconds timeout) noexcept {
    std::unique_lock lock(mutex_);
    asleep_.store(true);
    wake_.wait_for(lock, timeout, [&] { return rings_.load() != seen; });
    asleep_.store(false);
  }

 private:
  std::atomic<std::uint32_t> rings_{0};
  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace tallyho

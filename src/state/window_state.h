#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/time.h"
#include "state/packed_time.h"

namespace tallyho {

// A `window` variable of one key: the latest times added, in order of time, up to 1,024 of them.
//
//     WindowState recent;
//     recent.add(now, 16);
//     recent.count(now, 5min);   // how many of them lie in (now - 5 min, now]
//
// A ring, because times mostly come in order: one at the end is O(1), a late one moves those after it.
// The capacity is the ruleset's, so it comes with each call.
//
// Threads: the engine thread owns it. Memory: 24 bytes, and 9 to 18 bytes a time.
class WindowState {
 public:
  // What add() did.
  struct Added {
    bool is_kept = true;       // False: it was itself the earliest and there was no room.
    bool has_dropped = false;  // Another one had to go:
    Timestamp dropped;
  };

  // Adds a time. If `capacity` are there, the earliest is dropped, the new one included. O(times after it); allocates
  // only when it grows.
  Added add(Timestamp time, std::uint32_t capacity);

  // Takes back what add(time) did, the last one not taken back yet.
  void undo_add(Timestamp time, const Added& added);

  // How many times lie in (now - span, now]. O(log n).
  std::int64_t count(Timestamp now, Duration span) const;

  // Asks for the bytes that the next calls begin with: the latest times. Reads this object itself.
  void prefetch() const {
    if (capacity_ != 0) __builtin_prefetch(&times_[slot_of(size_)], 1);
  }
  std::uint32_t size() const { return size_; }
  // By time: 0 is the earliest.
  Timestamp operator[](std::uint32_t number) const { return times_[slot_of(number)].unpack(); }
  std::size_t memory_bytes() const { return std::size_t{capacity_} * sizeof(PackedTime); }

 private:
  std::uint32_t slot_of(std::uint32_t number) const { return (begin_ + number) & (capacity_ - 1); }
  void insert(Timestamp time);
  void grow();
  std::uint32_t count_up_to(Timestamp time) const;  // How many are not later.

  std::unique_ptr<PackedTime[]> times_;
  std::uint32_t capacity_ = 0;  // Times there is room for: 0 or a power of two.
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

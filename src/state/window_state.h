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
// Times of whole microseconds that lie within some 8 years take 6 bytes, any others 9: then all that are kept, from
// then on.
//
// Threads: the engine thread owns it. Memory: 16 bytes, and 6 to 12 bytes a time, or 9 to 18; and 4.
class WindowState {
 public:
  // What add() did.
  struct Added {
    bool is_kept = true;       // False: it was itself the earliest and there was no room.
    bool has_dropped = false;  // Another one had to go:
    Timestamp dropped;
  };

  // Adds a time. If `capacity` are there, the earliest is dropped, the new one included. O(times after it); allocates
  // only when it grows, or once when times begin to take more room; where that fails, nothing has changed.
  Added add(Timestamp time, std::uint32_t capacity);

  // Takes back what add(time) did, the last one not taken back yet.
  void undo_add(Timestamp time, const Added& added);

  // How many times lie in (now - span, now]. O(log n).
  std::int64_t count(Timestamp now, Duration span) const;

  // Asks for the bytes that the next calls begin with: the latest times. Reads this object itself.
  void prefetch() const {
    if (capacity_ != 0) __builtin_prefetch(place(slot_of(size_)), 1);
  }
  std::uint32_t size() const { return size_; }
  // By time: 0 is the earliest.
  Timestamp operator[](std::uint32_t number) const { return time_at(slot_of(number)); }
  std::size_t memory_bytes() const { return capacity_ == 0 ? 0 : block_bytes(capacity_); }

 private:
  static constexpr std::size_t narrow_bytes = TimeBase::packed_bits / 8;

  std::uint32_t slot_of(std::uint32_t number) const { return (begin_ + number) & (capacity_ - 1U); }
  // The block holds the times, then, if they are narrow, the TimeBase.
  std::size_t time_bytes() const { return is_wide_ ? sizeof(PackedTime) : narrow_bytes; }
  std::size_t block_bytes(std::size_t capacity) const {
    return capacity * time_bytes() + (is_wide_ ? 0 : sizeof(TimeBase));
  }
  std::byte* place(std::uint32_t slot) const { return block_.get() + slot * time_bytes(); }
  TimeBase base() const;
  std::int64_t packed(std::uint32_t slot) const;  // Of a narrow one.
  Timestamp time_at(std::uint32_t slot) const;
  void put(std::uint32_t slot, Timestamp time);
  void insert(Timestamp time);
  void make_fit(Timestamp time);
  // Moves what is kept into a new block. If it is the first, its base is chosen for `time`, which is to come.
  void rebuild(std::uint32_t capacity, bool is_wide, Timestamp time);
  std::uint32_t count_up_to(Timestamp time) const;  // How many are not later.

  std::unique_ptr<std::byte[]> block_;
  std::uint16_t capacity_ = 0;  // Times there is room for: 0 or a power of two.
  std::uint16_t begin_ = 0;
  std::uint16_t size_ = 0;
  bool is_wide_ = false;
};

}  // namespace tallyho

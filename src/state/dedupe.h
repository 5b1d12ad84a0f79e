#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/form.h"
#include "base/time.h"

namespace tallyho {

// The ids of one player's accepted events from one kind of sender, with what they were answered. An id is remembered
// while fewer than `per_player` newer ones have been accepted and less than `window` of arrival time has passed.
//
//     if (const auto points = ids.find(id, arrival, limits)) answer_duplicate(*points);
//     …
//     ids.remember(id, arrival, points, limits);   // once it is accepted
//
// A ring of the newest ids, and beside it 16 bits of each one's hash: nearly every id that is asked for is new, and one
// cache line of 32 of those says so, without touching the ids themselves.
//
// An id is kept as 75 bits of its XXH3 hash: less than 10 bytes instead of up to 128. Two ids of the same player and
// sender that collide within the window would lose an event; with the most ids that a ruleset can ask for, 65,536, that
// happens once in 2^75 / 2^16 = 6 * 10^17 events, or once in 18,000 years at a million events a second; with the 32 of
// the default, 2,000 times as seldom. Colliding on purpose gains nothing: who can choose the ids of a player's events
// can as well repeat one.
//
// Threads: the engine thread owns it. Memory: 24 bytes and 26 to 39 bytes an id, for as many as were needed at once.
class RememberedIds {
 public:
  struct Limits {
    Duration window{};
    std::uint32_t per_player = 0;
  };

  // What the event with this id was answered, if it is remembered at this time. Never allocates. O(n / 16): with the
  // default of 32 ids two steps; with 65,536 some microseconds.
  std::optional<std::int64_t> find(std::string_view id, Timestamp arrival, const Limits& limits) const;

  // Remembers an id that find() does not find now. Arrival times never go back. O(1) amortized.
  void remember(std::string_view id, Timestamp arrival, std::int64_t points, const Limits& limits);

  // Asks for the bytes that find() of a new id and then remember() touch. Reads this object itself.
  void prefetch() const {
    if (capacity_ == 0) return;
    __builtin_prefetch(tags(), 1);
    __builtin_prefetch(tags() + capacity_ - 1, 1);
    __builtin_prefetch(entries() + slot_of(size_), 1);
  }

  // Feeds what is kept, oldest first, to `add(std::uint64_t)`, for the state hash.
  template <typename Add>
  void hash(Add add) const {
    for (std::uint32_t i = 0; i < size_; ++i) {
      const Entry& entry = entries()[slot_of(i)];
      add(tags()[slot_of(i)]);
      add(entry.id_and_time);
      add(entry.time);
      add(static_cast<std::uint64_t>(entry.points));
    }
  }

  // Writes down what is kept and how much room there is, and fills itself with that: the newest, if the limits have
  // become smaller.
  void save(FormWriter& out) const;
  void restore(FormReader& in, const Limits& limits);

  // How many are kept; some may have expired.
  std::uint32_t size() const { return size_; }
  std::size_t memory_bytes() const { return block_bytes(capacity_); }

 private:
  // What is kept of an id's hash.
  struct HashedId {
    std::uint64_t upper = 0;  // 59 bits of it; the lowest 5 are 0.
    std::uint16_t tag = 0;
    explicit HashedId(std::string_view id);
  };
  // The seconds since the year 1, 39 bits, and the nanoseconds, 30 bits, of the arrival time are one number, whose
  // upper 5 bits are the lowest of the first word.
  struct Entry {
    std::uint64_t id_and_time = 0;
    std::uint64_t time = 0;
    std::int64_t points = 0;
    Entry() = default;
    Entry(std::uint64_t upper, Timestamp arrival, std::int64_t the_points);
    std::uint64_t upper() const { return id_and_time & ~upper_time_mask; }
    Timestamp arrival() const;
    static constexpr std::uint64_t upper_time_mask = 31;
  };

  static bool has_expired(const Entry& entry, Timestamp arrival, const Limits& limits);

  // The block holds `capacity_` entries, then the tags.
  static constexpr std::uint32_t capacity_min = 4;
  // 4, 6, 8, 12, 16, 24, …: never more than half of it is free because it has just grown.
  static std::uint32_t next_capacity(std::uint32_t capacity) {
    if (capacity < capacity_min) return capacity_min;
    return std::has_single_bit(capacity) ? capacity / 2 * 3 : capacity / 3 * 4;
  }
  static std::size_t block_bytes(std::uint32_t capacity) { return capacity * (sizeof(std::uint16_t) + sizeof(Entry)); }
  Entry* entries() { return reinterpret_cast<Entry*>(block_.get()); }
  const Entry* entries() const { return reinterpret_cast<const Entry*>(block_.get()); }
  std::uint16_t* tags() { return reinterpret_cast<std::uint16_t*>(entries() + capacity_); }
  const std::uint16_t* tags() const { return reinterpret_cast<const std::uint16_t*>(entries() + capacity_); }
  std::uint32_t slot_of(std::uint32_t number) const {
    const std::uint32_t slot = begin_ + number;
    return slot < capacity_ ? slot : slot - capacity_;
  }
  bool is_kept(std::uint32_t slot) const {
    return (slot >= begin_ ? slot - begin_ : slot + capacity_ - begin_) < size_;
  }
  void make_room(Timestamp arrival, const Limits& limits);
  void grow();

  std::unique_ptr<std::byte[]> block_;
  std::uint32_t capacity_ = 0;  // Entries there is room for.
  std::uint32_t begin_ = 0;     // The oldest.
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

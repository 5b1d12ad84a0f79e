#pragma once

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
// An id is kept as 96 bits of its XXH3 hash: 12 bytes instead of up to 128. Two ids of the same player and sender that
// collide within the window would lose an event; with the most ids that a ruleset can ask for, 65,536, that happens
// once in 2^96 / 2^16 = 10^24 events, or once in 40 billion years at a million events a second. Colliding on purpose
// gains nothing: who can choose the ids of a player's events can as well repeat one.
//
// Threads: the engine thread owns it. Memory: 24 bytes and 34 to 68 bytes an id, for as many as were needed at once.
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
      add(entry.low);
      add((std::uint64_t{entry.high} << 32) | static_cast<std::uint32_t>(entry.nanos));
      add(static_cast<std::uint64_t>(entry.seconds));
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
  struct Entry {
    std::uint64_t low = 0;  // Of the id's hash.
    std::uint32_t high = 0;
    std::int32_t nanos = 0;  // Arrival time.
    std::int64_t seconds = 0;
    std::int64_t points = 0;
    bool is_same_id(const Entry& other) const { return low == other.low && high == other.high; }
    std::uint16_t tag() const { return static_cast<std::uint16_t>(high >> 16); }
  };

  static Entry make_entry(std::string_view id);
  static bool has_expired(const Entry& entry, Timestamp arrival, const Limits& limits);

  // The block holds `capacity_` tags, then the entries.
  static constexpr std::uint32_t capacity_min = 4;
  static std::size_t block_bytes(std::uint32_t capacity) { return capacity * (sizeof(std::uint16_t) + sizeof(Entry)); }
  std::uint16_t* tags() { return reinterpret_cast<std::uint16_t*>(block_.get()); }
  const std::uint16_t* tags() const { return reinterpret_cast<const std::uint16_t*>(block_.get()); }
  Entry* entries() { return reinterpret_cast<Entry*>(block_.get() + capacity_ * sizeof(std::uint16_t)); }
  const Entry* entries() const {
    return reinterpret_cast<const Entry*>(block_.get() + capacity_ * sizeof(std::uint16_t));
  }
  std::uint32_t slot_of(std::uint32_t number) const { return (begin_ + number) & (capacity_ - 1); }
  bool is_kept(std::uint32_t slot) const { return ((slot - begin_) & (capacity_ - 1)) < size_; }
  void make_room(Timestamp arrival, const Limits& limits);
  void grow();

  std::unique_ptr<std::byte[]> block_;
  std::uint32_t capacity_ = 0;  // Entries there is room for: 0 or a power of two from `capacity_min` on.
  std::uint32_t begin_ = 0;     // The oldest.
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

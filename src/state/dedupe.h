#pragma once

#include <array>
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
// Arrival times take 9 bytes and answers 8, or, as long as what is kept lies within some 50 days and was answered with
// points of 32 bits, 7 and 4. Then it is narrow; else it is wide, from then on.
//
// Threads: the engine thread owns it. Memory: 16 bytes and 20 to 30 bytes an id, if it is wide 26 to 39, for as many as
// were needed at once.
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
    if (steps_ == 0) return;
    __builtin_prefetch(tags(), 1);
    __builtin_prefetch(tags() + capacity() - 1, 1);
    __builtin_prefetch(block_.get() + slot_of(size_) * entry_bytes(), 1);
  }

  // Feeds what is kept, oldest first, to `add(std::uint64_t)`, for the state hash.
  template <typename Add>
  void hash(Add add) const {
    for (std::uint32_t i = 0; i < size_; ++i) {
      const Entry entry(kept(slot_of(i)));
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
  std::size_t memory_bytes() const { return steps_ == 0 ? 0 : block_bytes(capacity()); }

 private:
  // What is kept of an id's hash.
  struct HashedId {
    std::uint64_t upper = 0;  // 59 bits of it; the lowest 5 are 0.
    std::uint16_t tag = 0;
    explicit HashedId(std::string_view id);
  };
  // What is to be remembered.
  struct Kept {
    std::uint64_t upper = 0;
    Timestamp arrival;
    std::int64_t points = 0;
  };
  // As a wide one keeps it. The seconds since the year 1, 39 bits, and the nanoseconds, 30 bits, of the arrival time
  // are one number, whose upper 5 bits are the lowest of the first word.
  struct Entry {
    std::uint64_t id_and_time = 0;
    std::uint64_t time = 0;
    std::int64_t points = 0;
    Entry() = default;
    explicit Entry(const Kept& kept);
    std::uint64_t upper() const { return id_and_time & ~upper_time_mask; }
    Timestamp arrival() const;
    static constexpr std::uint64_t upper_time_mask = 31;
  };

  // The same in 18 bytes: 53 bits of nanoseconds since the base, whose upper 5 are the lowest of the first word; in the
  // second, the other 48 and the lower 16 of the points; then the upper 16 of these.
  static constexpr std::size_t narrow_bytes = 18;
  // The base counts these seconds, 2^22: 49 days.
  static constexpr int base_bits = 22;

  static bool has_expired(const Kept& kept, Timestamp arrival, const Limits& limits);

  // The block holds an entry for each slot, then the tags, then, if it is narrow, the base.
  // 0, then 4, 6, 8, 12, 16, 24, …: never more than half of it is free because it has just grown.
  static constexpr std::uint32_t steps_max = 29;  // 65,536.
  static constexpr auto capacities = [] {
    std::array<std::uint32_t, steps_max + 1> all{};
    for (std::uint32_t i = 1; i <= steps_max; ++i) all[i] = (i % 2 == 0 ? 6U : 4U) << ((i - 1) / 2);
    return all;
  }();
  static std::uint32_t capacity_after(std::uint32_t steps) { return capacities[steps]; }
  std::uint32_t capacity() const { return capacity_after(steps_); }
  std::size_t entry_bytes() const { return is_wide_ ? sizeof(Entry) : narrow_bytes; }
  std::size_t block_bytes(std::uint32_t capacity) const {
    return capacity * (sizeof(std::uint16_t) + entry_bytes()) + (is_wide_ ? 0 : sizeof(std::int32_t));
  }
  std::byte* entry_at(std::uint32_t slot) const { return block_.get() + slot * entry_bytes(); }
  std::uint16_t* tags() const { return reinterpret_cast<std::uint16_t*>(entry_at(capacity())); }
  std::int64_t base_seconds() const;
  void set_base(Timestamp earliest);

  Kept kept(std::uint32_t slot) const;
  void put(std::uint32_t slot, const Kept& kept);
  bool fits(const Kept& kept) const;
  void append(std::uint16_t tag, const Kept& kept);

  std::uint32_t slot_of(std::uint32_t number) const {
    const std::uint32_t slot = begin_ + number;
    return slot < capacity() ? slot : slot - capacity();
  }
  bool is_kept(std::uint32_t slot) const {
    return (slot >= begin_ ? slot - begin_ : slot + capacity() - begin_) < size_;
  }
  void make_room(Timestamp arrival, const Limits& limits);
  // Moves what is kept into a new block: a larger one; one with the base of the oldest, or a wide one.
  void grow(std::uint8_t steps);
  void rebuild(bool is_wide);

  std::unique_ptr<std::byte[]> block_;
  std::uint32_t size_ = 0;
  std::uint16_t begin_ = 0;  // The oldest.
  std::uint8_t steps_ = 0;   // What there is room for is capacity_after() these.
  bool is_wide_ = false;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/form.h"
#include "base/time.h"
#include "state/packed_time.h"

namespace tallyho {

// What is kept of an event's id: 64 bits of its 128-bit XXH3 hash instead of up to 128 bytes.
//
// Two ids of the same player and sender that collide within the window would lose an event; with the 32 of the default,
// that happens once in 2^64 / 2^5 = 6 * 10^17 events, or once in 18,000 years at a million events a second; with the
// most that a ruleset can ask for, 65,536, once in 9 years of that. Colliding on purpose gains nothing: who can choose
// the ids of a player's events can as well repeat one.
class IdHash {
 public:
  IdHash() = default;
  explicit IdHash(std::string_view id);

  // 16 bits, and the other 48, above 16 zeros.
  static constexpr std::uint64_t tag_mask = 0xffff;
  std::uint16_t tag() const { return static_cast<std::uint16_t>(bits_ & tag_mask); }
  std::uint64_t rest() const { return bits_ & ~tag_mask; }

 private:
  std::uint64_t bits_ = 0;
};

// The ids of one player's accepted events from one kind of sender, with what they were answered. An id is remembered
// while fewer than `per_player` newer ones have been accepted and less than `window` of arrival time has passed.
//
//     const IdHash hash(id);
//     if (const auto points = ids.find(hash, arrival, limits)) answer_duplicate(*points);
//     …
//     ids.remember(hash, arrival, points, limits);   // once it is accepted
//
// A ring of the newest ids, and before it the tags of their hashes: nearly every id that is asked for is new, and two
// cache lines with 32 tags say so, without touching the ids themselves.
//
// This is but a handle, which a record holds as bytes; copies are of the same ids, and what changes one makes the
// others invalid. Whoever owns it drops it (OwnedIds does).
//
// Arrival times take 10 bytes and answers 8, or, as long as what is kept lies within some 8 years, in whole
// microseconds, and was answered with points of 24 bits, 6 and 3. Then it is narrow; else it is wide, from then on.
//
// Threads: the engine thread owns it. Memory: a pointer, and once used 12 bytes and 17 to 26 bytes an id, if it is wide
// 26 to 39, for as many as were needed at once.
class RememberedIds {
 public:
  struct Limits {
    Duration window{};
    std::uint32_t per_player = 0;
  };

  // What the event with this id was answered, if it is remembered at this time. Never allocates. O(n / 16): with the
  // default of 32 ids two steps; with 65,536 some microseconds.
  std::optional<std::int64_t> find(const IdHash& id, Timestamp arrival, const Limits& limits) const;

  // Remembers an id that find() does not find now. Arrival times never go back. O(1) amortized.
  void remember(const IdHash& id, Timestamp arrival, std::int64_t points, const Limits& limits);

  // Ask for the bytes that find() of a new id touches, of as many ids as players have by default; and, once those are
  // there, for what remember() does.
  void prefetch() const {
    if (block_ == nullptr) return;
    __builtin_prefetch(block_, 1);
    __builtin_prefetch(block_ + line_bytes, 1);
  }
  void prefetch_next() const {
    if (block_ != nullptr) __builtin_prefetch(entry_at(slot_of(head().size)), 1);
  }

  // Feeds what is kept, oldest first, to `add(std::uint64_t)`, for the state hash.
  template <typename Add>
  void hash(Add add) const {
    for (std::uint32_t i = 0; i < size(); ++i) {
      const Entry entry(kept(slot_of(i)));
      add(tags()[slot_of(i)]);
      add(entry.hash_and_time);
      add(entry.time);
      add(static_cast<std::uint64_t>(entry.points));
    }
  }

  // Writes down what is kept and how much room there is, and fills itself with that: the newest, if the limits have
  // become smaller.
  void save(FormWriter& out) const;
  void restore(FormReader& in, const Limits& limits);

  // Gives back the memory: nothing is remembered then.
  void drop();

  // How many are kept; some may have expired.
  std::uint32_t size() const { return block_ == nullptr ? 0 : head().size; }
  std::size_t memory_bytes() const { return block_ == nullptr ? 0 : block_bytes(capacity(), head().is_wide); }

 private:
  // What is to be remembered.
  struct Kept {
    std::uint64_t hash = 0;  // IdHash::rest().
    Timestamp arrival;
    std::int64_t points = 0;
  };
  // As a wide one keeps it. The seconds since the year 1, 39 bits, and the nanoseconds, 30 bits, of the arrival time
  // are one number of 69 bits: the upper 5 are the lowest of the first word.
  struct Entry {
    std::uint64_t hash_and_time = 0;
    std::uint64_t time = 0;
    std::int64_t points = 0;
    Entry() = default;
    explicit Entry(const Kept& kept);
    std::uint64_t hash() const { return hash_and_time & ~IdHash::tag_mask; }
    Timestamp arrival() const;
  };

  // The same in 15 bytes: in the first 8 the hash and the upper 16 bits of the time since the base; then the other 32
  // of these, and 24 of points.
  static constexpr std::size_t narrow_bytes = 15;

  static bool has_expired(const Kept& kept, Timestamp arrival, const Limits& limits);

  // What a block begins with. Behind it are a tag for each slot, and then an entry for each.
  struct Head {
    std::uint32_t size = 0;
    std::uint16_t begin = 0;  // The oldest.
    std::uint8_t steps = 0;   // What there is room for is capacity_after() these.
    bool is_wide = false;
    TimeBase base;  // Of one that is narrow.
  };
  static_assert(sizeof(Head) == 12);
  static constexpr std::size_t line_bytes = 64;
  // 0, then 4, 6, 8, 12, 16, 24, …: never more than half of it is free because it has just grown.
  static constexpr std::uint32_t steps_max = 29;  // 65,536.
  static constexpr auto capacities = [] {
    std::array<std::uint32_t, steps_max + 1> all{};
    for (std::uint32_t i = 1; i <= steps_max; ++i) all[i] = (i % 2 == 0 ? 6U : 4U) << ((i - 1) / 2);
    return all;
  }();
  static std::uint32_t capacity_after(std::uint32_t steps) { return capacities[steps]; }
  const Head& head() const { return *reinterpret_cast<const Head*>(block_); }
  Head& head() { return *reinterpret_cast<Head*>(block_); }
  std::uint32_t capacity() const { return block_ == nullptr ? 0 : capacity_after(head().steps); }
  static std::size_t entry_bytes(bool is_wide) { return is_wide ? sizeof(Entry) : narrow_bytes; }
  static std::size_t block_bytes(std::uint32_t capacity, bool is_wide) {
    return sizeof(Head) + capacity * (sizeof(std::uint16_t) + entry_bytes(is_wide));
  }
  std::uint16_t* tags() const { return reinterpret_cast<std::uint16_t*>(block_ + sizeof(Head)); }
  std::byte* entry_at(std::uint32_t slot) const {
    return reinterpret_cast<std::byte*>(tags() + capacity_after(head().steps)) + slot * entry_bytes(head().is_wide);
  }

  Kept kept(std::uint32_t slot) const;
  void put(std::uint32_t slot, const Kept& kept);
  bool fits(const Kept& kept) const;
  void append(std::uint16_t tag, const Kept& kept);

  std::uint32_t slot_of(std::uint32_t number) const {
    const std::uint32_t slot = head().begin + number;
    const std::uint32_t capacity = capacity_after(head().steps);
    return slot < capacity ? slot : slot - capacity;
  }
  bool is_kept(std::uint32_t slot) const {
    const std::uint32_t begin = head().begin;
    return (slot >= begin ? slot - begin : slot + capacity_after(head().steps) - begin) < head().size;
  }
  void make_room(Timestamp arrival, const Limits& limits);
  // Moves what is kept into a new block: a larger one; one with the base of the oldest, or a wide one.
  void grow(std::uint8_t steps);
  void rebuild(bool is_wide);

  static RememberedIds made(std::uint8_t steps, bool is_wide);

  std::byte* block_ = nullptr;
};
static_assert(std::is_trivially_copyable_v<RememberedIds>);

// Those that nobody else drops.
class OwnedIds : public RememberedIds {
 public:
  OwnedIds() = default;
  ~OwnedIds() { drop(); }
  OwnedIds(OwnedIds&& other) noexcept : RememberedIds(std::exchange(static_cast<RememberedIds&>(other), {})) {}
  OwnedIds& operator=(OwnedIds&& other) noexcept {
    std::swap(static_cast<RememberedIds&>(*this), static_cast<RememberedIds&>(other));
    return *this;
  }
};

}  // namespace tallyho

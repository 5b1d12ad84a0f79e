#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "state/fifo_table.h"

namespace tallyho {

// The ids of one player's accepted events from one kind of sender, with what they were answered. An id is remembered
// while fewer than `per_player` newer ones have been accepted and less than `window` of arrival time has passed.
//
//     if (const auto points = ids.find(id, arrival, limits)) answer_duplicate(*points);
//     …
//     ids.remember(id, arrival, points, limits);   // once it is accepted
//
// An id is kept as 96 bits of its XXH3 hash: 12 bytes instead of up to 128. Two ids of the same player and sender that
// collide within the window would lose an event; with the most ids that a ruleset can ask for, 65,536, that happens
// once in 2^96 / 2^16 = 10^24 events, or once in 40 billion years at a million events a second. Colliding on purpose
// gains nothing: who can choose the ids of a player's events can as well repeat one.
//
// Threads: the engine thread owns it. Memory: 24 bytes and 32 to 72 bytes an id, only as many as were needed at once.
class RememberedIds {
 public:
  struct Limits {
    Duration window{};
    std::uint32_t per_player = 0;
  };

  // What the event with this id was answered, if it is remembered at this time. O(1) expected, never allocates.
  std::optional<std::int64_t> find(std::string_view id, Timestamp arrival, const Limits& limits) const;

  // Remembers an id that find() does not find now. Arrival times never go back. O(1) amortized.
  void remember(std::string_view id, Timestamp arrival, std::int64_t points, const Limits& limits);

  // Feeds what is kept, oldest first, to `add(std::uint64_t)`, for the state hash.
  template <typename Add>
  void hash(Add add) const {
    for (std::uint32_t i = 0; i < ids_.size(); ++i) {
      const Entry& entry = ids_[i];
      add(entry.low);
      add((std::uint64_t{entry.high} << 32) | static_cast<std::uint32_t>(entry.nanos));
      add(static_cast<std::uint64_t>(entry.seconds));
      add(static_cast<std::uint64_t>(entry.points));
    }
  }

  std::uint32_t size() const { return ids_.size(); }
  std::size_t memory_bytes() const { return ids_.memory_bytes(); }

 private:
  struct Key {
    std::uint64_t low = 0;
    std::uint32_t high = 0;
    bool operator==(const Key&) const = default;
    std::uint64_t hash() const { return low; }
  };
  struct Entry {
    std::uint64_t low = 0;
    std::uint32_t high = 0;
    std::int32_t nanos = 0;  // Arrival time.
    std::int64_t seconds = 0;
    std::int64_t points = 0;
    Key key() const { return {low, high}; }
  };

  static Key key_of(std::string_view id);
  static bool has_expired(const Entry& entry, Timestamp arrival, const Limits& limits);

  FifoTable<Entry, Key> ids_;
};

}  // namespace tallyho

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/symbols.h"
#include "state/fifo_table.h"

namespace tallyho {

// A `set` variable of one key: symbols in the order in which they were added, up to 65,536 of them.
//
// The capacity is the ruleset's, so it comes with each call. What add() did, undo_add() takes back, last first.
//
// Threads: the engine thread owns it. Memory: 24 bytes, and 4 to 16 bytes a member.
class SetState {
 public:
  // What add() did.
  struct Added {
    enum class How : std::uint8_t { was_there, added, full } how = How::was_there;
    Symbol dropped = no_symbol;  // The member added first, if it had to go.
  };

  // Adds a member. One that is there changes nothing, neither the order. If `capacity` are there, the member added
  // first makes room if `drop_oldest`, else nothing changes: full. O(1); allocates only when it grows.
  Added add(Symbol member, std::uint32_t capacity, bool drop_oldest);

  // Takes back an add() that answered `added`, the last one not taken back yet. O(1).
  void undo_add(Symbol dropped);

  bool contains(Symbol member) const { return members_.find({member}) != nullptr; }
  std::uint32_t size() const { return members_.size(); }
  // By age: 0 was added first.
  Symbol operator[](std::uint32_t number) const { return members_[number].symbol; }
  std::size_t memory_bytes() const { return members_.memory_bytes(); }

 private:
  struct Entry {
    Symbol symbol = no_symbol;
    Entry key() const { return *this; }
    bool operator==(const Entry&) const = default;
    std::uint64_t hash() const { return symbol * 0x9e3779b97f4a7c15U; }  // Fibonacci: neighbours end up far apart.
  };

  FifoTable<Entry, Entry> members_;
};

}  // namespace tallyho

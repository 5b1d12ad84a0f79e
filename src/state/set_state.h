#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/symbols.h"

namespace tallyho {

// A `set` variable of one key: symbols in the order in which they were added, up to 65,536 of them.
//
// Inside is a ring of symbols, and beside it, once there are more than eight, a hash table of places in the ring
// (linear probing, half of the cells free). Members come and go at the ends only: the newest is added, the oldest
// dropped, and undoing does the opposite.
//
// The capacity is the ruleset's, so it comes with each call. What add() did, undo_add() takes back, last first.
//
// Threads: the engine thread owns it. Memory: 24 bytes; 4 to 8 bytes a member up to eight, then 8 to 16 (to 24 beyond
// 32,768). Does not shrink.
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

  // O(1), never allocates.
  bool contains(Symbol member) const;
  // Asks for the bytes that the next calls begin with. Reads this object itself.
  void prefetch() const {
    if (capacity_ != 0) __builtin_prefetch(block_.get(), 1);
  }
  std::uint32_t size() const { return size_; }
  // By age: 0 was added first.
  Symbol operator[](std::uint32_t number) const { return members()[slot_of(number)]; }
  std::size_t memory_bytes() const { return block_bytes(capacity_); }

 private:
  // The block holds `capacity_` symbols, then the cells. A cell is 1 + a slot of the ring, 0 is free: in two bytes as
  // long as that fits.
  static constexpr std::uint32_t unindexed_max = 8;
  static constexpr std::uint32_t narrow_max = 32'768;
  static std::size_t block_bytes(std::uint32_t capacity);

  bool is_indexed() const { return capacity_ > unindexed_max; }
  std::uint32_t slot_of(std::uint32_t number) const { return (begin_ + number) & (capacity_ - 1); }
  Symbol* members() { return reinterpret_cast<Symbol*>(block_.get()); }
  const Symbol* members() const { return reinterpret_cast<const Symbol*>(block_.get()); }

  std::uint32_t cells() const { return capacity_ * 2; }
  std::uint32_t cell(std::uint32_t number) const;
  void set_cell(std::uint32_t number, std::uint32_t value);
  std::uint32_t home(Symbol member) const;
  std::uint32_t next(std::uint32_t number) const { return (number + 1) & (cells() - 1); }
  std::uint32_t find_cell(Symbol member) const;

  void place(std::uint32_t slot, Symbol member);
  void remove(std::uint32_t slot);
  void grow();

  std::unique_ptr<std::byte[]> block_;
  std::uint32_t capacity_ = 0;  // Members there is room for: 0 or a power of two from 4 on.
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

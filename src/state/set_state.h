#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/symbols.h"

namespace tallyho {

// A `set` variable of one key: symbols in the order in which they were added, up to 65,536 of them.
//
// Inside is a ring of symbols. Up to four are in the set itself: most sets stay that small, and need no second look
// into memory. Up to 302 are looked through, all of them, several at a time: their lines follow each other in memory,
// and there is no second look elsewhere. Beyond, there is beside the ring a hash table of places in it
// (linear probing, at most three quarters of the cells taken). Members come and go at the ends only: the newest is
// added, the oldest dropped, and undoing does the opposite.
//
// The capacity is the ruleset's, so it comes with each call. What add() did, undo_add() takes back, last first.
//
// Threads: the engine thread owns it. Memory: as long as there is but one member, none: State keeps it in the record of
// the key itself, in place of the set (read as SetMembers). Then 24 bytes, which hold four members; then, by quarters,
// 4 to 5 bytes a member up to 302, and 7 to 12 beyond. Does not shrink.
class SetState {
 public:
  SetState() = default;
  ~SetState() { let_go(); }
  SetState(SetState&& other) noexcept { swap(other); }
  SetState& operator=(SetState&& other) noexcept {
    SetState taken(std::move(other));
    swap(taken);
    return *this;
  }

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
    if (is_inside()) return;
    __builtin_prefetch(room_.block, 1);
    if (capacity() > line_symbols) __builtin_prefetch(room_.block + line_symbols * sizeof(Symbol), 1);
  }
  std::uint32_t size() const { return size_; }
  // By age: 0 was added first.
  Symbol operator[](std::uint32_t number) const { return members()[slot_of(number)]; }
  std::size_t memory_bytes() const { return is_inside() ? 0 : block_bytes(capacity()); }

 private:
  // The block holds `capacity()` symbols, then the cells. A slot of the ring that has no member has no_symbol. A cell
  // is 1 + a slot, 0 is free: in two bytes as long as that fits.
  static constexpr std::uint32_t inside_max = 4;
  static constexpr std::uint32_t looked_through_max = 302;
  static constexpr std::uint32_t narrow_max = 65'535;
  static constexpr std::uint32_t line_symbols = 16;
  // 4, 6, 10, 14, 18, …, 65,536: a quarter more each time. Two beyond a multiple of four, as allocators give 16 bytes
  // at a time, 8 of which are theirs.
  static constexpr std::uint32_t steps_max = 48;
  static constexpr auto capacities = [] {
    std::array<std::uint32_t, steps_max> all{inside_max, 6};
    for (std::uint32_t i = 2; i < steps_max; ++i) all[i] = std::min((all[i - 1] * 5 / 4 + 1) / 4 * 4 + 2, 65'536U);
    return all;
  }();
  static_assert(capacities.back() == 65'536);
  static std::size_t block_bytes(std::uint32_t capacity);

  std::uint32_t capacity() const { return capacities[step_]; }
  bool is_inside() const { return step_ == 0; }
  bool is_indexed() const { return capacity() > looked_through_max; }
  std::uint32_t slot_of(std::uint32_t number) const {
    const std::uint32_t slot = begin_ + number;
    return slot < capacity() ? slot : slot - capacity();
  }
  Symbol* members() { return is_inside() ? room_.few : reinterpret_cast<Symbol*>(room_.block); }
  const Symbol* members() const { return is_inside() ? room_.few : reinterpret_cast<const Symbol*>(room_.block); }

  static std::uint32_t cells_for(std::uint32_t capacity) { return std::bit_ceil(capacity + capacity / 3); }
  std::uint32_t cells() const { return cells_for(capacity()); }
  std::uint32_t cell(std::uint32_t number) const;
  void set_cell(std::uint32_t number, std::uint32_t value);
  std::uint32_t home(Symbol member) const;
  std::uint32_t next(std::uint32_t number) const { return (number + 1) & (cells() - 1); }
  std::uint32_t find_cell(Symbol member) const;

  void place(std::uint32_t slot, Symbol member);
  void remove(std::uint32_t slot);
  void close_gap(std::uint32_t gap);
  void grow();

  void let_go() {
    if (!is_inside()) delete[] room_.block;
  }
  void swap(SetState& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(size_, other.size_);
    std::swap(begin_, other.begin_);
    std::swap(step_, other.step_);
  }

  union Room {
    Symbol few[inside_max] = {no_symbol, no_symbol, no_symbol, no_symbol};
    std::byte* block;
  } room_;
  std::uint32_t size_ = 0;
  std::uint16_t begin_ = 0;  // A slot; there are at most 65,536.
  std::uint8_t step_ = 0;    // The members there is room for are capacities[step_].
};

// The members of a set, for reading: those of a SetState, a single one, or none. Valid as long as those are unchanged.
class SetMembers {
 public:
  SetMembers() = default;
  explicit SetMembers(const SetState& set) : set_(&set) {}
  explicit SetMembers(Symbol only) : only_(only) {}

  bool contains(Symbol member) const { return set_ != nullptr ? set_->contains(member) : member == only_; }
  std::uint32_t size() const { return set_ != nullptr ? set_->size() : only_ == no_symbol ? 0 : 1; }
  // By age: 0 was added first.
  Symbol operator[](std::uint32_t number) const { return set_ != nullptr ? (*set_)[number] : only_; }

 private:
  const SetState* set_ = nullptr;
  Symbol only_ = no_symbol;
};

}  // namespace tallyho

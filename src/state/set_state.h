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
// into memory. Beyond, they are in a block: first the lower 16 bits of each, then the others, 8 bits of them as long as
// no symbol needs more. Up to 626 are looked through, all of them, their lower bits, several at a time: one cache line
// holds 32, and lines that follow each other come faster than one elsewhere. Beyond, there is a hash table of places in
// the ring behind them (linear probing, at most three quarters of the cells taken).
//
// Members come and go at the ends only: the newest is added, the oldest dropped, and undoing does the opposite.
// The capacity is the ruleset's, so it comes with each call. What add() did, undo_add() takes back, last first.
//
// Threads: the engine thread owns it. Memory: as long as there is but one member, none: State keeps it in the record of
// the key itself, in place of the set (read as SetMembers). Then 24 bytes, which hold four members; then, by quarters,
// 3 to 4 bytes a member up to 626 (of less than ten up to 5), and 6 to 14 beyond; one more each if there is a symbol
// beyond 0xff'fffe. Does not shrink.
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
  // first makes room if `drop_oldest`, else nothing changes: full. O(1) amortized; allocates only when it grows, or
  // once for the first symbol that takes more room; where that fails, nothing has changed.
  Added add(Symbol member, std::uint32_t capacity, bool drop_oldest);

  // Takes back an add() that answered `added`, the last one not taken back yet. O(1).
  void undo_add(Symbol dropped);

  // O(1): up to 626 members are looked through. Never allocates.
  bool contains(Symbol member) const;
  // Asks for the bytes that the next calls begin with: lower bits, and where the next member goes. Reads this object
  // itself.
  void prefetch() const {
    if (is_inside()) return;
    __builtin_prefetch(room_.block, 1);
    if (capacity() > line_bytes / lower_bytes) __builtin_prefetch(room_.block + line_bytes, 1);
    __builtin_prefetch(upper() + slot_of(size_) * upper_bytes(is_wide_), 1);
  }
  std::uint32_t size() const { return size_; }
  // By age: 0 was added first.
  Symbol operator[](std::uint32_t number) const { return member(slot_of(number)); }
  std::size_t memory_bytes() const { return is_inside() ? 0 : block_bytes(step_, is_wide_); }

 private:
  // The block holds the lower bits of capacity() symbols, their upper ones, then the cells. A slot of the ring that has
  // no member has ones. A cell is 1 + a slot, 0 is free: in two bytes as long as that fits.
  static constexpr std::uint32_t inside_max = 4;
  static constexpr std::uint32_t looked_through_max = 626;
  static constexpr std::uint32_t narrow_cells_max = 65'535;
  static constexpr Symbol narrow_max = 0xff'fffe;
  static constexpr std::size_t lower_bytes = 2;
  static constexpr int lower_bits = 16;
  static constexpr std::uint32_t line_bytes = 64;
  // 4, 8, 13, 18, 24, 34, 45, …, 65,536: a quarter more each time, and what fills, at 3 bytes each, what allocators
  // give: 16 bytes at a time, 8 of which are theirs.
  static constexpr std::uint32_t steps_max = 39;
  static constexpr std::uint32_t symbols_max = 65'536;
  static constexpr auto capacities = [] {
    std::array<std::uint32_t, steps_max> all{inside_max};
    std::uint32_t bytes = 24;
    for (std::uint32_t i = 1; i < steps_max; ++i) {
      all[i] = std::min(bytes / 3, symbols_max);
      bytes = (bytes * 5 / 4 + 7) / 16 * 16 + 8;
    }
    return all;
  }();
  static_assert(capacities.back() == symbols_max && capacities[steps_max - 2] < symbols_max);
  static_assert(std::ranges::find(capacities, looked_through_max) != capacities.end());

  std::uint32_t capacity() const { return capacities[step_]; }
  bool is_inside() const { return step_ == 0; }
  bool is_indexed() const { return capacity() > looked_through_max; }
  std::uint32_t slot_of(std::uint32_t number) const {
    const std::uint32_t slot = begin_ + number;
    return slot < capacity() ? slot : slot - capacity();
  }
  static std::size_t upper_bytes(bool is_wide) { return is_wide ? 2 : 1; }
  static std::size_t block_bytes(std::uint32_t step, bool is_wide);
  const std::uint16_t* lower() const { return reinterpret_cast<const std::uint16_t*>(room_.block); }
  std::byte* upper() const { return room_.block + capacity() * lower_bytes; }
  std::byte* cells_begin() const { return upper() + capacity() * upper_bytes(is_wide_); }
  // The symbol in a slot that has one.
  Symbol member(std::uint32_t slot) const;
  void set_member(std::uint32_t slot, Symbol member);
  bool is_looked_up(Symbol member) const;

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
  // Moves the members into a new block.
  void rebuild(std::uint32_t step, bool is_wide);

  void let_go() {
    if (!is_inside()) delete[] room_.block;
  }
  void swap(SetState& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(size_, other.size_);
    std::swap(begin_, other.begin_);
    std::swap(step_, other.step_);
    std::swap(is_wide_, other.is_wide_);
  }

  union Room {
    Symbol few[inside_max] = {no_symbol, no_symbol, no_symbol, no_symbol};
    std::byte* block;
  } room_;
  std::uint32_t size_ = 0;
  std::uint16_t begin_ = 0;  // A slot; there are at most 65,536.
  std::uint8_t step_ = 0;    // The members there is room for are capacities[step_].
  bool is_wide_ = false;     // Has had a symbol beyond narrow_max.
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

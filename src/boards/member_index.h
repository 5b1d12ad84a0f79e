#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/symbols.h"
#include "boards/big_block.h"

namespace tallyho {

// Which leaf of a leaderboard's tree a member is in: a map from symbols to 32-bit numbers.
//
// Symbols count up from 0, so on a board that most players are on an array is smaller than a hash table and needs
// one cache line a look-up; on a group's board of five members it would be megabytes. This is a hash table (linear
// probing, 8 bytes a slot, at most 3/4 full) that becomes an array once that takes no more memory, and goes back if
// a symbol far out would make the array much larger.
//
// Threads: one owner. Memory: 4 to 6 bytes for each symbol up to the greatest as an array, 10 to 21 bytes a member as a
// hash table. Does not shrink.
class MemberIndex {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  // The number of `member`, or `none`. O(1).
  std::uint32_t find(Symbol member) const {
    if (is_array_) {
      const std::size_t page = member / page_symbols;
      if (page >= pages_.size() || pages_[page] == nullptr) return none;
      return pages_[page][member % page_symbols];
    }
    if (slots_.empty()) return none;
    for (std::size_t i = home(member);; i = next(i)) {
      if (slots_[i].member == no_symbol) return none;  // Also if `member` is no_symbol.
      if (slots_[i].member == member) return slots_[i].number;
    }
  }

  // Asks for the bytes that find() begins with.
  void prefetch(Symbol member) const {
    if (!is_array_) {
      if (!slots_.empty()) __builtin_prefetch(&slots_[home(member)], 1);
      return;
    }
    const std::size_t page = member / page_symbols;
    if (page < pages_.size() && pages_[page] != nullptr) __builtin_prefetch(&pages_[page][member % page_symbols], 1);
  }

  // Gives `member` (not no_symbol) this number (not `none`). O(1) amortized; allocates only when it grows.
  void set(Symbol member, std::uint32_t number);

  // The same for a member that is there. Of an array it need not wait for what was there.
  void replace(Symbol member, std::uint32_t number) {
    if (!is_array_) return set_in_slots(member, number);
    pages_[member / page_symbols][member % page_symbols] = number;
  }

  // Forgets `member`, which must be there. O(1).
  void erase(Symbol member);

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;
  bool is_array() const { return is_array_; }

 private:
  struct Slot {
    Symbol member = no_symbol;
    std::uint32_t number = 0;
  };
  static constexpr std::size_t page_symbols = 1024;
  static constexpr std::size_t slab_pages_max = 512;  // 2 MiB.
  using Page = std::uint32_t*;

  // Fibonacci hashing: neighbouring symbols, which are the common case, end up far apart.
  std::size_t home(Symbol member) const { return (std::uint64_t{member} * 0x9e3779b97f4a7c15U) >> shift_; }
  std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

  void set_in_array(Symbol member, std::uint32_t number);
  void set_in_slots(Symbol member, std::uint32_t number);
  void grow();
  void become_array();
  void become_slots();
  Page make_page();

  bool is_array_ = false;
  std::size_t size_ = 0;
  Symbol greatest_ = 0;  // Of all members so far.
  std::vector<Slot> slots_;
  int shift_ = 64;               // 64 - log2(slots_.size())
  std::vector<Page> pages_;      // Null: nobody is there.
  std::vector<BigBlock> slabs_;  // Where the pages are.
  std::size_t pages_made_ = 0;
  std::byte* slab_next_ = nullptr;  // Where the next one will be, in the last slab.
  std::size_t slab_pages_ = 0;      // In all slabs, used or not.
};

}  // namespace tallyho

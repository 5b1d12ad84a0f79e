#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace tallyho {

// Entries in the order they came, found by their key in O(1): a ring, and beside it, once it holds more than
// `unindexed_max`, an open-addressing table of places in the ring. Entries come and go at the ends only, and each key
// is there once.
//
//     FifoTable<Entry, Key> table;    // Entry::key() is a Key, with == and hash(): 64 bits, mixed
//     table.push_back(entry);
//     table.find(key);                // null, or the entry
//     table.pop_front();              // the oldest
//
// Sets and remembered ids are both this; millions of them are mostly small, so an empty one is 24 bytes and no block.
//
// Threads: one owner. Memory: a block of entries, a power of two from 4 on, and from 16 entries on 4 bytes an entry
// for the index (8 beyond 32,768). Does not shrink.
template <typename Entry, typename Key>
class FifoTable {
 public:
  static_assert(std::is_trivially_copyable_v<Entry> && alignof(Entry) <= alignof(std::max_align_t));

  static constexpr std::uint32_t unindexed_max = 8;

  // The entry with this key, or null. O(1), never allocates. Valid until the next change.
  const Entry* find(const Key& key) const {
    if (!is_indexed()) {
      for (std::uint32_t i = 0; i < size_; ++i) {
        const Entry& entry = (*this)[i];
        if (entry.key() == key) return &entry;
      }
      return nullptr;
    }
    const std::uint32_t found = find_cell(key);
    return cell(found) == 0 ? nullptr : entries() + (cell(found) - 1);
  }

  // Enters an entry whose key is not there, as the newest or as the oldest. O(1) amortized; allocates when it grows.
  void push_back(const Entry& entry) {
    if (size_ == capacity_) grow();
    place(slot_of(size_), entry);
    ++size_;
  }
  void push_front(const Entry& entry) {
    if (size_ == capacity_) grow();
    begin_ = (begin_ - 1) & (capacity_ - 1);
    place(begin_, entry);
    ++size_;
  }

  // Take the oldest or the newest away; there must be one. O(1).
  void pop_front() {
    remove_from_index(begin_);
    begin_ = (begin_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() {
    remove_from_index(slot_of(size_ - 1));
    --size_;
  }

  // By age: 0 is the oldest.
  const Entry& operator[](std::uint32_t number) const { return entries()[slot_of(number)]; }
  const Entry& front() const { return (*this)[0]; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t memory_bytes() const { return block_bytes(capacity_); }

 private:
  static constexpr std::uint32_t narrow_capacity_max = 32'768;  // Cells hold a slot + 1 in 2 bytes up to here.

  bool is_indexed() const { return capacity_ > unindexed_max; }
  std::uint32_t slot_of(std::uint32_t number) const { return (begin_ + number) & (capacity_ - 1); }
  Entry* entries() { return reinterpret_cast<Entry*>(block_.get()); }
  const Entry* entries() const { return reinterpret_cast<const Entry*>(block_.get()); }

  // The index: twice as many cells as entries, so that half of them are free. A cell is 1 + a slot, 0 is free.
  std::uint32_t cells() const { return capacity_ * 2; }
  static std::size_t cell_bytes(std::uint32_t capacity) {
    if (capacity <= unindexed_max) return 0;
    return capacity <= narrow_capacity_max ? 2 : 4;
  }
  static std::size_t block_bytes(std::uint32_t capacity) {
    return capacity * sizeof(Entry) + std::size_t{capacity} * 2 * cell_bytes(capacity);
  }
  std::uint32_t cell(std::uint32_t number) const {
    const std::byte* at = block_.get() + capacity_ * sizeof(Entry);
    if (capacity_ <= narrow_capacity_max) {
      std::uint16_t value = 0;
      std::memcpy(&value, at + std::size_t{number} * 2, 2);
      return value;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, at + std::size_t{number} * 4, 4);
    return value;
  }
  void set_cell(std::uint32_t number, std::uint32_t value) {
    std::byte* at = block_.get() + capacity_ * sizeof(Entry);
    if (capacity_ <= narrow_capacity_max) {
      const auto narrow = static_cast<std::uint16_t>(value);
      std::memcpy(at + std::size_t{number} * 2, &narrow, 2);
    } else {
      std::memcpy(at + std::size_t{number} * 4, &value, 4);
    }
  }
  std::uint32_t home(const Key& key) const { return static_cast<std::uint32_t>(key.hash() >> 32) & (cells() - 1); }
  std::uint32_t next(std::uint32_t number) const { return (number + 1) & (cells() - 1); }

  // The cell that points to this key, or the free one where it would be.
  std::uint32_t find_cell(const Key& key) const {
    std::uint32_t number = home(key);
    while (cell(number) != 0 && !(entries()[cell(number) - 1].key() == key)) number = next(number);
    return number;
  }

  void place(std::uint32_t slot, const Entry& entry) {
    entries()[slot] = entry;
    if (is_indexed()) set_cell(find_cell(entry.key()), slot + 1);
  }

  // Closes the gap that the removed cell leaves: cells that were pushed past it move back (Knuth 6.4, algorithm R).
  void remove_from_index(std::uint32_t slot) {
    if (!is_indexed()) return;
    std::uint32_t gap = find_cell(entries()[slot].key());
    for (std::uint32_t number = next(gap); cell(number) != 0; number = next(number)) {
      const std::uint32_t wanted = home(entries()[cell(number) - 1].key());
      const bool is_at_home_behind_gap = ((number - wanted) & (cells() - 1)) < ((number - gap) & (cells() - 1));
      if (is_at_home_behind_gap) continue;
      set_cell(gap, cell(number));
      gap = number;
    }
    set_cell(gap, 0);
  }

  void grow() {
    FifoTable larger;
    larger.capacity_ = capacity_ == 0 ? 4 : capacity_ * 2;
    larger.block_ = std::make_unique<std::byte[]>(block_bytes(larger.capacity_));
    for (std::uint32_t i = 0; i < size_; ++i) larger.place(i, (*this)[i]);
    larger.size_ = size_;
    *this = std::move(larger);
  }

  std::unique_ptr<std::byte[]> block_;  // Entries, then the cells of the index.
  std::uint32_t capacity_ = 0;          // Entries there is room for: 0 or a power of two.
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

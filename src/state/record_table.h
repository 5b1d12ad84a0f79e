#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "base/symbols.h"

namespace tallyho {

// The bytes of one record, beginning at a cache line. What is where in them is RecordLayout's.
using Record = std::byte*;

template <typename T>
T load(const std::byte* record, std::uint32_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, record + offset, sizeof(T));
  return value;
}
template <typename T>
void store(Record record, std::uint32_t offset, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(record + offset, &value, sizeof(T));
}

// The records of one scope, by key, in the order in which they came into being. Records stay where they are, until one
// is erased.
//
// Keys are symbols, which count up from 0, so a table of pages of 64 of them finds a record with fewer cache misses
// than a hash table would, and never rehashes; pages without keys are not there.
//
// Threads: the engine thread owns it. Memory: pages of records of about 64 KiB; 256 bytes for each 64 symbols of which
// one is a key (4 bytes a key where most are), and a bit over one byte for each 8 symbols up to the greatest key.
class RecordTable {
 public:
  // Every new record begins as a copy of `blank`, whose first four bytes become the key.
  explicit RecordTable(std::vector<std::byte> blank);

  // The record of a key, or null. O(1), never allocates.
  Record find(Symbol key) const {
    const std::size_t page = key / index_page_symbols;
    if (page >= index_.size() || index_[page] == nullptr) return nullptr;
    const std::uint32_t number = (*index_[page])[key % index_page_symbols];
    return number == 0 ? nullptr : record(number - 1);
  }

  // Makes the record of a key that has none. O(1) amortized.
  Record create(Symbol key);

  // Takes back the newest record. O(1).
  void erase_newest();

  // Takes out the record of a key, which must be there; the newest moves into its place. O(1).
  void erase(Symbol key);

  // What a key without a record reads as: the initial values.
  const std::byte* blank() const { return blank_.data(); }

  std::size_t size() const { return size_; }
  std::size_t record_bytes() const { return blank_.size(); }
  // By age: 0 came into being first.
  Record record(std::size_t number) const {
    return pages_[number >> page_shift_].get() + (number & ((std::size_t{1} << page_shift_) - 1)) * blank_.size();
  }
  // So many bytes behind a record can be read, whatever they are.
  static constexpr std::size_t slack_bytes = 16;
  static Symbol key(const std::byte* record) { return load<Symbol>(record, 0); }

  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t index_page_symbols = 64;
  static constexpr std::align_val_t page_alignment{64};
  struct PageDeleter {
    void operator()(std::byte* page) const noexcept { ::operator delete[](page, page_alignment); }
  };
  using Page = std::unique_ptr<std::byte[], PageDeleter>;
  Page make_page() const;
  using IndexPage = std::array<std::uint32_t, index_page_symbols>;  // 1 + the number of a record, 0: none.

  std::vector<std::byte> blank_;
  int page_shift_ = 0;  // log2 of the records in a page.
  std::vector<Page> pages_;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<IndexPage>> index_;  // By key / index_page_symbols.
  std::size_t index_pages_ = 0;                    // That are there.
};

}  // namespace tallyho

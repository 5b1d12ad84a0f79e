#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/symbols.h"
#include "state/record_pages.h"

namespace tallyho {

// The records of one scope, by key, in the order in which they came into being. Records stay where they are, until one
// is erased.
//
// Keys are symbols, which count up from 0, so a table of pages of 64 of them finds a record with fewer cache misses
// than a hash table would, and never rehashes; pages without keys are not there.
//
// Threads: the engine thread owns it. Memory: RecordPages; 256 bytes for each 64 symbols of which one is a key (4 bytes
// a key where most are), and a bit over one byte for each 8 symbols up to the greatest key.
class RecordTable {
 public:
  // Every new record begins as a copy of `blank`, whose first four bytes become the key.
  explicit RecordTable(std::vector<std::byte> blank) : records_(std::move(blank)) {}

  // The record of a key, or null. O(1), never allocates.
  Record find(Symbol key) const {
    const std::size_t page = key / index_page_symbols;
    if (page >= index_.size() || index_[page] == nullptr) return nullptr;
    const std::uint32_t number = (*index_[page])[key % index_page_symbols];
    return number == 0 ? nullptr : record(number - 1);
  }
  // Asks for the bytes that find() of it will read.
  void prefetch(Symbol key) const {
    const std::size_t page = key / index_page_symbols;
    if (page < index_.size() && index_[page] != nullptr) __builtin_prefetch(&(*index_[page])[key % index_page_symbols]);
  }

  // Makes the record of a key that has none. O(1) amortized.
  Record create(Symbol key);

  // Takes back the newest record. O(1).
  void erase_newest();

  // Takes out the record of a key, which must be there; the newest moves into its place. O(1).
  void erase(Symbol key);

  // What a key without a record reads as: the initial values.
  const std::byte* blank() const { return records_.blank(); }

  std::size_t size() const { return records_.size(); }
  std::size_t record_bytes() const { return records_.record_bytes(); }
  // By age: 0 came into being first.
  Record record(std::size_t number) const { return records_.record(number); }
  static Symbol key(const std::byte* record) { return RecordPages::key(record); }

  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t index_page_symbols = 64;
  using IndexPage = std::array<std::uint32_t, index_page_symbols>;  // 1 + the number of a record, 0: none.

  RecordPages records_;
  std::vector<std::unique_ptr<IndexPage>> index_;  // By key / index_page_symbols.
  std::size_t index_pages_ = 0;                    // That are there.
};

}  // namespace tallyho

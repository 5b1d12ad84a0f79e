#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/symbols.h"

namespace tallyho {

// The bytes of one record. What is where in them is RecordLayout's.
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

// The records of one scope, by key, in the order in which they came into being. Records stay where they are.
//
// Threads: the engine thread owns it. Memory: pages of records of about 64 KiB, and 9 to 18 bytes of hash table a key.
class RecordTable {
 public:
  // Every new record begins as a copy of `blank`, whose first four bytes become the key.
  explicit RecordTable(std::vector<std::byte> blank);

  // The record of a key, or null. O(1), never allocates.
  Record find(Symbol key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : record(found->second);
  }

  // Makes the record of a key that has none. O(1) amortized.
  Record create(Symbol key);

  // Takes back the newest record. O(1).
  void erase_newest();

  // What a key without a record reads as: the initial values.
  const std::byte* blank() const { return blank_.data(); }

  std::size_t size() const { return size_; }
  // By age: 0 came into being first.
  Record record(std::size_t number) const {
    return pages_[number >> page_shift_].get() + (number & ((std::size_t{1} << page_shift_) - 1)) * blank_.size();
  }
  static Symbol key(const std::byte* record) { return load<Symbol>(record, 0); }

  std::size_t memory_bytes() const;

 private:
  std::vector<std::byte> blank_;
  int page_shift_ = 0;  // log2 of the records in a page.
  std::vector<std::unique_ptr<std::byte[]>> pages_;
  std::size_t size_ = 0;
  absl::flat_hash_map<Symbol, std::uint32_t> index_;
};

}  // namespace tallyho

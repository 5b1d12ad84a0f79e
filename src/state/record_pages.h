#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "base/symbols.h"

namespace tallyho {

// The bytes of one record. What is where in them is RecordLayout's, but that they begin with the key's symbol.
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

// Records of one size, in the order in which they came into being, numbered from 0. They stay where they are, until one
// is erased.
//
// Threads: one owner. Memory: pages of about 64 KiB.
class RecordPages {
 public:
  // Every new record begins as a copy of `blank`, whose first four bytes become the key.
  explicit RecordPages(std::vector<std::byte> blank);

  // Makes the record with the number size(). O(1) amortized.
  Record append(Symbol key);

  // Takes back the newest record. O(1).
  void erase_newest() { --size_; }

  // Takes a record out; the newest moves into its place. Returns the key of that, or no_symbol if it was the newest
  // itself. O(1).
  Symbol erase(std::size_t number);

  std::size_t size() const { return size_; }
  Record record(std::size_t number) const {
    return pages_[number >> page_shift_].get() + (number & ((std::size_t{1} << page_shift_) - 1)) * record_bytes_;
  }
  static Symbol key(const std::byte* record) { return load<Symbol>(record, 0); }

  const std::byte* blank() const { return blank_.data(); }
  std::size_t record_bytes() const { return blank_.size(); }
  std::size_t memory_bytes() const { return pages_.size() * (blank_.size() << page_shift_); }

 private:
  static constexpr std::align_val_t page_alignment{64};
  struct PageDeleter {
    void operator()(std::byte* page) const noexcept { ::operator delete[](page, page_alignment); }
  };
  using Page = std::unique_ptr<std::byte[], PageDeleter>;
  Page make_page() const;

  std::vector<std::byte> blank_;
  std::size_t record_bytes_ = 0;
  int page_shift_ = 0;  // log2 of the records in a page.
  std::vector<Page> pages_;
  std::size_t size_ = 0;
};

}  // namespace tallyho

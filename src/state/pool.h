#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tallyho {

// Things that records refer to by number, because most records have none. They stay where they are; the newest can be
// given back, which is what undoing takes.
//
// Threads: one owner. Memory: pages of 1,024; the last one is kept when it empties.
template <typename T>
class Pool {
 public:
  // A new thing's number, from 1: 0 in a record means none. O(1); allocates once in 1,024 times.
  std::uint32_t make() {
    if (size_ == pages_.size() * page_size) pages_.push_back(std::make_unique<T[]>(page_size));
    return ++size_;
  }
  // Gives back the newest. O(1).
  void pop() {
    (*this)[size_] = T();
    --size_;
  }

  T& operator[](std::uint32_t number) { return pages_[(number - 1) / page_size][(number - 1) % page_size]; }
  const T& operator[](std::uint32_t number) const { return pages_[(number - 1) / page_size][(number - 1) % page_size]; }

  // With what the things hold themselves. O(n).
  std::size_t memory_bytes() const {
    std::size_t sum = pages_.size() * page_size * sizeof(T);
    for (std::uint32_t i = 1; i <= size_; ++i) sum += (*this)[i].memory_bytes();
    return sum;
  }

 private:
  static constexpr std::uint32_t page_size = 1024;

  std::vector<std::unique_ptr<T[]>> pages_;
  std::uint32_t size_ = 0;
};

}  // namespace tallyho

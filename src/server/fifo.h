#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace tallyho {

// A queue of a few things, as very many connections have one that is nearly always empty: then it holds next to
// nothing, where a std::deque holds more than half a kilobyte.
//
// pop_front() is O(1) on average.
template <typename T>
class Fifo {
 public:
  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }
  T& front() { return items_[first_]; }
  const T& front() const { return items_[first_]; }
  T& back() { return items_.back(); }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }

  void push_back(T item) {
    if (first_ > 0 && items_.size() == items_.capacity()) drop_taken();
    items_.push_back(std::move(item));
  }
  void pop_front() {
    ++first_;
    if (empty()) clear();
  }
  void clear() {
    first_ = 0;
    items_.clear();
    if (items_.capacity() > kept) items_.shrink_to_fit();
  }

 private:
  static constexpr std::size_t kept = 2;

  // Before the vector would grow: it only does if more than half of it is in use.
  void drop_taken() {
    if (first_ * 2 < items_.size()) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0;  // Those before it have been taken.
};

}  // namespace tallyho

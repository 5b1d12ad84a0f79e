#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace tallyho {

// Things by the time at which they are due, soonest first: a heap. Nothing is taken out early; whoever pops an entry
// checks whether it still means something.
class Timers {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void add(Time due, std::uint64_t id) {
    entries_.emplace_back(due, id);
    std::ranges::push_heap(entries_, std::ranges::greater{});
  }
  bool is_due(Time now) const { return !entries_.empty() && entries_.front().first <= now; }
  Time next() const { return entries_.empty() ? Time::max() : entries_.front().first; }
  std::pair<Time, std::uint64_t> pop() {
    std::ranges::pop_heap(entries_, std::ranges::greater{});
    const std::pair<Time, std::uint64_t> entry = entries_.back();
    entries_.pop_back();
    return entry;
  }

 private:
  std::vector<std::pair<Time, std::uint64_t>> entries_;
};

}  // namespace tallyho

#include "state/window_state.h"

#include <utility>

namespace tallyho {

WindowState::Added WindowState::add(Timestamp time, std::uint32_t capacity) {
  if (size_ < capacity) {
    insert(time);
    return {};
  }
  const Timestamp earliest = (*this)[0];
  if (time <= earliest) return {.is_kept = false, .has_dropped = false, .dropped = {}};
  begin_ = slot_of(1);
  --size_;
  insert(time);
  return {.is_kept = true, .has_dropped = true, .dropped = earliest};
}

void WindowState::undo_add(Timestamp time, const Added& added) {
  if (!added.is_kept) return;
  const std::uint32_t number = count_up_to(time) - 1;  // Equal times are all alike: the last one will do.
  for (std::uint32_t i = number; i + 1 < size_; ++i) times_[slot_of(i)] = times_[slot_of(i + 1)];
  --size_;
  if (!added.has_dropped) return;
  begin_ = (begin_ - 1) & (capacity_ - 1);
  times_[begin_] = PackedTime(added.dropped);
  ++size_;
}

std::int64_t WindowState::count(Timestamp now, Duration span) const {
  const auto start = subtract(now, span);
  const std::uint32_t before = start ? count_up_to(*start) : 0;
  const std::uint32_t up_to_now = count_up_to(now);
  return up_to_now > before ? up_to_now - before : 0;
}

void WindowState::insert(Timestamp time) {
  if (size_ == capacity_) grow();
  std::uint32_t number = size_++;
  for (; number > 0 && (*this)[number - 1] > time; --number) times_[slot_of(number)] = times_[slot_of(number - 1)];
  times_[slot_of(number)] = PackedTime(time);
}

void WindowState::grow() {
  const std::uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
  auto times = std::make_unique<PackedTime[]>(capacity);
  for (std::uint32_t i = 0; i < size_; ++i) times[i] = times_[slot_of(i)];
  times_ = std::move(times);
  capacity_ = capacity;
  begin_ = 0;
}

std::uint32_t WindowState::count_up_to(Timestamp time) const {
  std::uint32_t first = 0;
  std::uint32_t end = size_;
  while (first < end) {
    const std::uint32_t middle = first + (end - first) / 2;
    if ((*this)[middle] <= time)
      first = middle + 1;
    else
      end = middle;
  }
  return first;
}

}  // namespace tallyho

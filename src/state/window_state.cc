#include "state/window_state.h"

#include <cstring>
#include <utility>

namespace tallyho {

WindowState::Added WindowState::add(Timestamp time, std::uint32_t capacity) {
  if (size_ < capacity) {
    insert(time);
    return {};
  }
  const Timestamp earliest = (*this)[0];
  if (time <= earliest) return {.is_kept = false, .has_dropped = false, .dropped = {}};
  make_fit(time);  // First what may lack memory.
  begin_ = static_cast<std::uint16_t>(slot_of(1));
  --size_;
  insert(time);
  return {.is_kept = true, .has_dropped = true, .dropped = earliest};
}

// What was dropped fits: it was kept with this base, or all are wide since.
void WindowState::undo_add(Timestamp time, const Added& added) {
  if (!added.is_kept) return;
  const std::uint32_t number = count_up_to(time) - 1;  // Equal times are all alike: the last one will do.
  for (std::uint32_t i = number; i + 1 < size_; ++i)
    std::memcpy(place(slot_of(i)), place(slot_of(i + 1)), time_bytes());
  --size_;
  if (!added.has_dropped) return;
  begin_ = static_cast<std::uint16_t>(slot_of(capacity_ - 1U));
  put(begin_, added.dropped);
  ++size_;
}

std::int64_t WindowState::count(Timestamp now, Duration span) const {
  const auto start = subtract(now, span);
  const std::uint32_t before = start ? count_up_to(*start) : 0;
  const std::uint32_t up_to_now = count_up_to(now);
  return up_to_now > before ? up_to_now - before : 0;
}

TimeBase WindowState::base() const {
  TimeBase base;
  std::memcpy(&base, place(capacity_), sizeof(base));
  return base;
}

std::int64_t WindowState::packed(std::uint32_t slot) const {
  std::int64_t number = 0;
  std::memcpy(&number, place(slot), narrow_bytes);
  return number;
}

Timestamp WindowState::time_at(std::uint32_t slot) const {
  if (!is_wide_) return base().unpack(static_cast<std::uint64_t>(packed(slot)));
  PackedTime time;
  std::memcpy(&time, place(slot), sizeof(time));
  return time.unpack();
}

void WindowState::put(std::uint32_t slot, Timestamp time) {
  if (is_wide_) {
    const PackedTime kept(time);
    std::memcpy(place(slot), &kept, sizeof(kept));
  } else {
    const std::int64_t kept = base().pack(time);
    std::memcpy(place(slot), &kept, narrow_bytes);
  }
}

void WindowState::insert(Timestamp time) {
  if (size_ == capacity_) rebuild(capacity_ == 0 ? 4 : capacity_ * 2U, is_wide_, time);
  make_fit(time);
  const bool is_last = size_ == 0 || (*this)[size_ - 1U] <= time;
  const std::uint32_t number = is_last ? size_ : count_up_to(time);
  for (std::uint32_t i = size_; i > number; --i) std::memcpy(place(slot_of(i)), place(slot_of(i - 1)), time_bytes());
  put(slot_of(number), time);
  ++size_;
}

void WindowState::make_fit(Timestamp time) {
  if (!is_wide_ && !base().fits(time)) rebuild(capacity_, true, time);
}

// The base of the first time is one step sooner than need be: late times are not much earlier.
void WindowState::rebuild(std::uint32_t capacity, bool is_wide, Timestamp time) {
  WindowState other;
  other.is_wide_ = is_wide;
  other.block_ = std::make_unique<std::byte[]>(other.block_bytes(capacity));
  other.capacity_ = static_cast<std::uint16_t>(capacity);
  if (!is_wide) {
    const TimeBase begins = capacity_ == 0 ? TimeBase(time, 1) : base();
    std::memcpy(other.place(capacity), &begins, sizeof(begins));
  }
  for (std::uint32_t i = 0; i < size_; ++i) other.put(i, (*this)[i]);
  other.size_ = size_;
  *this = std::move(other);
}

std::uint32_t WindowState::count_up_to(Timestamp time) const {
  if (size_ == 0) return 0;
  const std::int64_t limit = is_wide_ ? 0 : base().pack(time);
  std::uint32_t first = 0;
  std::uint32_t end = size_;
  while (first < end) {
    const std::uint32_t middle = first + (end - first) / 2;
    const std::uint32_t slot = slot_of(middle);
    if (is_wide_ ? time_at(slot) <= time : packed(slot) <= limit)
      first = middle + 1;
    else
      end = middle;
  }
  return first;
}

}  // namespace tallyho

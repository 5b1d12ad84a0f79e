#include "state/set_state.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace tallyho {

namespace {

// No early exit, so that compilers vectorize it.
bool is_among(const Symbol* members, std::uint32_t count, Symbol member) {
  unsigned found = 0;
  for (std::uint32_t i = 0; i < count; ++i) found |= static_cast<unsigned>(members[i] == member);
  return found != 0;
}

}  // namespace

SetState::Added SetState::add(Symbol member, std::uint32_t capacity, bool drop_oldest) {
  if (contains(member)) return {};
  Added added{.how = Added::How::added};
  if (size_ >= capacity) {
    if (!drop_oldest) return {.how = Added::How::full};
    added.dropped = (*this)[0];
    remove(begin_);
    begin_ = static_cast<std::uint16_t>(slot_of(1));
    --size_;
  }
  if (size_ == this->capacity()) grow();
  place(slot_of(size_), member);
  ++size_;
  return added;
}

void SetState::undo_add(Symbol dropped) {
  remove(slot_of(size_ - 1));
  --size_;
  if (dropped == no_symbol) return;
  begin_ = static_cast<std::uint16_t>(slot_of(capacity() - 1));
  place(begin_, dropped);
  ++size_;
}

bool SetState::contains(Symbol member) const {
  if (is_indexed()) return cell(find_cell(member)) != 0;
  return is_among(members(), capacity(), member);
}

std::size_t SetState::block_bytes(std::uint32_t capacity) {
  const std::size_t cell_bytes = capacity <= looked_through_max ? 0 : capacity <= narrow_max ? 2 : 4;
  return capacity * sizeof(Symbol) + cells_for(capacity) * cell_bytes;
}

std::uint32_t SetState::cell(std::uint32_t number) const {
  const std::byte* cells = room_.block + capacity() * sizeof(Symbol);
  if (capacity() > narrow_max) {
    std::uint32_t value = 0;
    std::memcpy(&value, cells + std::size_t{number} * 4, 4);
    return value;
  }
  std::uint16_t value = 0;
  std::memcpy(&value, cells + std::size_t{number} * 2, 2);
  return value;
}

void SetState::set_cell(std::uint32_t number, std::uint32_t value) {
  std::byte* cells = room_.block + capacity() * sizeof(Symbol);
  if (capacity() > narrow_max) {
    std::memcpy(cells + std::size_t{number} * 4, &value, 4);
  } else {
    const auto narrow = static_cast<std::uint16_t>(value);
    std::memcpy(cells + std::size_t{number} * 2, &narrow, 2);
  }
}

// Fibonacci hashing: neighbouring symbols end up far apart. There are at most 2^17 cells.
std::uint32_t SetState::home(Symbol member) const {
  return static_cast<std::uint32_t>(member * 0x9e3779b97f4a7c15U >> 40) & (cells() - 1);
}

// The cell that points to this member, or the free one where it would be.
std::uint32_t SetState::find_cell(Symbol member) const {
  std::uint32_t number = home(member);
  while (cell(number) != 0 && members()[cell(number) - 1] != member) number = next(number);
  return number;
}

void SetState::place(std::uint32_t slot, Symbol member) {
  members()[slot] = member;
  if (is_indexed()) set_cell(find_cell(member), slot + 1);
}

// Frees a slot, and takes its member off the index. Closes the gap that its cell leaves: cells that were pushed past it
// move back (Knuth, The Art of Computer Programming, 6.4, algorithm R).
void SetState::remove(std::uint32_t slot) {
  const Symbol member = members()[slot];
  if (is_indexed()) close_gap(find_cell(member));
  members()[slot] = no_symbol;
}

void SetState::close_gap(std::uint32_t gap) {
  for (std::uint32_t number = next(gap); cell(number) != 0; number = next(number)) {
    const std::uint32_t wanted = home(members()[cell(number) - 1]);
    const bool is_at_home_behind_gap = ((number - wanted) & (cells() - 1)) < ((number - gap) & (cells() - 1));
    if (is_at_home_behind_gap) continue;
    set_cell(gap, cell(number));
    gap = number;
  }
  set_cell(gap, 0);
}

void SetState::grow() {
  auto block = std::make_unique<std::byte[]>(block_bytes(capacities[step_ + 1U]));
  SetState larger;
  larger.step_ = static_cast<std::uint8_t>(step_ + 1);
  larger.room_.block = block.release();
  std::fill_n(larger.members(), larger.capacity(), no_symbol);
  for (std::uint32_t i = 0; i < size_; ++i) larger.place(i, (*this)[i]);
  larger.size_ = size_;
  swap(larger);
}

}  // namespace tallyho

#include "state/set_state.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace tallyho {

namespace {

// No early exit, so that compilers vectorize it.
template <typename T>
bool is_among(const T* all, std::uint32_t count, T wanted) {
  unsigned found = 0;
  for (std::uint32_t i = 0; i < count; ++i) found |= static_cast<unsigned>(all[i] == wanted);
  return found != 0;
}

}  // namespace

SetState::Added SetState::add(Symbol member, std::uint32_t capacity, bool drop_oldest) {
  if (contains(member)) return {};
  const bool is_full = size_ >= capacity;
  if (is_full && !drop_oldest) return {.how = Added::How::full};
  // First what may lack memory.
  const bool grows = !is_full && size_ == this->capacity();
  const bool is_wide = is_wide_ || member > narrow_max;
  if (grows || is_wide != is_wide_) rebuild(step_ + (grows ? 1U : 0U), is_wide);
  Added added{.how = Added::How::added};
  if (is_full) {
    added.dropped = (*this)[0];
    remove(begin_);
    begin_ = static_cast<std::uint16_t>(slot_of(1));
    --size_;
  }
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

// Most symbols that are looked for are not there, and few of those have the lower bits of a member.
bool SetState::contains(Symbol member) const {
  if (is_inside()) return is_among(room_.few, inside_max, member);
  if (is_indexed()) return cell(find_cell(member)) != 0;
  return is_among(lower(), capacity(), static_cast<std::uint16_t>(member)) && is_looked_up(member);
}

// In slots, as the order of members does not matter. One that is free has ones, as no narrow member has.
bool SetState::is_looked_up(Symbol member) const {
  if (!is_wide_ && member > narrow_max) return false;
  const auto below = static_cast<std::uint16_t>(member);
  for (std::uint32_t slot = 0; slot < capacity(); ++slot) {
    if (lower()[slot] == below && this->member(slot) == member) return true;
  }
  return false;
}

std::size_t SetState::block_bytes(std::uint32_t step, bool is_wide) {
  const std::uint32_t symbols = capacities[step];
  const std::size_t cell_bytes = symbols <= looked_through_max ? 0 : symbols <= narrow_cells_max ? 2 : 4;
  return symbols * (lower_bytes + upper_bytes(is_wide)) + cells_for(symbols) * cell_bytes;
}

Symbol SetState::member(std::uint32_t slot) const {
  if (is_inside()) return room_.few[slot];
  std::uint32_t above = std::to_integer<std::uint32_t>(upper()[slot * upper_bytes(is_wide_)]);
  if (is_wide_) above |= std::to_integer<std::uint32_t>(upper()[slot * upper_bytes(is_wide_) + 1]) << 8;
  return above << lower_bits | lower()[slot];
}

void SetState::set_member(std::uint32_t slot, Symbol member) {
  if (is_inside()) {
    room_.few[slot] = member;
    return;
  }
  const auto below = static_cast<std::uint16_t>(member);
  const std::uint32_t above = member >> lower_bits;
  std::memcpy(room_.block + slot * lower_bytes, &below, sizeof(below));
  upper()[slot * upper_bytes(is_wide_)] = static_cast<std::byte>(above);
  if (is_wide_) upper()[slot * upper_bytes(is_wide_) + 1] = static_cast<std::byte>(above >> 8);
}

std::uint32_t SetState::cell(std::uint32_t number) const {
  const std::byte* cells = cells_begin();
  if (capacity() > narrow_cells_max) {
    std::uint32_t value = 0;
    std::memcpy(&value, cells + std::size_t{number} * 4, 4);
    return value;
  }
  std::uint16_t value = 0;
  std::memcpy(&value, cells + std::size_t{number} * 2, 2);
  return value;
}

void SetState::set_cell(std::uint32_t number, std::uint32_t value) {
  std::byte* cells = cells_begin();
  if (capacity() > narrow_cells_max) {
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
  while (true) {
    const std::uint32_t found = cell(number);
    if (found == 0 || this->member(found - 1) == member) return number;
    number = next(number);
  }
}

void SetState::place(std::uint32_t slot, Symbol member) {
  set_member(slot, member);
  if (is_indexed()) set_cell(find_cell(member), slot + 1);
}

// Frees a slot, and takes its member off the index. Closes the gap that its cell leaves: cells that were pushed past it
// move back (Knuth, The Art of Computer Programming, 6.4, algorithm R).
void SetState::remove(std::uint32_t slot) {
  if (is_indexed()) close_gap(find_cell(member(slot)));
  set_member(slot, no_symbol);
}

void SetState::close_gap(std::uint32_t gap) {
  for (std::uint32_t number = next(gap); cell(number) != 0; number = next(number)) {
    const std::uint32_t wanted = home(member(cell(number) - 1));
    const bool is_at_home_behind_gap = ((number - wanted) & (cells() - 1)) < ((number - gap) & (cells() - 1));
    if (is_at_home_behind_gap) continue;
    set_cell(gap, cell(number));
    gap = number;
  }
  set_cell(gap, 0);
}

void SetState::rebuild(std::uint32_t step, bool is_wide) {
  auto block = step == 0 ? nullptr : std::make_unique<std::byte[]>(block_bytes(step, is_wide));
  SetState other;
  other.step_ = static_cast<std::uint8_t>(step);
  other.is_wide_ = is_wide;
  if (block != nullptr) {
    other.room_.block = block.release();
    std::fill(other.room_.block, other.cells_begin(), std::byte{0xff});
  }
  if (is_inside() || is_wide != is_wide_) {
    for (std::uint32_t i = 0; i < size_; ++i) other.set_member(i, (*this)[i]);
  } else {
    const std::uint32_t to_end = std::min(size_, capacity() - begin_);  // Of the ring.
    const auto copy = [&](const std::byte* from, std::byte* to, std::size_t bytes) {
      std::memcpy(to, from + begin_ * bytes, to_end * bytes);
      std::memcpy(to + to_end * bytes, from, (size_ - to_end) * bytes);
    };
    copy(room_.block, other.room_.block, lower_bytes);
    copy(upper(), other.upper(), upper_bytes(is_wide));
  }
  if (other.is_indexed()) {
    for (std::uint32_t i = 0; i < size_; ++i) other.set_cell(other.find_cell(other.member(i)), i + 1);
  }
  other.size_ = size_;
  swap(other);
}

}  // namespace tallyho

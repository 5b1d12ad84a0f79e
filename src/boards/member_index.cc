#include "boards/member_index.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tallyho {

namespace {

constexpr std::size_t slots_min = 8;
// An array is made of pages of 4 KiB; below 32 KiB of hash table that is not worth thinking about.
constexpr std::size_t slots_for_array_min = 4096;
// An array may be this many times as large as the hash table would be before it goes back to one.
constexpr std::size_t array_excess_max = 2;

// The smallest table that holds `size` members at most 3/4 full.
std::size_t slots_for(std::size_t size) {
  return std::bit_ceil(std::max(slots_min, size + size / 3 + 1));
}

}  // namespace

void MemberIndex::set(Symbol member, std::uint32_t number) {
  assert(member != no_symbol && number != none);
  greatest_ = std::max(greatest_, member);
  if (is_array_) {
    const std::size_t array_bytes = (std::size_t{greatest_} + 1) * sizeof(std::uint32_t);
    if (array_bytes > array_excess_max * slots_for(size_ + 1) * sizeof(Slot)) become_slots();
  }
  if (is_array_) {
    set_in_array(member, number);
  } else {
    set_in_slots(member, number);
  }
}

void MemberIndex::set_in_array(Symbol member, std::uint32_t number) {
  const std::size_t page = member / page_symbols;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (pages_[page] == nullptr) pages_[page] = make_page();
  std::uint32_t& entry = pages_[page][member % page_symbols];
  if (entry == none) ++size_;
  entry = number;
}

// Slabs grow with the index, so that little of the last one is unused, up to 2 MiB.
MemberIndex::Page MemberIndex::make_page() {
  constexpr std::size_t page_bytes = page_symbols * sizeof(std::uint32_t);
  if (pages_made_ == slab_pages_) {
    const std::size_t pages = std::clamp<std::size_t>(slab_pages_ / 2, 1, slab_pages_max);
    slabs_.push_back(make_big_block(pages * page_bytes));
    slab_pages_ += pages;
    slab_next_ = slabs_.back().get();
  }
  const Page page = reinterpret_cast<Page>(slab_next_);
  slab_next_ += page_bytes;
  std::fill_n(page, page_symbols, none);
  ++pages_made_;
  return page;
}

void MemberIndex::set_in_slots(Symbol member, std::uint32_t number) {
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    grow();
    if (is_array_) return set_in_array(member, number);
  }
  std::size_t i = home(member);
  while (slots_[i].member != member && slots_[i].member != no_symbol) i = next(i);
  if (slots_[i].member == no_symbol) ++size_;
  slots_[i] = {member, number};
}

void MemberIndex::erase(Symbol member) {
  assert(find(member) != none);
  --size_;
  if (is_array_) {
    pages_[member / page_symbols][member % page_symbols] = none;
    return;
  }
  std::size_t hole = home(member);
  while (slots_[hole].member != member) hole = next(hole);
  // Close the hole, so that no look-up ends at it too early: whoever may move back to it does.
  for (std::size_t i = next(hole); slots_[i].member != no_symbol; i = next(i)) {
    const std::size_t mask = slots_.size() - 1;
    const std::size_t way_from_home = (i - home(slots_[i].member)) & mask;
    if (way_from_home >= ((i - hole) & mask)) {
      slots_[hole] = slots_[i];
      hole = i;
    }
  }
  slots_[hole] = {};
}

void MemberIndex::grow() {
  const std::size_t wanted = std::max(slots_min, slots_.size() * 2);
  if (wanted >= slots_for_array_min && (std::size_t{greatest_} + 1) * sizeof(std::uint32_t) <= wanted * sizeof(Slot)) {
    return become_array();
  }
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(wanted));
  shift_ = 64 - std::countr_zero(wanted);
  size_ = 0;
  for (const Slot& slot : old) {
    if (slot.member != no_symbol) set_in_slots(slot.member, slot.number);
  }
}

void MemberIndex::become_array() {
  const std::vector<Slot> old = std::exchange(slots_, {});
  is_array_ = true;
  size_ = 0;
  for (const Slot& slot : old) {
    if (slot.member != no_symbol) set_in_array(slot.member, slot.number);
  }
}

void MemberIndex::become_slots() {
  const std::vector<Page> old = std::exchange(pages_, {});
  const std::vector<BigBlock> slabs = std::exchange(slabs_, {});
  pages_made_ = 0;
  slab_pages_ = 0;
  is_array_ = false;
  slots_.assign(slots_for(size_ + 1), Slot{});
  shift_ = 64 - std::countr_zero(slots_.size());
  size_ = 0;
  for (std::size_t page = 0; page < old.size(); ++page) {
    if (old[page] == nullptr) continue;
    for (std::size_t i = 0; i < page_symbols; ++i) {
      if (old[page][i] != none) set_in_slots(static_cast<Symbol>(page * page_symbols + i), old[page][i]);
    }
  }
}

std::size_t MemberIndex::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + pages_.capacity() * sizeof(Page) + slabs_.capacity() * sizeof(BigBlock) +
         slab_pages_ * page_symbols * sizeof(std::uint32_t);
}

}  // namespace tallyho

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/symbols.h"

namespace tallyho {

// Where somebody stands: the value so transformed that smaller is better in the upper 64 bits, the position at which
// it was reached in the lower. One comparison decides who is ahead; of equal places the smaller symbol is.
__extension__ using Place = unsigned __int128;

constexpr Place make_place(std::uint64_t key, std::uint64_t reached) {
  return (Place{key} << 64) | reached;
}
constexpr std::uint64_t key_of(Place place) {
  return static_cast<std::uint64_t>(place >> 64);
}
constexpr std::uint64_t reached_of(Place place) {
  return static_cast<std::uint64_t>(place);
}

// What a StandingTree is made of. Nodes are plain bytes, which may be moved as such.
namespace standing {

inline constexpr std::uint32_t none = 0xffffffff;
inline constexpr std::uint32_t leaf_entries_max = 32;
inline constexpr std::uint32_t children_max = 64;
inline constexpr std::size_t line_bytes = 64;
inline constexpr std::uint32_t guided_keys = 8;  // A line of them.
static_assert(guided_keys * guided_keys == children_max);
// The key of a slot that has no entry, or no child: so whoever counts keys that are ahead need not know how many there
// are. (An entry may have it too, which makes no difference to the order.)
inline constexpr std::uint64_t no_key = ~std::uint64_t{0};

// What leaves and inner nodes have in common: a seat in a parent. `parent` is `none` in the root.
struct Node {
  std::uint32_t parent = none;
  std::uint8_t slot = 0;    // In the parent.
  std::uint8_t count = 0;   // Entries or children.
  std::uint8_t height = 0;  // Of a leaf 0, of who has leaves as children 1.
};

// Whose an entry is, and since when. The position is in two halves, so that this takes 12 bytes.
struct Holder {
  std::uint32_t reached_low = 0;
  std::uint32_t reached_high = 0;
  Symbol member = no_symbol;

  Holder() = default;
  Holder(std::uint64_t reached, Symbol who)
      : reached_low(static_cast<std::uint32_t>(reached)),
        reached_high(static_cast<std::uint32_t>(reached >> 32)),
        member(who) {}
  std::uint64_t reached() const { return std::uint64_t{reached_high} << 32 | reached_low; }
};

// Sixteen slots of a leaf: two lines of keys, three of holders.
struct Slots {
  static constexpr std::uint32_t count = 16;
  std::array<std::uint64_t, count> keys;
  std::array<Holder, count> holders;
};
static_assert(sizeof(Slots) % line_bytes == 0);

// Entries stand where they once came in, and do not move when others come and go: `order` says which slot is first,
// second and so on. So a change touches few cache lines: this head, which is one, those of the keys, which are looked
// through from first to last without waiting for one to know the next, and one of the holders. The head is followed by
// room for `capacity` entries.
struct alignas(line_bytes) Leaf : Node {
  std::uint32_t previous = none;
  std::uint32_t next = none;
  std::uint32_t used = 0;    // A bit for each slot that has an entry.
  std::uint32_t begins = 0;  // A bit for each slot whose entry is the first of the board with its value.
  std::uint32_t capacity = 0;
  std::array<std::uint8_t, leaf_entries_max> order{};  // Slots, best entry first.

  Slots& slots(std::uint32_t i) { return reinterpret_cast<Slots*>(this + 1)[i]; }
  const Slots& slots(std::uint32_t i) const { return reinterpret_cast<const Slots*>(this + 1)[i]; }
  std::uint64_t& key(std::uint32_t at) { return slots(at / Slots::count).keys[at % Slots::count]; }
  const std::uint64_t& key(std::uint32_t at) const { return slots(at / Slots::count).keys[at % Slots::count]; }
  Holder& holder(std::uint32_t at) { return slots(at / Slots::count).holders[at % Slots::count]; }
  const Holder& holder(std::uint32_t at) const { return slots(at / Slots::count).holders[at % Slots::count]; }

  Place place(std::uint32_t at) const { return make_place(key(at), holder(at).reached()); }
  Symbol member(std::uint32_t at) const { return holder(at).member; }
  std::uint32_t first() const { return order[0]; }
  std::uint32_t last() const { return order[count - 1U]; }
  std::uint32_t free_slot() const { return static_cast<std::uint32_t>(std::countr_one(used)); }
  bool begins_at(std::uint32_t at) const { return (begins >> at & 1) != 0; }

  // Where in `order` a slot is that has an entry, without a branch.
  std::uint32_t position_of(std::uint32_t at) const;
  // Shifts what is behind a position of `order`, all of it at once: how much there is, no branch can guess.
  void insert_in_order(std::uint32_t position, std::uint32_t at);
  void erase_from_order(std::uint32_t position);

 private:
  template <typename Choose>
  void shift_order(int by, Choose choose);
};
static_assert(sizeof(Leaf) == line_bytes);

// The vectors that `order` is worked on in. What comes before and after it in the head may be read, but is not used.
using OrderBytes [[gnu::vector_size(16)]] = signed char;
using Halves [[gnu::vector_size(16)]] = std::uint64_t;

// Each half of `order` becomes choose(its positions, it, what stands `by` places further on).
template <typename Choose>
inline void Leaf::shift_order(int by, Choose choose) {
  std::array<OrderBytes, sizeof(order) / sizeof(OrderBytes)> here;
  std::array<OrderBytes, here.size()> there;
  const auto* bytes = reinterpret_cast<const std::byte*>(order.data());
  std::memcpy(&here, bytes, sizeof(here));
  std::memcpy(&there, bytes + by, sizeof(there));
  OrderBytes positions{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (std::size_t i = 0; i < here.size(); ++i, positions += static_cast<signed char>(sizeof(OrderBytes))) {
    here[i] = choose(positions, here[i], there[i]);
  }
  std::memcpy(order.data(), &here, sizeof(here));
}

inline std::uint32_t Leaf::position_of(std::uint32_t at) const {
  const OrderBytes what = OrderBytes{} + static_cast<signed char>(at);
  const OrderBytes end = OrderBytes{} + static_cast<signed char>(count);
  OrderBytes positions{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  OrderBytes found{};  // The position, where it is; else 0.
  for (std::size_t i = 0; i < sizeof(order); i += sizeof(OrderBytes), positions += std::int8_t{sizeof(OrderBytes)}) {
    OrderBytes here;
    std::memcpy(&here, order.data() + i, sizeof(here));
    found |= (here == what) & (positions < end) & positions;
  }
  const auto halves = reinterpret_cast<Halves>(found);
  return static_cast<std::uint32_t>((halves[0] | halves[1]) * 0x0101'0101'0101'0101U >> 56);
}

inline void Leaf::insert_in_order(std::uint32_t position, std::uint32_t at) {
  const OrderBytes where = OrderBytes{} + static_cast<signed char>(position);
  const OrderBytes what = OrderBytes{} + static_cast<signed char>(at);
  shift_order(-1, [&](OrderBytes positions, OrderBytes here, OrderBytes before) {
    const OrderBytes is_ahead = positions < where;
    const OrderBytes is_it = positions == where;
    return (is_ahead & here) | (is_it & what) | (~(is_ahead | is_it) & before);
  });
}

inline void Leaf::erase_from_order(std::uint32_t position) {
  const OrderBytes where = OrderBytes{} + static_cast<signed char>(position);
  shift_order(1, [&](OrderBytes positions, OrderBytes here, OrderBytes after) {
    const OrderBytes is_ahead = positions < where;
    return (is_ahead & here) | (~is_ahead & after);
  });
}

constexpr std::size_t bytes_of_leaf(std::size_t capacity) {
  return sizeof(Leaf) + capacity / Slots::count * sizeof(Slots);
}

// The counts of leaves fit into bytes, so that those of all children are one line: above leaves the small ones hold,
// else the large ones. And a search reads three lines: this head with its guides, the lower bounds' keys that they
// point at, and children.
struct alignas(line_bytes) Inner : Node {
  std::array<std::uint64_t, guided_keys - 1> guides;  // The first of every eight lower bounds' keys, but for the first.
  std::array<std::uint8_t, children_max> leaf_entries;
  std::array<std::uint8_t, children_max> leaf_values;
  // Lower bounds of what is in the children: a key, no_key where there is no child; position and member.
  std::array<std::uint64_t, children_max> lower_keys;
  std::array<std::uint32_t, children_max> children;
  std::array<std::uint32_t, children_max> entries;
  std::array<std::uint32_t, children_max> values;
  std::array<Holder, children_max> lower_holders;

  Place lower_place(std::uint32_t at) const { return make_place(lower_keys[at], lower_holders[at].reached()); }
  // After every change of lower_keys.
  void renew_guides() {
    for (std::size_t i = 0; i < guides.size(); ++i) guides[i] = lower_keys[(i + 1) * guided_keys];
  }
  bool above_leaves() const { return height == 1; }
};
static_assert(leaf_entries_max <= 0xff && children_max <= 0xff);
static_assert(sizeof(Node) + sizeof(Inner::guides) == line_bytes);

}  // namespace standing

}  // namespace tallyho

#include "boards/leaderboard.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "boards/standing_tree.h"

namespace tallyho {

struct Leaderboard::Impl {
  Order order;
  StandingTree tree;

  // Values as unsigned numbers that count up from the best.
  std::uint64_t key(Points value) const {
    const std::uint64_t ascending = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
    return order == Order::ascending ? ascending : ~ascending;
  }
  Points value(std::uint64_t key) const {
    const std::uint64_t ascending = order == Order::ascending ? key : ~key;
    return static_cast<Points>(ascending ^ (std::uint64_t{1} << 63));
  }

  Rank rank(StandingTree::Seat seat, Ranking ranking) const;
};

Rank Leaderboard::Impl::rank(StandingTree::Seat seat, Ranking ranking) const {
  switch (ranking) {
    case Ranking::ordinal: return tree.count_ahead(seat) + 1;
    case Ranking::competition: return tree.count_ahead(make_place(key_of(tree.entry(seat).place), 0), 0) + 1;
    case Ranking::dense: break;
  }
  return tree.count_values(seat);
}

Leaderboard::Leaderboard(Order order) : impl_(std::make_unique<Impl>(Impl{order, {}})) {}
Leaderboard::~Leaderboard() = default;
Leaderboard::Leaderboard(Leaderboard&&) noexcept = default;
Leaderboard& Leaderboard::operator=(Leaderboard&&) noexcept = default;

Move Leaderboard::set(Member member, Points value, Position at) {
  return change(member, value, at).move;
}

Leaderboard::Change Leaderboard::change(Member member, Points value, Position at, const Aim& aim) {
  assert(member != no_symbol);
  StandingTree& tree = impl_->tree;
  const Place place = make_place(impl_->key(value), at);
  const StandingTree::Seat seat = tree.find(member);
  if (seat.leaf == StandingTree::none) {
    return {.move = {.was = 0, .rank = tree.insert(place, member, aim) + 1}, .old = std::nullopt};
  }
  const std::uint64_t key = tree.key(seat);
  if (key == key_of(place)) {
    const Rank rank = tree.count_ahead(seat) + 1;
    return {.move = {.was = rank, .rank = rank}, .old = value};
  }
  const StandingTree::Moved moved = tree.move(seat, member, place, aim);
  return {.move = {.was = moved.was + 1, .rank = moved.is + 1}, .old = impl_->value(key)};
}

void Leaderboard::change_untold(Member member, Points value, Position at, const Aim& aim) {
  assert(member != no_symbol);
  StandingTree& tree = impl_->tree;
  const Place place = make_place(impl_->key(value), at);
  const StandingTree::Seat seat = tree.find(member);
  if (seat.leaf == StandingTree::none) {
    tree.insert_untold(place, member, aim);
  } else if (tree.key(seat) != key_of(place)) {
    tree.move_untold(seat, member, place, aim);
  }
}

Aim Leaderboard::aim(Points value) const {
  return impl_->tree.aim(impl_->key(value));
}

Move Leaderboard::remove(Member member) {
  const StandingTree::Seat seat = impl_->tree.find(member);
  if (seat.leaf == StandingTree::none) return {};
  return {.was = impl_->tree.erase(seat, member) + 1, .rank = 0};
}

std::optional<Points> Leaderboard::value(Member member) const {
  const std::optional<std::uint64_t> key = impl_->tree.key_of_member(member);
  if (!key) return std::nullopt;
  return impl_->value(*key);
}

std::optional<Standing> Leaderboard::find(Member member, Ranking ranking) const {
  const StandingTree::Seat seat = impl_->tree.find(member);
  if (seat.leaf == StandingTree::none) return std::nullopt;
  const Place place = impl_->tree.entry(seat).place;
  return Standing{impl_->rank(seat, ranking), member, impl_->value(key_of(place)), reached_of(place)};
}

void Leaderboard::read(Rank first, std::size_t count, std::vector<Standing>& out, Ranking ranking) const {
  const StandingTree& tree = impl_->tree;
  if (first == 0 || first > tree.size() || count == 0) return;
  StandingTree::Seat seat = tree.at(first - 1);
  Rank ordinal = first;
  Rank rank = impl_->rank(seat, ranking);
  std::uint64_t key = key_of(tree.entry(seat).place);
  for (; count > 0 && seat.leaf != StandingTree::none; --count, ++ordinal, seat = tree.next(seat)) {
    const StandingTree::Entry entry = tree.entry(seat);
    const bool is_tie = key_of(entry.place) == key;
    key = key_of(entry.place);
    if (ranking == Ranking::ordinal || (ranking == Ranking::competition && !is_tie)) rank = ordinal;
    if (ranking == Ranking::dense && !is_tie) ++rank;
    out.push_back({rank, entry.member, impl_->value(key), reached_of(entry.place)});
  }
}

std::optional<Standing> Leaderboard::last() const {
  const std::uint64_t size = impl_->tree.size();
  if (size == 0) return std::nullopt;
  const StandingTree::Entry entry = impl_->tree.entry(impl_->tree.at(size - 1));
  return Standing{size, entry.member, impl_->value(key_of(entry.place)), reached_of(entry.place)};
}

Rank Leaderboard::rank_of(Points value, Position at, Member member) const {
  return impl_->tree.count_ahead(make_place(impl_->key(value), at), member) + 1;
}

namespace {

// How many operations' cache misses overlap: about as many lines as a core waits for at once.
constexpr std::size_t group = 16;

// Calls `visit` for each of the group of items after `ahead` others.
template <typename Item, typename Visit>
void for_group(std::span<const Item> items, std::size_t first, std::size_t ahead, Visit visit) {
  const std::size_t begin = std::min(first + ahead * group, items.size());
  const std::size_t end = std::min(begin + group, items.size());
  for (std::size_t i = begin; i < end; ++i) visit(items[i]);
}

Points wrapping_sum(Points a, Points b) {
  return static_cast<Points>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

void Leaderboard::add(std::span<const Gain> gains, Position first, std::span<Move> moves) {
  const StandingTree& tree = impl_->tree;
  const auto prefetch_index = [&](const Gain& gain) { tree.prefetch_index(gain.member); };
  const auto prefetch_leaf = [&](const Gain& gain) { tree.prefetch_leaf(gain.member); };
  const auto new_value = [&](const Gain& gain) { return wrapping_sum(value(gain.member).value_or(0), gain.points); };
  std::array<std::uint64_t, group> keys{};
  std::array<std::uint32_t, group> inners{};
  std::array<Aim, group> aims{};
  for_group(gains, 0, 0, prefetch_index);
  for_group(gains, 0, 1, prefetch_index);
  for_group(gains, 0, 0, prefetch_leaf);
  for (std::size_t begin = 0; begin < gains.size(); begin += group) {
    for_group(gains, begin, 2, prefetch_index);
    for_group(gains, begin, 1, prefetch_leaf);
    std::size_t i = 0;
    for_group(gains, begin, 0, [&](const Gain& gain) {
      keys[i] = impl_->key(new_value(gain));
      tree.prefetch_inner(gain.member);
      inners[i] = tree.prefetch_inner_for(keys[i]);
      ++i;
    });
    for (std::size_t j = 0; j < i; ++j) aims[j] = tree.aim(keys[j], inners[j]);
    i = 0;
    for_group(gains, begin, 0, [&](const Gain& gain) {
      moves[begin + i] = change(gain.member, new_value(gain), first + begin + i, aims[i]).move;
      ++i;
    });
  }
}

void Leaderboard::find(std::span<const Member> members, std::span<Standing> standings, Ranking ranking) const {
  const StandingTree& tree = impl_->tree;
  const auto prefetch_index = [&](Member member) { tree.prefetch_index(member); };
  const auto prefetch_leaf = [&](Member member) { tree.prefetch_leaf(member, true); };
  for_group(members, 0, 0, prefetch_index);
  for_group(members, 0, 1, prefetch_index);
  for_group(members, 0, 0, prefetch_leaf);
  for (std::size_t begin = 0; begin < members.size(); begin += group) {
    for_group(members, begin, 2, prefetch_index);
    for_group(members, begin, 1, prefetch_leaf);
    for_group(members, begin, 0, [&](Member member) { tree.prefetch_inner(member); });
    std::size_t i = begin;
    for_group(members, begin, 0,
              [&](Member member) { standings[i++] = find(member, ranking).value_or(Standing{.member = member}); });
  }
}

void Leaderboard::prepare_far(Member member) const {
  impl_->tree.prefetch_index(member);
}
void Leaderboard::prepare(Member member) const {
  impl_->tree.prefetch_leaf(member);
}
void Leaderboard::prepare_rank(Member member) const {
  impl_->tree.prefetch_inner(member);
}

std::size_t Leaderboard::size() const {
  return impl_->tree.size();
}
Order Leaderboard::order() const {
  return impl_->order;
}
std::size_t Leaderboard::memory_bytes() const {
  return sizeof(Leaderboard) + sizeof(Impl) + impl_->tree.memory_bytes();
}

}  // namespace tallyho

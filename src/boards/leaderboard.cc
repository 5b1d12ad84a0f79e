#include "boards/leaderboard.h"

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
  assert(member != no_symbol);
  StandingTree& tree = impl_->tree;
  const Place place = make_place(impl_->key(value), at);
  const StandingTree::Seat seat = tree.find(member);
  if (seat.leaf == StandingTree::none) return {.was = 0, .rank = tree.insert(place, member) + 1};
  if (key_of(tree.entry(seat).place) == key_of(place)) {
    const Rank rank = tree.count_ahead(seat) + 1;
    return {.was = rank, .rank = rank};
  }
  const StandingTree::Moved moved = tree.move(seat, place);
  return {.was = moved.was + 1, .rank = moved.is + 1};
}

Move Leaderboard::remove(Member member) {
  const StandingTree::Seat seat = impl_->tree.find(member);
  if (seat.leaf == StandingTree::none) return {};
  return {.was = impl_->tree.erase(seat) + 1, .rank = 0};
}

void Leaderboard::prefetch(Member member) const {
  impl_->tree.prefetch(member);
}

void Leaderboard::prefetch_entry(Member member) const {
  impl_->tree.prefetch_leaf(member);
}

std::optional<Points> Leaderboard::value(Member member) const {
  const StandingTree::Seat seat = impl_->tree.find(member);
  if (seat.leaf == StandingTree::none) return std::nullopt;
  return impl_->value(key_of(impl_->tree.entry(seat).place));
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

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/position.h"
#include "base/symbols.h"
#include "boards/aim.h"

namespace tallyho {

using Member = Symbol;  // A number for a name; the engine's SymbolTable knows the names.
using Points = std::int64_t;
using Rank = std::uint64_t;  // From 1.

enum class Order : std::uint8_t { descending, ascending };

// How equal values share ranks: 1 2 3, 1 1 3, 1 1 2.
enum class Ranking : std::uint8_t { ordinal, competition, dense };

struct Standing {
  Rank rank = 0;
  Member member = no_symbol;
  Points value = 0;
  Position reached = 0;
  bool operator==(const Standing&) const = default;
};

// Ranks before and after a change; 0 where the member was not there, or is not any more.
struct Move {
  Rank was = 0;
  Rank rank = 0;
};

// Ranks members by value, best first; of equal values the one reached first is ahead. Should two have reached the same
// value at the same position, the smaller symbol is ahead: the name that the log brought up first, and the same after a
// member was taken off and put back.
//
//     Leaderboard board(Order::descending);
//     board.set(ada, 30, 1);   // rank 1
//     board.set(bob, 30, 2);   // rank 2: ada got there first
//
// Inside is a counted B+-tree with wide leaves (boards/standing_tree.h), so every rank is exact and costs O(log n),
// shared ranks too.
//
// Threads: none of its own and no locks; the engine thread owns it.
// Memory: 30 to 45 bytes a member on a large board: 22 in leaves 80 to 90 % full, and the index
// (boards/member_index.h); about 600 bytes for the first sixteen. n is size().
class Leaderboard {
 public:
  explicit Leaderboard(Order order);
  ~Leaderboard();
  Leaderboard(Leaderboard&&) noexcept;
  Leaderboard& operator=(Leaderboard&&) noexcept;

  // Gives `member` this value; enters it if new. A value that it has already changes nothing, also not the place.
  // `at` is where in the log it was reached; of equal values the smaller is ahead. O(log n); allocates only when a
  // leaf splits or the index grows.
  Move set(Member member, Points value, Position at);

  // set() for who has aim()ed at the value, perhaps: an aim that does not hold any more, or is for another value, only
  // saves nothing. Tells what `member` had, too.
  struct Change {
    Move move;
    std::optional<Points> old;
  };
  Change change(Member member, Points value, Position at, const Aim& aim = {});
  // The same where nobody wants to know, so that no rank need be counted.
  void change_untold(Member member, Points value, Position at, const Aim& aim = {});
  // Where whoever comes to have `value` next is to go, whose bytes come from memory while something else is done.
  // O(log n); changes nothing.
  Aim aim(Points value) const;

  // Takes `member` off. Returns its rank before, 0 if it was not there. O(log n).
  Move remove(Member member);

  // The value of a member, or nothing. O(1).
  std::optional<Points> value(Member member) const;

  // Rank, value and place of a member, or nothing. O(log n).
  std::optional<Standing> find(Member member, Ranking ranking = Ranking::ordinal) const;

  // Appends up to `count` standings from ordinal rank `first` (from 1) on. O(log n + count).
  void read(Rank first, std::size_t count, std::vector<Standing>& out, Ranking ranking = Ranking::ordinal) const;

  // The worst member, or nothing if empty. O(log n).
  std::optional<Standing> last() const;

  // The ordinal rank that (value, at, member) has or would have: 1 + how many are ahead of it. Without a member: ahead
  // of everybody who reached this value there or later. O(log n). For keyset cursors: the page after a standing begins
  // at rank_of(value, reached, member + 1), whether or not that member is still there.
  Rank rank_of(Points value, Position at, Member member = 0) const;

  // Many at once, in order, as set() of value() + points and find() one after the other would do it: but their cache
  // misses overlap, which makes them several times as fast on a board that does not fit into the cache. A member that
  // is new begins with 0; the first is reached at `first`, the next at the position after it, and so on. The sums are
  // the caller's to check: they wrap. `moves` and `standings` have as many elements as there are gains and members; a
  // standing of rank 0 is that of a member that is not there. O(n log n).
  struct Gain {
    Member member = no_symbol;
    Points points = 0;
  };
  void add(std::span<const Gain> gains, Position first, std::span<Move> moves);
  void find(std::span<const Member> members, std::span<Standing> standings, Ranking ranking = Ranking::ordinal) const;

  // Hints for who has several members at hand, but must work on them one after the other; they change nothing. What
  // looking a member up needs comes from memory in two steps, each for all members before the next: prepare_far(),
  // prepare(). What its rank is counted from, in one more: prepare_rank(). Where it is to go: aim().
  void prepare_far(Member member) const;
  void prepare(Member member) const;
  void prepare_rank(Member member) const;

  std::size_t size() const;
  Order order() const;
  std::size_t memory_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

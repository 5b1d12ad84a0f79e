#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/error.h"
#include "base/form.h"
#include "boards/leaderboard.h"

namespace tallyho {

enum class Operator : std::uint8_t { sum, best, latest };

// What a board of a ruleset is, as this folder needs to know it.
struct BoardOptions {
  std::string id = {};
  Operator op = Operator::sum;
  Order order = Order::descending;
  bool is_grouped = false;
  bool follows_player = false;  // A member is in one group at a time and moves with its value.
  Every every = Every::never;
  Duration every_length{};
  TimeZone time_zone = {};
  std::uint32_t keep = 0;  // Periods before the current one that stay readable.
  std::optional<std::uint32_t> limit = {};
  std::optional<std::uint32_t> attempts = {};
  std::uint32_t groups_max = 10'000;
};

inline constexpr Symbol no_group = no_symbol;

// One leaderboard of a board: a group's in one period. Numbered in the order in which they began.
struct BoardSection {
  Symbol group = no_group;
  Period period;             // All time: a default Period.
  std::uint32_t number = 0;  // Stays the same for the section's life and is not used again.
  Leaderboard* leaderboard = nullptr;
};

// What an event did to one section.
struct BoardChange {
  std::uint32_t section = 0;  // BoardSection::number
  Member member = no_symbol;
  Move move;
  Points value = 0;            // The new one; 0 if it left.
  bool value_changed = false;  // False: nothing to tell anybody.
  Member dropped = no_symbol;  // The member that `limit` dropped because of it.
};

// A board: leaderboards per group and window, and what the operator does to them. Two steps, so that an event changes
// all its boards or none:
//
//     Board::Plan plan;
//     if (!board.plan(member, group, value, now, plan)) return …;   // may fail, changes nothing
//     board.commit(plan, position, &changes);                       // cannot fail
//
// Where the specification leaves room:
//   - `limit`: who is dropped and who does not enter is forgotten but for the attempts, which count events, not
//   results.
//     A member that is on the board stays on it when `latest` makes its value worse.
//   - `attempts` are counted per member and window, over all groups, so moving to another group gives no new ones.
//   - A group that nobody is in any more ends, and makes room under `groups_max`.
//   - Before any arrival the current period is the one the Unix epoch lies in.
//   - Who is hidden (a banned player) makes room under `limit`: when it is shown again, the worst of one too many is
//     forgotten, which may be itself. Its group does not end meanwhile.
//
// Threads: the engine thread owns it. n is the members of a leaderboard.
// Memory: see memory_bytes(); per group and window about 600 bytes and its leaderboard; with `attempts` about 12 bytes
// a member and window; following the player 4 to 21 bytes for each that was ever on it.
class Board {
 public:
  explicit Board(BoardOptions options);
  ~Board();
  Board(Board&&) noexcept;
  Board& operator=(Board&&) noexcept;

  // A checked change, to be committed before anything else but follow() of the same member and group touches the board.
  struct Plan {
    Member member = no_symbol;
    Symbol group = no_group;
    Points value = 0;
    Points result = 0;  // What the member will have.
    Timestamp now;
    bool counts = false;  // The member, group, window and attempts let it count.
    bool is_attempt = true;
    bool is_change = false;           // The member has another value now, or none.
    BoardSection* section = nullptr;  // Where it will count, if that has begun and nobody has to move there.
    Aim aim = {};                     // Where in it.
  };

  // Fills `plan` with what counting `value` for `member` at event time `now` would do. `group` only where the board is
  // grouped; where it follows the player, the member is taken to be in it already. `is_attempt`: false for what is no
  // event of the member's own, which `attempts` neither stop nor count. O(log n), changes nothing, allocates nothing.
  // Errors, after which the plan doesn't count: rule_error (a sum leaves int64), capacity (a new group over
  // groups_max).
  Status plan(Member member, Symbol group, Points value, Timestamp now, Plan& plan, bool is_attempt = true);

  // Does it; where the board follows the player, as after follow(). Appends what it did to the member, also if its
  // value stayed as it was, but nothing if the plan doesn't count, the member is hidden or `limit` kept it out. One
  // change per section: a member that moved there and counted has entered with the value it has now. Returns the number
  // of the section it counted on, 0 if it doesn't count. Null: nobody wants to know, and ranks need not be counted.
  // O(log n); allocates only for a new member, section or leaf.
  std::uint32_t commit(const Plan& plan, Position at, std::vector<BoardChange>* changes);

  // Asks for the bytes that commit() of this plan will move the member to, and notes in it where they are. Best for
  // several boards' plans at once.
  void prepare_commit(Plan& plan) const;

  // For boards that follow the player, where the plan doesn't count: `member` is in `group` now (no_group: in none).
  // Moves it, with its value, in every readable window, if it was elsewhere; nothing it earned under no_group is kept.
  // A section that has nobody left ends: section() does not know it any more. O(windows · log n), O(1) if nothing
  // moves.
  void follow(Member member, Symbol group, Position at, std::vector<BoardChange>& changes);
  // Whether nothing would move: it is there already, or nowhere. O(1).
  bool stays(Member member, Symbol group) const;
  // Whether it may. Errors: capacity (something would move to a new group over groups_max; also if it would leave
  // another group without members).
  Status can_follow(Member member, Symbol group) const;

  // Ask for the bytes that plan() and commit() for `member` begin with, in its newest window, so that they come from
  // memory while something else is done, in three steps, each of which reads what the one before asked for: where its
  // entry is; the entry; what its rank is counted from. Where the board follows the player: its group; where its entry
  // is; the entry. Nothing where the group is needed to find it.
  void prepare_far(Member member) const;
  void prepare(Member member) const;
  void prepare_near(Member member) const;

  // Takes `member` out of sight, in every window and group: ranks close up, and it is not counted. What it has stays,
  // follows and counts on, unseen, until show() puts it back as if it had never been away, also among equals. Each
  // appends its changes; either has no effect the second time. O(sections + windows · log n).
  void hide(Member member, std::vector<BoardChange>& changes);
  void show(Member member, std::vector<BoardChange>& changes);
  bool is_hidden(Member member) const;
  // Takes `member` off, in every window and group, hidden or not, and forgets all that was ever known of it.
  // O(sections + windows · log n).
  void forget(Member member, std::vector<BoardChange>& changes);

  // Time has come to `arrival`: the current period is the one it lies in; windows that are not readable any more are
  // dropped. Appends the numbers of their sections. True if the current period is another now. O(1) within a period.
  bool advance(Timestamp arrival, std::vector<std::uint32_t>& dropped);

  // Reading. `period_starts` nothing: the current one. Null: there is no such section (yet). O(log windows).
  const BoardSection* find_section(Symbol group, std::optional<Timestamp> period_starts) const;
  // The section of that number; null if it has ended. O(1).
  const BoardSection* section(std::uint32_t number) const;
  // Every section that exists, by period, then in order of the groups' first members.
  std::vector<const BoardSection*> sections() const;
  // The readable periods, newest first, whether or not anybody is on them; later ones than the current if they have
  // begun.
  std::vector<Period> periods() const;
  // True for those, and for later periods: an event at such a time counts. O(1).
  bool is_readable(const Period& period) const;
  const Period& current_period() const;
  // A period's name, unique for ever ("2026-07-19", boards/windows.h); "" for an all-time board. And back, if it is
  // readable.
  std::string period_name(const Period& period) const;
  std::optional<Period> period_named(std::string_view name) const;

  const BoardOptions& options() const;
  // Groups that have a section in any window.
  std::size_t groups() const;
  // O(sections).
  std::size_t memory_bytes() const;
  // Feeds everything that replay must reproduce to `add`, in an order that depends only on history. O(n).
  void hash(const std::function<void(std::span<const std::uint64_t>)>& add) const;

  // Writes down what the board is and everything that it holds. O(n).
  void save(FormWriter& out) const;
  // Fills a new board, in which everybody is hidden already who was, with what save() wrote, as it is at `arrival`, the
  // greatest so far; there are so many `symbols`. Returns "", or why this board cannot go on with what that one held:
  // then it begins anew. Windows that are not kept any more and members beyond `limit` stay behind. O(n).
  // What can't be fails `in`; then the board is of no use.
  std::string restore(FormReader& in, Timestamp arrival, std::size_t symbols);
  // Reads what save() wrote, and forgets it.
  static void pass_over(FormReader& in, std::size_t symbols);

 private:
  struct Impl;
  struct Loading;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

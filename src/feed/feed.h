#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/position.h"
#include "base/symbols.h"
#include "boards/board.h"

namespace tallyho {

// Somebody who watches: a connection. The feed calls it on the engine thread only.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // Whether it can take a message now. While it can't, its watches merge what happens.
  virtual bool ready() = 0;
  // A message for watch `watch`: the JSON object is `{"watch":` + watch + `,` + body, `body` being shared by all who
  // get the same.
  virtual void push(std::string_view watch, const std::shared_ptr<const std::string>& body) = 0;
  // A watch has ended by itself, as there is no more to see: what was pushed last is the last of it.
  virtual void ended(std::string_view /*watch*/) {}
};

// Which part of a board a watch shows.
struct BoardView {
  std::uint16_t board = 0;  // Index in the boards given to the feed.
  Symbol group = no_group;
  std::optional<Timestamp> period_starts;  // Nothing: the current period, whichever that is.
  std::uint32_t top = 0;                   // The first `top` members, or
  Member around = no_symbol;               // this member with `radius` on either side (nobody while it is not there).
  std::uint32_t radius = 0;
  bool operator==(const BoardView&) const = default;
};

// What an event did for its player, for those who watch the player. Valid during the call.
struct PlayerScore {
  Symbol player = no_symbol;
  std::int64_t points = 0;
  std::int64_t total = 0;
  Position position = 0;
  std::string_view event_type;
  struct Notice {
    std::string_view rule;
    std::string_view text;
  };
  std::span<const Notice> notices;
  const Subscriber* sender = nullptr;  // Whose event it was; it has the ack and is not told again.
};

// Changed ranks → snapshots and changes for each watch, conflated: a watch holds what it showed last, never a queue. Of
// watches that show the same, the change is computed and encoded once.
//
//     std::string answer = feed.watch_board(subscriber, "7", view, version);   // "board":…,"members":[…]}: the
//     snapshot feed.changed(board, change, position);                                   // by the engine, per event
//     feed.flush(position, now);                                               // by the engine, per batch and per tick
//
// Messages. A snapshot, `"board":"global","group":…,"window":…,"log":…,"version":N,"of":M,"members":[{"rank":1,
// "member":"ada","value":570},…]}`, replaces what the watch shows (`group`, `window`: where the board has them). A
// change,
// `"version":N,"merged":K,"of":M,"changes":[…]}`, is applied to it, in order:
//   - {"member":"bob","left":true}: bob is taken off. These come first.
//   - {"member":"ada","value":590,"rank":1,"was":3}: ada has this value and rank now; `was`, the rank that the watch
//     showed, is absent for one it did not show. These come by rank. Everybody whose value or rank is another than
//     shown is listed, so nothing has to be shifted: sorted by rank, the result is the board's part at version N.
// `merged` counts the versions with an effect on the watch since its last message: those that changed a member, value
// or rank it shows. A change of `of` alone is no effect; it is passed on at most every `of_interval`, with `merged` 0
// and no changes, and otherwise rides along.
//
// When. The first change after a quiet time goes out with the next flush, then at most one message per push interval.
// The interval is kept per view, so that its watches stay in step and share what is encoded, and per watch. A
// subscriber that is not ready is asked again at every flush; what it gets then leads from what it has seen to what is.
// Where there is room for fewer messages than are due (`set_room`), the flush ends, and the next goes on with the watch
// at which it ended: everybody comes once in a round, and the interval is kept from round to round. A round that takes
// longer than the interval stretches it for all; nobody is left out, and what happens meanwhile is merged.
//
// Which section. A watch of a section that does not exist yet shows nobody, and shows it once it does. One without a
// period shows the current period's and gets a snapshot when that becomes another. One around a member follows it as it
// moves and shows nobody while it is not there. When the window of a watch is not readable any more, it gets an empty
// snapshot and has ended: unwatch() knows it no longer.
//
// Players. `"score":{"player":…,"points":…,"total":…,"position":…,"type":…}}` per event of another sender, and per
// notice
// `"notice":{"player":…,"rule":…,"text":…,"position":…}}`. What a subscriber that is not ready misses is merged: points
// summed, the rest of the latest event, `"merged":K` in the score if K > 1; of notices the newest 64 are kept, the
// oldest of them says how many before it were `"dropped":n`.
//
// Resuming. A watch that begins with a version it has seen gets the one change that leads from there to what is now, if
// the feed still knows what the view showed then, else a snapshot. It knows what it told anybody of views that are
// watched, or were until `linger` ago, as far as `history_rows_max` and `lingering_views_max` reach.
//
// Threads: the engine thread owns it. No clock: the caller says what time it is. Subscribers must not call back from
// ready() and push().
// Memory: nothing for boards that nobody watches; per watch about 150 bytes and, if it reads slowly, what it saw last;
// 16 bytes for each row of what was shown before.
class Feed {
 public:
  struct Options {
    std::chrono::milliseconds push_interval{50};
    std::chrono::milliseconds of_interval{1000};  // How often a change of `of` alone is passed on.
    // Bounds the work of one flush: that many views, subscribers that were not ready, and players' watches, and 16
    // times as many watches of boards. The rest comes with the next flush, first come first served.
    std::uint32_t views_per_flush_max = 4096;
    // For watches that resume: how much of what views showed is kept, and for how long of views that nobody watches.
    std::uint32_t history_rows_max = 1 << 20;
    std::uint32_t lingering_views_max = 4096;
    std::chrono::milliseconds linger{30'000};
    // Told of all that changed() is told of, whether or not anybody watches; empty: nobody is.
    std::function<void(std::uint16_t board, const BoardChange&)> changed = {};
  };

  // `boards` and `symbols` are the engine's and outlive the feed. `log` is the log's identity, for snapshots.
  Feed(const std::vector<std::unique_ptr<Board>>& boards, const SymbolTable& symbols, std::string log, Options options);
  ~Feed();

  // Begins a watch under the subscriber's name for it, `watch` (JSON: a number or a string with its quotes), and
  // returns the snapshot's JSON members after `"watch":W,`: `"board":…,"version":N,"of":M,"members":[…]}`. A watch of
  // that name that it had before ends. `version` is the position up to which boards are computed. `since` is a version
  // of this view that the subscriber has been told before, of this log: where it can, the watch begins with the members
  // of a change from there instead, `"version":N,"merged":K,"of":M,"changes":[…]}`. O(log n + rows).
  std::string watch_board(Subscriber& subscriber, std::string_view watch, const BoardView& view, Position version,
                          std::optional<Position> since = {});
  // The same for a player: scores and notices of other senders' events.
  void watch_player(Subscriber& subscriber, std::string_view watch, Symbol player);
  // Ends one watch; false if it has none of that name.
  bool unwatch(Subscriber& subscriber, std::string_view watch);
  // Ends all of a subscriber's, which may go away after the call.
  void remove(Subscriber& subscriber);
  std::size_t watches(const Subscriber& subscriber) const;
  // Whether a subscriber has a watch of that name. O(its watches).
  bool has_watch(const Subscriber& subscriber, std::string_view watch) const;

  // The engine tells what happened, in order, after it has. O(1) where nobody watches, else O(log views + views that
  // show something else now).
  void changed(std::uint16_t board, const BoardChange& change, Position version);
  // Whether anybody wants to know what changes on a board; if nobody does, changed() need not be called. O(1).
  bool hears_of(std::uint16_t board) const;
  // What Board::advance() said: sections it dropped, and that the current period is another. In either order.
  void section_dropped(std::uint16_t board, std::uint32_t section);
  void period_changed(std::uint16_t board);
  void scored(const PlayerScore& score);
  // The same for these: whether anybody watches a player.
  bool hears_of_players() const;

  // Becomes the feed of another set of boards, in which old board i is board now[i], or is no more: takes the watches
  // of `old`. Each watch of a board gets a snapshot; one of a board that is no more, is grouped now or not any more, or
  // has other windows than the one watched, gets its last, with nobody in it. Symbols are those that were. O(watches).
  void take_over(Feed& old, const std::vector<std::optional<std::uint16_t>>& now, Position version);

  // Sends what is due: for each watch with something to say whose subscriber is ready and whose push interval is over.
  // `version`: the position up to which boards are computed and durable. `now` never goes back.
  void flush(Position version, std::chrono::steady_clock::time_point now);

  // How many messages flush() sends from now on, in all, until this is said again. At first there is no bound.
  void set_room(std::size_t messages);

  // When flush() has something to do again, if nothing more happens: time_point::min() if at once, max() if not. While
  // a subscriber is not ready: a push interval after the last flush; whoever learns that it is ready may flush at once.
  std::chrono::steady_clock::time_point next_due() const;

  // Counters since the beginning, for metrics.
  struct Stats {
    std::uint64_t watches = 0;   // Now.
    std::uint64_t messages = 0;  // Sent.
    std::uint64_t merged = 0;    // Versions and events that a message summed up beyond its first.
    std::uint64_t encoded = 0;   // Bodies encoded; messages / encoded is how far sharing goes.
  };
  Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

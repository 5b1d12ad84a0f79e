#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "feed/view.h"
#include "feed/view_history.h"

namespace tallyho {

// The feed's parts: feed.cc has its outside and the watches, feed_views.cc what shows on which section, feed_flush.cc
// what is sent when.
struct Feed::Impl {
  using Time = Timers::Time;

  Impl(const std::vector<std::unique_ptr<Board>>& feed_boards, const SymbolTable& feed_symbols, std::string feed_log,
       Options feed_options)
      : boards(feed_boards),
        symbols(feed_symbols),
        log(std::move(feed_log)),
        options(feed_options),
        history(feed_options.history_rows_max) {}

  // The sections of one board that somebody watches, and the views that wait for one to come into being.
  struct Section {
    SectionViews views;
    Time told_of = Time::min();  // When a change of its size alone was last passed on,
    std::optional<Time> of_due;  // and when one will be.
  };
  struct BoardViews {
    absl::flat_hash_map<std::uint32_t, std::unique_ptr<Section>> sections;
    absl::flat_hash_map<Symbol, std::vector<FeedView*>> waiting;  // By group.
    std::vector<FeedView*> views;                                 // All of the board's.
  };
  struct ViewHash {
    std::size_t operator()(const BoardView& view) const;
  };

  // feed.cc
  FeedWatch& new_watch(Subscriber& subscriber, std::string_view name);
  void end_watch(FeedWatch& watch);
  void leave_view(FeedView& view);
  void end_view(FeedView& view);
  void end_lingering();

  // feed_views.cc
  FeedView& open_view(const BoardView& what);
  void bind(FeedView& view);
  void unbind(FeedView& view);
  void bind_waiting(std::uint16_t board, const BoardChange& change, Position version);
  void unbind_section(std::uint16_t board, std::uint32_t section);
  void end_period(FeedView& view);
  const BoardSection* section_of(const FeedView& view) const;
  void take_effect(FeedView& view, Position version);
  void size_changed(std::uint16_t board, std::uint32_t number, Section& section);
  const std::shared_ptr<const ViewState>& state_of(FeedView& view, Position version);
  std::shared_ptr<const ViewState> state_at(const FeedView& view, Position version) const;
  std::string encode_snapshot_of(const FeedView& view, const ViewState& state, Position version) const;
  const std::shared_ptr<const std::string>& body_for(FeedView& view, const std::shared_ptr<const ViewState>& from,
                                                     Position version);

  // feed_takeover.cc
  FeedView& take_over(const FeedView& old, std::uint16_t board, std::uint32_t shown_epoch);
  FeedView& take_leave(const FeedView& old, std::shared_ptr<const std::string> farewell, std::uint32_t shown_epoch);

  // feed_flush.cc
  void schedule(FeedView& view, Time due);
  void schedule(FeedView& view);
  bool is_ready(FeedSubscriber& subscriber);
  bool is_behind(const FeedWatch& watch) const;
  Time due_after(Time pushed) const { return pushed == Time::min() ? pushed : pushed + options.push_interval; }
  bool serve_board_watch(FeedWatch& watch, Position version, Time now);
  void push(FeedWatch& watch, const std::shared_ptr<const std::string>& body);
  void serve_player_watch(FeedWatch& watch);
  void serve_view(FeedView& view, Position version, Time now, std::size_t& watches_left);
  void serve_unblocked(Position version, Time now);
  void serve_players();
  void serve_sizes(Time now);
  void end_finished();

  const std::vector<std::unique_ptr<Board>>& boards;
  const SymbolTable& symbols;
  const std::string log;
  const Options options;

  absl::flat_hash_map<const Subscriber*, std::unique_ptr<FeedSubscriber>> subscribers;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<FeedView>> views;
  absl::flat_hash_map<BoardView, FeedView*, ViewHash> views_by_what;
  std::vector<BoardViews> board_views;  // By board, as far as any was watched.
  std::uint64_t next_view_id = 1;
  ViewHistory history;
  std::deque<std::pair<Time, std::uint64_t>> lingering;  // Views that nobody watches, soonest to end first.
  absl::flat_hash_map<Symbol, std::vector<FeedWatch*>> players;

  Timers view_timers;  // By view id.
  Timers size_timers;  // By board << 32 | section.
  std::deque<FeedWatch*> player_queue;
  std::deque<const Subscriber*> blocked;
  Time flushed = Time::min();
  std::size_t room = std::numeric_limits<std::size_t>::max();  // Messages that may be sent.

  std::vector<ViewRange*> affected;  // Kept for its memory.
  std::vector<FeedWatch*> finished;  // Got the last thing they will get.
  Stats stats;
};

}  // namespace tallyho

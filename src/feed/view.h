#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "feed/feed.h"
#include "feed/player_news.h"
#include "feed/section_views.h"
#include "feed/timers.h"
#include "feed/view_state.h"

namespace tallyho {

struct FeedView;
struct FeedSubscriber;

// One watch: of a view of a board, or of a player.
struct FeedWatch {
  std::string name;
  FeedSubscriber* owner = nullptr;

  FeedView* view = nullptr;                   // Of a board:
  std::size_t index = 0;                      // in view->watches.
  std::shared_ptr<const ViewState> shown;     // What it got last.
  Timers::Time pushed = Timers::Time::min();  // When the round began in which it did.

  Symbol player = no_symbol;         // Of a player:
  std::shared_ptr<PlayerNews> news;  // what it was not told yet.
  bool is_queued = false;
};

// A subscriber with its watches.
struct FeedSubscriber {
  Subscriber* subscriber = nullptr;
  std::vector<std::unique_ptr<FeedWatch>> watches;  // A few; in the order in which they began.
  bool is_blocked = false;                          // Was not ready, and is asked again at every flush.
};

// What watches with the same BoardView share: what it shows now, and the bodies that lead there.
struct FeedView : ViewRange {
  std::uint64_t id = 0;
  BoardView what;
  std::vector<FeedWatch*> watches;
  std::uint32_t section = 0;  // The number of the one it shows; 0: there is none (yet).
  bool has_ended = false;     // Its window is not readable any more.

  std::uint64_t effects = 0;    // Versions that had an effect on it,
  Position effect_version = 0;  // and the last of them.
  std::uint32_t epoch = 0;
  std::shared_ptr<const ViewState> state;       // Made when it is first asked for,
  Position state_first = 0;                     // at this version, and shown at
  Position state_last = 0;                      // this one, too.
  Position bodies_version = 0;                  // What the bodies below say that the state is of.
  std::shared_ptr<const std::string> farewell;  // The last body of a view whose board is no more.
  std::shared_ptr<const std::string> snapshot;  // Made when somebody needs it, as are those of `changes`.
  struct Change {
    std::shared_ptr<const ViewState> from;  // Kept, so that its address is not used again.
    std::shared_ptr<const std::string> body;
  };
  absl::flat_hash_map<const ViewState*, Change> changes;  // That lead from there to `state`.

  std::optional<Timers::Time> due;            // When it is looked at next.
  Timers::Time pushed = Timers::Time::min();  // When the last round of its watches began that came to its end.
  Timers::Time round = Timers::Time::min();   // When the one under way began.
  std::size_t next_watch = 0;                 // Where a flush that had enough of it left off.
  Timers::Time lingers_until;                 // While nobody watches it.
};

}  // namespace tallyho

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "boards/board.h"
#include "engine/activation.h"
#include "engine/outcome.h"
#include "engine/refusal.h"
#include "engine/rule_applier.h"
#include "feed/feed.h"
#include "ruleset/ruleset.h"

namespace tallyho {

// The boards as a ruleset declares them.
std::vector<std::unique_ptr<Board>> make_boards(const Ruleset& ruleset, std::uint32_t groups_max);

// What an event that passed its rules means for the boards, in two steps: all of them agree, or none changes.
//
//     if (!board_rules.plan(event_type, player)) return refuse(board_rules.refusal());
//     board_rules.commit(position, feed, wants_ranks);
//
// Of a board, these are evaluated in this order, and no more than it takes to know that the event does not count:
// `starts` and `ends`, `when`, `member`, `group_by`, `value`. `group_by` of a board that follows the player is
// evaluated after every accepted event.
//
// Threads: the engine thread owns it. Memory: vectors that stay as large as they once were.
class BoardRules {
 public:
  // All outlive it.
  BoardRules(const Ruleset& ruleset, const std::vector<std::unique_ptr<Board>>& boards, EventActivation& activation,
             RuleApplier& applier, SymbolTable& symbols);

  // Evaluates what each board says of the event; the activation has the points that were really added and the total
  // after them. Without a type it is no event but an adjustment: that counts where every type does and nothing is read
  // of the event but its player, and is no attempt. Changes nothing but symbols. False: refusal() says why. A board's
  // error comes before `capacity`.
  bool plan(std::optional<EventTypeIndex> type, Symbol player);
  // Does what was planned, and tells the feed. `wants_ranks`: whether ranks() will be asked for.
  void commit(Position position, Feed& feed, bool wants_ranks);

  // The boards on which an event of this type may change the entry of its player: those to prepare; and of these the
  // ones that follow the player, whom an event that pays nothing asks for its group.
  std::span<const BoardIndex> boards_of_player(EventTypeIndex type) const { return boards_of_player_[type]; }
  std::span<const BoardIndex> followers_of_player(EventTypeIndex type) const { return followers_of_player_[type]; }

  const Refusal& refusal() const { return refusal_; }
  // Of the boards that the last committed event counted on, if they were wanted. Valid until the next.
  std::span<const RankChange> ranks() const { return ranks_; }

 private:
  // What a board has to do with an event of some type.
  struct Task {
    BoardIndex board = 0;
    bool may_count = false;
    bool follows = false;
    bool only_points = false;  // Nothing to do if the event changed no points.
  };
  Task task_of(BoardIndex board, bool may_count) const;
  // What it will do.
  struct Intent {
    BoardIndex board = 0;
    bool follows = false;
    Symbol group = no_group;  // Where the player is now.
    Board::Plan plan;
  };

  bool counts_without_event(const BoardDefinition& board) const;
  bool plan_board(const Task& task, Symbol player, bool is_event);
  std::optional<bool> counts(const BoardDefinition& board);
  // What names a board's members or groups.
  struct Naming {
    const cel::Program* program = nullptr;
    std::optional<std::uint16_t> variable;  // Of the player, if that is all the program reads.
  };
  Naming naming(const std::optional<cel::Program>& program) const;
  std::optional<Symbol> name(const Naming& naming, std::string_view what);
  bool check(const Status& status, BoardIndex board);
  bool fail(Code code, BoardIndex board);

  const Ruleset& ruleset_;
  const std::vector<std::unique_ptr<Board>>& boards_;
  EventActivation& activation_;
  RuleApplier& applier_;
  SymbolTable& symbols_;
  std::vector<Naming> members_;                            // By board.
  std::vector<Naming> groups_;                             // The same.
  std::vector<std::vector<Task>> tasks_;                   // By event type; last, those of an adjustment.
  std::vector<std::vector<BoardIndex>> boards_of_player_;  // By event type.
  std::vector<std::vector<BoardIndex>> followers_of_player_;
  std::vector<Intent> intents_;
  std::vector<BoardChange> changes_;
  std::vector<RankChange> ranks_;
  Refusal refusal_;
  bool is_over_capacity_ = false;
};

}  // namespace tallyho

#include "engine/board_rules.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "fmt/format.h"
#include "ruleset/slots.h"

namespace tallyho {
namespace {

Operator to_operator(BoardOperator op) {
  switch (op) {
    case BoardOperator::sum: return Operator::sum;
    case BoardOperator::best: return Operator::best;
    case BoardOperator::latest: return Operator::latest;
  }
  return Operator::sum;
}

BoardOptions to_options(const BoardDefinition& board, const Ruleset& ruleset, std::uint32_t groups_max) {
  BoardOptions options;
  options.id = board.id;
  options.op = to_operator(board.op);
  options.order = board.ascending ? Order::ascending : Order::descending;
  options.is_grouped = board.group_by.has_value();
  options.follows_player = board.follows_player;
  options.every = board.every;
  options.every_length = board.every_length;
  options.time_zone = ruleset.time_zone;
  options.keep = board.keep;
  options.limit = board.limit;
  options.attempts = board.attempts;
  options.groups_max = groups_max;
  return options;
}

// Whether an expression reads nothing of an event but whose it is, and no scope whose key does.
bool is_known_without_event(const cel::Program& program, const Ruleset& ruleset) {
  return std::ranges::all_of(program.slots(), [&ruleset](cel::Slot slot) {
    const auto record = static_cast<SlotRecord>(slot_record(slot));
    if (record == SlotRecord::event_envelope) return slot_number(slot) == static_cast<int>(EnvelopeSlot::player);
    if (record < SlotRecord::first_scope) return record != SlotRecord::event_field;
    const auto scope = static_cast<std::size_t>(record) - static_cast<std::size_t>(SlotRecord::first_scope);
    const auto& key = ruleset.scopes[scope].key;
    return !key || is_known_without_event(*key, ruleset);  // Keys read the event and the player, so this ends.
  });
}

}  // namespace

std::vector<std::unique_ptr<Board>> make_boards(const Ruleset& ruleset, std::uint32_t groups_max) {
  std::vector<std::unique_ptr<Board>> boards;
  boards.reserve(ruleset.boards.size());
  for (const BoardDefinition& board : ruleset.boards) {
    boards.push_back(std::make_unique<Board>(to_options(board, ruleset, groups_max)));
  }
  return boards;
}

BoardRules::BoardRules(const Ruleset& ruleset, const std::vector<std::unique_ptr<Board>>& boards,
                       EventActivation& activation, RuleApplier& applier, SymbolTable& symbols)
    : ruleset_(ruleset), boards_(boards), activation_(activation), applier_(applier), symbols_(symbols) {
  for (const BoardDefinition& board : ruleset.boards) {
    members_.push_back(naming(board.member));
    groups_.push_back(naming(board.group_by));
  }
  for (const EventType& type : ruleset.events) {
    std::vector<Task>& tasks = tasks_.emplace_back();
    for (std::size_t i = 0; i < ruleset.boards.size(); ++i) {
      const auto index = static_cast<BoardIndex>(i);
      const bool may_count = std::ranges::find(type.boards, index) != type.boards.end();
      if (may_count || ruleset.boards[i].follows_player) tasks.push_back(task_of(index, may_count));
    }
  }
  for (const std::vector<Task>& tasks : tasks_) {
    std::vector<BoardIndex>& prepared = boards_of_player_.emplace_back();
    std::vector<BoardIndex>& followers = followers_of_player_.emplace_back();
    for (const Task& task : tasks) {
      if (ruleset.boards[task.board].member) continue;
      prepared.push_back(task.board);
      if (task.follows) followers.push_back(task.board);
    }
  }
  std::vector<Task>& adjusting = tasks_.emplace_back();
  for (std::size_t i = 0; i < ruleset.boards.size(); ++i) {
    const bool may_count = counts_without_event(ruleset.boards[i]);
    if (!may_count && !ruleset.boards[i].follows_player) continue;
    adjusting.push_back(task_of(static_cast<BoardIndex>(i), may_count));
  }
}

BoardRules::Task BoardRules::task_of(BoardIndex board, bool may_count) const {
  const BoardDefinition& definition = ruleset_.boards[board];
  return {.board = board,
          .may_count = may_count,
          .follows = definition.follows_player,
          .only_points = !definition.follows_player && !definition.when};
}

// Whether a board counts every type of event, and reads of them only whose they are.
bool BoardRules::counts_without_event(const BoardDefinition& board) const {
  if (board.on.size() != ruleset_.events.size()) return false;
  return std::ranges::all_of(std::array{&board.when, &board.member, &board.value, &board.group_by},
                             [this](const std::optional<cel::Program>* program) {
                               return !*program || is_known_without_event(**program, ruleset_);
                             });
}

bool BoardRules::plan(std::optional<EventTypeIndex> type, Symbol player) {
  applier_.totals_changed();  // The event's points and the player's total were settled.
  intents_.clear();
  is_over_capacity_ = false;
  const bool has_points = activation_.points() != 0;
  for (const Task& task : tasks_[type.value_or(ruleset_.events.size())]) {
    if (task.only_points && !has_points) continue;
    if (!plan_board(task, player, type.has_value())) return false;
  }
  for (Intent& intent : intents_) boards_[intent.board]->prepare_commit(intent.plan);
  return !is_over_capacity_;
}

// False: an expression or a sum failed. Too many groups are noted only, as a later board's error comes first.
bool BoardRules::plan_board(const Task& task, Symbol player, bool is_event) {
  const BoardDefinition& definition = ruleset_.boards[task.board];
  Board& board = *boards_[task.board];
  applier_.begin_rule();
  bool is_counted = false;
  if (task.may_count) {
    const auto counted = counts(definition);
    if (!counted) return fail(Code::rule_error, task.board);
    is_counted = *counted;
  }
  Symbol member = player;
  if (is_counted && definition.member) {
    const auto named = name(members_[task.board], "member");
    if (!named) return fail(Code::rule_error, task.board);
    member = *named;
    is_counted = member != no_symbol;
  }
  Symbol group = no_group;
  if (definition.group_by && (is_counted || task.follows)) {
    const auto named = name(groups_[task.board], "group_by");
    if (!named) return fail(Code::rule_error, task.board);
    group = *named;
    is_counted = is_counted && group != no_group;
  }
  if (!is_counted && (!task.follows || board.stays(player, group))) return true;
  Intent& intent = intents_.emplace_back();  // Filled where it is: a copy would wait for what was just written.
  intent.board = task.board;
  intent.follows = task.follows;
  intent.group = group;
  if (is_counted) {
    std::int64_t value = activation_.points();
    if (definition.value) {
      const auto result = applier_.evaluate(*definition.value, "value", refusal_);
      if (!result) return fail(Code::rule_error, task.board);
      value = result->as_int64();
    }
    const Status planned = board.plan(member, group, value, activation_.now(), intent.plan, is_event);
    if (!check(planned, task.board)) return false;
    if (intent.plan.section != nullptr) return true;  // Nobody has to move.
  }
  return !task.follows || check(board.can_follow(player, group), task.board);
}

// Whether the board wants an event of this time and with these points. Nothing: its condition failed.
std::optional<bool> BoardRules::counts(const BoardDefinition& board) {
  if (board.starts && activation_.now() < *board.starts) return false;
  if (board.ends && activation_.now() >= *board.ends) return false;
  if (!board.when) return activation_.points() != 0;
  const auto when = applier_.evaluate(*board.when, "when", refusal_);
  if (!when) return std::nullopt;
  return when->is_true();
}

BoardRules::Naming BoardRules::naming(const std::optional<cel::Program>& program) const {
  if (!program) return {};
  Naming naming{.program = &*program, .variable = std::nullopt};
  const auto slot = program->slot();
  if (slot && slot_record(*slot) == slot_record(scope_slot(player_scope, 0))) naming.variable = slot_number(*slot);
  return naming;
}

// The symbol of a member or a group; no_symbol for ''. Nothing: the expression failed.
std::optional<Symbol> BoardRules::name(const Naming& naming, std::string_view what) {
  if (naming.variable) return activation_.read_player_symbol(*naming.variable);
  const auto text = applier_.evaluate(*naming.program, what, refusal_);
  if (!text) return std::nullopt;
  return text->as_string().empty() ? no_symbol : symbols_.intern(text->as_string());
}

// Whether to go on with the other boards: only too many groups let it, of which the first is reported.
bool BoardRules::check(const Status& status, BoardIndex board) {
  if (status) return true;
  if (status.error().code != Code::capacity) {
    refusal_.message = "the sum leaves the range of an int";
    return fail(status.error().code, board);
  }
  if (is_over_capacity_) return true;
  is_over_capacity_ = true;
  refusal_.message.clear();
  fmt::format_to(std::back_inserter(refusal_.message), "board '{}' has {} groups, as many as it may",
                 ruleset_.boards[board].id, boards_[board]->options().groups_max);
  fail(Code::capacity, board);
  return true;
}

bool BoardRules::fail(Code code, BoardIndex board) {
  refusal_.code = code;
  refusal_.rule = std::nullopt;
  refusal_.board = board;
  return false;
}

void BoardRules::commit(Position position, Feed& feed, bool wants_ranks) {
  ranks_.clear();
  for (const Intent& intent : intents_) {
    Board& board = *boards_[intent.board];
    changes_.clear();
    std::uint32_t counted_on = 0;
    if (intent.plan.counts) {
      const bool is_told = wants_ranks || feed.hears_of(intent.board);
      counted_on = board.commit(intent.plan, position, is_told ? &changes_ : nullptr);
    } else if (intent.follows) {
      board.follow(activation_.player_symbol(), intent.group, position, changes_);
    }
    for (const BoardChange& change : changes_) {
      if (change.section == counted_on && change.member == intent.plan.member) {
        ranks_.push_back({intent.board, change.move.rank, change.move.was});
      }
      feed.changed(intent.board, change, position);
    }
  }
}

}  // namespace tallyho

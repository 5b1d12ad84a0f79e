#include "engine/place.h"

#include <algorithm>
#include <string>

namespace tallyho {
namespace {

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

// The period the greatest arrival time lies in: an event may have begun a later one early.
std::optional<Period> current_period(const Engine& engine, const Board& board) {
  for (const Period& period : board.periods()) {
    if (period.contains(engine.last_arrival())) return period;
  }
  return std::nullopt;
}

bool group_exists(const Board& board, Symbol group) {
  return std::ranges::any_of(board.periods(),
                             [&](const Period& period) { return board.find_section(group, period.starts) != nullptr; });
}

Answered<Symbol> find_group(const Engine& engine, const Board& board, const BoardSelector& selector) {
  if (!board.options().is_grouped) {
    if (!selector.group) return no_group;
    return refuse(Code::invalid_argument, "the board " + quoted(selector.board) + " has no groups");
  }
  if (!selector.group) {
    return refuse(Code::invalid_argument, "the board " + quoted(selector.board) + " is grouped: name a group");
  }
  const auto group = engine.symbols().find(*selector.group);
  if (group && (board.find_section(*group, std::nullopt) != nullptr || group_exists(board, *group))) return *group;
  return refuse(Code::not_found, "the board " + quoted(selector.board) + " has no group " + quoted(*selector.group));
}

Answered<std::optional<Period>> find_period(const Engine& engine, const Board& board, const BoardSelector& selector) {
  if (board.options().every == Every::never) {
    if (!selector.window) return std::nullopt;
    return refuse(Code::invalid_argument, "the board " + quoted(selector.board) + " has no windows");
  }
  if (!selector.window) return current_period(engine, board);
  const auto period = board.period_named(*selector.window);
  if (period) return period;
  return refuse(Code::not_found,
                "the board " + quoted(selector.board) + " has no readable window " + quoted(*selector.window));
}

}  // namespace

Answered<Place> find_place(const Engine& engine, const BoardSelector& selector) {
  const auto index = engine.ruleset().find_board(selector.board);
  if (!index) return refuse(Code::not_found, "there is no board " + quoted(selector.board));
  Place place{.index = *index, .board = &engine.board(*index), .group = no_group, .period = {}, .section = nullptr};
  const auto group = find_group(engine, *place.board, selector);
  if (!group) return std::unexpected(group.error());
  place.group = *group;
  const auto period = find_period(engine, *place.board, selector);
  if (!period) return std::unexpected(period.error());
  place.period = *period;
  place.section =
      place.board->find_section(place.group, place.period ? std::optional(place.period->starts) : std::nullopt);
  return place;
}

}  // namespace tallyho

// Boards of tallyho.h: pages and members.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "capi/call.h"
#include "capi/engine_handle.h"
#include "engine/place.h"

namespace tallyho::capi {
namespace {

constexpr std::size_t limit_max = 1000;
constexpr std::size_t radius_max = 499;  // So that a page has at most as many.

struct Query {
  BoardSelector selector;
  Ranking ranking = Ranking::ordinal;
};

Answered<Query> read_place(const tallyho_place* given) {
  const auto place = read_sized(given);
  if (!place) return refuse(Code::invalid_argument, "the place has a wrong size, or sets what is not known here");
  if (place->board == nullptr) return refuse(Code::invalid_argument, "the place names no board");
  if (place->ranking < TALLYHO_ORDINAL || place->ranking > TALLYHO_DENSE) {
    return refuse(Code::invalid_argument, "there is no such ranking");
  }
  Query query{.selector = {.board = place->board, .group = {}, .window = {}},
              .ranking = static_cast<Ranking>(place->ranking)};
  if (place->group != nullptr) query.selector.group = place->group;
  if (place->window != nullptr) query.selector.window = place->window;
  return query;
}

// Fills the page with `count` members from ordinal rank `first` on.
tallyho_page make_page(const Engine& engine, const Place& place, Rank first, std::size_t count, Ranking ranking,
                       Workspace& workspace) {
  workspace.standings.clear();
  const std::size_t of = place.size();
  if (first <= of) place.section->leaderboard->read(first, count, workspace.standings, ranking);
  const std::span<tallyho_member> members = workspace.arena.array<tallyho_member>(workspace.standings.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Standing& standing = workspace.standings[i];
    const std::string_view name = workspace.arena.copy(engine.symbols().text(standing.member));
    members[i] = {standing.rank, standing.value, text_of(name)};
  }
  tallyho_page page{};
  page.version = engine.version();
  page.of = of;
  if (place.period) page.window = text_of(workspace.arena.copy(place.board->period_name(*place.period)));
  page.members = members.data();
  page.member_count = members.size();
  return page;
}

// A page around a member; without a radius it alone.
Answered<tallyho_page> page_around(const Engine& engine, const Place& place, std::string_view member,
                                   std::size_t radius, Ranking ranking, Workspace& workspace) {
  const auto symbol = engine.symbols().find(member);
  const auto standing = symbol && place.section != nullptr ? place.section->leaderboard->find(*symbol) : std::nullopt;
  if (!standing) {
    return refuse(Code::not_found, "there is no member '" + std::string(member) + "' on this board");
  }
  const Rank first = standing->rank > radius ? standing->rank - radius : 1;
  return make_page(engine, place, first, standing->rank - first + 1 + radius, ranking, workspace);
}

// What the three queries have in common: `read` makes the page under the engine's lock.
template <typename Read>
int answer(tallyho_engine* engine, const tallyho_place* place, tallyho_page* page, Read&& read) {
  return guarded([&](Workspace& workspace) -> Answered<void> {
    if (!has_size(page)) return refuse(Code::invalid_argument, "the page has a wrong size");
    const auto query = read_place(place);
    if (!query) return std::unexpected(query.error());
    const auto scorer = scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    const auto made = (*scorer)->read([&](const Engine& game) -> Answered<tallyho_page> {
      const auto found = find_place(game, query->selector);
      if (!found) return std::unexpected(found.error());
      return read(game, *found, query->ranking, workspace);
    });
    if (!made) return std::unexpected(made.error());
    write_sized(*made, page);
    return {};
  });
}

}  // namespace
}  // namespace tallyho::capi

namespace capi = tallyho::capi;
using tallyho::Answered;
using tallyho::Code;
using tallyho::Engine;
using tallyho::Place;
using tallyho::Ranking;

const char* tallyho_board_name(tallyho_engine* engine, size_t index) {
  const char* name = nullptr;
  capi::guarded([&](capi::Workspace&) -> Answered<void> {
    const auto scorer = capi::scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    const auto& boards = (*scorer)->ruleset()->boards;
    if (index < boards.size()) name = boards[index].id.c_str();
    return {};
  });
  return name;
}

int tallyho_board_page(tallyho_engine* engine, const tallyho_place* place, uint64_t first, size_t limit,
                       tallyho_page* page) {
  return capi::answer(engine, place, page,
                      [&](const Engine& game, const Place& found, Ranking ranking,
                          capi::Workspace& workspace) -> Answered<tallyho_page> {
                        if (first == 0 || limit > capi::limit_max) {
                          return tallyho::refuse(Code::invalid_argument,
                                                 "ranks count from 1, a page has at most 1,000");
                        }
                        return capi::make_page(game, found, first, limit, ranking, workspace);
                      });
}

int tallyho_board_rank(tallyho_engine* engine, const tallyho_place* place, const char* member, tallyho_page* page) {
  return tallyho_board_around(engine, place, member, 0, page);
}

int tallyho_board_around(tallyho_engine* engine, const tallyho_place* place, const char* member, size_t radius,
                         tallyho_page* page) {
  return capi::answer(engine, place, page,
                      [&](const Engine& game, const Place& found, Ranking ranking,
                          capi::Workspace& workspace) -> Answered<tallyho_page> {
                        if (member == nullptr || radius > capi::radius_max) {
                          return tallyho::refuse(Code::invalid_argument, "no member, or a radius above 499");
                        }
                        return capi::page_around(game, found, member, radius, ranking, workspace);
                      });
}

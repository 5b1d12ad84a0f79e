#include "feed/view_state.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "base/json.h"

namespace tallyho {

namespace {

std::int64_t as_number(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

// An object is written with its opening brace, which the watch's name takes the place of.
std::string without_brace(std::string object) {
  return object.erase(0, 1);
}

}  // namespace

Rank read_rows(const Leaderboard& leaderboard, std::uint32_t top, Member around, std::uint32_t radius,
               ViewState& state) {
  state.of = leaderboard.size();
  Rank rank = 0;
  std::size_t count = top;
  if (top == 0) {
    if (around == no_symbol) return 0;
    const std::optional<Standing> center = leaderboard.find(around);
    if (!center) return 0;
    rank = center->rank;
    state.first = center->rank > radius ? center->rank - radius : 1;
    count = center->rank - state.first + 1 + radius;
  }
  std::vector<Standing> standings;
  standings.reserve(std::min<std::size_t>(count, state.of));
  leaderboard.read(state.first, count, standings);
  state.rows.reserve(standings.size());
  for (const Standing& standing : standings) state.rows.push_back({standing.member, standing.value});
  return rank;
}

std::string encode_snapshot(const ViewHead& head, const ViewState& state, Position version,
                            const SymbolTable& symbols) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("board").text(head.board);
  if (head.is_grouped) json.key("group").text(head.group);
  if (head.is_windowed) json.key("window").text(head.window);
  json.key("log").text(head.log);
  json.key("version").number(as_number(version));
  json.key("of").number(as_number(state.of));
  json.key("members").array();
  for (std::size_t i = 0; i < state.rows.size(); ++i) {
    json.object();
    json.key("rank").number(as_number(state.first + i));
    json.key("member").text(symbols.text(state.rows[i].member));
    json.key("value").number(state.rows[i].value);
    json.end();
  }
  json.end().end();
  return without_brace(std::move(out));
}

std::string encode_changes(const ViewState& from, const ViewState& to, Position version, const SymbolTable& symbols) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("version").number(as_number(version));
  json.key("merged").number(as_number(to.effects - from.effects));
  json.key("of").number(as_number(to.of));
  json.key("changes").array();

  absl::flat_hash_map<Member, std::size_t> was;  // Index in from.rows.
  was.reserve(from.rows.size());
  for (std::size_t i = 0; i < from.rows.size(); ++i) was.emplace(from.rows[i].member, i);
  std::vector<bool> stays(from.rows.size());
  for (const ViewState::Row& row : to.rows) {
    const auto found = was.find(row.member);
    if (found != was.end()) stays[found->second] = true;
  }
  for (std::size_t i = 0; i < from.rows.size(); ++i) {
    if (stays[i]) continue;
    json.object().key("member").text(symbols.text(from.rows[i].member)).key("left").boolean(true).end();
  }
  for (std::size_t i = 0; i < to.rows.size(); ++i) {
    const ViewState::Row& row = to.rows[i];
    const Rank rank = to.first + i;
    const auto found = was.find(row.member);
    const Rank rank_before = found == was.end() ? 0 : from.first + found->second;
    if (rank_before == rank && from.rows[found->second].value == row.value) continue;
    json.object().key("member").text(symbols.text(row.member)).key("value").number(row.value);
    json.key("rank").number(as_number(rank));
    if (rank_before != 0) json.key("was").number(as_number(rank_before));
    json.end();
  }
  json.end().end();
  return without_brace(std::move(out));
}

}  // namespace tallyho

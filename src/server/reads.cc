#include "server/reads.h"

#include <algorithm>
#include <limits>

#include "base/json.h"
#include "server/page_cursor.h"

namespace tallyho {
namespace {

std::int64_t to_int(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

std::string_view name_of_operator(Operator op) {
  switch (op) {
    case Operator::sum: return "sum";
    case Operator::best: return "best";
    case Operator::latest: return "latest";
  }
  return "";
}

// {"rank":1,"member":"ada","value":570}
void append_standing(JsonWriter& json, const Engine& engine, const Standing& standing) {
  json.object();
  json.key("rank").number(to_int(standing.rank));
  json.key("member").text(engine.symbols().text(standing.member));
  json.key("value").number(standing.value);
  json.end();
}

void append_standings(JsonWriter& json, const Engine& engine, const std::vector<Standing>& standings) {
  json.array();
  for (const Standing& standing : standings) append_standing(json, engine, standing);
  json.end();
}

// "board":…,"group":…,"window":…,"log":…,"version":…,"of":…
void append_place(JsonWriter& json, const Engine& engine, const Place& place) {
  json.key("board").text(place.board->options().id);
  if (place.group != no_group) json.key("group").text(engine.symbols().text(place.group));
  if (place.period) json.key("window").text(place.board->period_name(*place.period));
  json.key("log").text(engine.log().identity());
  json.key("version").number(to_int(engine.version()));
  json.key("of").number(to_int(place.size()));
}

// As RFC 4180 has it.
void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

double percentile(const Standing& standing, std::size_t of) {
  return 100.0 * static_cast<double>(of - standing.rank) / static_cast<double>(of);
}

std::optional<Standing> find(const Place& place, Symbol member, Ranking ranking = Ranking::ordinal) {
  return place.section == nullptr ? std::nullopt : place.section->leaderboard->find(member, ranking);
}

// The ranks from `first` up to but not including `end`.
struct Ranks {
  Rank first = 1;
  Rank end = 1;
  Rank size() const { return end - first; }
};

// The ordinal ranks of those whose value is at least `min` and at most `max`. O(log members).
Ranks ranks_between(const Place& place, std::optional<Points> min, std::optional<Points> max) {
  Ranks ranks{.first = 1, .end = place.size() + 1};
  if (place.section == nullptr) return ranks;
  const Leaderboard& leaderboard = *place.section->leaderboard;
  const bool is_descending = leaderboard.order() == Order::descending;
  const std::optional<Points> best = is_descending ? max : min;
  const std::optional<Points> worst = is_descending ? min : max;
  if (best) ranks.first = leaderboard.rank_of(*best, 0);
  // Behind everybody with the worst value, whenever they reached it.
  if (worst) ranks.end = leaderboard.rank_of(*worst, std::numeric_limits<Position>::max(), no_symbol);
  if (ranks.end < ranks.first) ranks.end = ranks.first;
  return ranks;
}

void append_windows(JsonWriter& json, const Board& board, Timestamp now) {
  json.key("windows").array();
  for (const Period& period : board.periods()) {
    json.object();
    json.key("window").text(board.period_name(period));
    json.key("starts").text(format_timestamp(period.starts));
    json.key("ends").text(format_timestamp(period.ends));
    json.end();
  }
  json.end();
  for (const Period& period : board.periods()) {
    if (period.contains(now)) json.key("resets_at").text(format_timestamp(period.ends));
  }
}

// Members on a board now: of all groups, in the current window.
std::size_t members_now(const Board& board, Timestamp now) {
  std::size_t members = 0;
  const bool has_windows = board.options().every != Every::never;
  for (const BoardSection* section : board.sections()) {
    if (!has_windows || section->period.contains(now)) members += section->leaderboard->size();
  }
  return members;
}

// Where the player stands on every board that ranks players: {"global":{"rank":1,"value":570,"of":12},…}. On boards
// with groups: in the group it is in, if it can be in one only.
void append_player_ranks(JsonWriter& json, const Engine& engine, Symbol player) {
  json.key("ranks").object();
  for (std::size_t i = 0; i < engine.ruleset().boards.size(); ++i) {
    const Board& board = engine.board(static_cast<BoardIndex>(i));
    const bool has_windows = board.options().every != Every::never;
    if (!engine.ruleset().boards[i].ranks_players || (board.options().is_grouped && !board.options().follows_player))
      continue;
    for (const BoardSection* section : board.sections()) {
      if (has_windows && !section->period.contains(engine.last_arrival())) continue;
      const auto standing = section->leaderboard->find(player);
      if (!standing) continue;
      json.key(board.options().id).object();
      if (section->group != no_group) json.key("group").text(engine.symbols().text(section->group));
      json.key("rank").number(to_int(standing->rank));
      json.key("value").number(standing->value);
      json.key("of").number(to_int(section->leaderboard->size()));
      json.end();
      break;
    }
  }
  json.end();
}

}  // namespace

Answered<void> Reads::answer(const ReadRequest& request, std::string& out) {
  switch (request.what) {
    case ReadRequest::What::boards: append_boards(out); return {};
    case ReadRequest::What::page: return append_page(request, out);
    case ReadRequest::What::member: return append_member(request, out);
    case ReadRequest::What::ranks: return append_ranks(request, out);
    case ReadRequest::What::player: return append_player(request, out);
    case ReadRequest::What::ledger:
      return refuse(Code::not_found, "this server keeps no ledger: it runs without --data");
    case ReadRequest::What::ruleset: append_ruleset(out); return {};
    case ReadRequest::What::rows: return append_rows(request, out);
  }
  return refuse(Code::internal, "a read of an unknown kind");
}

void Reads::append_boards(std::string& out) const {
  JsonWriter json(out);
  json.object().key("boards").array();
  for (std::size_t i = 0; i < engine_.ruleset().boards.size(); ++i) {
    const Board& board = engine_.board(static_cast<BoardIndex>(i));
    json.object();
    json.key("id").text(board.options().id);
    json.key("order").text(board.options().order == Order::descending ? "descending" : "ascending");
    json.key("operator").text(name_of_operator(board.options().op));
    json.key("size").number(to_int(members_now(board, engine_.last_arrival())));
    if (board.options().is_grouped) json.key("groups").number(to_int(board.groups()));
    if (board.options().every != Every::never) append_windows(json, board, engine_.last_arrival());
    json.end();
  }
  json.end();
  json.key("log").text(engine_.log().identity());
  json.key("version").number(to_int(engine_.version()));
  json.end();
}

Answered<void> Reads::append_page(const ReadRequest& request, std::string& out) {
  auto place = find_place(engine_, request.selector);
  if (!place) return std::unexpected(place.error());
  std::optional<Rank> after_cursor;
  if (request.cursor) {
    const auto start = find_page(*place, *request.cursor, request.selector.window.has_value());
    if (!start) return std::unexpected(start.error());
    after_cursor = *start;
  }
  const Ranks range = ranks_between(*place, request.min, request.max);
  // An offset past every member may be as large as it likes.
  const Rank offset = std::min<Rank>(request.offset.value_or(0), range.size());
  const Rank first = std::max(range.first + offset, after_cursor.value_or(1));
  const std::size_t count = first < range.end ? std::min<std::size_t>(request.limit, range.end - first) : 0;
  standings_.clear();
  if (count > 0) place->section->leaderboard->read(first, count, standings_, request.ranking);
  JsonWriter json(out);
  json.object();
  append_place(json, engine_, *place);
  if (request.min || request.max) json.key("matching").number(to_int(range.size()));
  json.key("members");
  append_standings(json, engine_, standings_);
  const bool is_last = count == 0 || first + count >= range.end;
  if (!is_last) json.key("cursor").text(make_cursor(standings_.back(), *place->section));
  json.end();
  return {};
}

// A page of an export: the cursor of the next one on a line of its own, then a row a line.
Answered<void> Reads::append_rows(const ReadRequest& request, std::string& out) {
  auto place = find_place(engine_, request.selector);
  if (!place) return std::unexpected(place.error());
  Rank first = 1;
  if (request.cursor) {
    const auto start = find_page(*place, *request.cursor, request.selector.window.has_value());
    if (!start) return std::unexpected(start.error());
    first = *start;
  }
  standings_.clear();
  if (first <= place->size()) place->section->leaderboard->read(first, request.limit, standings_);
  const bool is_last = first + standings_.size() > place->size();
  if (!is_last) out += make_cursor(standings_.back(), *place->section);
  out += '\n';
  for (const Standing& standing : standings_) {
    if (request.is_csv) {
      out += std::to_string(standing.rank);
      out += ',';
      append_csv_text(out, engine_.symbols().text(standing.member));
      out += ',';
      out += std::to_string(standing.value);
      out += "\r\n";
    } else {
      JsonWriter json(out);
      append_standing(json, engine_, standing);
      out += '\n';
    }
  }
  return {};
}

Answered<void> Reads::append_member(const ReadRequest& request, std::string& out) {
  const auto place = find_place(engine_, request.selector);
  if (!place) return std::unexpected(place.error());
  const auto symbol = engine_.symbols().find(request.name);
  const auto standing = symbol ? find(*place, *symbol, request.ranking) : std::nullopt;
  if (!standing) {
    return refuse(Code::not_found, "there is no member '" + std::string(request.name) + "' on this board");
  }
  const Rank place_rank = request.ranking == Ranking::ordinal ? standing->rank : find(*place, *symbol)->rank;
  JsonWriter json(out);
  json.object();
  append_place(json, engine_, *place);
  json.key("member").text(request.name);
  json.key("rank").number(to_int(standing->rank));
  json.key("value").number(standing->value);
  json.key("percentile").number(percentile(*standing, place->size()));
  if (request.around) {
    const Rank first = place_rank > *request.around ? place_rank - *request.around : 1;
    standings_.clear();
    place->section->leaderboard->read(first, place_rank - first + 1 + *request.around, standings_, request.ranking);
    json.key("around");
    append_standings(json, engine_, standings_);
  }
  json.end();
  return {};
}

Answered<void> Reads::append_ranks(const ReadRequest& request, std::string& out) {
  const auto place = find_place(engine_, request.selector);
  if (!place) return std::unexpected(place.error());
  std::vector<std::string_view> absent;
  std::vector<std::pair<Rank, Standing>> found;  // By place, which differs from the rank where equals share one.
  for (const std::string_view name : request.members) {
    const auto symbol = engine_.symbols().find(name);
    const auto standing = symbol ? find(*place, *symbol, request.ranking) : std::nullopt;
    if (standing) {
      const Rank at = request.ranking == Ranking::ordinal ? standing->rank : find(*place, *symbol)->rank;
      found.emplace_back(at, *standing);
    } else {
      absent.push_back(name);
    }
  }
  std::ranges::sort(found, {}, &std::pair<Rank, Standing>::first);
  const auto repeated = std::ranges::unique(found, {}, &std::pair<Rank, Standing>::first);
  found.erase(repeated.begin(), repeated.end());
  JsonWriter json(out);
  json.object();
  append_place(json, engine_, *place);
  json.key("members").array();
  for (const auto& [at, standing] : found) append_standing(json, engine_, standing);
  json.end();
  json.key("absent").array();
  for (const std::string_view name : absent) json.text(name);
  json.end();
  json.end();
  return {};
}

Answered<void> Reads::append_player(const ReadRequest& request, std::string& out) const {
  const auto player = engine_.find_player(request.name);
  if (!player) return refuse(Code::not_found, "there is no player '" + std::string(request.name) + "'");
  JsonWriter json(out);
  json.object();
  json.key("player").text(request.name);
  json.key("total").number(player->total);
  json.key("banned").boolean(engine_.is_banned(player->symbol));
  append_player_ranks(json, engine_, player->symbol);
  if (request.with_state) json.key("state").raw(engine_.player_state_json(player->symbol));
  json.key("log").text(engine_.log().identity());
  json.key("version").number(to_int(engine_.version()));
  json.end();
  return {};
}

void Reads::append_ruleset(std::string& out) const {
  const Ruleset& ruleset = engine_.ruleset();
  JsonWriter json(out);
  json.object();
  json.key("name").text(ruleset.name);
  json.key("hash").text(ruleset.hash);
  json.key("source").text(ruleset.source);
  json.end();
}

}  // namespace tallyho

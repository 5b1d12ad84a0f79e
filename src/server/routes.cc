#include "server/routes.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace tallyho {
namespace {

constexpr std::string_view get_methods = "GET, HEAD";
using What = ReadRequest::What;

Route read_route(What what) {
  Route route{.kind = Route::Kind::read, .allow = get_methods, .read = {}};
  route.read.what = what;
  return route;
}

// /v1/players/{player}/ban and so on.
Route operation_route(std::string_view player, std::string_view what) {
  for (const auto kind : {Operation::Kind::ban, Operation::Kind::unban, Operation::Kind::adjust}) {
    if (what != name_of(kind)) continue;
    Route route{.kind = Route::Kind::operation, .allow = "POST", .read = {}, .operation = kind};
    route.read.name = player;
    return route;
  }
  return {};
}

// Below /v1.
Route find_v1(const std::vector<std::string_view>& path) {
  const std::size_t depth = path.size();
  if (depth == 2 && path[1] == "events") return {.kind = Route::Kind::events, .allow = "POST", .read = {}};
  if (depth == 2 && path[1] == "ws") return {.kind = Route::Kind::websocket, .allow = "GET", .read = {}};
  if (depth == 2 && path[1] == "tickets") return {.kind = Route::Kind::tickets, .allow = "POST", .read = {}};
  if (depth == 2 && path[1] == "ruleset") return read_route(What::ruleset);
  if (depth == 2 && path[1] == "openapi.json") return {.kind = Route::Kind::openapi, .allow = get_methods, .read = {}};
  if (depth == 2 && path[1] == "shadow") return {.kind = Route::Kind::shadow, .allow = get_methods, .read = {}};
  if (depth == 2 && path[1] == "boards") return read_route(What::boards);
  if (depth == 3 && path[1] == "players") {
    Route route = read_route(What::player);
    route.read.name = path[2];
    return route;
  }
  if (depth == 4 && path[1] == "players" && path[3] == "ledger") {
    Route route = read_route(What::ledger);
    route.read.name = path[2];
    return route;
  }
  if (depth == 4 && path[1] == "players") return operation_route(path[2], path[3]);
  if (depth < 3 || path[1] != "boards") return {};
  Route route = read_route(What::page);
  route.read.selector.board = path[2];
  if (depth == 3) return route;
  if (depth == 4 && path[3] == "ranks") {
    route.kind = Route::Kind::ranks;
    route.allow = "POST";
    route.read.what = What::ranks;
    return route;
  }
  if (depth == 4 && path[3] == "export") {
    route.kind = Route::Kind::board_export;
    route.allow = "GET";
    return route;
  }
  if (depth == 4 && path[3] == "stream") {
    route.kind = Route::Kind::stream;
    route.allow = "GET";
    return route;
  }
  if (depth == 5 && path[3] == "members") {
    route.read.what = What::member;
    route.read.name = path[4];
    return route;
  }
  return {};
}

Answered<std::uint64_t> number(std::string_view name, std::string_view text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= min && value <= max) return value;
  return refuse(Code::invalid_argument, "'" + std::string(name) + "' is a whole number from " + std::to_string(min) +
                                            " to " + std::to_string(max));
}

Answered<Points> value(std::string_view name, std::string_view text) {
  Points value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return refuse(Code::invalid_argument, "'" + std::string(name) + "' is a whole number of 64 bits");
}

Answered<Ranking> ranking(std::string_view text) {
  if (text == "ordinal") return Ranking::ordinal;
  if (text == "competition") return Ranking::competition;
  if (text == "dense") return Ranking::dense;
  return refuse(Code::invalid_argument, "'ranking' is ordinal, competition or dense");
}

// Stores what is there, or hands on why it is not.
template <typename Value, typename T, typename U>
Answered<void> store(T& target, Answered<U> value) {
  if (!value) return std::unexpected(std::move(value.error()));
  target = static_cast<Value>(*value);
  return {};
}

// Sets the one parameter `name`.
Answered<void> set_parameter(ReadRequest& read, std::string_view name, std::string_view text, const Limits& limits) {
  const bool is_page = read.what == What::page;
  const bool is_member = read.what == What::member;
  const bool is_list = is_page || read.what == What::ledger;
  const bool is_on_board = is_page || is_member || read.what == What::ranks;
  if (name == "group" && is_on_board) {
    read.selector.group = text;
  } else if (name == "window" && is_on_board) {
    read.selector.window = text;
  } else if (name == "ranking" && is_on_board) {
    return store<Ranking>(read.ranking, ranking(text));
  } else if (name == "limit" && is_list) {
    return store<std::uint32_t>(read.limit, number(name, text, 1, limits.page_max));
  } else if (name == "offset" && is_page) {
    return store<std::uint64_t>(read.offset, number(name, text, 0, INT64_MAX));
  } else if (name == "cursor" && is_list) {
    read.cursor = text;
  } else if (name == "min" && is_page) {
    return store<Points>(read.min, value(name, text));
  } else if (name == "max" && is_page) {
    return store<Points>(read.max, value(name, text));
  } else if (name == "around" && is_member) {
    return store<std::uint32_t>(read.around, number(name, text, 0, limits.radius_max));
  } else {
    return refuse(Code::invalid_argument, "there is no parameter '" + std::string(name) + "' here");
  }
  return {};
}

}  // namespace

Route find_route(const RequestTarget& target) {
  const auto& path = target.segments;
  if (path.empty()) return {};
  if (path.size() == 1) {
    if (path[0] == "healthz") return {.kind = Route::Kind::health, .allow = get_methods, .read = {}};
    if (path[0] == "readyz") return {.kind = Route::Kind::readiness, .allow = get_methods, .read = {}};
    if (path[0] == "metrics") return {.kind = Route::Kind::metrics, .allow = get_methods, .read = {}};
  }
  return path[0] == "v1" ? find_v1(path) : Route{};
}

Route with_delete(Route player, std::string_view method) {
  player.allow = "GET, HEAD, DELETE";
  if (method != "DELETE") return player;
  player.kind = Route::Kind::operation;
  player.operation = Operation::Kind::forget;
  return player;
}

Route with_put(Route ruleset, std::string_view method) {
  ruleset.allow = "GET, HEAD, PUT";
  if (method == "PUT") ruleset.kind = Route::Kind::ruleset;
  return ruleset;
}

Route for_admins(Route route, std::string_view method) {
  if (route.kind != Route::Kind::read) return route;
  if (route.read.what == ReadRequest::What::player) return with_delete(route, method);
  if (route.read.what == ReadRequest::What::ruleset) return with_put(route, method);
  return route;
}

Answered<ReadRequest> read_parameters(ReadRequest read, const RequestTarget& target, const Limits& limits) {
  for (const auto& [name, value] : target.parameters) {
    const auto set = set_parameter(read, name, value, limits);
    if (!set) return std::unexpected(set.error());
  }
  if (read.cursor && read.offset) return refuse(Code::invalid_argument, "'cursor' and 'offset' exclude each other");
  return read;
}

Answered<StreamParameters> stream_parameters(std::string_view board, const RequestTarget& target,
                                             const Limits& limits) {
  StreamParameters stream;
  WatchRequest& watch = stream.watch;
  watch.is_stream = true;
  watch.selector.board = board;
  bool has_top = false;
  bool has_radius = false;
  for (const auto& [name, value] : target.parameters) {
    Answered<void> stored;
    if (name == "group") {
      watch.selector.group = value;
    } else if (name == "window") {
      watch.selector.window = value;
    } else if (name == "around") {
      watch.around = value;
    } else if (name == "log") {
      watch.log = value;
    } else if (name == "ticket") {
      stream.ticket = value;
    } else if (name == "top") {
      has_top = true;
      stored = store<std::uint32_t>(watch.top, number(name, value, 1, limits.top_max));
    } else if (name == "radius") {
      has_radius = true;
      stored = store<std::uint32_t>(watch.radius, number(name, value, 0, limits.radius_max));
    } else {
      return refuse(Code::invalid_argument, "there is no parameter '" + std::string(name) + "' here");
    }
    if (!stored) return std::unexpected(std::move(stored.error()));
  }
  if (has_top && watch.around) return refuse(Code::invalid_argument, "'top' and 'around' exclude each other");
  if (has_radius && !watch.around) return refuse(Code::invalid_argument, "'radius' goes with 'around'");
  return stream;
}

Answered<ExportRequest> export_parameters(std::string_view board, const RequestTarget& target,
                                          std::string_view accept) {
  ExportRequest wanted{.board = std::string(board), .group = {}, .window = {}};
  wanted.is_csv = accept.find("application/x-ndjson") == std::string_view::npos;
  for (const auto& [name, value] : target.parameters) {
    if (name == "group") {
      wanted.group = value;
    } else if (name == "window") {
      wanted.window = value;
    } else if (name == "format" && (value == "csv" || value == "ndjson")) {
      wanted.is_csv = value == "csv";
    } else if (name == "format") {
      return refuse(Code::invalid_argument, "'format' is csv or ndjson");
    } else {
      return refuse(Code::invalid_argument, "there is no parameter '" + std::string(name) + "' here");
    }
  }
  return wanted;
}

bool set_detail(Detail& detail, std::string_view word) {
  if (word == "fired") return detail.fired = true;
  if (word == "notices") return detail.notices = true;
  if (word == "ranks") return detail.ranks = true;
  return false;
}

Answered<Detail> detail_parameter(const RequestTarget& target) {
  Detail detail;
  for (const auto& [name, value] : target.parameters) {
    if (name != "detail")
      return refuse(Code::invalid_argument, "there is no parameter '" + std::string(name) + "' here");
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (!set_detail(detail, rest.substr(0, comma))) {
        return refuse(Code::invalid_argument, "'detail' lists any of fired, notices, ranks");
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return detail;
}

Answered<void> no_parameters(const RequestTarget& target) {
  if (target.parameters.empty()) return {};
  return refuse(Code::invalid_argument,
                "there is no parameter '" + std::string(target.parameters.front().first) + "' here");
}

}  // namespace tallyho

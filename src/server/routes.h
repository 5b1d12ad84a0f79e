#pragma once

#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/problem.h"
#include "server/batch.h"
#include "server/limits.h"
#include "server/request_target.h"
#include "server/requests.h"

namespace tallyho {

// What a path is. The one list of paths: HTTP and the WebSocket's `query` both ask it.
struct Route {
  enum class Kind : std::uint8_t {
    none,
    events,
    read,
    ranks,
    operation,
    ruleset,
    websocket,
    tickets,
    health,
    readiness,
    metrics,
    shadow,
    stream,
    board_export,
    openapi
  };
  static constexpr int kinds = 15;  // How many there are, `none` among them.
  Kind kind = Kind::none;
  std::string_view allow;  // The methods it takes, as the header `Allow` lists them.
  ReadRequest read;  // read, ranks: with the names in the path filled in; stream, board_export: the board. operation:
                     // `name` is the player.
  // operation: what is done, by method.
  Operation::Kind operation = Operation::Kind::ban;

  bool is_about_health() const { return kind == Kind::health || kind == Kind::readiness; }
  // Only on the admin listener; not on it.
  bool is_for_admins() const { return kind == Kind::operation || kind == Kind::shadow || kind == Kind::board_export; }
  bool is_for_clients() const {
    return kind == Kind::events || kind == Kind::websocket || kind == Kind::tickets || kind == Kind::stream;
  }
  // Whether a listener has it at all: the admin one, or the one for clients.
  bool is_offered(bool is_admin, bool is_metrics_public) const {
    if (kind == Kind::metrics) return is_admin || is_metrics_public;
    if (is_for_admins()) return is_admin;
    return kind != Kind::none && !(is_admin && is_for_clients());
  }
  // On the admin listener: what probes and scrapers ask, who mostly have no token.
  bool is_for_anybody(bool is_listener_private) const {
    return is_about_health() || (kind == Kind::metrics && is_listener_private);
  }
};

Route find_route(const RequestTarget& target);

// A player's path as the admin listener offers it: DELETE forgets the player.
Route with_delete(Route player, std::string_view method);

// The ruleset's path as the admin listener offers it: PUT swaps the ruleset.
Route with_put(Route ruleset, std::string_view method);

// A path as the admin listener offers it: with both of these.
Route for_admins(Route route, std::string_view method);

// Fills in a read's parameters from the query. Names are checked for being known, values for being in range.
// Errors: invalid_argument.
Answered<ReadRequest> read_parameters(ReadRequest read, const RequestTarget& target, const Limits& limits);

// The parameters of GET /v1/boards/{id}/stream, which are those of a watch; and a ticket, which says who asks.
// Errors: invalid_argument.
struct StreamParameters {
  WatchRequest watch;
  std::optional<std::string_view> ticket;
};
Answered<StreamParameters> stream_parameters(std::string_view board, const RequestTarget& target, const Limits& limits);

// Those of GET /v1/boards/{id}/export: `group`, `window`, and `format`, csv or ndjson; without it what the header
// Accept asks for. Errors: invalid_argument.
Answered<ExportRequest> export_parameters(std::string_view board, const RequestTarget& target, std::string_view accept);

// `?detail=fired,ranks` of POST /v1/events, which takes no other parameter. Errors: invalid_argument.
Answered<Detail> detail_parameter(const RequestTarget& target);

// One word of `detail`; false if it is none.
bool set_detail(Detail& detail, std::string_view word);

// Nothing but the path may be there. Errors: invalid_argument.
Answered<void> no_parameters(const RequestTarget& target);

}  // namespace tallyho

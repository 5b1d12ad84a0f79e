#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/position.h"
#include "boards/leaderboard.h"
#include "engine/operation.h"
#include "engine/place.h"

namespace tallyho {

// What only the engine thread can answer, as the I/O threads hand it over. All views point into the batch that carries
// the request.

// Reading, by HTTP or by `query`: the paths of routes.h.
struct ReadRequest {
  enum class What : std::uint8_t { boards, page, member, player, ledger, ruleset, ranks, rows };
  What what = What::boards;
  BoardSelector selector;
  std::string_view name;  // The member or the player.
  std::uint32_t limit = 10;
  std::optional<std::uint64_t> offset;
  std::optional<std::string_view> cursor;
  std::optional<Points> min;  // page: only members whose value is at least and
  std::optional<Points> max;  // at most this.
  Ranking ranking = Ranking::ordinal;
  std::optional<std::uint32_t> around;
  std::span<const std::string_view> members;  // ranks
  bool with_state = false;                    // player: the asker may see it.
  bool with_by = false;                       // ledger: the asker may see which admin made an adjustment.
  bool is_csv = false;                        // rows: else NDJSON.
};

// What GET /v1/boards/{id}/export writes, and of what.
struct ExportRequest {
  std::string board;
  std::optional<std::string> group;
  std::optional<std::string> window;
  bool is_csv = true;      // Else NDJSON.
  bool is_chunked = true;  // Else the connection's end is the body's: HTTP/1.0.
};

// Beginning to watch a part of a board, or a player.
struct WatchRequest {
  std::string_view player;  // Or, if empty,
  BoardSelector selector;
  std::uint32_t top = 10;                  // the first so many, or
  std::optional<std::string_view> around;  // this member,
  std::uint32_t radius = 5;                // with so many on either side.
  std::optional<Position> since;           // What the client has of it, and
  std::optional<std::string_view> log;     // in which log that version counts.
  bool is_stream = false;                  // It is all that its connection does: it needs no name.
};

struct UnwatchRequest {
  std::string_view watch;  // JSON, as `ref` was sent.
};

// What an admin does to a player.
struct OperationRequest {
  Operation operation;
  std::string_view record;  // What the log keeps of it.
};

// A ruleset that an admin wants in force: the batch has it.
struct SwapRequest {
  std::string_view by = {};  // Who; "": not known.
};

struct Request {
  enum class Kind : std::uint8_t { read, watch, unwatch, figures, operation, shadow, swap };
  Kind kind = Kind::read;
  ReadRequest read;
  WatchRequest watch;
  UnwatchRequest unwatch;
  OperationRequest operation = {};
  SwapRequest swap = {};
};

}  // namespace tallyho

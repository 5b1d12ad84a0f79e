#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"

namespace tallyho {

// What whoever runs a game does to a player, beside the events that players send. It goes through the log like an
// event, so that replay does it again at the same place: as the JSON object that to_record() makes, which has a member
// `op` and, unlike every event, no `type`.
//
//     {"op":"ban","player":"ada","reason":"three finds in two cities at once","by":"ops@game.example"}
//     {"op":"adjust","player":"ada","id":"case-17","points":-500,"reason":"…"}
//
//   ban     hides the player from every board that ranks players; its events are refused (player_banned)
//   unban   puts it back where it was, also among equals
//   adjust  adds points, once for each `id`
//   forget  takes it out of state and boards, as if it had never been
struct Operation {
  enum class Kind : std::uint8_t { ban, unban, adjust, forget } kind = Kind::ban;
  std::string_view player;
  std::string_view id = {};      // adjust.
  std::int64_t points = 0;       // adjust.
  std::string_view reason = {};  // For people; may be "".
  std::string_view by = {};      // Who did it, as the admin's token names it (`sub`); "": not known. Changes nothing.
  std::optional<Timestamp> at = {};  // Recorded arrival time, if there is one.
};

inline constexpr std::size_t reason_bytes_max = 1024;
inline constexpr std::size_t by_bytes_max = 4096;  // As long as a token.

// What is wrong with what should be an operation.
struct OperationFault {
  Code code = Code::malformed;  // malformed, missing_field, invalid_field
  std::string_view field;       // The member to blame, or "".
  std::string_view message;
};

// "ban", "unban", "adjust", "forget".
std::string_view name_of(Operation::Kind kind);

// Whether a line is an operation's record rather than an event: an object with `op` and without `type`. O(bytes).
bool is_operation(std::string_view json);

// Reads a record. Views in the result point into `arena`. O(bytes).
std::expected<Operation, OperationFault> parse_operation(std::string_view json, Arena& arena);

// Reads `{"id":…,"points":…,"reason":…}`, the body of an admin request that does `kind` to `player`: `id` and `points`
// only for adjust, where they must be; an empty body is an empty object. Unknown members are refused, `by` among them:
// who it was is not for the request to say.
std::expected<Operation, OperationFault> parse_operation_body(Operation::Kind kind, std::string_view player,
                                                              std::string_view json, Arena& arena);

// Its record, without `at`.
std::string to_record(const Operation& operation);

}  // namespace tallyho

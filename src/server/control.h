#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/arena.h"
#include "base/problem.h"
#include "server/batch.h"
#include "server/limits.h"
#include "server/requests.h"

namespace tallyho {

struct HelloMessage {
  std::optional<std::string_view> token;
  std::optional<Detail> detail;  // Nothing: as before.
};
struct PingMessage {};
struct QueryMessage {
  std::string_view path;
};

// What a client asks of the connection, as opposed to an event: an object with `op`.
struct ControlMessage {
  std::string_view ref;  // JSON as sent, "" if none.
  Answered<std::variant<HelloMessage, PingMessage, QueryMessage, WatchRequest, UnwatchRequest>> content;
};

// Reads control messages. Members are checked strictly: one that is not known, or of the wrong type, is answered with
// invalid_argument.
//
// Threads: one owner each.
class ControlReader {
 public:
  explicit ControlReader(const Limits& limits);
  ~ControlReader();

  // The control message that `json` is, or nothing if it has no `op`. `json` is a well-formed object: the event decoder
  // has said so, which also knows duplicate members. Views in the result point into `arena`. O(bytes).
  std::optional<ControlMessage> read(std::string_view json, Arena& arena);

  // The names in `{"members":["ada",…]}`, the body of POST /v1/boards/{id}/ranks, which may be anything.
  // Errors: malformed (not JSON), invalid_argument.
  Answered<std::span<const std::string_view>> read_members(std::string_view json, Arena& arena);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

#include "engine/operation.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "simdjson.h"

namespace tallyho {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Kind = Operation::Kind;

constexpr std::size_t name_bytes_max = 128;
constexpr std::array kinds{Kind::ban, Kind::unban, Kind::adjust, Kind::forget};

std::unexpected<OperationFault> bad(Code code, std::string_view field, std::string_view message) {
  return std::unexpected(OperationFault{.code = code, .field = field, .message = message});
}

// Players and ids, as in events: 1 to 128 bytes without control characters.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > name_bytes_max) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

bool has(const object& members, std::string_view name) {
  element value;
  return members.at_key(name).get(value) == simdjson::SUCCESS;
}

std::expected<void, OperationFault> read_reason(const object& members, Operation& operation, Arena& arena) {
  element value;
  if (members.at_key("reason").get(value) != simdjson::SUCCESS) return {};
  std::string_view reason;
  if (value.get(reason) != simdjson::SUCCESS || reason.size() > reason_bytes_max) {
    return bad(Code::invalid_field, "reason", "'reason' is a string of at most 1024 bytes");
  }
  operation.reason = arena.copy(reason);
  return {};
}

// The members that say how much to adjust, and that other operations have not.
std::expected<void, OperationFault> read_adjustment(const object& members, Operation& operation, Arena& arena) {
  for (const std::string_view name : {"id", "points"}) {
    const bool is_there = has(members, name);
    if (operation.kind == Kind::adjust && !is_there) {
      return bad(Code::missing_field, name, name == "id" ? "'id' is missing" : "'points' is missing");
    }
    if (operation.kind != Kind::adjust && is_there) {
      return bad(Code::invalid_field, name, "only an adjustment has 'id' and 'points'");
    }
  }
  if (operation.kind != Kind::adjust) return {};
  std::string_view id;
  if (members["id"].get(id) != simdjson::SUCCESS || !is_name(id)) {
    return bad(Code::invalid_field, "id", "'id' is a string of 1 to 128 bytes without control characters");
  }
  operation.id = arena.copy(id);
  const element points = members["points"];
  if (!points.is_int64() || points.get(operation.points) != simdjson::SUCCESS) {
    return bad(Code::invalid_field, "points", "'points' is an int");
  }
  return {};
}

std::expected<void, OperationFault> read_members(const object& members, Operation& operation, Arena& arena) {
  if (const auto reason = read_reason(members, operation, arena); !reason) return reason;
  return read_adjustment(members, operation, arena);
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::ban: return "ban";
    case Kind::unban: return "unban";
    case Kind::adjust: return "adjust";
    case Kind::forget: return "forget";
  }
  return "";
}

bool is_operation(std::string_view json) {
  if (json.find("\"op\"") == std::string_view::npos) return false;
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) return false;
  return has(members, "op") && !has(members, "type");
}

std::expected<Operation, OperationFault> parse_operation(std::string_view json, Arena& arena) {
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) {
    return bad(Code::malformed, "", "not a JSON object");
  }
  for (const auto member : members) {
    if (std::ranges::count(std::array<std::string_view, 7>{"op", "player", "id", "points", "reason", "by", "at"},
                           member.key) == 0) {
      return bad(Code::invalid_field, arena.copy(member.key), "an operation has no such member");
    }
  }
  std::string_view op;
  std::string_view player;
  if (members.at_key("op").get(op) != simdjson::SUCCESS) return bad(Code::missing_field, "op", "'op' is missing");
  const auto kind = std::ranges::find(kinds, op, [](Kind known) { return name_of(known); });
  if (kind == kinds.end()) return bad(Code::invalid_field, "op", "'op' is ban, unban, adjust or forget");
  if (members.at_key("player").get(player) != simdjson::SUCCESS || !is_name(player)) {
    return bad(Code::invalid_field, "player", "'player' is a string of 1 to 128 bytes without control characters");
  }
  Operation operation{.kind = *kind, .player = arena.copy(player), .id = {}, .reason = {}};
  element by;
  if (members.at_key("by").get(by) == simdjson::SUCCESS) {
    std::string_view text;
    if (by.get(text) != simdjson::SUCCESS || text.size() > by_bytes_max) {
      return bad(Code::invalid_field, "by", "'by' is a string of at most 4096 bytes");
    }
    operation.by = arena.copy(text);
  }
  element at;
  if (members.at_key("at").get(at) == simdjson::SUCCESS) {
    std::string_view text;
    if (at.get(text) == simdjson::SUCCESS) operation.at = parse_timestamp(text);
    if (!operation.at) return bad(Code::invalid_field, "at", "'at' is an RFC 3339 timestamp");
  }
  if (const auto read = read_members(members, operation, arena); !read) return std::unexpected(read.error());
  return operation;
}

std::expected<Operation, OperationFault> parse_operation_body(Kind kind, std::string_view player, std::string_view json,
                                                              Arena& arena) {
  if (!is_name(player)) {
    return bad(Code::invalid_field, "player", "a player's name has 1 to 128 bytes without control characters");
  }
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) json = "{}";
  simdjson::dom::parser parser;
  object members;
  if (parser.parse(json.data(), json.size()).get(members) != simdjson::SUCCESS) {
    return bad(Code::malformed, "", "the body is not a JSON object");
  }
  for (const auto member : members) {
    if (std::ranges::count(std::array<std::string_view, 3>{"id", "points", "reason"}, member.key) == 0) {
      return bad(Code::invalid_field, arena.copy(member.key), "there is no such member");
    }
  }
  Operation operation{.kind = kind, .player = player, .id = {}, .reason = {}};
  if (const auto read = read_members(members, operation, arena); !read) return std::unexpected(read.error());
  return operation;
}

std::string to_record(const Operation& operation) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("op").text(name_of(operation.kind));
  json.key("player").text(operation.player);
  if (operation.kind == Kind::adjust) json.key("id").text(operation.id).key("points").number(operation.points);
  if (!operation.reason.empty()) json.key("reason").text(operation.reason);
  if (!operation.by.empty()) json.key("by").text(operation.by);
  json.end();
  return out;
}

}  // namespace tallyho

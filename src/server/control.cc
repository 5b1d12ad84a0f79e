#include "server/control.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "server/routes.h"
#include "simdjson.h"

namespace tallyho {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using Content = decltype(ControlMessage::content);

std::unexpected<Problem> bad(std::string message) {
  return refuse(Code::invalid_argument, std::move(message));
}

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

// A member that must be a string if it is there.
Answered<std::optional<std::string_view>> text_member(const object& message, std::string_view name, Arena& arena) {
  element value;
  if (message.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return bad(quoted(name) + " is a string");
  // Never a null view: "" is something else than absent to those who look at data().
  return text.empty() ? std::string_view("") : arena.copy(text);
}

// A member that must be a whole number in a range if it is there.
Answered<std::optional<std::uint32_t>> number_member(const object& message, std::string_view name, std::uint32_t min,
                                                     std::uint32_t max) {
  element value;
  if (message.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t number = 0;
  if (!value.is_int64() || value.get(number) != simdjson::SUCCESS || number < min || number > max) {
    return bad(quoted(name) + " is a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<std::uint32_t>(number);
}

// A string or an integer, as JSON; the member `name` as a client may name things: refs and watches.
Answered<std::optional<std::string_view>> name_member(const object& message, std::string_view name, Arena& arena) {
  element value;
  if (message.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  if (!value.is_string() && !value.is_int64()) return bad(quoted(name) + " is a string or an integer");
  return arena.copy(simdjson::to_string(value));
}

Answered<void> only(const object& message, std::initializer_list<std::string_view> names) {
  for (const auto member : message) {
    const std::string_view key = member.key;
    if (key == "op" || key == "ref" || std::ranges::find(names, key) != names.end()) continue;
    return bad("there is no member " + quoted(key) + " here");
  }
  return {};
}

// Whether an object that the DOM can't hold, as one of its numbers is too large, has a member `op`. O(bytes).
bool has_op(std::string_view json) {
  const simdjson::padded_string padded(json);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object message;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return false;
  if (document.get_object().get(message) != simdjson::SUCCESS) return false;
  return message.find_field_unordered("op").error() == simdjson::SUCCESS;
}

Content read_hello(const object& message, Arena& arena) {
  if (const auto known = only(message, {"token", "detail"}); !known) return std::unexpected(known.error());
  const auto token = text_member(message, "token", arena);
  if (!token) return std::unexpected(token.error());
  HelloMessage hello{.token = *token, .detail = {}};
  element detail;
  if (message.at_key("detail").get(detail) != simdjson::SUCCESS) return hello;
  simdjson::dom::array words;
  const auto problem = "'detail' lists any of fired, notices, ranks";
  if (detail.get(words) != simdjson::SUCCESS) return bad(problem);
  hello.detail.emplace();
  for (const element word : words) {
    std::string_view text;
    if (word.get(text) != simdjson::SUCCESS || !set_detail(*hello.detail, text)) return bad(problem);
  }
  return hello;
}

Content read_watch_player(const object& message, std::string_view player) {
  if (const auto known = only(message, {"player"}); !known) return std::unexpected(known.error());
  if (player.empty()) return bad("'player' is empty");
  WatchRequest watch;
  watch.player = player;
  return watch;
}

Content read_watch(const object& message, const Limits& limits, Arena& arena) {
  const auto player = text_member(message, "player", arena);
  if (!player) return std::unexpected(player.error());
  if (*player) return read_watch_player(message, **player);
  const auto known = only(message, {"board", "top", "around", "radius", "group", "window", "since", "log"});
  if (!known) return std::unexpected(known.error());
  const auto board = text_member(message, "board", arena);
  const auto group = text_member(message, "group", arena);
  const auto window = text_member(message, "window", arena);
  const auto around = text_member(message, "around", arena);
  const auto log = text_member(message, "log", arena);
  for (const auto* text : {&board, &group, &window, &around, &log}) {
    if (!*text) return std::unexpected(text->error());
  }
  const auto top = number_member(message, "top", 1, limits.top_max);
  const auto radius = number_member(message, "radius", 0, limits.radius_max);
  for (const auto* count : {&top, &radius}) {
    if (!*count) return std::unexpected(count->error());
  }
  element since;
  const bool has_since = message.at_key("since").get(since) == simdjson::SUCCESS;
  if (has_since && !since.is_uint64()) return bad("'since' is the version of a change");
  if (!*board) return bad("a watch names a 'board' or a 'player'");
  if (*top && *around) return bad("'top' and 'around' exclude each other");
  if (*radius && !*around) return bad("'radius' goes with 'around'");
  WatchRequest watch;
  watch.selector = {.board = **board, .group = *group, .window = *window};
  watch.around = *around;
  watch.top = top->value_or(watch.top);
  watch.radius = radius->value_or(watch.radius);
  if (has_since) watch.since = since.get_uint64().value_unsafe();
  watch.log = *log;
  return watch;
}

Content read_unwatch(const object& message, Arena& arena) {
  if (const auto known = only(message, {"watch"}); !known) return std::unexpected(known.error());
  const auto watch = name_member(message, "watch", arena);
  if (!watch) return std::unexpected(watch.error());
  if (!*watch) return bad("'watch' is missing");
  return UnwatchRequest{.watch = **watch};
}

Content read_query(const object& message, Arena& arena) {
  if (const auto known = only(message, {"path"}); !known) return std::unexpected(known.error());
  const auto path = text_member(message, "path", arena);
  if (!path) return std::unexpected(path.error());
  if (!*path) return bad("'path' is missing");
  return QueryMessage{.path = **path};
}

Content read_content(const object& message, std::string_view op, const Limits& limits, Arena& arena) {
  if (op == "hello") return read_hello(message, arena);
  if (op == "watch") return read_watch(message, limits, arena);
  if (op == "unwatch") return read_unwatch(message, arena);
  if (op == "query") return read_query(message, arena);
  if (op == "ping") {
    if (const auto known = only(message, {}); !known) return std::unexpected(known.error());
    return PingMessage{};
  }
  return bad("there is no op " + quoted(op) + "; there are hello, watch, unwatch, query, ping");
}

}  // namespace

struct ControlReader::Impl {
  explicit Impl(const Limits& given) : limits(given) {}

  const Limits& limits;
  simdjson::dom::parser parser;
};

ControlReader::ControlReader(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
ControlReader::~ControlReader() = default;

std::optional<ControlMessage> ControlReader::read(std::string_view json, Arena& arena) {
  object message;
  element op;
  if (impl_->parser.parse(json.data(), json.size()).get(message) != simdjson::SUCCESS) {
    if (!has_op(json)) return std::nullopt;
    return ControlMessage{.ref = {}, .content = bad("there is a number without room in 64 bits")};
  }
  if (message.at_key("op").get(op) != simdjson::SUCCESS) return std::nullopt;
  ControlMessage control{.ref = {}, .content = PingMessage{}};
  const auto ref = name_member(message, "ref", arena);
  if (!ref) {
    control.content = std::unexpected(ref.error());
    return control;
  }
  if (*ref) control.ref = **ref;
  std::string_view name;
  if (op.get(name) != simdjson::SUCCESS) {
    control.content = bad("'op' is a string");
  } else {
    control.content = read_content(message, name, impl_->limits, arena);
  }
  return control;
}

Answered<std::span<const std::string_view>> ControlReader::read_members(std::string_view json, Arena& arena) {
  const auto problem = "the body is {\"members\":[…]}, at most " + std::to_string(impl_->limits.page_max) + " strings";
  element whole;
  if (impl_->parser.parse(json.data(), json.size()).get(whole) != simdjson::SUCCESS) {
    return refuse(Code::malformed, "the body is not JSON");
  }
  object message;
  simdjson::dom::array array;
  if (whole.get(message) != simdjson::SUCCESS || message.at_key("members").get(array) != simdjson::SUCCESS ||
      message.size() != 1 || array.size() > impl_->limits.page_max) {
    return bad(problem);
  }
  const auto names = arena.array<std::string_view>(array.size());
  std::size_t count = 0;
  for (const element name : array) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) return bad(problem);
    names[count++] = arena.copy(text);
  }
  return names;
}

}  // namespace tallyho

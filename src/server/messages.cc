#include "server/messages.h"

#include <algorithm>
#include <variant>

#include "base/json.h"
#include "ruleset/loader.h"
#include "server/cloud_event.h"
#include "server/routes.h"

namespace tallyho {
namespace {

constexpr std::string_view json_space = " \t\r\n";

// Whether an event that is valid under this ruleset may have a member `op`.
bool takes_op(const Ruleset& ruleset) {
  const auto is_op = [](const FieldDefinition& field) { return field.name == "op"; };
  return !ruleset.reject_unknown_fields || std::ranges::any_of(ruleset.events, [&](const EventType& type) {
    return std::ranges::any_of(type.fields, is_op);
  });
}

std::string_view without_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(json_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(json_space) - first + 1);
}

// Calls `take` with every line that is not empty; a carriage return alone is empty too.
template <typename Take>
int for_each_line(std::string_view text, Take take) {
  int lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line == "\r") continue;
    take(line);
    ++lines;
  }
  return lines;
}

std::string_view pong_json(Timestamp now, std::string_view ref, Arena& arena) {
  std::string out;
  JsonWriter json(out);
  json.object().key("pong").object().key("time").number(now.to_millis()).end();
  if (!ref.empty()) json.key("ref").raw(ref);
  json.end();
  return arena.copy(out);
}

void refuse_item(Item& item, const Problem& problem, Arena& arena) {
  item.code = problem.code;
  item.message = arena.copy(problem.message);
}

}  // namespace

// By the p, as there are fewer of them in an event than quotes.
bool may_be_control(std::string_view message) {
  constexpr std::string_view op = "\"op\"";
  for (std::size_t at = message.find('p', 2); at != std::string_view::npos; at = message.find('p', at + 1)) {
    if (message.substr(at - 2, op.size()) == op) return true;
  }
  return message.find("\\u") != std::string_view::npos;
}

MessageReader::MessageReader(std::shared_ptr<const Ruleset> ruleset, const Limits& limits, const Identity& identity,
                             const Authority* authority, NamedBuckets* players)
    : limits_(limits), identity_(identity), authority_(authority), players_(players), control_(limits) {
  use(std::move(ruleset));
}

void MessageReader::use(std::shared_ptr<const Ruleset> ruleset) {
  ruleset_ = std::move(ruleset);
  has_events_with_op_ = ruleset_ == nullptr || takes_op(*ruleset_);
}

void MessageReader::read_frame(std::string_view frame, Session& session, Batch& batch, bool is_events_only) {
  const auto read = [&](std::string_view line) {
    const bool is_counted = session.bucket != nullptr && !session.roles.ingest && !session.roles.admin;
    if (is_counted) wait_ = session.bucket->take(limits_.connection_rate, batch.received);
    read_message(line, session, batch, is_events_only);
    wait_ = {};
  };
  if (for_each_line(frame, read) == 0) read(frame);
}

void MessageReader::read_message(std::string_view message, Session& session, Batch& batch, bool is_event) {
  const Result<Event> event = decode(message, batch.arena);
  const bool is_object = event || (event.error().code != Code::malformed && event.error().code != Code::too_large);
  const bool may_have_op = event ? has_events_with_op_ : is_object;
  if (may_have_op && !is_event && may_be_control(message)) {
    if (const auto control = control_.read(message, batch.arena)) return read_control(*control, session, batch);
  }
  if (!event && event.error().code == Code::malformed) {
    Item& item = batch.add(Item::Kind::ready);
    refuse_item(item, {Code::malformed, decoder_.describe(event.error())}, batch.arena);
    return;
  }
  add_event(message, event, session.roles, session.detail, batch);
}

Result<Event> MessageReader::decode(std::string_view bytes, Arena& arena) {
  if (bytes.size() > limits_.event_bytes_max) {
    return std::unexpected(Error{.code = Code::too_large, .reason = static_cast<std::uint8_t>(Fault::too_large)});
  }
  return decoder_.decode(bytes, *ruleset_, arena);
}

void MessageReader::add_event(std::string_view bytes, const Result<Event>& event, const Roles& roles, Detail detail,
                              Batch& batch) {
  Item& item = batch.add(Item::Kind::event);
  item.detail = detail;
  item.record = bytes;
  if (!event && event.error().code == Code::too_large) {  // Not looked into, so nothing is known of it.
    item.kind = Item::Kind::refused;
    return refuse_item(
        item, {Code::too_large, "the event is larger than " + std::to_string(limits_.event_bytes_max) + " bytes"},
        batch.arena);
  }
  if (!event) {
    item.kind = Item::Kind::refused;
    item.event.envelope = decoder_.envelope();
    item.field = batch.arena.copy(decoder_.field_name());
    return refuse_item(item, {event.error().code, decoder_.describe(event.error())}, batch.arena);
  }
  item.event = *event;
  if (const auto refusal = refusal_of(*event, roles)) {
    item.kind = Item::Kind::refused;
    if (event->ts && !roles.player.empty()) item.field = "ts";
    return refuse_item(item, *refusal, batch.arena);
  }
  const bool is_players = players_ != nullptr && !roles.ingest;
  auto wait = wait_;
  if (wait == wait.zero() && is_players) wait = players_->take(roles.player, limits_.player_rate, batch.received);
  if (wait > wait.zero()) {
    item.kind = Item::Kind::refused;
    return refuse_early(item, wait, batch.arena);
  }
  batch.needs_engine = true;
}

void MessageReader::refuse_early(Item& item, std::chrono::milliseconds wait, Arena& arena) const {
  refuse_item(item, {Code::overloaded, "more than a client may send in that time", {}}, arena);
  item.retry_after_ms = static_cast<std::uint32_t>(wait.count());
}

std::optional<Problem> MessageReader::refusal_of(const Event& event, const Roles& roles) const {
  if (roles.ingest) return std::nullopt;
  const auto no = [](std::string why) { return Problem{Code::unauthorized, std::move(why), {}}; };
  if (roles.player.empty()) return no("sending events takes the role ingest or player");
  if (event.envelope.player != roles.player) return no("a player sends its own events only");
  const EventType& type = ruleset_->events[event.type];
  if (!type.player_may_send) return no("players do not send events of type '" + type.name + "'");
  if (event.ts) return no("when a player's event happened is for the server to say: leave 'ts' out");
  return std::nullopt;
}

void MessageReader::read_event(std::string_view bytes, const Roles& roles, Detail detail, Batch& batch) {
  add_event(bytes, decode(bytes, batch.arena), roles, detail, batch);
}

void MessageReader::read_lines(std::string_view body, const Roles& roles, Detail detail, Batch& batch) {
  for_each_line(body, [&](std::string_view line) { read_event(line, roles, detail, batch); });
}

Answered<void> MessageReader::read_array(std::string_view body, const Roles& roles, Detail detail, Batch& batch) {
  const auto elements = split_array(body);
  if (!elements) return refuse(Code::malformed, "the body is not a JSON array");
  for (const std::string_view element : *elements) read_event(element, roles, detail, batch);
  return {};
}

void MessageReader::read_cloud_event(std::string_view bytes, const Roles& roles, Detail detail, Batch& batch) {
  const Result<Event> as_it_is = decode(bytes, batch.arena);  // Of no use but for whether it is well-formed.
  const bool is_object =
      as_it_is || (as_it_is.error().code != Code::malformed && as_it_is.error().code != Code::too_large);
  if (!is_object) return add_event(bytes, as_it_is, roles, detail, batch);
  const auto event = event_of_cloud_event(bytes, batch.arena);
  if (event) return read_event(*event, roles, detail, batch);
  Item& item = batch.add(Item::Kind::refused);
  item.field = event.error().field;
  refuse_item(item, {event.error().code, event.error().message, {}}, batch.arena);
}

Answered<void> MessageReader::read_cloud_events(std::string_view body, const Roles& roles, Detail detail,
                                                Batch& batch) {
  const auto elements = split_array(body);
  if (!elements) return refuse(Code::malformed, "the body is not a JSON array");
  for (const std::string_view element : *elements) read_cloud_event(element, roles, detail, batch);
  return {};
}

Answered<void> MessageReader::read_request(ReadRequest read, std::string_view body, const Roles& roles, Batch& batch) {
  if (const auto allowed = authorize(read, roles); !allowed) return std::unexpected(allowed.error());
  if (read.what == ReadRequest::What::ranks) {
    const auto members = control_.read_members(body, batch.arena);
    if (!members) return std::unexpected(members.error());
    read.members = *members;
  }
  Item& item = batch.add(Item::Kind::request);
  Request request;
  request.read = read;
  add_request(request, item, batch);
  return {};
}

Answered<void> MessageReader::read_operation(Operation::Kind kind, std::string_view player, std::string_view body,
                                             const Caller& caller, Batch& batch) {
  if (!caller.roles.admin) return refuse(Code::unauthorized, "this takes the role admin");
  auto operation = parse_operation_body(kind, player, body, batch.arena);
  if (!operation) {
    const OperationFault& fault = operation.error();
    const Code code = fault.code == Code::malformed ? fault.code : Code::invalid_argument;
    const bool is_named = fault.field.empty() || fault.message.find(fault.field) != std::string_view::npos;
    return refuse(code, std::string(fault.message) + (is_named ? "" : ": '" + std::string(fault.field) + "'"));
  }
  operation->by = batch.arena.copy(caller.grant.subject);
  Item& item = batch.add(Item::Kind::request);
  Request request;
  request.kind = Request::Kind::operation;
  request.operation = {.operation = *operation, .record = batch.arena.copy(to_record(*operation))};
  add_request(request, item, batch);
  return {};
}

Answered<void> MessageReader::read_ruleset(std::string_view source, const Caller& caller, Batch& batch) {
  if (!caller.roles.admin) return refuse(Code::unauthorized, "this takes the role admin");
  auto ruleset = load_ruleset(source, "ruleset");
  if (!ruleset) {
    Problem problem{Code::invalid_argument, "the ruleset has problems, and nothing was changed", {}};
    JsonWriter json(problem.problems);
    json.array();
    for (const Diagnostic& diagnostic : ruleset.error()) {
      json.object().key("line").number(std::int64_t{diagnostic.line});
      json.key("column").number(std::int64_t{diagnostic.column}).key("length").number(std::int64_t{diagnostic.length});
      json.key("message").text(diagnostic.message).end();
    }
    json.end();
    return std::unexpected(std::move(problem));
  }
  batch.wanted_ruleset = std::move(*ruleset);
  Item& item = batch.add(Item::Kind::request);
  Request request;
  request.kind = Request::Kind::swap;
  request.swap.by = batch.arena.copy(caller.grant.subject);
  add_request(request, item, batch);
  return {};
}

Answered<void> MessageReader::authorize(ReadRequest& read, const Roles& roles) const {
  using What = ReadRequest::What;
  const bool is_ledger = read.what == What::ledger;
  const bool is_on_players = read.what == What::player || is_ledger;
  const bool sees_all = roles.ingest || roles.admin;
  const bool is_self = is_on_players && !roles.player.empty() && read.name == roles.player;
  read.with_state = sees_all || is_self;
  read.with_by = roles.admin;
  if (is_ledger && !read.with_state) {
    return refuse(Code::unauthorized, "a ledger takes the role ingest or admin, or the player's own token");
  }
  if (is_on_players && !read.with_state && !roles.read) {
    return refuse(Code::unauthorized,
                  "reading players takes the role read, ingest or admin, or the player's own token");
  }
  if (read.what == What::ruleset && !roles.read && !sees_all) {
    return refuse(Code::unauthorized, "reading the ruleset takes the role read, ingest or admin");
  }
  if (read.what == What::rows && !roles.admin) {
    return refuse(Code::unauthorized, "an export takes the role admin");
  }
  const bool is_on_boards = !is_on_players && read.what != What::ruleset;
  if (is_on_boards && !may_read_boards(roles)) {
    return refuse(Code::unauthorized, "reading boards takes the role read, player or admin");
  }
  return {};
}

bool MessageReader::may_read_boards(const Roles& roles) const {
  return roles.read || roles.admin || !roles.player.empty() || ruleset_->is_public;
}

Answered<void> MessageReader::may_watch(const WatchRequest& watch, const Roles& roles) const {
  if (watch.player.empty() && !may_read_boards(roles)) {
    return refuse(Code::unauthorized, "watching boards takes the role read, player or admin");
  }
  const bool is_self = !roles.player.empty() && watch.player == roles.player;
  if (!watch.player.empty() && !is_self && !roles.read && !roles.ingest && !roles.admin) {
    return refuse(Code::unauthorized,
                  "watching a player takes the role read, ingest or admin, or the player's own token");
  }
  return {};
}

// A token that comes later may say more, and last longer. It does not make somebody else of who watches already.
Answered<void> MessageReader::identify(std::string_view token, Session& session, Timestamp now) const {
  if (authority_ == nullptr || !authority_->asks_for_tokens()) return {};
  auto caller = authority_->caller_with(token, now);
  if (!caller) return std::unexpected(caller.error());
  const Roles& before = session.granted;
  const Roles& roles = caller->roles;
  const bool is_less = (before.ingest && !roles.ingest) || (before.read && !roles.read) ||
                       (before.admin && !roles.admin) || (!before.player.empty() && roles.player.empty());
  if (session.grant.has_token() && (caller->grant.subject != session.grant.subject || is_less)) {
    return refuse(Code::unauthorized, "a token on an open connection has the 'sub' and the roles of the one before");
  }
  session.roles = session.granted = std::move(caller->roles);
  session.grant = std::move(caller->grant);
  return {};
}

Answered<void> MessageReader::read_stream(const WatchRequest& watch, const Roles& roles, Batch& batch) {
  if (const auto allowed = may_watch(watch, roles); !allowed) return std::unexpected(allowed.error());
  Request request;
  request.kind = Request::Kind::watch;
  request.watch = watch;
  add_request(request, batch.add(Item::Kind::request), batch);
  return {};
}

void MessageReader::add_request(Request request, Item& item, Batch& batch) {
  item.kind = Item::Kind::request;
  item.request = batch.arena.make<Request>(request);
  batch.needs_engine = true;
}

void MessageReader::read_control(const ControlMessage& control, Session& session, Batch& batch) {
  Item& item = batch.add(Item::Kind::ready);
  item.event.envelope.ref = control.ref;
  if (!control.content) return refuse_item(item, control.content.error(), batch.arena);
  if (wait_ > wait_.zero()) return refuse_early(item, wait_, batch.arena);
  const auto& content = *control.content;
  if (const auto* hello = std::get_if<HelloMessage>(&content)) {
    if (hello->token) {
      const auto identified = identify(*hello->token, session, batch.arrival);
      if (!identified) return refuse_item(item, identified.error(), batch.arena);
    }
    if (hello->detail) session.detail = *hello->detail;
    item.text = hello_json(session, control.ref, batch.arena);
  } else if (std::holds_alternative<PingMessage>(content)) {
    item.text = pong_json(batch.arrival, control.ref, batch.arena);
  } else if (const auto* query = std::get_if<QueryMessage>(&content)) {
    read_query(query->path, session, item, batch);
  } else if (const auto* watch = std::get_if<WatchRequest>(&content)) {
    const auto allowed = may_watch(*watch, session.roles);
    if (!allowed) return refuse_item(item, allowed.error(), batch.arena);
    Request request;
    request.kind = Request::Kind::watch;
    request.watch = *watch;
    add_request(request, item, batch);
  } else if (const auto* unwatch = std::get_if<UnwatchRequest>(&content)) {
    Request request;
    request.kind = Request::Kind::unwatch;
    request.unwatch = *unwatch;
    add_request(request, item, batch);
  }
}

void MessageReader::read_query(std::string_view path, const Session& session, Item& item, Batch& batch) {
  item.is_result = true;
  const auto target = parse_target(path, batch.arena);
  if (!target) return refuse_item(item, target.error(), batch.arena);
  const Route route = find_route(*target);
  if (route.kind != Route::Kind::read) {
    const bool is_post =
        route.kind == Route::Kind::events || route.kind == Route::Kind::ranks || route.kind == Route::Kind::tickets;
    if (is_post) return refuse_item(item, {Code::invalid_argument, "queries read: this path takes POST"}, batch.arena);
    if (route.kind == Route::Kind::stream) {
      return refuse_item(item, {Code::invalid_argument, "queries read once: a watch goes on"}, batch.arena);
    }
    return refuse_item(item, {Code::not_found, "there is no such path"}, batch.arena);
  }
  auto read = read_parameters(route.read, *target, limits_);
  if (!read) return refuse_item(item, read.error(), batch.arena);
  const auto allowed = authorize(*read, session.roles);
  if (!allowed) return refuse_item(item, allowed.error(), batch.arena);
  Request request;
  request.read = *read;
  add_request(request, item, batch);
}

std::string_view MessageReader::hello_json(const Session& session, std::string_view ref, Arena& arena) const {
  std::string out;
  JsonWriter json(out);
  json.object().key("hello").object();
  json.key("log").text(identity_.log);
  json.key("ruleset").object().key("name").text(ruleset_->name).key("hash").text(ruleset_->hash).end();
  json.key("roles").array();
  if (session.roles.ingest) json.text("ingest");
  if (!session.roles.player.empty()) json.text("player");
  if (session.roles.read) json.text("read");
  if (session.roles.admin) json.text("admin");
  json.end();
  json.key("player");
  if (session.roles.player.empty()) json.null();
  if (!session.roles.player.empty()) json.text(session.roles.player);
  json.key("limits").raw(identity_.limits_json);
  json.end();
  if (!ref.empty()) json.key("ref").raw(ref);
  json.end();
  return arena.copy(out);
}

std::optional<std::vector<std::string_view>> split_array(std::string_view json) {
  json = without_space(json);
  if (json.size() < 2 || json.front() != '[' || json.back() != ']') return std::nullopt;
  std::vector<std::string_view> elements;
  std::string open = "[";  // The brackets that are open.
  std::size_t begin = 1;
  for (std::size_t i = 1; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      for (++i; i < json.size() && json[i] != '"'; ++i) {
        if (json[i] == '\\') ++i;
      }
      if (i >= json.size()) return std::nullopt;
    } else if (c == '[' || c == '{') {
      open += c;
    } else if (c == ']' || c == '}') {
      if (open.empty() || open.back() != (c == ']' ? '[' : '{')) return std::nullopt;
      open.pop_back();
      if (open.empty() && i + 1 != json.size()) return std::nullopt;
    }
    if ((c == ',' && open.size() == 1) || open.empty()) {
      elements.push_back(without_space(json.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (!open.empty()) return std::nullopt;
  if (elements.size() == 1 && elements[0].empty()) elements.clear();
  return elements;
}

}  // namespace tallyho

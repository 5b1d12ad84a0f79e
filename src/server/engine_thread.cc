#include "server/engine_thread.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "base/thread_name.h"
#include "engine/place.h"
#include "engine/ruleset_record.h"

namespace tallyho {
namespace {

// A round takes at most so many items, so that under full load acks and pushes still leave every few milliseconds.
constexpr std::size_t items_per_round = 4096;

// The number or string a watch is called, for a client that gave none: the least number that it has not used.
std::string unused_name(const Feed& feed, const Watcher& watcher) {
  for (std::size_t number = 1;; ++number) {
    std::string name = std::to_string(number);
    if (!feed.has_watch(watcher, name)) return name;
  }
}

// O(sections).
BoardFigures figures_of(const Board& board) {
  BoardFigures figures{.groups = board.groups()};
  for (const BoardSection* section : board.sections()) figures.members += section->leaderboard->size();
  return figures;
}

}  // namespace

EngineThread::EngineThread(Engine& engine, CurrentRuleset& ruleset, std::vector<Port*> ports, Doorbell& bell,
                           const Limits& limits, Followers followers, Readiness& readiness, BeforeIngest before_ingest)
    : engine_(engine),
      ruleset_(ruleset),
      ports_(std::move(ports)),
      bell_(bell),
      limits_(limits),
      followers_(followers),
      readiness_(readiness),
      before_ingest_(std::move(before_ingest)),
      reads_(engine),
      own_watches_(engine),
      has_delivery_(ports_.size(), false) {}

void EngineThread::stop() {
  stopping_.store(true);
  bell_.ring();
}

void EngineThread::run() {
  name_thread("engine");
  while (true) {
    const std::uint32_t seen = bell_.seen();
    const bool is_last_look = stopping_.load();
    if (is_swap_wanted_.load()) take_wanted_ruleset();
    if (are_figures_wanted_.load()) tell_figures();
    readiness_.beat(Clock::now());
    const bool has_worked = take_round();
    // Also without new batches: a watcher may have become ready, or a push be due.
    engine_.commit();
    collect_pushes();
    release_durable();
    release_reports();
    hand_over_pushes();
    wake_ports();
    hand_over(!has_worked);
    if (has_worked) continue;
    if (is_last_look && held_.empty() && reports_.empty() && !has_waiting_pushes_) return;
    bell_.wait(seen, idle_time());
  }
}

std::chrono::nanoseconds EngineThread::idle_time() const {
  constexpr std::chrono::nanoseconds longest = std::chrono::seconds(1);
  // The log rings when more is durable, and a port when it has room again. Acks alone keep no push waiting.
  if (has_waiting_pushes_ || !has_room_) return longest;
  // Compared, not subtracted: at once is as long ago, and never as far away, as a clock can say.
  const auto due = engine_.feed().next_due();
  const auto now = Clock::now();
  if (due <= now) return std::chrono::nanoseconds(0);
  return due < now + longest ? due - now : longest;
}

bool EngineThread::take_round() {
  std::size_t items = 0;
  while (items < items_per_round && take_some()) {
    prepare();
    // A clock is read once for what is taken together, not once for each.
    const auto taken = Clock::now();
    for (const Held& held : taken_) {
      items += held.batch->items.size() + 1;
      process(*held.batch);
      ports_[held.port]->took(held.batch->items.size());
    }
    const auto applied = Clock::now();
    for (const Held& held : taken_) {
      held.batch->taken = taken;
      held.batch->applied = applied;
      if (held.batch->report != nullptr) {
        reports_.push_back(held);
      } else {
        held_.push_back(held);
      }
    }
  }
  if (items > 0) ++rounds_;
  return items > 0;
}

// Takes as many batches as are worth preparing together: one from each port in turn, so that none starves another.
bool EngineThread::take_some() {
  taken_.clear();
  std::size_t items = 0;
  bool has_more = true;
  while (has_more && items < Engine::prepared_best) {
    has_more = false;
    for (std::size_t port = 0; port < ports_.size(); ++port) {
      Batch* batch = nullptr;
      if (!ports_[port]->to_engine.pop(batch)) continue;
      has_more = true;
      items += batch->items.size();
      taken_.push_back({batch, port});
    }
  }
  return !taken_.empty();
}

// The events at the front of what was taken; process() prepares the rest of large batches, so that what is asked for
// now is still in the caches when it is needed. Types of another ruleset mean nothing to the engine: what was decoded
// under that is not prepared, as process() has yet to decode it again.
void EngineThread::prepare() {
  next_.clear();
  bool is_ingest = true;
  for (const Held& held : taken_) {
    if (held.batch->ruleset.get() != &engine_.ruleset()) continue;
    if (next_.empty()) is_ingest = held.batch->is_ingest;
    add_events(*held.batch, 0);
  }
  if (!next_.empty()) engine_.prepare(next_, is_ingest);
}

void EngineThread::add_events(const Batch& batch, std::size_t first) {
  const std::size_t end = std::min(first + Engine::prepared_best, batch.items.size());
  for (std::size_t i = first; i < end; ++i) {
    const Item& item = batch.items[i];
    if (item.kind == Item::Kind::event) next_.push_back(&item.event);
  }
}

void EngineThread::process(Batch& batch) {
  if (batch.goodbye != nullptr) {
    engine_.feed().remove(*batch.goodbye);
    own_watches_.end(*batch.goodbye);
    std::erase(collected_, batch.goodbye.get());
  }
  if (batch.watcher != nullptr) batch.watcher->set_collected_list(&collected_);
  if (batch.is_greeting) own_watches_.begin(*batch.watcher, batch.bytes);
  if (&engine_.ruleset() != batch.ruleset.get()) decode_again(batch);
  answered_bytes_ = 0;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    if (i > 0 && i % Engine::prepared_best == 0) {
      next_.clear();
      add_events(batch, i);
      engine_.prepare(next_, batch.is_ingest);
    }
    Item& item = batch.items[i];
    if (item.kind == Item::Kind::event) ingest(item, batch);
    if (item.kind == Item::Kind::request) answer(item, batch);
  }
  batch.position = engine_.version();
}

// The ruleset was swapped while the batch was on its way. What was refused under the old one stays so: it would not
// have been, had it come later, but nobody was told that it would be taken.
void EngineThread::decode_again(Batch& batch) {
  const std::shared_ptr<const Ruleset> ruleset = engine_.shared_ruleset();
  for (Item& item : batch.items) {
    if (item.kind != Item::Kind::event) continue;
    const Result<Event> event = decoder_.decode(item.record, *ruleset, batch.arena);
    const bool may_send = batch.is_ingest || (event && ruleset->events[event->type].player_may_send);
    if (event && may_send) {
      item.event = *event;
      continue;
    }
    item.kind = Item::Kind::refused;
    if (event) {
      item.code = Code::unauthorized;
      item.message = "players do not send events of this type";
      continue;
    }
    item.code = event.error().code;
    item.message = batch.arena.copy(decoder_.describe(event.error()));
    item.field = batch.arena.copy(decoder_.field_name());
  }
  batch.ruleset = ruleset;
}

void EngineThread::ingest(Item& item, Batch& batch) {
  item.ruleset = batch.ruleset.get();
  if (before_ingest_) before_ingest_(engine_, item.event);
  const Sender sender{.is_ingest = batch.is_ingest, .subscriber = batch.watcher};
  item.outcome = engine_.ingest(item.event, item.record, batch.arrival, sender, batch.arena, item.detail.ranks);
  if (item.outcome.code == Code::ok) {
    const std::string_view type = item.ruleset->events[item.event.type].name;
    own_watches_.met(item.event.envelope.player, item.outcome, type, batch.watcher);
  }
  if (item.outcome.position == 0) {
    if (item.outcome.code == Code::unavailable) readiness_.refused(Clock::now());
    return;
  }
  tell_followers({.record = {item.outcome.position, batch.is_ingest ? RecordKind::event : RecordKind::event_of_player,
                             engine_.last_arrival(), item.record},
                  .event = &item.event,
                  .envelope = item.event.envelope,
                  .outcome = item.outcome});
}

// Of a record that is in the log.
void EngineThread::tell_followers(const Replayed& replayed) {
  const bool is_recorded = replayed.event != nullptr || replayed.operation != nullptr;
  if (followers_.recorder != nullptr && is_recorded) {
    followers_.recorder->write(replayed.record.bytes, replayed.record.arrival);
  }
  if (followers_.bookkeeper != nullptr) followers_.bookkeeper->enter(replayed);
  if (followers_.shadow != nullptr) followers_.shadow->add(replayed);
  if (followers_.messenger != nullptr) followers_.messenger->enter(replayed);
}

void EngineThread::hand_over(bool now_is_quiet) {
  if (followers_.recorder != nullptr) followers_.recorder->hand_over(now_is_quiet);
  if (followers_.bookkeeper != nullptr) followers_.bookkeeper->hand_over(now_is_quiet);
  if (followers_.shadow != nullptr) followers_.shadow->hand_over(now_is_quiet);
  if (followers_.messenger != nullptr) followers_.messenger->hand_over(engine_.version(), now_is_quiet);
}

// A frame of a mebibyte has room for twenty thousand requests, each of which may be answered by a hundred kilobytes.
// That is more than one client may take of memory and of everybody's time: beyond the backlog they come back.
void EngineThread::answer(Item& item, Batch& batch) {
  const Request& request = *item.request;
  text_.clear();
  if (answered_bytes_ > limits_.backlog_bytes_max) {
    item.code = Code::overloaded;
    item.message = "this frame asks for more than is answered at once";
    return;
  }
  Answered<void> answered;
  switch (request.kind) {
    case Request::Kind::read:
      answered = read(request.read, item);
      batch.has_ledgers = batch.has_ledgers || item.ledger_from != 0;
      break;
    case Request::Kind::watch: answered = watch(request.watch, item, *batch.watcher); break;
    case Request::Kind::unwatch: answered = unwatch(request.unwatch, item, *batch.watcher); break;
    case Request::Kind::operation: answered = operate(request.operation, batch); break;
    case Request::Kind::figures: batch.figures = figures(); break;
    case Request::Kind::shadow:
      if (followers_.shadow == nullptr) {
        answered = refuse(Code::not_found, "there is no candidate ruleset: this server runs without --shadow");
      } else {
        batch.report = followers_.shadow->ask(tops_of(engine_, Shadow::sections_max), engine_.version());
      }
      break;
    case Request::Kind::swap: answered = swap(batch.wanted_ruleset, batch.arrival, request.swap.by); break;
  }
  if (answered) {
    item.text = batch.arena.copy(text_);
    answered_bytes_ += text_.size();
  } else {
    item.code = answered.error().code;
    item.message = batch.arena.copy(answered.error().message);
  }
}

// Of a ledger it only says where it begins: the I/O thread reads it.
Answered<void> EngineThread::read(const ReadRequest& request, Item& item) {
  if (request.what != ReadRequest::What::ledger || followers_.bookkeeper == nullptr)
    return reads_.answer(request, text_);
  const auto newest = followers_.bookkeeper->newest(request.name);
  if (!newest) return std::unexpected(newest.error());
  item.ledger_from = *newest;
  if (request.cursor) {
    const char* end = request.cursor->data() + request.cursor->size();
    const auto [at, error] = std::from_chars(request.cursor->data(), end, item.ledger_from);
    if (error != std::errc() || at != end || item.ledger_from == 0 || item.ledger_from > *newest) {
      return refuse(Code::invalid_argument, "'cursor' is not one of this player's");
    }
  }
  if (item.ledger_from == 0) {
    JsonWriter json(text_);
    json.object().key("player").text(request.name).key("entries").array().end().end();
  }
  return {};
}

Answered<void> EngineThread::watch(const WatchRequest& request, Item& item, Watcher& watcher) {
  const bool has_ref = !item.event.envelope.ref.empty();
  const std::string name = has_ref ? std::string(item.event.envelope.ref) : unused_name(engine_.feed(), watcher);
  const bool is_new = !engine_.feed().has_watch(watcher, name);
  // The one that it has without asking is not counted.
  const std::size_t own = engine_.feed().has_watch(watcher, OwnWatches::name) ? 1 : 0;
  if (is_new && engine_.feed().watches(watcher) >= limits_.watches_max + own) {
    return refuse(Code::capacity, "a connection has at most " + std::to_string(limits_.watches_max) + " watches");
  }
  std::string members;
  const auto begun = request.player.empty() ? watch_board(request, watcher, name, members)
                                            : watch_player(request, watcher, name, members);
  if (!begun) return begun;
  text_ = request.is_stream ? "{" : "{\"watch\":" + name + ",";
  if (has_ref) text_ += "\"ref\":" + name + ",";
  text_ += members;
  return {};
}

Answered<void> EngineThread::watch_board(const WatchRequest& request, Watcher& watcher, const std::string& name,
                                         std::string& members) {
  const auto place = find_place(engine_, request.selector);
  if (!place) return std::unexpected(place.error());
  BoardView view{.board = place->index, .group = place->group, .period_starts = {}};
  // Without a window named: the current one, whichever that is, so that the watch goes on when a new one begins.
  if (request.selector.window) view.period_starts = place->period->starts;
  if (request.around) {
    const auto member = engine_.symbols().find(*request.around);
    if (!member) return refuse(Code::not_found, "there is no member '" + std::string(*request.around) + "' yet");
    view.around = *member;
    view.radius = request.radius;
  } else {
    view.top = request.top;
  }
  // A version counts in its log only: without that it says nothing.
  const bool is_of_this_log = request.log && *request.log == engine_.log().identity();
  members =
      engine_.feed().watch_board(watcher, name, view, engine_.version(), is_of_this_log ? request.since : std::nullopt);
  return {};
}

Answered<void> EngineThread::watch_player(const WatchRequest& request, Watcher& watcher, const std::string& name,
                                          std::string& members) {
  const auto player = engine_.find_player(request.player);
  if (!player) return refuse(Code::not_found, "there is no player '" + std::string(request.player) + "' yet");
  engine_.feed().watch_player(watcher, name, player->symbol);
  JsonWriter json(members);
  json.object().key("player").text(request.player).key("total").number(player->total);
  json.key("log").text(engine_.log().identity());
  json.key("version").number(static_cast<std::int64_t>(engine_.version())).end();
  members.erase(0, 1);  // Its brace: it goes behind the watch's name.
  return {};
}

Answered<void> EngineThread::unwatch(const UnwatchRequest& request, Item& item, Watcher& watcher) {
  const bool has_ended = engine_.feed().unwatch(watcher, request.watch) ||
                         (request.watch == OwnWatches::name && own_watches_.end(watcher));
  if (!has_ended) {
    return refuse(Code::not_found, "there is no watch " + std::string(request.watch));
  }
  JsonWriter json(text_);
  json.object().key("unwatched").raw(request.watch);
  if (!item.event.envelope.ref.empty()) json.key("ref").raw(item.event.envelope.ref);
  json.end();
  return {};
}

// Answers with the code, what is so now, and where in the log it was done.
Answered<void> EngineThread::operate(const OperationRequest& request, Batch& batch) {
  const Operation& operation = request.operation;
  const Outcome outcome = engine_.operate(operation, request.record, batch.arrival, batch.arena);
  if (outcome.position > 0) {
    tell_followers({.record = {outcome.position, RecordKind::operation, engine_.last_arrival(), request.record},
                    .operation = &operation,
                    .envelope = {.player = operation.player, .id = operation.id, .ref = {}},
                    .outcome = outcome});
  }
  if (outcome.code == Code::ok) own_watches_.met(operation.player, outcome, "adjustment", nullptr);
  const bool is_done = outcome.code == Code::ok || outcome.code == Code::duplicate;
  if (!is_done) {
    const std::string where = outcome.board ? "board '" + engine_.ruleset().boards[*outcome.board].id + "': " : "";
    return refuse(outcome.code, where + std::string(outcome.message));
  }
  JsonWriter json(text_);
  json.object().key("player").text(operation.player).key("code").text(name_of(outcome.code));
  if (operation.kind == Operation::Kind::adjust) {
    json.key("id").text(operation.id).key("points").number(outcome.points);
  }
  if (operation.kind == Operation::Kind::forget) {
    json.key("forgotten").boolean(true);
  } else {
    const auto player = engine_.find_player(operation.player);
    json.key("banned").boolean(player && engine_.is_banned(player->symbol)).key("total").number(outcome.total);
  }
  json.key("log").text(engine_.log().identity());
  json.key("position").number(static_cast<std::int64_t>(outcome.position)).end();
  return {};
}

// Events that are decoded from the moment of the answer on are so under the new ruleset.
Answered<void> EngineThread::swap(const std::shared_ptr<const Ruleset>& ruleset, Timestamp arrival,
                                  std::string_view by) {
  const std::string previous = engine_.ruleset().hash;
  Engine::Swap swapped{.position = engine_.version(), .stays = {}};
  if (ruleset->source != engine_.ruleset().source) {  // Else it is in force, and nothing is to be done.
    auto done = engine_.swap(ruleset, arrival, by);
    if (!done) return refuse(done.error().code, "the log does not take the ruleset now");
    swapped = std::move(*done);
    ruleset_.set(ruleset);
    const std::string record = to_ruleset_record(ruleset->source, by);
    tell_followers({.record = {swapped.position, RecordKind::ruleset, engine_.last_arrival(), record},
                    .envelope = {},
                    .outcome = {.code = Code::ok, .position = swapped.position}});
  }
  JsonWriter json(text_);
  json.object().key("name").text(ruleset->name).key("hash").text(ruleset->hash).key("previous").text(previous);
  json.key("dropped").array();
  for (const std::string& one : swapped.stays) json.text(one);
  json.end().key("log").text(engine_.log().identity());
  json.key("position").number(static_cast<std::int64_t>(swapped.position)).end();
  return {};
}

void EngineThread::swap_soon(std::shared_ptr<const Ruleset> ruleset, std::function<void(std::string_view)> tell) {
  {
    const std::lock_guard lock(wanted_mutex_);
    wanted_ruleset_ = std::move(ruleset);
    tell_swapped_ = std::move(tell);
  }
  is_swap_wanted_.store(true);
  bell_.ring();
}

void EngineThread::figures_soon(std::function<void(std::unique_ptr<EngineFigures>)> tell) {
  {
    const std::lock_guard lock(wanted_mutex_);
    tell_figures_ = std::move(tell);
  }
  are_figures_wanted_.store(true);
  bell_.ring();
}

void EngineThread::tell_figures() {
  are_figures_wanted_.store(false);
  std::function<void(std::unique_ptr<EngineFigures>)> tell;
  {
    const std::lock_guard lock(wanted_mutex_);
    tell = std::exchange(tell_figures_, nullptr);
  }
  if (tell) tell(figures());
}

void EngineThread::take_wanted_ruleset() {
  is_swap_wanted_.store(false);
  std::shared_ptr<const Ruleset> ruleset;
  std::function<void(std::string_view)> tell;
  {
    const std::lock_guard lock(wanted_mutex_);
    ruleset = std::exchange(wanted_ruleset_, nullptr);
    tell = std::exchange(tell_swapped_, nullptr);
  }
  if (ruleset == nullptr) return;
  text_.clear();
  const auto swapped = swap(ruleset, Timestamp::system_now(), "");
  if (tell)
    tell(swapped ? "the ruleset was swapped: " + text_ : "the ruleset was not swapped: " + swapped.error().message);
}

std::unique_ptr<EngineFigures> EngineThread::figures() const {
  auto figures = std::make_unique<EngineFigures>();
  figures->ruleset = engine_.shared_ruleset();
  figures->version = engine_.version();
  figures->players = engine_.players();
  figures->memory = engine_.memory();
  figures->rules = engine_.rule_counts();
  figures->hand_overs = engine_.hand_overs();
  figures->feed = engine_.feed().stats();
  for (BoardIndex i = 0; i < figures->ruleset->boards.size(); ++i)
    figures->boards.push_back(figures_of(engine_.board(i)));
  for (const Port* port : ports_) {
    figures->queued_batches += port->to_engine.size();
    figures->queued_deliveries += port->from_engine.size();
  }
  figures->held_batches = held_.size();
  figures->rounds = rounds_;
  const Recorder* recorder = followers_.recorder;
  figures->recorded = recorder == nullptr ? 0 : recorder->recorded();
  figures->is_record_complete = recorder == nullptr || recorder->is_complete();
  return figures;
}

void EngineThread::release_durable() {
  const Position durable = engine_.log().durable();
  if (held_.empty()) return;
  const auto now = Clock::now();
  while (!held_.empty() && held_.front().batch->position <= durable) {
    held_.front().batch->released = now;
    release(held_.front());
    held_.pop_front();
  }
}

// A shadow answers when it has come to where it was asked.
void EngineThread::release_reports() {
  const Position durable = engine_.log().durable();
  std::erase_if(reports_, [&](const Held& held) {
    Batch& batch = *held.batch;
    if (!batch.report->is_done || batch.position > durable) return false;
    batch.items.front().text = batch.arena.copy(batch.report->text);
    release(held);
    return true;
  });
}

void EngineThread::release(const Held& held) {
  has_delivery_[held.port] = true;
  ports_[held.port]->from_engine.push({.batch = held.batch});  // Has room: see Port.
}

// Pushes show the boards as they are, which may be ahead of the log: they wait until it has caught up, and only then
// are new ones collected. Else those of a log that is never quite durable, as events keep coming, would never leave.
void EngineThread::collect_pushes() {
  if (has_waiting_pushes_) return;
  const std::size_t room = room_for_pushes();
  has_room_ = room > 0;
  if (!has_room_) return;
  engine_.feed().set_room(room);
  pushes_collected_ = Clock::now();
  engine_.push(pushes_collected_);
  has_waiting_pushes_ = !collected_.empty();
  pushes_version_ = engine_.version();
}

// What the fullest port has room for: watchers of all ports come in turn.
std::size_t EngineThread::room_for_pushes() const {
  std::size_t room = Port::pushes_max;
  for (Port* port : ports_) room = std::min<std::size_t>(room, port->room());
  return room;
}

void EngineThread::hand_over_pushes() {
  if (engine_.log().durable() < pushes_version_) return;
  has_waiting_pushes_ = false;
  if (collected_.empty()) return;
  std::erase_if(collected_, [this](Watcher* watcher) {
    if (!watcher->ready()) return false;  // One message at a time; it rings when that one has gone.
    has_delivery_[watcher->port()] = true;
    auto pushes = watcher->take(pushes_version_);
    pushes->collected = pushes_collected_;
    ports_[watcher->port()]->pushes_waiting.fetch_add(1);
    ports_[watcher->port()]->from_engine.push({.pushes = pushes.release()});
    return true;
  });
}

void EngineThread::wake_ports() {
  for (std::size_t port = 0; port < ports_.size(); ++port) {
    if (!has_delivery_[port]) continue;
    has_delivery_[port] = false;
    if (!ports_[port]->is_wake_pending.exchange(true)) ports_[port]->wake();
  }
}

}  // namespace tallyho

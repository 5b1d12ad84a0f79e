#include "server/io_thread.h"

#include <algorithm>
#include <array>
#include <exception>
#include <random>
#include <thread>
#include <tuple>
#include <utility>

#include "base/thread_name.h"
#include "boost/asio/dispatch.hpp"
#include "boost/asio/post.hpp"
#include "server/http_connection.h"

namespace tallyho {
namespace {

// How many pushes are sent before the sockets are looked after again. Each takes some 15 to 30 µs where the client's
// side of the connection is this machine's too: with 32 of them acks took a millisecond longer, beside 10,000 watchers.
constexpr std::uint32_t pushes_at_once = 8;

// How many batches are sent at the most before the engine's bell is rung: enough for what waking a thread costs to be
// little beside what it then does, few enough for the engine to begin before the last socket has been read.
constexpr std::size_t batches_per_ring = 32;

}  // namespace

IoThread::IoThread(std::size_t index, const Shared& shared, Doorbell& engine_bell)
    : index_(index),
      shared_(shared),
      engine_bell_(engine_bell),
      work_(boost::asio::make_work_guard(context_)),
      sweep_timer_(context_),
      port_(shared.limits.queue_batches_max, shared.limits.connections_max),
      reader_(nullptr, shared.limits, shared.identity, &shared.authority, shared.players),
      writer_(shared.limits) {
  if (shared.is_tracing) tracer_.emplace(shared.trace_rate, std::random_device()());
  port_.wake = [this] { boost::asio::post(context_, [this] { take_deliveries(); }); };
}

IoThread::~IoThread() {
  Delivery delivery;
  while (port_.from_engine.pop(delivery)) delete delivery.pushes;
}

// What Beast or Asio throw, and nobody knew they would, ends one connection: that whose handler it was is looked at no
// more, and is dropped once its time is over.
void IoThread::run() {
  name_thread("io");
  sweep();
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception& thrown) {
      report(thrown);
    }
  }
}

void IoThread::report(const std::exception& thrown) const {
  log(LogLevel::error, "internal", "a connection met what should not happen", {{"what", thrown.what()}});
}

void IoThread::begin_stop() {
  boost::asio::post(context_, [this] {
    is_stopping_ = true;
    stop_deadline_ = Clock::now() + shared_.limits.close_timeout;
    std::vector<std::shared_ptr<Connection>> all;  // stop() may remove.
    for (const auto& [id, one] : connections_) all.push_back(one.connection);
    for (const auto& connection : all) connection->stop();
    sweep_in(std::chrono::milliseconds(0));
  });
}

void IoThread::adopt(Socket socket, bool is_admin, Admission::Place place) {
  boost::asio::dispatch(context_, [this, socket = std::move(socket), is_admin, place = std::move(place)]() mutable {
    boost::system::error_code ignored;
    const bool is_full = connections_.size() >= shared_.limits.connections_max;
    if (is_full) {
      figures_.connections_refused.add(1);
      log(LogLevel::warning, "connections", "a connection was refused: there are too many",
          {{"connections", static_cast<std::int64_t>(connections_.size())}});
    }
    if (is_stopping_ || is_full) return;  // Closes it.
    std::ignore = socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    places_[next_id_].push_back(std::move(place));  // Of the connection that is added now.
    start_http_connection(*this, std::move(socket), is_admin);
  });
}

bool IoThread::admit_forwarded(std::uint64_t id, std::string_view header) {
  auto place = shared_.admission->enter_forwarded(forwarded_address(header));
  if (place) places_[id].push_back(std::move(*place));
  return place.has_value();
}

std::uint64_t IoThread::add(std::shared_ptr<Connection> connection) {
  const std::uint64_t id = next_id_++;
  connections_.emplace(id, Connected{.connection = std::move(connection), .look = {}});
  figures_.connections_opened.add(1);
  return id;
}

void IoThread::replace(std::uint64_t id, std::shared_ptr<Connection> connection) {
  Connected& one = connections_[id];
  one.connection = std::move(connection);
  one.look = {};
}

void IoThread::remove(std::uint64_t id) {
  if (connections_.erase(id) > 0) figures_.connections_closed.add(1);
  places_.erase(id);
}

Batch* IoThread::take_batch(std::uint64_t id) {
  if (free_batches_.empty()) {
    batches_.push_back(std::make_unique<Batch>());
    free_batches_.push_back(batches_.back().get());
  }
  Batch* batch = free_batches_.back();
  free_batches_.pop_back();
  if (const std::uint64_t version = shared_.ruleset->version(); version != ruleset_version_) {
    ruleset_version_ = version;
    reader_.use(shared_.ruleset->get());
  }
  batch->ruleset = reader_.ruleset();
  batch->connection = id;
  batch->arrival = Timestamp::system_now();
  batch->received = Clock::now();
  return batch;
}

void IoThread::give_back(Batch* batch) {
  batch->reset();
  free_batches_.push_back(batch);
}

void IoThread::submit(Batch* batch) {
  figures_.batches.add(1);
  const bool is_full = batches_at_engine_ >= shared_.limits.queue_batches_max ||
                       bytes_at_engine_ + batch->bytes.size() > shared_.limits.queue_bytes_max;
  if (batch->needs_engine && is_full) refuse_batch(*batch);
  if (batch->needs_engine) return send(batch);
  batch->is_done = true;
  count_answers(*batch, Clock::now());
}

// In the order of the protocol: what an event itself has wrong comes before `overloaded`.
void IoThread::refuse_batch(Batch& batch) {
  for (Item& item : batch.items) {
    if (item.kind != Item::Kind::event && item.kind != Item::Kind::request) continue;
    item.kind = item.kind == Item::Kind::event ? Item::Kind::refused : Item::Kind::ready;
    item.code = Code::overloaded;
    item.message = "the queue to the engine is full";
  }
  batch.needs_engine = false;
}

void IoThread::send(Batch* batch) {
  batch->is_at_engine = true;
  batch->sent = Clock::now();
  ++batches_at_engine_;
  bytes_at_engine_ += batch->bytes.size();
  const bool are_many = port_.sends(batch->items.size());
  port_.to_engine.push(batch);  // Has room: see Port.
  if (!are_many) return ring_soon();
  is_ahead_ = true;
  ring();
}

void IoThread::let_engine_catch_up() {
  if (!std::exchange(is_ahead_, false)) return;
  port_.wait_for_engine();
  take_deliveries();
}

// Rings once for what is sent together: the engine thread is woken by a system call, and where it shares a core with
// this one each time takes that away from it.
void IoThread::ring_soon() {
  if (++batches_unrung_ >= batches_per_ring) return ring();
  end_round_soon();
}

void IoThread::ring() {
  batches_unrung_ = 0;
  engine_bell_.ring();
}

void IoThread::at_round_end(std::uint64_t id) {
  round_.push_back(id);
  end_round_soon();
}

// What is posted comes behind what was ready before.
void IoThread::end_round_soon() {
  if (std::exchange(is_round_posted_, true)) return;
  boost::asio::post(context_, [this] { end_round(); });
}

void IoThread::end_round() {
  ended_.swap(round_);
  for (const std::uint64_t id : ended_) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    const std::shared_ptr<Connection> connection = found->second.connection;  // round_ended() may remove it.
    connection->round_ended();
  }
  ended_.clear();
  is_round_posted_ = false;
  if (batches_unrung_ > 0) ring();
  if (!round_.empty()) end_round_soon();
  let_engine_catch_up();
}

void IoThread::submit_greeting(std::uint64_t id, Watcher& watcher, std::string_view player) {
  Batch* batch = take_batch(id);
  batch->is_greeting = true;
  batch->watcher = &watcher;
  batch->bytes = player;
  batch->is_at_engine = true;
  ++words_at_engine_;
  port_.to_engine.push(batch);  // Has room: one per connection.
  engine_bell_.ring();
}

void IoThread::submit_goodbye(std::uint64_t id, std::unique_ptr<Watcher> watcher) {
  Batch* batch = take_batch(id);
  batch->goodbye = std::move(watcher);
  batch->is_at_engine = true;
  ++words_at_engine_;
  port_.to_engine.push(batch);  // Has room: one per connection.
  engine_bell_.ring();
}

void IoThread::take_deliveries() {
  port_.is_wake_pending.store(false);  // Partner: the engine thread's exchange, after it has pushed.
  const auto now = Clock::now();
  Delivery delivery;
  while (port_.from_engine.pop(delivery)) {
    if (delivery.batch != nullptr) {
      take_back(delivery.batch, now);
      continue;
    }
    pushes_.emplace_back(delivery.pushes);
  }
  tell_answered();
  if (!pushes_.empty() && !std::exchange(is_sending_pushes_, true)) send_pushes();
}

// Answers, and what has come meanwhile, go before the next pushes. Where the engine's thread shares the core with this
// one, which would send for milliseconds on end, it gets that when it has work.
void IoThread::send_pushes() {
  std::uint32_t sent = 0;
  for (; sent < pushes_at_once && !pushes_.empty(); ++sent) {
    const std::unique_ptr<PushMessage> pushes = std::move(pushes_.front());
    pushes_.pop_front();
    const auto found = connections_.find(pushes->connection);
    if (found == connections_.end()) continue;
    const std::shared_ptr<Connection> connection = found->second.connection;  // push() may remove it.
    connection->push(*pushes);
    figures_.stage(Stage::push).add(Clock::now() - pushes->collected, 1);
  }
  if (port_.made_room(sent)) engine_bell_.ring();
  is_sending_pushes_ = !pushes_.empty();
  if (!is_sending_pushes_) return;
  if (batches_at_engine_ > 0) std::this_thread::yield();
  boost::asio::post(context_, [this] { send_pushes(); });
}

void IoThread::take_back(Batch* batch, Clock::time_point now) {
  batch->is_at_engine = false;
  if (batch->goodbye != nullptr || batch->is_greeting) {
    --words_at_engine_;
    return give_back(batch);
  }
  --batches_at_engine_;
  bytes_at_engine_ -= batch->bytes.size();
  if (batch->has_ledgers) read_ledgers(*batch);
  batch->is_done = true;
  count_answers(*batch, now);
  const auto found = connections_.find(batch->connection);
  if (found == connections_.end()) return give_back(batch);
  if (!std::exchange(found->second.is_answered, true)) answered_.push_back(batch->connection);
}

// Each connection once for all of its batches that came back together: what they are answered with is one frame, and
// one system call.
void IoThread::tell_answered() {
  for (const std::uint64_t id : answered_) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second.is_answered = false;
    const std::shared_ptr<Connection> connection = found->second.connection;  // answered() may remove it.
    connection->answered();
  }
  answered_.clear();
}

// What the engine thread left for this one to read from files.
void IoThread::read_ledgers(Batch& batch) {
  for (Item& item : batch.items) {
    if (item.ledger_from == 0 || item.code != Code::ok) continue;
    const ReadRequest& read = item.request->read;
    const auto page = shared_.ledger->read(read.name, item.ledger_from, read.limit, read.with_by);
    if (page) {
      item.text = batch.arena.copy(*page);
    } else {
      item.code = page.error().code;
      item.message = batch.arena.copy(page.error().message);
    }
  }
}

void IoThread::count_answers(const Batch& batch, Clock::time_point now) {
  std::uint64_t events = 0;
  for (const Item& item : batch.items) {
    if (item.kind == Item::Kind::request && item.request != nullptr) log_admin(batch, item);
    const bool is_malformed = item.kind == Item::Kind::ready && item.code == Code::malformed;
    if (!is_event(item) && !is_malformed) continue;
    figures_.events[static_cast<std::size_t>(code_of(item))].add(1);
    ++events;
  }
  if (events == 0) return;
  const auto answered = std::max(now, batch.released);  // It may have come while others were taken.
  figures_.latency.add(answered - batch.received, events);
  if (batch.needs_engine) count_stages(batch, events, answered);
}

// What an admin did, or would have done.
void IoThread::log_admin(const Batch& batch, const Item& item) {
  const Request& request = *item.request;
  const std::string_view code = name_of(item.code);
  const auto position = item.code == Code::ok ? static_cast<std::int64_t>(batch.position) : 0;
  if (request.kind == Request::Kind::operation) {
    const Operation& done = request.operation.operation;
    log(LogLevel::info, "admin", name_of(done.kind),
        {{"player", done.player}, {"by", done.by}, {"code", code}, {"position", position}});
  } else if (request.kind == Request::Kind::swap) {
    log(LogLevel::info, "admin", "swap",
        {{"ruleset", batch.wanted_ruleset->hash}, {"by", request.swap.by}, {"code", code}, {"position", position}});
  }
}

void IoThread::count_stages(const Batch& batch, std::uint64_t events, Clock::time_point answered) {
  static_assert(TracedBatch::stages.size() + 1 == stage_count);  // All but `push`.
  const std::array<std::chrono::nanoseconds, TracedBatch::stages.size()> times = {
      batch.sent - batch.received, batch.taken - batch.sent, batch.applied - batch.taken,
      batch.released - batch.applied, answered - batch.released};
  for (std::size_t i = 0; i < times.size(); ++i) figures_.stages[i].add(times[i], 1);
  if (!tracer_) return;
  auto traced = tracer_->begin(batch.trace);
  if (!traced) return;
  traced->begun = batch.arrival;
  traced->times = times;
  traced->events = static_cast<std::uint32_t>(events);
  traced->position = batch.position;
  traced->code = name_of(Code::ok);
  for (const Item& item : batch.items) {
    if (!is_event(item) || code_of(item) == Code::ok) continue;
    traced->code = name_of(code_of(item));
    break;
  }
  traced->transport = batch.is_http ? "http" : "websocket";
  tracer_->end(*traced);
}

// The next one is on its way before anything can go wrong in this one.
void IoThread::sweep() {
  sweep_in(is_stopping_ ? std::chrono::milliseconds(5) : shared_.limits.sweep_interval);
  const auto now = Clock::now();
  std::vector<std::pair<std::uint64_t, std::shared_ptr<Connection>>> due;  // tick() may remove.
  for (const auto& [id, one] : connections_) {
    if (is_stopping_ || one.look <= now) due.emplace_back(id, one.connection);
  }
  for (const auto& [id, connection] : due) look_at(id, *connection, now);
  if (is_stopping_ && now >= stop_deadline_) {
    for (const auto& [id, connection] : due) connection->drop();
  }
  if (is_stopping_ && connections_.empty() && batches_at_engine_ + words_at_engine_ == 0) {
    work_.reset();
    sweep_timer_.cancel();
  }
}

// What it throws ends it, and keeps nobody else from being looked at.
void IoThread::look_at(std::uint64_t id, Connection& connection, Clock::time_point now) {
  try {
    const auto look = connection.tick(now);
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second.look = look;
  } catch (const std::exception& thrown) {
    report(thrown);
    connection.drop();
  }
}

// Takes the place of the sweep that was to come.
void IoThread::sweep_in(std::chrono::milliseconds time) {
  sweep_timer_.expires_after(time);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) sweep();
  });
}

}  // namespace tallyho

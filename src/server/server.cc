#include "server/server.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/json.h"
#include "log/memory_log.h"
#include "log/replay_watch.h"
#include "log/snapshot_files.h"
#include "prometheus/metric_family.h"
#include "server/bookkeeper.h"
#include "server/engine_thread.h"
#include "server/io_thread.h"
#include "server/listener.h"
#include "server/recorder.h"
#include "server/shadow.h"

namespace tallyho {
namespace {

std::string limits_json(const Limits& limits, const Engine::Options& engine) {
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("event_bytes_max").number(number(limits.event_bytes_max));
  json.key("frame_bytes_max").number(number(limits.frame_bytes_max));
  json.key("watches_max").number(number(limits.watches_max));
  json.key("top_max").number(number(limits.top_max));
  json.key("radius_max").number(number(limits.radius_max));
  json.key("page_max").number(number(limits.page_max));
  json.key("body_bytes_max").number(number(limits.body_bytes_max));
  json.key("backlog_bytes_max").number(number(limits.backlog_bytes_max));
  json.key("send_timeout_ms").number(number(limits.send_timeout.count()));
  json.key("push_interval_ms").number(number(limits.push_interval.count()));
  json.key("groups_max").number(number(engine.groups_max));
  json.key("keys_max").number(number(engine.keys_max));
  json.key("players_max").number(number(engine.players_max));
  json.end();
  return out;
}

std::size_t io_thread_count(int wanted) {
  if (wanted > 0) return static_cast<std::size_t>(wanted);
  const unsigned cores = std::thread::hardware_concurrency();
  return std::clamp(cores, 2U, 5U) - 1;
}

// What open() needs, once it is known to be good.
struct Checked {
  Endpoint listen;
  Endpoint admin;
  Authority authority;
};

std::expected<Checked, std::string> check_options(const ServerOptions& options) {
  auto listen = parse_endpoint(options.listen);
  if (!listen) return std::unexpected(listen.error());
  auto admin = parse_endpoint(options.admin);
  if (!admin) return std::unexpected(admin.error());
  Authority::Options access = options.access;
  access.dev = options.dev;
  access.listen_host = listen->host;
  access.admin_host = admin->host;
  access.has_tls = options.tls != nullptr;
  auto authority = Authority::create(std::move(access));
  if (!authority) return std::unexpected(authority.error());
  if (options.limits.event_bytes_max > event_bytes_max) {
    return std::unexpected("an event has at most " + std::to_string(event_bytes_max) + " bytes");
  }
  return Checked{std::move(*listen), std::move(*admin), std::move(*authority)};
}

void warn_on_stderr(std::string_view message) {
  std::fprintf(stderr, "tallyho serve: %.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace

struct Server::Impl {
  explicit Impl(Authority granted)
      : shared{.ruleset = &ruleset,
               .limits = {},
               .identity = {},
               .authority = std::move(granted),
               .readiness = &readiness,
               .figures = {}} {}
  ~Impl() { end_answering(); }

  CurrentRuleset ruleset;
  Readiness readiness;
  Tickets tickets;
  NamedBuckets players;
  std::unique_ptr<Admission> admission;
  Shared shared;
  ServerOptions options;
  Doorbell bell;  // Rung by those that follow.
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<Bookkeeper> bookkeeper;
  std::unique_ptr<Shadow> shadow;
  std::unique_ptr<Messenger> messenger;
  std::vector<std::unique_ptr<IoThread>> io_threads;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Listener> admin_listener;
  std::thread first_io_runner;            // It runs before the others: while the log is replayed it answers for health.
  std::unique_ptr<Upkeep> upkeep;         // While it runs,
  EngineThread* engine_thread = nullptr;  // as this one does. Guarded by `mutex`.

  std::mutex mutex;
  std::condition_variable stop_asked;
  bool is_stopping = false;  // Guarded by `mutex`.

  std::expected<void, std::string> open_listeners(const Endpoint& listen, const Endpoint& admin);
  void begin_answering();
  void end_answering();
  std::expected<void, std::string> open_ledger(const Log& log);
  std::expected<void, std::string> open_messenger(const Log& log);
  Engine::Options engine_options() const;
  std::unique_ptr<Exporter> new_exporter(EngineThread& asked);
  void drop_too_new(std::vector<OpenGame::Snapshot>& snapshots, const Log& log);
  void forget_in_ledger(const Engine& begun);
  void begin_following(const Engine& begun);
  void tell_followers(const Replayed& replayed);
  std::expected<void, std::string> open_game(std::shared_ptr<const Ruleset> from_file, std::unique_ptr<Log> log,
                                             std::vector<OpenGame::Snapshot> snapshots);
  std::expected<void, std::string> replay(OpenGame game);
};

std::expected<void, std::string> Server::Impl::open_listeners(const Endpoint& listen, const Endpoint& admin) {
  std::vector<IoThread*> all;
  all.reserve(io_threads.size());
  for (const auto& thread : io_threads) all.push_back(thread.get());
  auto opened = Listener::open(listen, all, false);
  if (!opened) return std::unexpected(opened.error());
  listener = std::move(*opened);
  auto admin_opened = Listener::open(admin, {all.front()}, true);
  if (!admin_opened) return std::unexpected(admin_opened.error());
  admin_listener = std::move(*admin_opened);
  return {};
}

// The admin listener's requests, all but those about health refused.
void Server::Impl::begin_answering() {
  admin_listener->start();
  first_io_runner = std::thread([this] { io_threads.front()->run(); });
}

void Server::Impl::end_answering() {
  if (!first_io_runner.joinable()) return;
  admin_listener->stop();
  io_threads.front()->begin_stop();
  first_io_runner.join();
}

std::expected<void, std::string> Server::Impl::open_ledger(const Log& log) {
  auto directory = open_log_directory_beside(options.data);
  if (!directory) return std::unexpected(directory.error().text());
  auto opened = Ledger::open(std::move(*directory), log.identity(), log.last(), {}, options.warn);
  if (!opened) return std::unexpected(opened.error().text());
  ledger = std::move(*opened);
  shared.ledger = ledger.get();
  return {};
}

std::expected<void, std::string> Server::Impl::open_messenger(const Log& log) {
  if (options.outbox.url.empty()) return {};
  if (options.data.empty()) return std::unexpected("an outbox needs --data, where what was not heard yet is kept");
  auto directory = open_log_directory_beside(options.data);
  if (!directory) return std::unexpected(directory.error().text());
  auto opened = Messenger::open(options.outbox, std::move(*directory), log, options.warn);
  if (!opened) return std::unexpected(opened.error());
  messenger = std::move(*opened);
  shared.outbox = &messenger->figures();
  return {};
}

// Of the live engine: the shadow's has no outbox.
Engine::Options Server::Impl::engine_options() const {
  Engine::Options live = options.engine;
  if (messenger != nullptr) {
    live.feed.changed = [to = messenger.get()](BoardIndex board, const BoardChange& change) {
      to->changed(board, change);
    };
  }
  return live;
}

// Null: nobody is told.
std::unique_ptr<Exporter> Server::Impl::new_exporter(EngineThread& asked) {
  static constexpr std::chrono::seconds patience(5);  // An engine that is busy with a swap says it another time.
  if (options.telemetry.endpoint.empty()) return nullptr;
  std::vector<Tracer*> tracers;
  for (const auto& thread : io_threads) tracers.push_back(thread->tracer());
  const TelemetrySource source{.service = "tallyho",
                               .version = options.version,
                               .instance = shared.identity.log + "-" + std::to_string(::getpid()),
                               .begun = Timestamp::system_now()};
  const auto collect = [this, &asked]() -> std::optional<std::vector<prometheus::MetricFamily>> {
    auto promise = std::make_shared<std::promise<std::unique_ptr<EngineFigures>>>();
    auto answer = promise->get_future();
    asked.figures_soon([promise](std::unique_ptr<EngineFigures> figures) { promise->set_value(std::move(figures)); });
    if (answer.wait_for(patience) != std::future_status::ready) return std::nullopt;
    return collect_metrics(shared.figures, *answer.get(), {shared.has_record, shared.upkeep, shared.outbox});
  };
  return std::make_unique<Exporter>(options.telemetry, source, std::move(tracers), collect, options.warn);
}

// A snapshot spares the records before it, which those who follow may need: the shadow all, the ledger those that it
// has not entered. Where not all of the log is there, or may go while it is replayed, the game comes before them.
void Server::Impl::drop_too_new(std::vector<OpenGame::Snapshot>& snapshots, const Log& log) {
  const auto is_there_from = [&log](Position from) {
    return log.last() < from || log.read(from, [](const LogRecord&) { return false; });
  };
  const bool is_whole = options.is_alone_with_data && log.last_erased() == 0 && is_there_from(1);
  if (options.shadow != nullptr && !is_whole) {
    options.warn(
        "there is no shadow: it is scored from the log's first record on, and not all of that is there any more");
    options.shadow = nullptr;
  }
  Position entered = ledger == nullptr ? log.last() : ledger->found_through();
  if (messenger != nullptr) entered = std::min(entered, messenger->found_through());
  const Position newest_allowed = options.shadow != nullptr ? 0 : entered;
  const auto is_too_new = [&](const OpenGame::Snapshot& snapshot) {
    return snapshot_position_of(snapshot.name).value_or(0) > newest_allowed;
  };
  const auto can_be_first = [&](const OpenGame::Snapshot& snapshot) {
    const Position position = snapshot_position_of(snapshot.name).value_or(0);
    return !is_too_new(snapshot) && position >= log.last_erased() && is_there_from(position + 1);
  };
  if (is_whole || std::ranges::any_of(snapshots, can_be_first)) {
    std::erase_if(snapshots, is_too_new);
  } else if (std::ranges::any_of(snapshots, is_too_new)) {
    options.warn(
        "ledgers and outbox lack what happened before the snapshot and they did not have: not all of it is in the log");
  }
}

// Where the ledger ended before the snapshot, it does not know who was forgotten between them. The log does, as far as
// it is there: what forgets is never erased.
void Server::Impl::forget_in_ledger(const Engine& begun) {
  Arena arena;
  const auto read = begun.log().read(ledger->found_through() + 1, [&](const LogRecord& record) {
    if (record.position > begun.version()) return false;
    if (record.kind != RecordKind::operation || record.is_erased() || record.is_quarantined) return true;
    arena.reset();
    const auto operation = parse_operation(record.bytes, arena);
    if (!operation || operation->kind != Operation::Kind::forget) return true;
    const auto symbol = begun.symbols().find(operation->player);
    if (symbol) ledger->forget(*symbol, operation->player, record.position);
    return true;
  });
  if (!read) options.warn("ledgers of players who were forgotten meanwhile may be there: " + read.error());
}

void Server::Impl::begin_following(const Engine& begun) {
  if (ledger != nullptr && ledger->found_through() < begun.version()) forget_in_ledger(begun);
  if (ledger != nullptr) bookkeeper = std::make_unique<Bookkeeper>(begun, *ledger);
  if (messenger != nullptr) messenger->begin(begun);
  if (options.shadow == nullptr) return;
  shadow = std::make_unique<Shadow>(options.shadow, begun.shared_ruleset(), begun.log().identity(),
                                    Shadow::Options{.engine = options.engine}, [this] { bell.ring(); });
}

// The engine, brought to where the log ends, and those who follow it.
std::expected<void, std::string> Server::Impl::open_game(std::shared_ptr<const Ruleset> from_file,
                                                         std::unique_ptr<Log> log,
                                                         std::vector<OpenGame::Snapshot> snapshots) {
  log->when_durable([this] { bell.ring(); });
  if (!options.data.empty()) {
    if (const auto opened = open_ledger(*log); !opened) return opened;
  }
  if (const auto opened = open_messenger(*log); !opened) return opened;
  if (options.keeps_log) {
    drop_too_new(snapshots, *log);
    const auto replayed = replay({.ruleset = std::move(from_file),
                                  .log = std::move(log),
                                  .snapshots = std::move(snapshots),
                                  .options = engine_options(),
                                  .now = Timestamp::system_now(),
                                  .begun = [this](const Engine& begun) { begin_following(begun); },
                                  .tell = options.warn});
    if (!replayed) return replayed;
  } else {
    engine = std::make_unique<Engine>(std::move(from_file), std::move(log), engine_options());
    begin_following(*engine);
  }
  ruleset.set(engine->shared_ruleset());
  return {};
}

// While the log is replayed there is time to wait for those who cannot keep up.
void Server::Impl::tell_followers(const Replayed& replayed) {
  if (bookkeeper != nullptr) {
    bookkeeper->enter(replayed);
    bookkeeper->hand_over(false);
    bookkeeper->keep_pace();
  }
  if (shadow != nullptr) {
    shadow->add(replayed);
    shadow->hand_over(false);
    shadow->keep_pace();
  }
  if (messenger != nullptr) {
    messenger->enter(replayed);
    messenger->hand_over(replayed.record.position, false);
    messenger->keep_pace();
  }
}

// Ends where a record has ended the process twice.
std::expected<void, std::string> Server::Impl::replay(OpenGame game) {
  game.hooks.progress = [this](Position position) {
    readiness.replayed(position);
    if (options.replay_progress) options.replay_progress(position);
  };
  game.hooks.told = [this](const Replayed& replayed) { tell_followers(replayed); };
  std::unique_ptr<LogDirectory> directory;
  std::optional<ReplayWatch> watch;
  if (!options.data.empty()) {
    auto opened = open_log_directory_beside(options.data);
    if (!opened) return std::unexpected(opened.error().text());
    directory = std::move(*opened);
    auto begun = ReplayWatch::begin(*directory, game.log->identity());
    if (!begun) return std::unexpected(begun.error().text());
    if (begun->poison()) return std::unexpected(poison_report(*begun->poison()));
    watch.emplace(std::move(*begun));
    game.hooks.applying = [&](Position position) {
      watch->applying(position);
      if (options.before_replay_for_test) options.before_replay_for_test(position);
    };
  }
  auto opened = tallyho::open_game(std::move(game));
  if (watch) watch->end();  // Also where it could not go on: that was no crash.
  if (!opened) return std::unexpected(opened.error());
  engine = std::move(opened->engine);
  if (ledger != nullptr) ledger->settle(engine->symbols());
  options.upkeep.snapshot_position = opened->snapshot_position;
  options.upkeep.warn = options.warn;
  return {};
}

std::expected<std::unique_ptr<Server>, std::string> Server::open(std::shared_ptr<const Ruleset> ruleset,
                                                                 ServerOptions options, std::unique_ptr<Log> log,
                                                                 std::vector<OpenGame::Snapshot> snapshots) {
  auto checked = check_options(options);
  if (!checked) return std::unexpected(checked.error());
  const auto& [listen, admin, authority] = *checked;
  if (!options.warn) options.warn = warn_on_stderr;
  options.engine.feed.push_interval = options.limits.push_interval;

  auto impl = std::make_unique<Impl>(authority);
  if (log == nullptr) log = std::make_unique<MemoryLog>();
  impl->shared.limits = options.limits;
  impl->shared.logger = options.logger;
  impl->shared.is_tracing = !options.telemetry.endpoint.empty();
  impl->shared.trace_rate = options.telemetry.trace_rate;
  impl->shared.identity = {.log = log->identity(), .limits_json = limits_json(options.limits, options.engine)};
  impl->shared.has_record = !options.record.empty();
  impl->shared.offers_deflate = options.deflate;
  impl->shared.is_metrics_public = authority.is_listener_private();
  impl->shared.tickets = &impl->tickets;
  if (impl->shared.authority.asks_for_tokens()) impl->shared.players = &impl->players;
  impl->admission =
      std::make_unique<Admission>(options.limits.connections_max, options.limits.connections_per_address_max);
  impl->shared.admission = impl->admission.get();
  impl->shared.tls = options.tls.get();
  impl->shared.has_admin_tls = options.tls != nullptr && !is_loopback(admin.host);
  for (std::size_t i = 0; i < io_thread_count(options.io_threads); ++i) {
    impl->io_threads.push_back(std::make_unique<IoThread>(i, impl->shared, impl->bell));
    impl->shared.figures.push_back(&impl->io_threads.back()->figures());
  }
  if (const auto opened = impl->open_listeners(listen, admin); !opened) return std::unexpected(opened.error());
  impl->begin_answering();
  if (!options.record.empty()) {
    auto recorder = Recorder::open(options.record, options.warn);
    if (!recorder) return std::unexpected(recorder.error());
    impl->recorder = std::move(*recorder);
  }
  impl->options = std::move(options);
  const auto opened = impl->open_game(std::move(ruleset), std::move(log), std::move(snapshots));
  if (!opened) return std::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::expected<void, std::string> Server::check(const ServerOptions& options) {
  if (auto checked = check_options(options); !checked) return std::unexpected(checked.error());
  return {};
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::string Server::listen_endpoint() const {
  return impl_->listener->endpoint();
}
std::string Server::admin_endpoint() const {
  return impl_->admin_listener->endpoint();
}

void Server::run(const std::function<void()>& ready) {
  std::vector<Port*> ports;
  for (const auto& thread : impl_->io_threads) ports.push_back(&thread->port());
  EngineThread engine_thread(
      *impl_->engine, impl_->ruleset, ports, impl_->bell, impl_->shared.limits,
      {impl_->recorder.get(), impl_->bookkeeper.get(), impl_->shadow.get(), impl_->messenger.get()}, impl_->readiness,
      impl_->options.before_ingest_for_test);
  if (impl_->options.keeps_log) impl_->upkeep = std::make_unique<Upkeep>(impl_->options.upkeep, impl_->engine->log());
  impl_->shared.upkeep = impl_->upkeep == nullptr ? nullptr : &impl_->upkeep->figures();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->engine_thread = &engine_thread;
  }
  if (impl_->messenger != nullptr) impl_->messenger->start(impl_->engine->log());
  std::thread engine_runner([&] { engine_thread.run(); });
  std::unique_ptr<Exporter> exporter = impl_->new_exporter(engine_thread);
  std::vector<std::thread> io_runners;
  io_runners.push_back(std::move(impl_->first_io_runner));
  for (const auto& thread : std::span(impl_->io_threads).subspan(1)) {
    io_runners.emplace_back([&thread] { thread->run(); });
  }
  impl_->readiness.set(Readiness::Phase::running);
  impl_->listener->start();
  if (ready) ready();

  {
    std::unique_lock lock(impl_->mutex);
    impl_->stop_asked.wait(lock, [&] { return impl_->is_stopping; });
  }
  impl_->readiness.set(Readiness::Phase::stopping);
  impl_->listener->stop();
  impl_->admin_listener->stop();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->engine_thread = nullptr;
  }
  if (impl_->shadow != nullptr) impl_->shadow->end();  // Who asked it does not wait until it has caught up.
  for (const auto& thread : impl_->io_threads) thread->begin_stop();
  for (std::thread& runner : io_runners) runner.join();
  exporter.reset();  // It asks the engine thread once more.
  engine_thread.stop();
  engine_runner.join();
  impl_->shared.upkeep = nullptr;
  impl_->upkeep.reset();
  impl_->recorder.reset();  // These write out what is left.
  impl_->bookkeeper.reset();
  impl_->shadow.reset();
  impl_->shared.outbox = nullptr;
  impl_->messenger.reset();
  impl_->shared.ledger = nullptr;
  impl_->ledger.reset();
}

void Server::swap(std::shared_ptr<const Ruleset> ruleset) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->engine_thread != nullptr) impl_->engine_thread->swap_soon(std::move(ruleset), impl_->options.warn);
}

void Server::stop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->is_stopping = true;
  impl_->stop_asked.notify_all();
}

}  // namespace tallyho

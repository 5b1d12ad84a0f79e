// tallyho serve: the game behind sockets, until SIGTERM or SIGINT.

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/thread_name.h"
#include "cli/access.h"
#include "cli/configuration.h"
#include "cli/durations.h"
#include "cli/file_changes.h"
#include "cli/limit_options.h"
#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "engine/data_directory.h"
#include "fmt/format.h"
#include "log/careful_log.h"
#include "log/segment_log.h"
#include "outbox/rank_watch.h"
#include "post/poster.h"
#include "server/server.h"

namespace tallyho::cli {
namespace {

constexpr int exit_log_failed = 3;

struct ServeOptions {
  std::string ruleset;
  std::string data;
  std::string durability = "durable";
  std::string shadow;
  std::uint64_t snapshot_events = 5'000'000;
  std::string snapshot_interval = "24h";
  std::string retain_bytes;
  std::string retain_age;
  std::string erase_interval = "1h";
  std::vector<std::string> outbox_ranks;
  std::string otlp_interval = "10s";
  std::string log_format = "text";
  std::string log_level = "info";
  std::string configuration;
  bool only_checks = false;
  AccessOptions access;
  ServerOptions server;
};

// What the operator is told. Text that is no line of the log keeps the words that people and scripts know.
class Console {
 public:
  explicit Console(const ServeOptions& options)
      : is_text_(options.log_format == "text"),
        logger_({.level = log_level_named(options.log_level).value_or(LogLevel::info),
                 .format = log_format_named(options.log_format).value_or(LogFormat::text)}) {}

  Logger& logger() { return logger_; }
  void warn(std::string_view message) { logger_.log(LogLevel::warning, "server", message); }
  // It does not start; the exit status.
  int fail(std::string_view message) {
    logger_.settle();
    if (is_text_) fmt::print(stderr, "tallyho serve: {}\n", message);
    if (!is_text_) logger_.log(LogLevel::error, "start", message);
    return 1;
  }
  void ready(const std::string& listen, const std::string& admin) {
    const std::string message = fmt::format("listening on {}, admin on {}", listen, admin);
    logger_.settle();
    if (is_text_) fmt::print(stderr, "{}\n", message);
    if (!is_text_) logger_.log(LogLevel::info, "ready", message, {{"listen", listen}, {"admin", admin}});
  }

 private:
  const bool is_text_;
  Logger logger_;
};

// The signals that end the server, and SIGHUP, which has it read its ruleset again: blocked in every thread, so that
// one thread can wait for them.
sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

// A disk that fails while events are written: what it holds is unknown, so nothing may be acked any more, and nothing
// of this process's is worth writing.
[[noreturn]] void give_up(const IoError& error) {
  fmt::print(stderr, "tallyho serve: the log cannot be written, so the server ends: {}\n", error.text());
  std::_Exit(exit_log_failed);
}

// What --data holds.
struct Kept {
  std::unique_ptr<Log> log;  // Null: nothing is kept, so it is in memory.
  std::vector<OpenGame::Snapshot> snapshots;
  std::unique_ptr<LogDirectory> directory;  // For other files than the log.
  std::optional<EarlyEnds> early_ends;
  // While the log is replayed nobody lets go of any of it. Null: somebody makes a snapshot or a backup just now.
  std::unique_ptr<LogDirectory> snapshots_lock;
};

// What the server wrote last it could not erase while it wrote it.
void erase_forgotten_first(LogDirectory& directory, Console& console) {
  const auto erased = erase_forgotten_at_start(directory, Timestamp::system_now());
  if (!erased) return console.warn("players who were forgotten are not erased from the log: " + erased.error());
  if (erased->records == 0) return;
  console.logger().log(LogLevel::info, "erase",
                       fmt::format("{} records of {} players who were forgotten were erased from {} segments",
                                   erased->records, erased->players, erased->segments));
}

std::expected<Kept, std::string> open_kept(const ServeOptions& options, Console& console) {
  if (options.data.empty()) return Kept{};
  auto directory = open_log_directory(options.data);
  if (!directory && directory.error().operation == "flock") {
    return std::unexpected(options.data + ": another server has it open");
  }
  if (!directory) return std::unexpected(directory.error().text());
  auto lock = open_log_directory_for_snapshots(options.data);
  if (lock) erase_forgotten_first(**directory, console);
  auto kept =
      open_kept_game(std::move(*directory), {.is_buffered = options.durability == "buffered", .on_failure = give_up});
  if (!kept) return std::unexpected(options.data + ": " + kept.error());
  if (kept->torn_bytes > 0) {
    console.warn(
        fmt::format("the log ended in a write that was cut short; {} bytes that nobody was told of are now in {}",
                    kept->torn_bytes, kept->torn_copy));
  }
  auto beside = open_log_directory_beside(options.data);
  if (!beside) return std::unexpected(beside.error().text());
  auto ends = EarlyEnds::look(**beside);
  if (!ends) return std::unexpected(ends.error().text());
  Kept all{.log = std::move(kept->log),
           .snapshots = std::move(kept->snapshots),
           .directory = std::move(*beside),
           .early_ends = *ends,
           .snapshots_lock = lock ? std::move(*lock) : nullptr};
  if (ends->count() < EarlyEnds::alarming) return all;
  console.warn(
      fmt::format("the server has ended early {} times in a row: the first {} records are written to the disk one by "
                  "one, before they are applied, so that what ends it can be found",
                  ends->count(), CarefulLog::careful_records));
  all.log = std::make_unique<CarefulLog>(std::move(all.log));
  return all;
}

// What the helper is called with that makes snapshots: this program, under another verb.
std::vector<std::string> snapshot_command(const ServeOptions& options) {
  std::vector<std::string> command{"/proc/self/exe",           "snapshot", "--beside",
                                   std::to_string(::getpid()), "--data",   options.data};
  if (!options.retain_bytes.empty()) command.insert(command.end(), {"--retain-bytes", options.retain_bytes});
  if (!options.retain_age.empty()) command.insert(command.end(), {"--retain-age", options.retain_age});
  command.insert(command.end(), {"--erase-interval", options.erase_interval});
  return command;
}

void read_ruleset_again(Server& server, const std::string& path, Console& console) {
  if (path.empty()) return console.warn("there is no --ruleset to be read again");
  auto ruleset = load_or_explain(path);
  if (ruleset == nullptr) console.warn("the ruleset was not swapped");
  if (ruleset != nullptr) server.swap(std::move(ruleset));
}

void read_certificate_again(TlsContext* tls, Console& console) {
  if (tls == nullptr) return;
  if (const auto read = tls->reload(); !read) {
    console.warn("the certificate stays what it was: " + read.error());
  } else {
    console.logger().log(LogLevel::info, "tls", "read the certificate again");
  }
}

void read_keys_again(const AccessOptions& access, TokenVerifier* tokens, Console& console) {
  if (tokens == nullptr) return;
  if (const auto read = read_tokens_again(access, *tokens); !read) {
    console.warn("the token keys stay what they were: " + read.error());
  } else {
    console.logger().log(LogLevel::info, "tokens", "read the token keys again");
  }
}

// The next one; or 0 after a second, if there are files to be looked at.
int wait_for_signal(const sigset_t& signals, bool has_files) {
  constexpr timespec second{.tv_sec = 1, .tv_nsec = 0};
  while (true) {
    const int signal = has_files ? sigtimedwait(&signals, nullptr, &second) : sigwaitinfo(&signals, nullptr);
    if (signal > 0) return signal;
    if (has_files && errno == EAGAIN) return 0;
  }
}

// Until one comes that ends the server.
void wait_for_signals(const sigset_t& signals, Server& server, const ServeOptions& options, FileChanges& keys,
                      TokenVerifier* tokens, TlsContext* tls, Console& console) {
  while (true) {
    const int signal = wait_for_signal(signals, !options.access.token_keys.empty());
    if (signal == 0) {
      if (keys.look()) read_keys_again(options.access, tokens, console);
      continue;
    }
    if (signal != SIGHUP) break;
    keys.were_read();  // Before: what is written meanwhile is a change.
    read_keys_again(options.access, tokens, console);
    read_certificate_again(tls, console);
    read_ruleset_again(server, options.ruleset, console);
  }
  console.logger().log(LogLevel::info, "stop", "the server stops");
  server.stop();
}

int check_only(const ServerOptions& options, Console& console) {
  if (const auto safe = Server::check(options); !safe) return console.fail(safe.error());
  fmt::print("the configuration is good\n");
  return 0;
}

// What the file says, where the command line and the environment say nothing. Returns whether it could be.
bool read_configuration(CLI::App& verb, const std::string& path) {
  if (path.empty()) return true;
  const std::string source = read_file(path);
  if (source.empty()) {
    fmt::print(stderr, "tallyho serve: {}: can't be read, or is empty\n", path);
    return false;
  }
  const auto applied = apply_configuration(verb, path, source);
  if (!applied) fmt::print(stderr, "{}", diagnostics_text(applied.error(), source));
  return applied.has_value();
}

// Nothing is done yet. What is wrong with what cannot be seen from its form.
std::expected<void, std::string> fill(ServerOptions& server, const ServeOptions& options) {
  server.version = TALLYHO_VERSION;
  for (const std::string& text : options.outbox_ranks) {
    auto threshold = parse_rank_threshold(text);
    if (!threshold) return std::unexpected(threshold.error());
    server.outbox.ranks.push_back(std::move(*threshold));
  }
  const bool has_outbox = !server.outbox.url.empty();
  const bool is_described =
      !server.outbox.ranks.empty() || !server.outbox.key_file.empty() || !server.outbox.authorities.empty();
  if (!has_outbox && is_described) return std::unexpected("an outbox needs --outbox-url");
  if (has_outbox) {
    if (options.data.empty()) return std::unexpected("an outbox needs --data, where what was not heard yet is kept");
    if (const auto good = Messenger::check(server.outbox); !good) return std::unexpected(good.error());
  }
  server.telemetry.interval = std::chrono::duration_cast<std::chrono::milliseconds>(
      parse_duration(options.otlp_interval).value_or(Duration(0)));
  if (server.telemetry.interval <= std::chrono::milliseconds(0)) return std::unexpected("--otlp-interval is too short");
  const bool has_endpoint = !server.telemetry.endpoint.empty();
  if (!has_endpoint && server.telemetry.trace_rate > 0) return std::unexpected("--trace-sample needs --otlp-endpoint");
  if (!has_endpoint && !server.telemetry.authorities.empty()) {
    return std::unexpected("--otlp-ca needs --otlp-endpoint");
  }
  if (!has_endpoint) return {};
  const auto problem = problem_of_receiver(server.telemetry.endpoint, server.telemetry.authorities, "--otlp-ca");
  if (problem) return std::unexpected(*problem);
  return {};
}

int serve(const ServeOptions& options) {
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Before there is another thread, which would not have them blocked.
  std::signal(SIGPIPE, SIG_IGN);
  Console console(options);
  if (options.ruleset.empty() && options.data.empty()) return console.fail("a game in memory needs --ruleset");
  std::shared_ptr<const Ruleset> ruleset;
  if (!options.ruleset.empty()) {
    ruleset = load_or_explain(options.ruleset);
    if (ruleset == nullptr) return 1;
  }
  const auto shadow = options.shadow.empty() ? nullptr : load_or_explain(options.shadow);
  if (shadow == nullptr && !options.shadow.empty()) return 1;
  FileChanges keys(options.access.token_keys);  // Before they are read: what is written meanwhile is a change.
  const auto tokens = open_tokens(options.access);
  if (!tokens) return console.fail(tokens.error());
  const auto tls = open_tls(options.access);
  if (!tls) return console.fail(tls.error());
  ServerOptions server_options = options.server;
  server_options.tls = *tls;
  server_options.access = authority_options(options.access, *tokens);
  if (const auto filled = fill(server_options, options); !filled) return console.fail(filled.error());
  if (options.only_checks) return check_only(server_options, console);
  auto kept = open_kept(options, console);
  if (!kept) return console.fail(kept.error());
  server_options.data = options.data;
  server_options.shadow = shadow;
  server_options.keeps_log = kept->log != nullptr;
  server_options.is_alone_with_data = kept->snapshots_lock != nullptr;
  server_options.upkeep = {.data = options.data,
                           .snapshot_command = snapshot_command(options),
                           .snapshot_events = options.snapshot_events,
                           .snapshot_interval = parse_duration(options.snapshot_interval).value_or(Duration(0))};
  server_options.logger = &console.logger();
  server_options.warn = [&console](std::string_view message) { console.warn(message); };
  Progress progress("replaying");
  server_options.replay_progress = [&progress, last = kept->log == nullptr ? 0 : kept->log->last()](Position position) {
    progress.update(position, last, "records");
  };
  auto server = Server::open(ruleset, server_options, std::move(kept->log), std::move(kept->snapshots));
  if (!server) return console.fail(server.error());
  kept->snapshots_lock.reset();
  if (options.data.empty()) {
    console.warn("without --data the log is kept in memory: what it holds is gone when the server ends");
  }
  const IoStatus begun = kept->early_ends ? kept->early_ends->begin_life() : IoStatus();
  if (!begun) console.warn("an early end will not be noticed: " + begun.error().text());
  std::thread waiter([&] {
    name_thread("signals");
    wait_for_signals(signals, **server, options, keys, tokens->get(), tls->get(), console);
  });
  (*server)->run([&] { console.ready((*server)->listen_endpoint(), (*server)->admin_endpoint()); });
  // run() returns only after stop(); should it ever return by itself, the waiter is woken all the same.
  pthread_kill(waiter.native_handle(), SIGTERM);
  waiter.join();
  if (kept->early_ends) kept->early_ends->end_life();
  return 0;
}

// Who is told what.
void add_telling(CLI::App& verb, ServeOptions& options) {
  verb.add_option("--log-format", options.log_format, "How the server speaks on standard error")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb.add_option("--log-level", options.log_level, "The least of debug, info, warning, error that is said")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  verb.add_option("--outbox-url", options.server.outbox.url, "Tell this receiver notices and changes of rank, by POST")
      ->type_name("URL");
  verb.add_option("--outbox-key", options.server.outbox.key_file, "The key that those are signed with")
      ->type_name("FILE");
  verb.add_option("--outbox-ca", options.server.outbox.authorities,
                  "Who may vouch for a receiver with https, as PEM, instead of those that the system trusts")
      ->type_name("FILE");
  verb.add_option("--outbox-ranks", options.outbox_ranks,
                  "Which changes of rank: global:entered:10, global:left:10, global:overtaken:100")
      ->type_name("BOARD:CHANGE:TOP,...")
      ->delimiter(',');
  verb.add_option("--otlp-endpoint", options.server.telemetry.endpoint,
                  "Tell this OpenTelemetry collector metrics, and traces")
      ->type_name("URL");
  verb.add_option("--otlp-ca", options.server.telemetry.authorities,
                  "Who may vouch for a collector with https, as PEM, instead of those that the system trusts")
      ->type_name("FILE");
  verb.add_option("--otlp-interval", options.otlp_interval, "How often metrics are told")
      ->check(duration_validator())
      ->type_name("DURATION")
      ->capture_default_str();
  verb.add_option("--trace-sample", options.server.telemetry.trace_rate,
                  "Which part of frames and requests with events is traced, beside those whose sender says so")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

}  // namespace

void add_serve(CLI::App& app, int& status) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* verb = app.add_subcommand("serve", "Run the server");
  verb->add_option("--ruleset", options->ruleset, "The ruleset; without it, the one that the log of --data is under");
  verb->add_option("--data", options->data, "Keep the log in this directory: what was acked outlives the server")
      ->type_name("DIR");
  verb->add_option("--shadow", options->shadow,
                   "A candidate ruleset: score it beside the ruleset, without effect, for GET /v1/shadow")
      ->type_name("FILE");
  verb->add_option("--durability", options->durability,
                   "When an event is acked: once it is on the disk, or once the system has it (a killed server loses "
                   "nothing, a power failure may)")
      ->check(CLI::IsMember({"durable", "buffered"}))
      ->capture_default_str();
  verb->add_option("--snapshot-events", options->snapshot_events,
                   "Make a snapshot after so many records, by a process beside the server; 0: not by their number")
      ->capture_default_str();
  verb->add_option("--snapshot-interval", options->snapshot_interval,
                   "Make one so long after the newest, or after the start, if anything has come since; 0s: never")
      ->check(duration_validator())
      ->type_name("DURATION")
      ->capture_default_str();
  verb->add_option("--retain-bytes", options->retain_bytes,
                   "Let go of the oldest segments beyond so many bytes, as far as two snapshots hold them")
      ->check(CLI::TypeValidator<std::uint64_t>())
      ->type_name("N");
  verb->add_option("--retain-age", options->retain_age,
                   "Let go of segments whose records are all older, as far as two snapshots hold them")
      ->check(duration_validator())
      ->type_name("DURATION");
  verb->add_option("--erase-interval", options->erase_interval,
                   "Erase from the log what players sent who are forgotten, as far as two snapshots hold it, but only "
                   "so long after the last time")
      ->check(duration_validator())
      ->type_name("DURATION")
      ->capture_default_str();
  verb->add_option("--listen", options->server.listen, "Where players and watchers connect; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  verb->add_option("--admin", options->server.admin, "Where health, metrics and what admins do are")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  verb->add_option("--io-threads", options->server.io_threads, "Threads for connections; 0: one per core but one")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  verb->add_option("--record", options->server.record, "Write every event that reached the log, with its arrival time")
      ->type_name("FILE");
  verb->add_flag("--deflate", options->server.deflate, "Offer WebSockets to compress messages (permessage-deflate)");
  verb->add_flag("--dev", options->server.dev, "Loopback only, no tokens: every connection may send and read");
  add_telling(*verb, *options);
  add_access_options(*verb, options->access);
  add_limit_options(*verb, options->server);
  verb->add_option("--config", options->configuration,
                   "A YAML file with any of these options, under their names with underscores")
      ->type_name("FILE");
  verb->add_flag("--check", options->only_checks, "Only say whether the server would start so");
  read_environment(*verb);
  verb->callback(
      [options, verb, &status] { status = read_configuration(*verb, options->configuration) ? serve(*options) : 1; });
}

}  // namespace tallyho::cli

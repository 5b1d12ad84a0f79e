// tallyho serve: the game behind sockets, until SIGTERM or SIGINT.

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "CLI/CLI.hpp"
#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "log/recovery.h"
#include "log/segment_log.h"
#include "server/server.h"

namespace tallyho::cli {
namespace {

constexpr int exit_log_failed = 3;

struct ServeOptions {
  std::string ruleset;
  std::string data;
  std::string durability = "durable";
  std::string shadow;
  ServerOptions server;
};

// The signals that end the server, blocked in every thread, so that one thread can wait for them.
sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho serve: {}\n", message);
  return 1;
}

// A disk that fails while events are written: what it holds is unknown, so nothing may be acked any more, and nothing
// of this process's is worth writing.
[[noreturn]] void give_up(const IoError& error) {
  fmt::print(stderr, "tallyho serve: the log cannot be written, so the server ends: {}\n", error.text());
  std::_Exit(exit_log_failed);
}

// The log of --data; null: none, so it is kept in memory.
std::expected<std::unique_ptr<Log>, std::string> open_log(const ServeOptions& options) {
  if (options.data.empty()) return nullptr;
  auto directory = open_log_directory(options.data);
  if (!directory && directory.error().operation == "flock") {
    return std::unexpected(options.data + ": another server has it open");
  }
  if (!directory) return std::unexpected(directory.error().text());
  const auto recovered = recover_log(**directory, 0);
  if (!recovered) return std::unexpected(text_of(recovered.error()));
  if (recovered->torn_bytes > 0) {
    fmt::print(stderr, "the log ended in a write that was cut short; {} bytes that nobody was told of are now in {}\n",
               recovered->torn_bytes, recovered->torn_copy);
  }
  auto log = SegmentLog::open(std::move(*directory), *recovered,
                              {.is_buffered = options.durability == "buffered", .on_failure = give_up});
  if (!log) return std::unexpected(log.error().text());
  return std::move(*log);
}

int serve(const ServeOptions& options) {
  const auto ruleset = load_or_explain(options.ruleset);
  if (ruleset == nullptr) return 1;
  const auto shadow = options.shadow.empty() ? nullptr : load_or_explain(options.shadow);
  if (shadow == nullptr && !options.shadow.empty()) return 1;
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto log = open_log(options);
  if (!log) return fail(log.error());
  ServerOptions server_options = options.server;
  server_options.keeps_log = *log != nullptr;
  server_options.data = options.data;
  server_options.shadow = shadow;
  Progress progress("replaying");
  server_options.replay_progress = [&progress, last = *log == nullptr ? 0 : (*log)->last()](Position position) {
    progress.update(position, last, "records");
  };
  auto server = Server::open(ruleset, server_options, std::move(*log));
  if (!server) return fail(server.error());
  if (options.data.empty()) {
    fmt::print(stderr, "without --data the log is kept in memory: what it holds is gone when the server ends\n");
  }
  fmt::print(stderr, "listening on {}, admin on {}\n", (*server)->listen_endpoint(), (*server)->admin_endpoint());
  std::thread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    (*server)->stop();
  });
  (*server)->run();
  // run() returns only after stop(); should it ever return by itself, the waiter is woken all the same.
  pthread_kill(waiter.native_handle(), SIGTERM);
  waiter.join();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& status) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* verb = app.add_subcommand("serve", "Run the server");
  verb->add_option("--ruleset", options->ruleset, "The ruleset")->required();
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
  verb->add_flag("--dev", options->server.dev, "Loopback only, no tokens: every connection may send and read");
  verb->callback([options, &status] { status = serve(*options); });
}

}  // namespace tallyho::cli

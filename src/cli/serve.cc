// tallyho serve: the game behind sockets, until SIGTERM or SIGINT.

#include <csignal>
#include <cstring>
#include <thread>

#include "CLI/CLI.hpp"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "server/server.h"

namespace tallyho::cli {
namespace {

struct ServeOptions {
  std::string ruleset;
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

int serve(const ServeOptions& options) {
  const auto ruleset = load_or_explain(options.ruleset);
  if (ruleset == nullptr) return 1;
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto server = Server::open(ruleset, options.server);
  if (!server) return fail(server.error());
  fmt::print(stderr, "without --data the log is kept in memory: what it holds is gone when the server ends\n");
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
  verb->add_option("--listen", options->server.listen, "Where players and watchers connect; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  verb->add_option("--admin", options->server.admin, "Where health and metrics are")
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

#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/open_game.h"
#include "log/log.h"
#include "outbox/messenger.h"
#include "ruleset/ruleset.h"
#include "server/auth.h"
#include "server/limits.h"
#include "server/logger.h"
#include "server/tls.h"
#include "server/upkeep.h"
#include "telemetry/exporter.h"

namespace tallyho {

struct ServerOptions {
  std::string listen = "127.0.0.1:7070";  // HOST:PORT; port 0 takes a free one.
  std::string admin = "127.0.0.1:7071";   // Health, readiness, metrics.
  int io_threads = 0;                     // 0: one for every core but the engine's, at least 1, at most 4.
  std::string version;                    // Of the program, for those who are told.
  bool dev = false;                       // Loopback only; every connection has the roles ingest and read.
  Authority::Options access = {};         // Without `dev`, TLS and the hosts, which are beside it.
  std::shared_ptr<const TlsContext>
      tls;               // Of the first listener, and of the admin listener unless on loopback; null: none.
  bool deflate = false;  // Offer permessage-deflate to WebSockets.
  std::string record;    // Write every event that reached the log to this file; "": don't.
  // Where the log is: players' ledgers are kept beside it, and how far a replay has come. "": there is no such place.
  std::string data;
  std::shared_ptr<const Ruleset>
      shadow;                      // A candidate that is scored beside the ruleset (server/shadow.h); null: none.
  bool is_alone_with_data = true;  // Until open() returns nobody takes away any of the log.
  bool keeps_log = false;          // The log outlives the process: it is replayed, or begun with the ruleset.
  OutboxOptions outbox;            // Who is told of notices and ranks; with `data`.
  TelemetryOptions telemetry;      // Who is told what /metrics tells, and traces.
  Limits limits;
  Engine::Options engine;
  UpkeepOptions upkeep;                           // With a log that is kept.
  std::function<void(Position)> replay_progress;  // Told the position reached, now and then.
  std::function<void(std::string_view)> warn;     // Told, on any thread, what an operator should know; empty: stderr.
  Logger* logger = nullptr;  // Told what happens to connections; null: nobody is. Outlives the server.

  // For tests only, and so without a way in from the command line: called on the engine thread before every event that
  // is ingested. It may stall, or make the engine fail.
  std::function<void(Engine&, const Event&)> before_ingest_for_test;
  // The same, before every record that is applied while the log is replayed.
  std::function<void(Position)> before_replay_for_test;
};

// A running game behind sockets: WebSocket and HTTP on one port, health and metrics on another.
//
//     auto server = Server::open(ruleset, options);
//     if (!server) return fail(server.error());
//     std::thread signals([&] { wait_for_sigterm(); (*server)->stop(); });
//     (*server)->run();
//
// Threads: I/O threads decode and validate events, and hand them in batches to the one engine thread, which owns the
// engine; every connection belongs to one I/O thread. They meet in bounded queues only (port.h). A queue that is full
// is an answer, `overloaded`, never a wait.
// Memory: bounded by Limits and Engine::Options.
class Server {
 public:
  // Binds both ports and builds the engine on `log` (nothing: one in memory), beginning with one of its `snapshots`,
  // newest first. The ruleset may be left to the log. Before run() only the admin listener answers, and
  // only about health.
  // Errors, as a sentence: an address that can't be bound, a file that can't be written, a mode that is not safe.
  static std::expected<std::unique_ptr<Server>, std::string> open(std::shared_ptr<const Ruleset> ruleset,
                                                                  ServerOptions options,
                                                                  std::unique_ptr<Log> log = nullptr,
                                                                  std::vector<OpenGame::Snapshot> snapshots = {});
  // Whether open() would take these options, as far as that can be said without binding a port or opening the log.
  static std::expected<void, std::string> check(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:7070": with the port that was really taken.
  std::string listen_endpoint() const;
  std::string admin_endpoint() const;

  // Serves until stop(), then returns; calls `ready` once it takes requests. Once.
  void run(const std::function<void()>& ready = {});

  // Any thread, while it runs: swaps the ruleset between two batches of events, and says through ServerOptions::warn
  // what came of it.
  void swap(std::shared_ptr<const Ruleset> ruleset);

  // Any thread, any time, more than once: no new connections; what clients had sent is answered; WebSockets are closed
  // with 1001; run() returns, after at most Limits::close_timeout more than that takes. Returns at once.
  void stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

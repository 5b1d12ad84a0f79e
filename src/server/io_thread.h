#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "boost/asio/executor_work_guard.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/steady_timer.hpp"
#include "server/admission.h"
#include "server/answers.h"
#include "server/auth.h"
#include "server/connection.h"
#include "server/current_ruleset.h"
#include "server/ledger.h"
#include "server/logger.h"
#include "server/messages.h"
#include "server/port.h"
#include "server/readiness.h"
#include "server/tickets.h"
#include "server/tls.h"
#include "server/upkeep.h"
#include "telemetry/trace.h"

namespace tallyho {

class IoThread;

// What all I/O threads share; immutable while they run, but that `upkeep` and `ledger` are set while the first of them
// already answers for health, as is `outbox`: nothing asks for them before readiness.is_started().
struct Shared {
  const CurrentRuleset* ruleset = nullptr;
  Limits limits;
  Identity identity;
  Authority authority;
  Readiness* readiness = nullptr;
  Tickets* tickets = nullptr;
  Admission* admission = nullptr;
  NamedBuckets* players = nullptr;        // Null: nobody's events are counted.
  const TlsContext* tls = nullptr;        // Null: clients' bytes are taken as they are.
  bool has_admin_tls = false;             // On the admin listener, too.
  const UpkeepFigures* upkeep = nullptr;  // Null: nothing is kept.
  Logger* logger = nullptr;               // Null: nobody wants to know.
  bool is_tracing = false;                // Somebody takes what the tracers have.
  double trace_rate = 0;
  const OutboxFigures* outbox = nullptr;  // Null: there is none.
  bool has_record = false;
  bool offers_deflate = false;            // To WebSockets.
  const Ledger* ledger = nullptr;         // Null: none is kept.
  bool is_metrics_public = true;          // /metrics on the listener for clients, too.
  std::vector<const IoFigures*> figures;  // Of every I/O thread.
};

// One thread with sockets: connections are pinned to it, and it alone touches them. It decodes what they send, keeps
// the batches they come in, and passes them to the engine thread and back.
class IoThread {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using Clock = std::chrono::steady_clock;

  IoThread(std::size_t index, const Shared& shared, Doorbell& engine_bell);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // The thread's body: returns after begin_stop(), when the last connection has gone.
  void run();
  // Any thread: no connection is added any more, those that are there finish.
  void begin_stop();

  // Any thread: a socket that was accepted on this thread's context becomes an HTTP connection.
  void adopt(Socket socket, bool is_admin, Admission::Place place);

  boost::asio::io_context& context() { return context_; }
  Port& port() { return port_; }
  const Shared& shared() const { return shared_; }
  std::size_t index() const { return index_; }

  // The rest is for its connections, on this thread.
  MessageReader& reader() { return reader_; }
  const AnswerWriter& writer() const { return writer_; }
  IoFigures& figures() { return figures_; }
  // Null: nothing is traced.
  Tracer* tracer() { return tracer_ ? &*tracer_ : nullptr; }
  bool is_stopping() const { return is_stopping_; }
  // For those who run the server. Not for the path of an event.
  void log(LogLevel level, std::string_view topic, std::string_view message,
           std::initializer_list<Logger::Field> fields = {}) const {
    if (shared_.logger != nullptr) shared_.logger->log(level, topic, message, fields);
  }
  Doorbell& engine_bell() { return engine_bell_; }

  std::uint64_t add(std::shared_ptr<Connection> connection);
  // The same identity, another connection: an upgrade.
  void replace(std::uint64_t id, std::shared_ptr<Connection> connection);
  void remove(std::uint64_t id);
  // Counts the connection by the address that a proxy names. False: there are enough from there.
  bool admit_forwarded(std::uint64_t id, std::string_view header);

  // An empty batch of connection `id`.
  Batch* take_batch(std::uint64_t id);
  void give_back(Batch* batch);
  // Sends a batch to the engine, or has it answered `overloaded` at once; either way `is_done` says when it is
  // answered. A batch in which nothing needs the engine is done at once.
  void submit(Batch* batch);
  // Where much has been submitted, the engine comes first and its answers go out before more is read. The last thing
  // that a connection does when something has come; its answered() may be called from within.
  void let_engine_catch_up();
  // Tells connection `id` with round_ended() when everything else that has come by now has been looked at.
  void at_round_end(std::uint64_t id);
  // The connection is this player's: it is told what happens to it. Once. Never overloaded.
  void submit_greeting(std::uint64_t id, Watcher& watcher, std::string_view player);
  // The connection is gone: its watches end. Never overloaded.
  void submit_goodbye(std::uint64_t id, std::unique_ptr<Watcher> watcher);

 private:
  void take_deliveries();
  void send_pushes();
  void take_back(Batch* batch, Clock::time_point now);
  void tell_answered();
  void read_ledgers(Batch& batch);
  void refuse_batch(Batch& batch);
  void count_answers(const Batch& batch, Clock::time_point now);
  void log_admin(const Batch& batch, const Item& item);
  void count_stages(const Batch& batch, std::uint64_t events, Clock::time_point answered);
  void send(Batch* batch);
  void ring_soon();
  void ring();
  void end_round_soon();
  void end_round();
  void report(const std::exception& thrown) const;
  void sweep();
  void look_at(std::uint64_t id, Connection& connection, Clock::time_point now);
  void sweep_in(std::chrono::milliseconds time);

  const std::size_t index_;
  const Shared& shared_;
  Doorbell& engine_bell_;
  boost::asio::io_context context_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  boost::asio::steady_timer sweep_timer_;
  Port port_;
  MessageReader reader_;
  AnswerWriter writer_;
  IoFigures figures_;
  std::optional<Tracer> tracer_;
  struct Connected {
    std::shared_ptr<Connection> connection;
    Clock::time_point look;    // When it is looked at again.
    bool is_answered = false;  // It is in `answered_`.
  };
  absl::flat_hash_map<std::uint64_t, Connected> connections_;
  absl::flat_hash_map<std::uint64_t, std::vector<Admission::Place>> places_;  // Of those.
  std::uint64_t next_id_ = 1;
  std::uint64_t ruleset_version_ = 0;            // Of the one that reader_ uses; 0: none yet.
  std::vector<std::unique_ptr<Batch>> batches_;  // All there are.
  std::vector<Batch*> free_batches_;
  std::size_t batches_at_engine_ = 0;
  std::size_t bytes_at_engine_ = 0;
  std::size_t words_at_engine_ = 0;                  // Greetings and goodbyes.
  bool is_ahead_ = false;                            // Many items wait for the engine: see let_engine_catch_up().
  std::size_t batches_unrung_ = 0;                   // Sent since the engine's bell was rung last.
  bool is_round_posted_ = false;                     // end_round() will be called.
  std::vector<std::uint64_t> round_;                 // Connections that want to know, and
  std::vector<std::uint64_t> ended_;                 // those that are told now.
  std::vector<std::uint64_t> answered_;              // Connections with batches that came back just now.
  std::deque<std::unique_ptr<PushMessage>> pushes_;  // At most Port::pushes_max.
  bool is_sending_pushes_ = false;
  bool is_stopping_ = false;
  Clock::time_point stop_deadline_;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/error.h"
#include "base/position.h"
#include "base/time.h"
#include "engine/outcome.h"
#include "event/event.h"
#include "server/metrics.h"
#include "server/requests.h"
#include "server/shadow.h"
#include "server/watcher.h"
#include "telemetry/trace.h"

namespace tallyho {

// What an ack says beyond points and total; asked for with `hello` or `?detail=`.
struct Detail {
  bool fired = false;
  bool notices = false;
  bool ranks = false;
};

// One message of a client, and then its answer.
struct Item {
  enum class Kind : std::uint8_t {
    event,    // Valid: the engine ingests it. `outcome` is the answer.
    refused,  // An event that is not valid, or can't be taken: `code`, `message`, `field`.
    request,  // The engine answers it: into `text` if `code` is ok, else `message`.
    ready,    // Answered on the I/O thread, in the same form as a request.
  };
  Kind kind = Kind::event;
  Code code = Code::ok;
  Detail detail;
  bool is_result = false;            // A query: `text` goes inside {"result":…}; else it is the whole answer.
  std::string_view message;          // Codes other than ok: why.
  std::string_view field;            // The member to blame, or "".
  std::uint32_t retry_after_ms = 0;  // overloaded: when there is room again; 0: nobody knows.
  std::string_view record;           // The event's bytes as received: what the log keeps.
  Event event;  // Of one that is refused the envelope, as far as it is known; of others, its `ref`.
  Outcome outcome;
  const Ruleset* ruleset = nullptr;  // Of an event: whose rules and boards the outcome names. The batch keeps it.
  const Request* request = nullptr;
  std::string_view text;  // JSON.
  // Of a ledger: where it is read from, once the engine thread has said so. 0: `text` is the answer.
  std::uint64_t ledger_from = 0;
};

// What came in one WebSocket frame, in several small ones that came together, or in one HTTP request: it travels to the
// engine thread and back as a whole, and its items are answered in order.
//
// Threads: one owner at a time: the I/O thread that filled it, the engine thread while it is there, then that I/O
// thread again. Memory: recycled, with everything its items point to: the bytes, the arena.
struct Batch {
  std::string bytes;  // As received.
  Arena arena;
  std::vector<Item> items;

  std::uint64_t connection = 0;
  Watcher* watcher = nullptr;        // Of a WebSocket: it outlives its batches.
  std::unique_ptr<Watcher> goodbye;  // Set: the connection is gone, and so shall be its watches.
  bool is_greeting = false;          // `bytes` is the player whose connection the watcher's is. Nothing is answered.
  bool is_ingest = true;             // The sender has that role.
  bool is_http = false;              // It came as a request, not in a frame.
  bool needs_engine = false;         // Some item is an event or a request.
  bool has_ledgers = false;          // Of some item a ledger is to be read, once it is back.
  bool is_at_engine = false;
  bool is_done = false;
  Timestamp arrival;
  // When it passed what (Stage): received and sent by the I/O thread, the rest by the engine thread.
  std::chrono::steady_clock::time_point received, sent, taken, applied, released;
  std::shared_ptr<const Ruleset> wanted_ruleset;  // Of a request to swap it.
  std::shared_ptr<const Ruleset> ruleset;         // Under which events were decoded, and then answered.
  std::optional<TraceContext> trace;              // What the sender says of it.
  Position position = 0;                          // Up to which the answers know of: they wait until it is durable.
  std::unique_ptr<EngineFigures> figures;
  std::shared_ptr<ShadowReport> report;  // Set: the answer waits for the shadow.

  Item& add(Item::Kind kind) {
    items.emplace_back();
    items.back().kind = kind;
    return items.back();
  }

  // Ready for the next frame. What a big one left behind is given back, so that many idle batches stay small.
  void reset() {
    constexpr std::size_t bytes_kept = std::size_t{256} * 1024;
    items.clear();
    if (arena.capacity_bytes() > bytes_kept) arena = Arena();
    arena.reset();
    bytes.clear();
    if (bytes.capacity() > bytes_kept) bytes.shrink_to_fit();
    watcher = nullptr;
    goodbye.reset();
    figures.reset();
    report.reset();
    ruleset.reset();
    wanted_ruleset.reset();
    needs_engine = has_ledgers = is_at_engine = is_done = false;
    position = 0;
    trace.reset();
    is_http = is_greeting = false;
  }
};

}  // namespace tallyho

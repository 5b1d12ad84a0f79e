#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "outbox/courier.h"
#include "ruleset/ruleset.h"
#include "server/upkeep.h"

namespace prometheus {
struct MetricFamily;
}

namespace tallyho {

// A number that one thread counts up and any may read.
class Counter {
 public:
  void add(std::uint64_t count) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);  // Partner: value().
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// How long things took, in buckets that double: one thread counts, any reads.
class LatencyBuckets {
 public:
  // Upper bounds: 1 µs · 2^i, so up to 4 s; the last bucket has none.
  static constexpr std::size_t count = 24;
  static double upper_bound_seconds(std::size_t bucket);

  void add(std::chrono::nanoseconds latency, std::uint64_t times) noexcept;
  std::uint64_t in_bucket(std::size_t bucket) const noexcept { return buckets_[bucket].value(); }
  double sum_seconds() const noexcept { return static_cast<double>(sum_ns_.value()) * 1e-9; }

 private:
  std::array<Counter, count> buckets_;
  Counter sum_ns_;
};

// Where the time of a frame or request with events in it goes, and that of a push.
enum class Stage : std::uint8_t {
  decode,  // From its arrival until its events are decoded and checked.
  queue,   // Until the engine thread takes it.
  apply,   // Until its events are applied.
  log,     // Until they are durable, and it goes back.
  ack,     // Until its answers are handed to the socket.
  push,    // From a push's collection until it is handed to the socket.
};
inline constexpr std::size_t stage_count = 6;
std::string_view name_of(Stage stage);

// Bytes by what they are.
enum class Traffic : std::uint8_t { websocket, http, push };
inline constexpr std::size_t traffic_count = 3;

// What one I/O thread counts. Nobody else writes here, so that counting takes neither lock nor shared cache line; who
// asks adds the threads up.
struct IoFigures {
  std::array<Counter, code_count> events;  // By the code of their answer.
  Counter batches;                         // Frames and requests with events or requests in them.
  Counter requests;                        // HTTP.
  Counter pushes;                          // Messages for watches.
  Counter connections_opened;
  Counter connections_closed;
  Counter connections_refused;  // Over the limit.
  Counter slow_readers;         // Dropped: they took nothing for the send timeout.
  std::array<Counter, traffic_count> bytes_in;
  std::array<Counter, traffic_count> bytes_out;
  LatencyBuckets latency;  // From a frame's arrival to its answers being handed to the socket: one for each event.
  std::array<LatencyBuckets, stage_count> stages;  // One for each frame or request with events in it, or push.

  Counter& received(Traffic traffic) { return bytes_in[static_cast<std::size_t>(traffic)]; }
  Counter& sent(Traffic traffic) { return bytes_out[static_cast<std::size_t>(traffic)]; }
  LatencyBuckets& stage(Stage stage) { return stages[static_cast<std::size_t>(stage)]; }
};

// How large a board is, over all its windows.
struct BoardFigures {
  std::size_t members = 0;
  std::size_t groups = 0;
};

// What only the engine thread can say, at one moment.
struct EngineFigures {
  std::shared_ptr<const Ruleset> ruleset;  // In force: whose rules are counted.
  Position version = 0;
  std::size_t players = 0;
  Engine::Memory memory;
  std::vector<Engine::RuleCounts> rules;
  std::uint64_t hand_overs = 0;
  Feed::Stats feed;
  std::vector<BoardFigures> boards;   // In the ruleset's order.
  std::size_t queued_batches = 0;     // On their way to the engine thread.
  std::size_t held_batches = 0;       // Applied, and waiting for the log's disk.
  std::size_t queued_deliveries = 0;  // On their way back.
  std::uint64_t rounds = 0;
  std::uint64_t recorded = 0;
  bool is_record_complete = true;
};

// What there is beside the game, and so is counted.
struct BesideFigures {
  bool has_record = false;
  const UpkeepFigures* upkeep = nullptr;  // Null: no log is kept.
  const OutboxFigures* outbox = nullptr;  // Null: there is none.
};

// All of it. The names are compatibility; docs/reference/observability.md lists them.
std::vector<prometheus::MetricFamily> collect_metrics(const std::vector<const IoFigures*>& io,
                                                      const EngineFigures& engine, const BesideFigures& beside);

// The same as Prometheus text (format 0.0.4).
std::string render_metrics(const std::vector<const IoFigures*>& io, const EngineFigures& engine,
                           const BesideFigures& beside);

}  // namespace tallyho

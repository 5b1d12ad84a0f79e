#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/queue.h"
#include "base/time.h"

namespace tallyho {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// Whose trace something belongs to, as a caller says it.
struct TraceContext {
  TraceId trace{};
  SpanId parent{};
  bool is_sampled = false;
};

// A header `traceparent` (W3C Trace Context, section 3.2). Nothing: it is none, and counts as not sent.
std::optional<TraceContext> parse_traceparent(std::string_view text);

// Lower-case hex.
std::string to_hex(const TraceId& id);
std::string to_hex(const SpanId& id);

// A frame or request with events that was traced on its way through the server. Becomes a span for the whole and one
// for each stage.
struct TracedBatch {
  static constexpr std::array<std::string_view, 5> stages = {"decode", "queue", "apply", "log", "ack"};

  TraceId trace{};
  SpanId span{};
  SpanId parent{};  // All 0: there is none.
  Timestamp begun;
  std::array<std::chrono::nanoseconds, stages.size()> times{};
  std::uint32_t events = 0;
  std::uint64_t position = 0;  // Up to which its answers know of.
  std::string_view code;       // Of its first event that is not ok, or "ok". A constant, as is
  std::string_view transport;  // "websocket" or "http".
};

// Chooses what is traced, and takes it to who exports it.
//
//     if (auto traced = tracer.begin(context)) { …; tracer.end(*traced); }   // an I/O thread
//     while (tracer.take(traced)) …                                         // the exporter
//
// One in 1 / rate is chosen, evenly; and whatever a caller has chosen already.
//
// Threads: one begins and ends, one takes. Memory: `waiting_max` that wait; what is more is left out and counted.
class Tracer {
 public:
  static constexpr std::size_t waiting_max = 4096;

  // `rate` from 0 to 1.
  Tracer(double rate, std::uint64_t seed);

  // Nothing: it is not traced. O(1), allocates nothing.
  std::optional<TracedBatch> begin(const std::optional<TraceContext>& context);
  void end(const TracedBatch& traced);

  bool take(TracedBatch& traced) { return waiting_.pop(traced); }
  std::uint64_t left_out() const { return left_out_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t whole = std::uint64_t{1} << 32;
  const std::uint64_t rate_;  // In parts of `whole`.
  std::mt19937_64 random_;    // Of ids.
  std::uint64_t due_ = 0;
  SpscQueue<TracedBatch> waiting_;
  std::atomic<std::uint64_t> left_out_{0};
};

// A new id, not all 0.
SpanId new_span_id(std::mt19937_64& random);

}  // namespace tallyho

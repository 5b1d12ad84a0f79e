#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "ruleset/ruleset.h"
#include "server/upkeep.h"

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
  // Upper bounds: 64 µs · 2^i, so up to 2 s; the last bucket has none.
  static constexpr std::size_t count = 17;
  static double upper_bound_seconds(std::size_t bucket);

  void add(std::chrono::nanoseconds latency, std::uint64_t times) noexcept;
  std::uint64_t in_bucket(std::size_t bucket) const noexcept { return buckets_[bucket].value(); }
  double sum_seconds() const noexcept { return static_cast<double>(sum_ns_.value()) * 1e-9; }

 private:
  std::array<Counter, count> buckets_;
  Counter sum_ns_;
};

// What one I/O thread counts.
struct IoFigures {
  std::array<Counter, code_count> events;  // By the code of their answer.
  Counter batches;                         // Frames and requests with events or requests in them.
  Counter requests;                        // HTTP.
  Counter pushes;                          // Messages for watches.
  Counter connections_opened;
  Counter connections_closed;
  Counter bytes_in;
  Counter bytes_out;
  LatencyBuckets latency;  // From a frame's arrival to its answers being handed to the socket.
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
  std::size_t queued_batches = 0;
  std::uint64_t rounds = 0;
  std::uint64_t recorded = 0;
  bool is_record_complete = true;
};

// All of it, and what is done beside the game if a log is kept, as Prometheus text (format 0.0.4). The names are
// compatibility; the protocol's reference lists them.
std::string render_metrics(const std::vector<const IoFigures*>& io, const EngineFigures& engine, bool has_record,
                           const UpkeepFigures* upkeep);

}  // namespace tallyho

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "post/poster.h"
#include "telemetry/otlp.h"
#include "telemetry/trace.h"

namespace tallyho {

// Where telemetry goes, and how much. What a configuration fills.
struct TelemetryOptions {
  std::string endpoint;                        // http://HOST:4318, or https; "": nowhere.
  std::string authorities;                     // Who may vouch for one with https (Poster::Options).
  double trace_rate = 0;                       // Of frames and requests with events, from 0 to 1.
  std::chrono::milliseconds interval{10'000};  // Of metrics; spans go each second, or as often.
};

// Puts metrics and traces to an OpenTelemetry collector: ENDPOINT/v1/metrics and ENDPOINT/v1/traces. What it does not
// take is gone: counters go on counting, so the next metrics make up for it, and traces are a sample anyway.
//
// Threads: one of its own, from the constructor to the destructor, which says once more what there is.
// Memory: one body, and what the tracers hold.
class Exporter {
 public:
  // What a scrape would give now; nothing: it cannot be said now. Called on the exporter's thread.
  using Collect = std::function<std::optional<std::vector<prometheus::MetricFamily>>()>;
  using Warn = std::function<void(std::string_view)>;

  // The tracers outlive it.
  Exporter(TelemetryOptions options, TelemetrySource source, std::vector<Tracer*> tracers, Collect collect, Warn warn);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

 private:
  void run();
  void export_spans();
  void export_metrics();
  void put(Poster& poster, const std::string& body);

  const TelemetryOptions options_;
  const TelemetrySource source_;
  const std::vector<Tracer*> tracers_;
  const Collect collect_;
  const Warn warn_;
  Poster metrics_;
  Poster traces_;
  std::mt19937_64 random_;
  bool is_refused_ = false;  // The last POST was.

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;                    // Guarded by it.
  const std::atomic<bool> is_given_up_{false};  // No POST is: each takes two seconds at most.
  std::thread thread_;
};

}  // namespace tallyho

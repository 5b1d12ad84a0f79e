#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "prometheus/metric_family.h"
#include "telemetry/trace.h"

namespace tallyho {

// Who says it, and since when it counts.
struct TelemetrySource {
  std::string service = "tallyho";
  std::string version;
  std::string instance;  // Another one for each process.
  Timestamp begun;
};

// Bodies of OTLP/HTTP in JSON (OpenTelemetry protocol 1.3, "JSON Protobuf Encoding"): ids in hex, 64-bit integers as
// strings, enumerations as numbers.

// What a scrape at `now` would give. Counters are cumulative sums, histograms keep their bounds.
std::string metrics_to_otlp(const TelemetrySource& source, std::span<const prometheus::MetricFamily> families,
                            Timestamp now);

// A span for each traced batch, and one for each of its stages inside. `random` makes the ids of those.
std::string spans_to_otlp(const TelemetrySource& source, std::span<const TracedBatch> traced, std::mt19937_64& random);

}  // namespace tallyho

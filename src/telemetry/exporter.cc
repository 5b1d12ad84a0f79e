#include "telemetry/exporter.h"

#include "base/thread_name.h"

#include <algorithm>
#include <utility>

namespace tallyho {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds span_interval{1000};
constexpr std::chrono::milliseconds post_timeout{2000};  // As long as the end of the process may take.
constexpr std::size_t traced_per_post = 512;

std::string below(std::string url, std::string_view path) {
  while (url.ends_with('/')) url.pop_back();
  return url + std::string(path);
}

Poster::Options posting(const TelemetryOptions& options, std::string_view path) {
  return {.url = below(options.endpoint, path), .authorities = options.authorities, .timeout = post_timeout};
}

}  // namespace

Exporter::Exporter(TelemetryOptions options, TelemetrySource source, std::vector<Tracer*> tracers, Collect collect,
                   Warn warn)
    : options_(std::move(options)),
      source_(std::move(source)),
      tracers_(std::move(tracers)),
      collect_(std::move(collect)),
      warn_(std::move(warn)),
      metrics_(posting(options_, "/v1/metrics")),
      traces_(posting(options_, "/v1/traces")),
      random_(std::random_device()()),
      thread_([this] { run(); }) {}

Exporter::~Exporter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Exporter::run() {
  name_thread("exporter");
  const auto interval = std::min(options_.interval, span_interval);
  auto next_metrics = Clock::now() + options_.interval;
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(mutex_);
      is_last = changed_.wait_for(lock, interval, [this] { return is_stopping_; });
    }
    export_spans();
    if (!is_last && Clock::now() < next_metrics) continue;
    export_metrics();
    next_metrics = Clock::now() + options_.interval;
  }
}

void Exporter::export_spans() {
  std::vector<TracedBatch> traced;
  const auto put_all = [&] {
    if (!traced.empty()) put(traces_, spans_to_otlp(source_, traced, random_));
    traced.clear();
  };
  for (Tracer* tracer : tracers_) {
    // No more than there were: else a server that traces all could hold this up for ever.
    TracedBatch one;
    for (std::size_t i = 0; i < Tracer::waiting_max && tracer->take(one); ++i) {
      traced.push_back(one);
      if (traced.size() >= traced_per_post) put_all();
    }
  }
  put_all();
}

void Exporter::export_metrics() {
  const auto families = collect_();
  if (families) put(metrics_, metrics_to_otlp(source_, *families, Timestamp::system_now()));
}

void Exporter::put(Poster& poster, const std::string& body) {
  const PostAnswer answer = poster.post(body, {"Content-Type: application/json"}, is_given_up_);
  if (answer.is_taken() == !is_refused_) return;
  is_refused_ = !answer.is_taken();
  warn_(is_refused_ ? "the collector takes nothing: " + answer.text()
                    : std::string("the collector takes telemetry again"));
}

}  // namespace tallyho

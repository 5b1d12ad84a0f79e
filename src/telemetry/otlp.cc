#include "telemetry/otlp.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/json.h"

namespace tallyho {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view scope_name = "tallyho";
constexpr int cumulative = 2;      // AggregationTemporality
constexpr int span_of_server = 2;  // SpanKind
constexpr int span_internal = 1;
constexpr int status_error = 2;  // StatusCode

std::string unix_nanos(Timestamp time) {
  return std::to_string(time.seconds * 1'000'000'000 + time.nanos);
}

void append_text_attribute(JsonWriter& json, std::string_view key, std::string_view value) {
  json.object().key("key").text(key).key("value").object().key("stringValue").text(value).end().end();
}

void append_number_attribute(JsonWriter& json, std::string_view key, std::uint64_t value) {
  json.object().key("key").text(key).key("value").object().key("intValue").text(std::to_string(value)).end().end();
}

void append_resource(JsonWriter& json, const TelemetrySource& source) {
  json.key("resource").object().key("attributes").array();
  append_text_attribute(json, "service.name", source.service);
  append_text_attribute(json, "service.version", source.version);
  append_text_attribute(json, "service.instance.id", source.instance);
  json.end().end();
}

void append_scope(JsonWriter& json, const TelemetrySource& source) {
  json.key("scope").object().key("name").text(scope_name).key("version").text(source.version).end();
}

void append_labels(JsonWriter& json, const ClientMetric& metric) {
  json.key("attributes").array();
  for (const ClientMetric::Label& label : metric.label) append_text_attribute(json, label.name, label.value);
  json.end();
}

// Prometheus's buckets count everything below their bounds, the last one all; these count what is between them.
void append_buckets(JsonWriter& json, const ClientMetric::Histogram& histogram) {
  json.key("count").text(std::to_string(histogram.sample_count)).key("sum").number(histogram.sample_sum);
  json.key("bucketCounts").array();
  std::uint64_t before = 0;
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    json.text(std::to_string(bucket.cumulative_count - before));
    before = bucket.cumulative_count;
  }
  json.end().key("explicitBounds").array();
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    if (std::isfinite(bucket.upper_bound)) json.number(bucket.upper_bound);
  }
  json.end();
}

void append_points(JsonWriter& json, const MetricFamily& family, const TelemetrySource& source, Timestamp now) {
  json.key("dataPoints").array();
  for (const ClientMetric& metric : family.metric) {
    json.object();
    append_labels(json, metric);
    if (family.type != MetricType::Gauge) json.key("startTimeUnixNano").text(unix_nanos(source.begun));
    json.key("timeUnixNano").text(unix_nanos(now));
    if (family.type == MetricType::Counter) json.key("asDouble").number(metric.counter.value);
    if (family.type == MetricType::Gauge) json.key("asDouble").number(metric.gauge.value);
    if (family.type == MetricType::Histogram) append_buckets(json, metric.histogram);
    json.end();
  }
  json.end();
}

// The unit, in UCUM's words, is at the name's end.
std::string_view unit_of(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  if (name.ends_with("_seconds")) return "s";
  if (name.ends_with("_bytes")) return "By";
  return "1";
}

void append_metric(JsonWriter& json, const MetricFamily& family, const TelemetrySource& source, Timestamp now) {
  json.object().key("name").text(family.name).key("description").text(family.help);
  json.key("unit").text(unit_of(family.name));
  if (family.type == MetricType::Gauge) {
    json.key("gauge").object();
  } else {
    json.key(family.type == MetricType::Counter ? "sum" : "histogram").object();
    json.key("aggregationTemporality").number(std::int64_t{cumulative});
    if (family.type == MetricType::Counter) json.key("isMonotonic").boolean(true);
  }
  append_points(json, family, source, now);
  json.end().end();
}

struct SpanText {
  std::string_view name;
  int kind = span_internal;
  SpanId id{};
  SpanId parent{};
  Timestamp begun;
  Timestamp ended;
};

void begin_span(JsonWriter& json, const TraceId& trace, const SpanText& span) {
  json.object().key("traceId").text(to_hex(trace)).key("spanId").text(to_hex(span.id));
  if (span.parent != SpanId{}) json.key("parentSpanId").text(to_hex(span.parent));
  json.key("name").text(span.name).key("kind").number(std::int64_t{span.kind});
  json.key("startTimeUnixNano").text(unix_nanos(span.begun)).key("endTimeUnixNano").text(unix_nanos(span.ended));
}

void append_spans(JsonWriter& json, const TracedBatch& traced, std::mt19937_64& random) {
  Timestamp at = traced.begun;
  std::array<Timestamp, TracedBatch::stages.size()> ends;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    at = add(at, traced.times[i]).value_or(at);
    ends[i] = at;
  }
  begin_span(json, traced.trace, {"events", span_of_server, traced.span, traced.parent, traced.begun, at});
  json.key("attributes").array();
  append_number_attribute(json, "tallyho.events", traced.events);
  append_number_attribute(json, "tallyho.position", traced.position);
  append_text_attribute(json, "tallyho.code", traced.code);
  append_text_attribute(json, "tallyho.transport", traced.transport);
  json.end();
  const bool is_our_fault = traced.code == "internal" || traced.code == "unavailable";
  if (is_our_fault) json.key("status").object().key("code").number(std::int64_t{status_error}).end();
  json.end();
  at = traced.begun;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    begin_span(json, traced.trace,
               {TracedBatch::stages[i], span_internal, new_span_id(random), traced.span, at, ends[i]});
    json.end();
    at = ends[i];
  }
}

}  // namespace

std::string metrics_to_otlp(const TelemetrySource& source, std::span<const MetricFamily> families, Timestamp now) {
  std::string out;
  JsonWriter json(out);
  json.object().key("resourceMetrics").array().object();
  append_resource(json, source);
  json.key("scopeMetrics").array().object();
  append_scope(json, source);
  json.key("metrics").array();
  for (const MetricFamily& family : families) append_metric(json, family, source, now);
  json.end().end().end().end().end().end();
  return out;
}

std::string spans_to_otlp(const TelemetrySource& source, std::span<const TracedBatch> traced, std::mt19937_64& random) {
  std::string out;
  JsonWriter json(out);
  json.object().key("resourceSpans").array().object();
  append_resource(json, source);
  json.key("scopeSpans").array().object();
  append_scope(json, source);
  json.key("spans").array();
  for (const TracedBatch& one : traced) append_spans(json, one, random);
  json.end().end().end().end().end().end();
  return out;
}

}  // namespace tallyho

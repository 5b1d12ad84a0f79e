// What is said to a collector, beside the protocol's own examples of its JSON. Whether a real one takes it is tested in
// test/server.
#include "telemetry/otlp.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TelemetrySource source() {
  return {.service = "tallyho", .version = "1.2", .instance = "i", .begun = *parse_timestamp("1970-01-01T00:00:01Z")};
}

constexpr std::string_view resource =
    R"("resource":{"attributes":[{"key":"service.name","value":{"stringValue":"tallyho"}},)"
    R"({"key":"service.version","value":{"stringValue":"1.2"}},)"
    R"({"key":"service.instance.id","value":{"stringValue":"i"}}]})";
constexpr std::string_view scope = R"("scope":{"name":"tallyho","version":"1.2"})";

TEST(Otlp, MetricsKeepTheirNamesLabelsAndBounds) {
  MetricFamily counter{"tallyho_events_total", "Events.", MetricType::Counter, {}};
  counter.metric.resize(1);
  counter.metric[0].label = {{"code", "ok"}};
  counter.metric[0].counter.value = 7;
  MetricFamily gauge{"tallyho_memory_bytes", "Bytes.", MetricType::Gauge, {}};
  gauge.metric.resize(1);
  gauge.metric[0].gauge.value = 2.5;
  MetricFamily histogram{"tallyho_event_seconds", "Time.", MetricType::Histogram, {}};
  histogram.metric.resize(1);
  histogram.metric[0].histogram = {5, 0.75, {{2, 0.1}, {4, 0.5}, {5, std::numeric_limits<double>::infinity()}}};
  const std::vector<MetricFamily> families = {counter, gauge, histogram};
  EXPECT_EQ(metrics_to_otlp(source(), families, *parse_timestamp("1970-01-01T00:00:02.000000003Z")),
            std::string(R"({"resourceMetrics":[{)") + std::string(resource) + R"(,"scopeMetrics":[{)" +
                std::string(scope) +
                R"(,"metrics":[{"name":"tallyho_events_total","description":"Events.","unit":"1",)"
                R"("sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"attributes":)"
                R"([{"key":"code","value":{"stringValue":"ok"}}],"startTimeUnixNano":"1000000000",)"
                R"("timeUnixNano":"2000000003","asDouble":7}]}},)"
                R"({"name":"tallyho_memory_bytes","description":"Bytes.","unit":"By","gauge":{"dataPoints":)"
                R"([{"attributes":[],"timeUnixNano":"2000000003","asDouble":2.5}]}},)"
                R"({"name":"tallyho_event_seconds","description":"Time.","unit":"s",)"
                R"("histogram":{"aggregationTemporality":2,"dataPoints":[{"attributes":[],)"
                R"("startTimeUnixNano":"1000000000","timeUnixNano":"2000000003","count":"5","sum":0.75,)"
                R"("bucketCounts":["2","2","1"],"explicitBounds":[0.1,0.5]}]}}]}]}]})");
}

TEST(Otlp, ATracedBatchIsASpanWithItsStagesInside) {
  TracedBatch traced;
  traced.trace.fill(0xab);
  traced.span.fill(0xcd);
  traced.parent.fill(0xef);
  traced.begun = *parse_timestamp("1970-01-01T00:00:01Z");
  for (std::size_t i = 0; i < traced.times.size(); ++i) traced.times[i] = std::chrono::nanoseconds(i + 1);
  traced.events = 3;
  traced.position = 8812;
  traced.code = "rejected";
  traced.transport = "http";
  std::mt19937_64 random(1);
  const std::string json = spans_to_otlp(source(), std::vector{traced}, random);
  EXPECT_THAT(json, StartsWith(std::string(R"({"resourceSpans":[{)") + std::string(resource) + R"(,"scopeSpans":[{)" +
                               std::string(scope) +
                               R"(,"spans":[{"traceId":"abababababababababababababababab",)"
                               R"("spanId":"cdcdcdcdcdcdcdcd","parentSpanId":"efefefefefefefef",)"
                               R"("name":"events","kind":2,"startTimeUnixNano":"1000000000",)"
                               R"("endTimeUnixNano":"1000000015","attributes":[)"
                               R"({"key":"tallyho.events","value":{"intValue":"3"}},)"
                               R"({"key":"tallyho.position","value":{"intValue":"8812"}},)"
                               R"({"key":"tallyho.code","value":{"stringValue":"rejected"}},)"
                               R"({"key":"tallyho.transport","value":{"stringValue":"http"}}]})"));
  const std::string inside = R"("parentSpanId":"cdcdcdcdcdcdcdcd","name":")";
  EXPECT_THAT(json, AllOf(HasSubstr(inside + R"(decode","kind":1,"startTimeUnixNano":"1000000000",)"
                                             R"("endTimeUnixNano":"1000000001"})"),
                          HasSubstr(inside + R"(apply","kind":1,"startTimeUnixNano":"1000000003",)"
                                             R"("endTimeUnixNano":"1000000006"})"),
                          HasSubstr(inside + R"(ack","kind":1,"startTimeUnixNano":"1000000010",)"
                                             R"("endTimeUnixNano":"1000000015"})")));
  EXPECT_THAT(json, EndsWith("]}]}]}"));
}

TEST(Otlp, OnlyWhatIsOurFaultIsAnError) {
  std::mt19937_64 random(1);
  for (const auto& [code, is_error] : {std::pair("ok", false), std::pair("rejected", false),
                                       std::pair("internal", true), std::pair("unavailable", true)}) {
    TracedBatch traced;
    traced.code = code;
    const std::string json = spans_to_otlp(source(), std::vector{traced}, random);
    EXPECT_EQ(json.find(R"("status":{"code":2})") != std::string::npos, is_error) << code;
    EXPECT_EQ(json.find(R"("parentSpanId":"0000)"), std::string::npos);  // It has none.
  }
}

}  // namespace
}  // namespace tallyho

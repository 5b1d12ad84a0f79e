#include "server/metrics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <sstream>

#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace tallyho {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Io = std::vector<const IoFigures*>;

constexpr std::int64_t first_bound_us = 1;
constexpr std::array<std::string_view, stage_count> stage_names = {"decode", "queue", "apply", "log", "ack", "push"};
constexpr std::array<std::string_view, traffic_count> traffic_names = {"websocket", "http", "push"};

ClientMetric labelled(std::string name, std::string value) {
  ClientMetric metric;
  if (!name.empty()) metric.label.push_back({std::move(name), std::move(value)});
  return metric;
}

// A family under construction.
class Family {
 public:
  Family(std::vector<MetricFamily>& families, std::string name, std::string help, MetricType type)
      : family_(families.emplace_back()) {
    family_.name = std::move(name);
    family_.help = std::move(help);
    family_.type = type;
  }

  Family& add(double value, std::string label = "", std::string of = "") {
    ClientMetric metric = labelled(std::move(label), std::move(of));
    if (family_.type == MetricType::Counter) metric.counter.value = value;
    if (family_.type == MetricType::Gauge) metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  Family& add(std::uint64_t value, std::string label = "", std::string of = "") {
    return add(static_cast<double>(value), std::move(label), std::move(of));
  }
  void add_histogram(ClientMetric::Histogram histogram, std::string label = "", std::string of = "") {
    family_.metric.push_back(labelled(std::move(label), std::move(of)));
    family_.metric.back().histogram = std::move(histogram);
  }

 private:
  MetricFamily& family_;
};

std::uint64_t sum(const Io& io, const std::function<std::uint64_t(const IoFigures&)>& of) {
  std::uint64_t total = 0;
  for (const IoFigures* figures : io) total += of(*figures);
  return total;
}

void add_events(std::vector<MetricFamily>& out, const Io& io) {
  Family family(out, "tallyho_events_total", "Events answered, by code.", MetricType::Counter);
  for (std::size_t code = 0; code < code_count; ++code) {
    const std::uint64_t count = sum(io, [&](const IoFigures& figures) { return figures.events[code].value(); });
    family.add(count, "code", std::string(name_of(static_cast<Code>(code))));
  }
}

ClientMetric::Histogram histogram_of(const Io& io, const std::function<const LatencyBuckets&(const IoFigures&)>& of) {
  ClientMetric::Histogram histogram;
  for (std::size_t bucket = 0; bucket < LatencyBuckets::count; ++bucket) {
    histogram.sample_count += sum(io, [&](const IoFigures& figures) { return of(figures).in_bucket(bucket); });
    histogram.bucket.push_back({histogram.sample_count, LatencyBuckets::upper_bound_seconds(bucket)});
  }
  for (const IoFigures* figures : io) histogram.sample_sum += of(*figures).sum_seconds();
  return histogram;
}

void add_latency(std::vector<MetricFamily>& out, const Io& io) {
  Family(out, "tallyho_event_seconds", "From an event's arrival to its answer being handed to the socket.",
         MetricType::Histogram)
      .add_histogram(
          histogram_of(io, [](const IoFigures& figures) -> const LatencyBuckets& { return figures.latency; }));
  Family stages(out, "tallyho_stage_seconds", "Where the time of a frame or request with events, or of a push, goes.",
                MetricType::Histogram);
  for (std::size_t stage = 0; stage < stage_count; ++stage) {
    auto histogram =
        histogram_of(io, [stage](const IoFigures& figures) -> const LatencyBuckets& { return figures.stages[stage]; });
    stages.add_histogram(std::move(histogram), "stage", std::string(stage_names[stage]));
  }
}

void add_io(std::vector<MetricFamily>& out, const Io& io) {
  const auto counter = [&](const char* name, const char* help, Counter IoFigures::* of) {
    Family(out, name, help, MetricType::Counter).add(sum(io, [&](const IoFigures& f) { return (f.*of).value(); }));
  };
  counter("tallyho_connections_total", "Connections accepted.", &IoFigures::connections_opened);
  counter("tallyho_batches_total", "Frames and request bodies taken.", &IoFigures::batches);
  counter("tallyho_http_requests_total", "HTTP requests answered.", &IoFigures::requests);
  counter("tallyho_push_messages_total", "Messages for watches handed to sockets.", &IoFigures::pushes);
  counter("tallyho_refused_connections_total", "Connections closed at once, over the limit.",
          &IoFigures::connections_refused);
  counter("tallyho_slow_readers_total", "Connections dropped because their client read nothing for too long.",
          &IoFigures::slow_readers);
  Family received(out, "tallyho_received_bytes_total", "Bytes of frames and bodies taken, by class.",
                  MetricType::Counter);
  Family sent(out, "tallyho_sent_bytes_total", "Bytes of frames and bodies handed to sockets, by class.",
              MetricType::Counter);
  for (std::size_t i = 0; i < traffic_count; ++i) {
    const std::string name(traffic_names[i]);
    if (static_cast<Traffic>(i) != Traffic::push) {
      received.add(sum(io, [i](const IoFigures& f) { return f.bytes_in[i].value(); }), "class", name);
    }
    sent.add(sum(io, [i](const IoFigures& f) { return f.bytes_out[i].value(); }), "class", name);
  }
  Family(out, "tallyho_connections", "Connections now.", MetricType::Gauge).add(sum(io, [](const IoFigures& figures) {
    const std::uint64_t closed = figures.connections_closed.value();
    return figures.connections_opened.value() - std::min(closed, figures.connections_opened.value());
  }));
}

void add_engine(std::vector<MetricFamily>& out, const Ruleset& ruleset, const EngineFigures& engine) {
  Family fired(out, "tallyho_rule_fired_total", "Times a rule fired in an accepted event.", MetricType::Counter);
  for (std::size_t i = 0; i < engine.rules.size(); ++i) fired.add(engine.rules[i].fired, "rule", ruleset.rules[i].id);
  Family failed(out, "tallyho_rule_failed_total", "Times a rule failed.", MetricType::Counter);
  for (std::size_t i = 0; i < engine.rules.size(); ++i) failed.add(engine.rules[i].failed, "rule", ruleset.rules[i].id);
  Family(out, "tallyho_hand_overs_total",
         "Expressions handed over to the exact evaluator, for an error or a wrong type.", MetricType::Counter)
      .add(engine.hand_overs);
  Family(out, "tallyho_position", "Position of the last event in the log.", MetricType::Gauge).add(engine.version);
  Family(out, "tallyho_players", "Players.", MetricType::Gauge).add(std::uint64_t{engine.players});
  Family(out, "tallyho_memory_bytes", "Bytes that the game holds, by class.", MetricType::Gauge)
      .add(std::uint64_t{engine.memory.players}, "class", "players")
      .add(std::uint64_t{engine.memory.scopes}, "class", "scopes")
      .add(std::uint64_t{engine.memory.sets}, "class", "sets")
      .add(std::uint64_t{engine.memory.boards}, "class", "boards")
      .add(std::uint64_t{engine.memory.strings}, "class", "strings")
      .add(std::uint64_t{engine.memory.dedupe}, "class", "dedupe");
  Family(out, "tallyho_queued_batches", "Batches waiting for the engine.", MetricType::Gauge)
      .add(std::uint64_t{engine.queued_batches});
  Family(out, "tallyho_queue_length", "Batches and pushes waiting, by for what.", MetricType::Gauge)
      .add(std::uint64_t{engine.queued_batches}, "queue", "engine")
      .add(std::uint64_t{engine.held_batches}, "queue", "log")
      .add(std::uint64_t{engine.queued_deliveries}, "queue", "io");
  Family(out, "tallyho_engine_rounds_total", "Rounds of the engine thread: one commit each.", MetricType::Counter)
      .add(engine.rounds);
  Family(out, "tallyho_watches", "Watches now.", MetricType::Gauge).add(engine.feed.watches);
  Family(out, "tallyho_feed_messages_total", "Changes sent to watches.", MetricType::Counter).add(engine.feed.messages);
  Family(out, "tallyho_feed_merged_total", "Versions that changes summed up.", MetricType::Counter)
      .add(engine.feed.merged);
  Family(out, "tallyho_feed_encoded_total", "Changes encoded; messages / encoded is how far sharing goes.",
         MetricType::Counter)
      .add(engine.feed.encoded);
}

void add_boards(std::vector<MetricFamily>& out, const Ruleset& ruleset, const EngineFigures& engine) {
  Family members(out, "tallyho_board_members", "Members of a board, over all groups and windows.", MetricType::Gauge);
  Family groups(out, "tallyho_board_groups", "Groups of a board with anybody in them.", MetricType::Gauge);
  for (std::size_t i = 0; i < engine.boards.size(); ++i) {
    members.add(std::uint64_t{engine.boards[i].members}, "board", ruleset.boards[i].id);
    groups.add(std::uint64_t{engine.boards[i].groups}, "board", ruleset.boards[i].id);
  }
}

void add_upkeep(std::vector<MetricFamily>& out, const UpkeepFigures& upkeep) {
  Family(out, "tallyho_snapshots_total", "Snapshots that were to be made, by outcome.", MetricType::Counter)
      .add(upkeep.snapshots_made.load(), "outcome", "made")
      .add(upkeep.snapshots_failed.load(), "outcome", "failed");
  Family(out, "tallyho_snapshot_position", "Everything up to this position is in a snapshot.", MetricType::Gauge)
      .add(upkeep.snapshot_position.load());
  Family(out, "tallyho_scrubbed_bytes_total", "Bytes of old segments that were read again.", MetricType::Counter)
      .add(upkeep.scrubbed_bytes.load());
  Family(out, "tallyho_scrub_faults_total", "Times that an old segment was found damaged or could not be read.",
         MetricType::Counter)
      .add(upkeep.scrub_faults.load());
}

void add_outbox(std::vector<MetricFamily>& out, const OutboxFigures& outbox) {
  std::uint64_t failed = 0;
  for (const auto& count : outbox.failures) failed += count.load();
  Family(out, "tallyho_outbox_messages_total", "Messages that the receiver has taken.", MetricType::Counter)
      .add(outbox.delivered.load());
  Family(out, "tallyho_outbox_posts_total", "POSTs to the receiver, by outcome.", MetricType::Counter)
      .add(outbox.posts.load(), "outcome", "taken")
      .add(failed, "outcome", "failed");
  Family failures(out, "tallyho_outbox_failures_total", "POSTs that the receiver did not take, by reason.",
                  MetricType::Counter);
  for (std::size_t i = 1; i < post_failures; ++i) {
    failures.add(outbox.failures[i].load(), "reason", std::string(name_of(static_cast<PostFailure>(i))));
  }
  Family(out, "tallyho_outbox_waiting_bytes", "Bytes of messages that wait for the receiver.", MetricType::Gauge)
      .add(outbox.waiting_bytes.load());
  Family(out, "tallyho_outbox_position", "Everything up to this position has been said.", MetricType::Gauge)
      .add(outbox.delivered_position.load());
  Family(out, "tallyho_outbox_complete", "1 while no message is left for the next start.", MetricType::Gauge)
      .add(std::uint64_t{outbox.is_complete.load() ? 1U : 0U});
}

}  // namespace

std::string_view name_of(Stage stage) {
  return stage_names[static_cast<std::size_t>(stage)];
}

double LatencyBuckets::upper_bound_seconds(std::size_t bucket) {
  if (bucket + 1 == count) return std::numeric_limits<double>::infinity();
  return static_cast<double>(first_bound_us << bucket) * 1e-6;
}

void LatencyBuckets::add(std::chrono::nanoseconds latency, std::uint64_t times) noexcept {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
  const std::uint64_t units = ns == 0 ? 0 : (ns - 1) / (first_bound_us * 1000);
  const auto bucket = static_cast<std::size_t>(std::bit_width(units));
  buckets_[std::min(bucket, count - 1)].add(times);
  sum_ns_.add(ns * times);
}

std::vector<MetricFamily> collect_metrics(const Io& io, const EngineFigures& engine, const BesideFigures& beside) {
  std::vector<MetricFamily> families;
  families.reserve(64);  // Family holds references into it.
  add_events(families, io);
  add_latency(families, io);
  add_io(families, io);
  add_engine(families, *engine.ruleset, engine);
  add_boards(families, *engine.ruleset, engine);
  if (beside.upkeep != nullptr) add_upkeep(families, *beside.upkeep);
  if (beside.outbox != nullptr) add_outbox(families, *beside.outbox);
  if (beside.has_record) {
    Family(families, "tallyho_recorded_total", "Events written to the record file.", MetricType::Counter)
        .add(engine.recorded);
    Family(families, "tallyho_record_complete", "1 while every event so far is in the record file.", MetricType::Gauge)
        .add(std::uint64_t{engine.is_record_complete ? 1U : 0U});
  }
  return families;
}

std::string render_metrics(const Io& io, const EngineFigures& engine, const BesideFigures& beside) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, collect_metrics(io, engine, beside));
  return std::move(out).str();
}

}  // namespace tallyho

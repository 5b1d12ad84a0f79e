#include "capi/scorer.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "capi/engine_handle.h"
#include "engine/snapshot.h"
#include "log/memory_log.h"

namespace tallyho::capi {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};  // Meets nothing but itself.
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Scorer::Scorer(std::shared_ptr<const Ruleset> ruleset, const Engine::Options& options)
    : ruleset_(std::move(ruleset)),
      options_(options),
      id_(next_id()),
      engine_(std::make_unique<Engine>(ruleset_, std::make_unique<MemoryLog>(), options_)) {}

Answered<bool> Scorer::save(const ByteSink& sink) {
  return read([&](const Engine& engine) -> Answered<bool> { return save_snapshot(engine, sink); });
}

Answered<void> Scorer::load(ByteSource source) {
  auto saved = SavedEngine::open(std::move(source));
  if (!saved) return refuse(Code::invalid_argument, std::move(saved.error()));
  const bool is_same = saved->ruleset_source() == ruleset_->source;
  auto then = is_same ? Answered<std::shared_ptr<const Ruleset>>(ruleset_)
                      : load_from_text(saved->ruleset_source(), "the snapshot's ruleset");
  if (!then) return std::unexpected(std::move(then.error()));
  const SnapshotHead& head = saved->head();
  auto engine = std::make_unique<Engine>(*then, std::make_unique<MemoryLog>(head.identity, head.position), options_);
  if (auto restored = saved->restore(*engine); !restored) {
    return refuse(Code::invalid_argument, std::move(restored.error()));
  }
  if (!is_same) (void)engine->swap(ruleset_, engine->last_arrival());  // A log in memory takes it.
  const std::lock_guard lock(mutex_);
  if (is_broken_) return refuse(Code::unavailable, std::string(broken));
  engine_.swap(engine);
  event_time_max_ = Timestamp::min();  // The engine knows when its last event arrived.
  return {};
}

Scored Scorer::score(std::string_view json, bool wants_ranks, Workspace& workspace) {
  Decoder& decoder = workspace.decoder(id_);
  const Result<Event> event = decoder.decode(json, *ruleset_, workspace.arena);
  if (!event) return refusal(decoder, event.error(), workspace.arena);
  const Timestamp now = event->ts ? Timestamp::min() : Timestamp::system_now();
  const std::lock_guard lock(mutex_);
  return apply(*event, json, now, wants_ranks, workspace.arena);
}

void Scorer::score(std::span<const std::string_view> events, bool wants_ranks, Workspace& workspace, Arena& kept,
                   std::span<Scored> scored, std::size_t& done) {
  std::array<Event, chunk_events> decoded;
  std::array<std::uint8_t, chunk_events> is_valid{};
  std::array<const Event*, Engine::prepared_best> next{};
  Decoder& decoder = workspace.decoder(id_);
  workspace.arena.reset();
  bool asks_clock = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Result<Event> event = decoder.decode(events[i], *ruleset_, workspace.arena);
    is_valid[i] = event.has_value();
    if (event) {
      decoded[i] = *event;
      asks_clock = asks_clock || !event->ts;
    } else {
      scored[i] = refusal(decoder, event.error(), kept);
    }
  }
  const Timestamp now = asks_clock ? Timestamp::system_now() : Timestamp::min();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i % Engine::prepared_best == 0 && !is_broken_) {
      std::size_t coming = 0;
      for (std::size_t j = i; j < std::min(i + Engine::prepared_best, events.size()); ++j) {
        if (is_valid[j] != 0) next[coming++] = &decoded[j];
      }
      engine_->prepare(std::span(next).first(coming), true);
    }
    if (is_valid[i] != 0) scored[i] = apply(decoded[i], events[i], now, wants_ranks, kept);
    done = i + 1;
  }
}

bool Scorer::is_broken() {
  const std::lock_guard lock(mutex_);
  return is_broken_;
}

Scored Scorer::apply(const Event& event, std::string_view json, Timestamp now, bool wants_ranks, Arena& kept) {
  if (is_broken_) return unavailable();
  if (event.ts) event_time_max_ = std::max(event_time_max_, *event.ts);
  try {
    const Timestamp arrival = event.ts ? event_time_max_ : now;
    const Outcome outcome = engine_->ingest(event, json, arrival, Sender{}, kept, wants_ranks);
    return {.outcome = outcome, .field = outcome.code == Code::out_of_time ? "ts" : ""};
  } catch (...) {
    is_broken_ = true;
    throw;
  }
}

Scored Scorer::refusal(Decoder& decoder, const Error& error, Arena& kept) const {
  Outcome outcome{.code = error.code};
  outcome.message = kept.copy(decoder.describe(error));
  return {.outcome = outcome, .field = kept.copy(decoder.field_name())};
}

Scored Scorer::unavailable() {
  Outcome outcome{.code = Code::unavailable};
  outcome.message = broken;
  return {.outcome = outcome, .field = ""};
}

}  // namespace tallyho::capi

#include "engine/replay.h"

#include <utility>

#include "engine/ruleset_record.h"
#include "fmt/format.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::size_t progress_records = 16'384;

}  // namespace

bool Replayer::take(const LogRecord& record) {
  if (record.is_quarantined) {
    leave_out(record);
    return true;
  }
  if (record.is_erased()) {
    pass_over_erased(record);
    return true;
  }
  switch (record.kind) {
    case RecordKind::event:
    case RecordKind::event_of_player: return add_event(record);
    case RecordKind::operation: return add_operation(record);
    case RecordKind::ruleset: return take_ruleset(record);
  }
  problem_ = fmt::format("position {}: a record of a kind that this program does not know", record.position);
  return false;
}

bool Replayer::finish() {
  apply();
  return problem_.empty();
}

bool Replayer::add_event(const LogRecord& record) {
  // The record's bytes are gone after the call.
  Pending pending;
  LogRecord& kept = pending.replayed.record;
  kept = record;
  kept.bytes = arena_.copy(record.bytes);
  const Result<Event> event = decoder_.decode(kept.bytes, engine_.ruleset(), arena_);
  if (event) {
    pending.event = *event;
    pending.is_event = true;
    pending.replayed.envelope = event->envelope;
  } else if (options_.is_other_ruleset) {
    Outcome& outcome = pending.replayed.outcome;
    outcome = {.code = event.error().code, .position = record.position};
    outcome.message = arena_.copy(decoder_.describe(event.error()));
    pending.replayed.envelope = decoder_.envelope();
  } else {
    problem_ = fmt::format("position {}: an event that this ruleset does not take: {}", record.position,
                           decoder_.describe(event.error()));
    return false;
  }
  pending_.push_back(pending);
  if (pending_.size() == Engine::prepared_best) apply();
  return true;
}

bool Replayer::add_operation(const LogRecord& record) {
  apply();
  const auto operation = parse_operation(record.bytes, arena_);
  if (!operation) {
    problem_ = fmt::format("position {}: not an operation: {}", record.position, operation.error().message);
    return false;
  }
  Replayed replayed{.record = record,
                    .operation = &*operation,
                    .envelope = {.player = operation->player, .id = operation->id, .ref = {}},
                    .outcome = {}};
  if (options_.before) options_.before(replayed);
  replayed.outcome = engine_.replay(*operation, record, arena_);
  if (options_.told) options_.told(replayed);
  arena_.reset();
  return true;
}

// The log's first record is the ruleset that the engine has; from another one on it goes on under that.
bool Replayer::take_ruleset(const LogRecord& record) {
  apply();
  const bool is_first = record.position == 1 && record.bytes == engine_.ruleset().source;
  if (is_first || options_.is_other_ruleset) {
    engine_.skip_to(record.position);
  } else if (!go_on_under(record)) {
    return false;
  }
  Replayed replayed{.record = record, .envelope = {}, .outcome = {}};
  replayed.outcome = {.code = Code::ok, .position = record.position};
  if (options_.told) options_.told(replayed);
  return true;
}

bool Replayer::go_on_under(const LogRecord& record) {
  auto ruleset = load_ruleset(parse_ruleset_record(record.bytes).source, "the log's ruleset");
  if (record.position > 1 && ruleset) {
    engine_.replay(std::move(*ruleset), record);
    return true;
  }
  problem_ = fmt::format(
      "position {}: a ruleset {}", record.position,
      ruleset ? "other than the engine's" : "that is none for this program: " + ruleset.error().front().message);
  return false;
}

// As if it had never been, but for its position.
void Replayer::leave_out(const LogRecord& record) {
  apply();
  engine_.skip_to(record.position);
  Replayed replayed{.record = record, .envelope = {}, .outcome = {}};
  replayed.outcome = {.code = Code::internal, .position = record.position, .message = "in quarantine"};
  if (options_.told) options_.told(replayed);
}

// A clock that stands still for it does no harm: the next record's goes on from there.
void Replayer::pass_over_erased(const LogRecord& record) {
  apply();
  engine_.skip_to(record.position);
  ++(record.kind == RecordKind::operation ? erased_.operations : erased_.events);
}

// Applies what was added.
void Replayer::apply() {
  if (pending_.empty()) return;
  next_.clear();
  for (const Pending& pending : pending_) {
    if (pending.is_event) next_.push_back(&pending.event);
  }
  if (!next_.empty()) engine_.prepare(next_, pending_.front().replayed.record.kind == RecordKind::event);
  for (Pending& pending : pending_) apply(pending);
  pending_.clear();
  arena_.reset();
}

void Replayer::apply(Pending& pending) {
  Replayed& replayed = pending.replayed;
  if (pending.is_event) {
    replayed.event = &pending.event;
    if (options_.before) options_.before(replayed);
    replayed.outcome = engine_.replay(pending.event, replayed.record, arena_);
  } else {
    engine_.skip_to(replayed.record.position);
  }
  if (options_.told) options_.told(replayed);
}

std::string ErasedCount::text() const {
  return fmt::format("{} event{} and {} operation{} of players who were forgotten", events, events == 1 ? "" : "s",
                     operations, operations == 1 ? "" : "s");
}

std::expected<ErasedCount, std::string> open_history(Engine& engine, Timestamp now, const HistoryHooks& hooks) {
  if (engine.log().last() == 0) {
    const auto begun = engine.begin_log(now);
    if (!begun) return std::unexpected(begun.error());
    return ErasedCount{};
  }
  Replayer::Options options{.told = hooks.told};
  if (hooks.applying) {
    options.before = [&hooks](const Replayed& replayed) { hooks.applying(replayed.record.position); };
  }
  Replayer replayer(engine, options);
  const auto read = engine.log().read(engine.version() + 1, [&](const LogRecord& record) {
    if (hooks.progress && record.position % progress_records == 0) hooks.progress(record.position);
    return replayer.take(record);
  });
  if (!read) return std::unexpected(read.error());
  if (!replayer.finish()) return std::unexpected(replayer.problem());
  return replayer.erased();
}

}  // namespace tallyho

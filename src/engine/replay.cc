#include "engine/replay.h"

#include <vector>

#include "event/decoder.h"
#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::size_t progress_records = 16'384;

// Records of events that are decoded and prepared together.
class Replay {
 public:
  explicit Replay(Engine& engine) : engine_(engine) {}

  // False: `problem` says why it cannot go on.
  bool take(const LogRecord& record) {
    if (record.kind == RecordKind::event || record.kind == RecordKind::event_of_player) return add(record);
    apply();
    if (record.kind == RecordKind::operation) return operate(record);
    engine_.skip_to(record.position);
    if (record.bytes == engine_.ruleset().source) return true;
    problem = fmt::format(
        "from position {} on, the log goes on under another ruleset than '{}': serve with that one, or with another "
        "--data for a new game",
        record.position, engine_.ruleset().name);
    return false;
  }

  // Applies what was added.
  void apply() {
    next_.clear();
    for (const Pending& pending : pending_) next_.push_back(&pending.event);
    if (!next_.empty()) engine_.prepare(next_, pending_.front().is_ingest());
    for (const Pending& pending : pending_) engine_.replay(pending.event, pending.record, arena_);
    pending_.clear();
    arena_.reset();
  }

  std::string problem;

 private:
  struct Pending {
    LogRecord record;
    Event event;
    bool is_ingest() const { return record.kind == RecordKind::event; }
  };

  bool add(const LogRecord& record) {
    // The record's bytes are gone after the call.
    const LogRecord kept{record.position, record.kind, record.arrival, arena_.copy(record.bytes)};
    const Result<Event> event = decoder_.decode(kept.bytes, engine_.ruleset(), arena_);
    if (!event) {
      problem = fmt::format("position {}: an event that this ruleset does not take: {}", record.position,
                            decoder_.describe(event.error()));
      return false;
    }
    pending_.push_back({kept, *event});
    if (pending_.size() == Engine::prepared_best) apply();
    return true;
  }

  bool operate(const LogRecord& record) {
    const auto operation = parse_operation(record.bytes, arena_);
    if (operation) {
      engine_.replay(*operation, record, arena_);
    } else {
      problem = fmt::format("position {}: not an operation: {}", record.position, operation.error().message);
    }
    return operation.has_value();
  }

  Engine& engine_;
  Decoder decoder_;
  Arena arena_;
  std::vector<Pending> pending_;
  std::vector<const Event*> next_;
};

}  // namespace

std::expected<void, std::string> open_history(Engine& engine, Timestamp now,
                                              const std::function<void(Position)>& progress) {
  if (engine.log().last() == 0) return engine.begin_log(now);
  Replay replay(engine);
  const auto read = engine.log().read(1, [&](const LogRecord& record) {
    if (progress && record.position % progress_records == 0) progress(record.position);
    return replay.take(record);
  });
  if (!read) return std::unexpected(read.error());
  if (!replay.problem.empty()) return std::unexpected(replay.problem);
  replay.apply();
  return {};
}

}  // namespace tallyho

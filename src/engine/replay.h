#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "log/record.h"

namespace tallyho {

// A record of a log, and what it came to. Views are valid during the call that passes it on.
struct Replayed {
  LogRecord record;
  const Event* event = nullptr;          // Null: no event, or one that the ruleset does not take.
  const Operation* operation = nullptr;  // Null: no operation.
  EventEnvelope envelope;                // Of an event, as far as it is known.
  Outcome outcome;                       // Of records that are neither event nor operation: ok, with nothing.
};

// What a replay passed over, because players who were forgotten had sent it or had it done to them (log/erasure.h).
struct ErasedCount {
  std::uint64_t events = 0;
  std::uint64_t operations = 0;
  bool has_any() const { return events + operations > 0; }
  // "12 events and 1 operation of players who were forgotten"
  std::string text() const;
};

// Applies the records of a log to an engine, one after the other, as they were applied when they came.
//
//     Replayer replayer(engine, {});
//     read(log, [&](const LogRecord& record) { return replayer.take(record); });
//     if (!replayer.finish()) return fail(replayer.problem());
//
// Events are decoded and prepared in groups: what a record came to is told some records later, in order, and for all of
// them when finish() returns. Records that were erased are counted, and come to nothing.
//
// Threads: one owner. Memory: a group's records.
class Replayer {
 public:
  struct Options {
    // The engine's ruleset is another than the log's: the log's are passed over, and an event that the engine's does
    // not take comes to a code, without effect. Else the engine goes on under each ruleset that the log says, and such
    // an event ends the replay.
    bool is_other_ruleset = false;
    std::function<void(const Replayed&)> told = {};  // May be left out.
    // Called before an event or operation is applied, whose outcome is told next.
    std::function<void(const Replayed&)> before = {};
  };

  // The engine outlives it.
  Replayer(Engine& engine, Options options) : engine_(engine), options_(std::move(options)) {}

  // False: it cannot go on, and problem() says why.
  bool take(const LogRecord& record);
  // Applies what is left.
  bool finish();

  const std::string& problem() const { return problem_; }
  const ErasedCount& erased() const { return erased_; }

 private:
  struct Pending {
    Replayed replayed;
    Event event;
    bool is_event = false;
  };

  bool add_event(const LogRecord& record);
  bool add_operation(const LogRecord& record);
  bool take_ruleset(const LogRecord& record);
  bool go_on_under(const LogRecord& record);
  void pass_over_erased(const LogRecord& record);
  void leave_out(const LogRecord& record);
  void apply();
  void apply(Pending& pending);

  Engine& engine_;
  const Options options_;
  Decoder decoder_;
  Arena arena_;
  std::vector<Pending> pending_;
  std::vector<const Event*> next_;
  ErasedCount erased_;
  std::string problem_;
};

struct HistoryHooks {
  std::function<void(Position)> progress = {};  // Told the position reached, every few thousand records.
  std::function<void(Position)> applying = {};  // Before each event and operation is applied.
  std::function<void(const Replayed&)> told = {};
};

// Brings an engine that is new, or was restored from a snapshot, to where its log ends, before anything else is asked
// of it: applies every record behind its version(), in order. A log that has none yet begins with the engine's ruleset,
// which arrived at `now`. Where the log says that another ruleset is in force from there on, the engine goes on under
// it. O(records). Returns what of it was erased.
//
// Errors, as text: the log cannot be read or is damaged; it begins with another ruleset than the engine's, or goes on
// with one that is none for this program; a record is no event of its ruleset, though it was one when it was logged.
std::expected<ErasedCount, std::string> open_history(Engine& engine, Timestamp now, const HistoryHooks& hooks = {});

}  // namespace tallyho

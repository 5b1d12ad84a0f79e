#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/error.h"
#include "base/form.h"
#include "base/position.h"
#include "base/symbols.h"
#include "boards/board.h"
#include "engine/operation.h"
#include "engine/outcome.h"
#include "event/event.h"
#include "feed/feed.h"
#include "log/log.h"
#include "ruleset/ruleset.h"

namespace tallyho {

// Who sent an event, as far as scoring needs to know.
struct Sender {
  bool is_ingest = true;                   // Ids are remembered apart for senders with and without the role.
  const Subscriber* subscriber = nullptr;  // Its own pushes leave out what its acks say.
};

// What a rule did with an event, for people.
struct RuleExplanation {
  RuleIndex rule = 0;
  enum class Verdict : std::uint8_t { fired, condition_false, cooling_down, rejected, failed, not_reached } verdict{};
  std::int64_t points = 0;
  std::vector<cel::Finding> findings;  // condition_false: the first false part and its values.
  std::string note;                    // cooling_down: until when; rejected, failed: the text.
};

struct Explanation {
  Code code = Code::ok;
  std::int64_t points = 0;
  std::int64_t total = 0;
  std::string message;
  std::vector<RuleExplanation> rules;  // Every rule of the event's type, in order.
};

// The journey of an event, and everything it changes: state, boards, feed. One game, one partition, one thread.
//
//     Engine engine(ruleset, std::make_unique<MemoryLog>(), {});
//     Outcome outcome = engine.ingest(event, bytes, arrival, sender, arena);
//
// Applying is a pure function of (state, event, position, arrival): no clock, no random number, no iteration order of a
// hash map, so that replay is exact. All or nothing: whatever the code other than ok, nothing that rules, reads or
// watches see has changed.
//
// Where the specification leaves room:
//   - Event time may lag or lead arrival time by exactly the clock's `late` and `early`, not by a nanosecond more.
//   - Boards whose `member` is not the player know nothing of bans: what they rank are not players.
//   - A player comes into being with its first accepted event, whether or not a rule fires. Its total is 0 until then,
//     also where the bounds leave 0 out: the first event then moves it to the nearest bound, and that counts as points.
//   - A key that is empty or fails is an error like any other in an expression: `||` and `&&` may absorb it.
//   - A scope that a rule only writes has its key evaluated at the write, behind the rule's earlier writes.
//   - A rule's state is written before its `notify` is evaluated, its cooldown begins only if nothing failed.
//   - Limits on players, keys, groups and bytes of strings are looked at last: whatever else is wrong is reported
//   first.
//
// Threads: none of its own and no locks; one thread owns it. Errors: every failure is an Outcome.
// Memory: an event that creates no player, key, set, member or leaf allocates nothing.
class Engine {
 public:
  struct Options {
    std::uint32_t players_max = 10'000'000;
    std::uint32_t keys_max = 10'000'000;                       // Per scope.
    std::uint32_t groups_max = 10'000;                         // Per board.
    std::uint64_t string_bytes_max = std::uint64_t{16} << 30;  // Names of players, keys, members and strings in state.
    Feed::Options feed = {};
  };

  Engine(std::shared_ptr<const Ruleset> ruleset, std::unique_ptr<Log> log, const Options& options);
  ~Engine();

  // Logs and applies one valid event. `record` is what the log keeps. `arrival` is when it was taken; an earlier one
  // than the last event's counts as that. Views in the outcome point into `arena`.
  Outcome ingest(const Event& event, std::string_view record, Timestamp arrival, const Sender& sender, Arena& arena,
                 bool wants_ranks = false);

  // Says which events come next, so that what is known of their players is on its way from memory by then: it comes
  // together, while each of ingest()'s questions would wait for the answer to the one before. Changes nothing. They
  // were decoded under this engine's ruleset, as those of ingest(): types are numbers of one ruleset. Best for
  // `prepared_best` events at once; where none are prepared, ingest() prepares its own.
  static constexpr std::size_t prepared_best = 16;
  void prepare(std::span<const Event* const> events, bool is_ingest);

  // Applies what the log has already, as ingest() and operate() did when it came: for engine/replay.h.
  Outcome replay(const Event& event, const LogRecord& record, Arena& arena);
  Outcome replay(const Operation& operation, const LogRecord& record, Arena& arena);
  // Passes over a record that changes nothing but the position.
  void skip_to(Position position);
  // Makes the ruleset the first record of a log that has none. Errors, as text: the log does not take it.
  std::expected<void, std::string> begin_log(Timestamp now);

  // Logs and does what an operation says (engine/operation.h). `record` is what the log keeps, to_record(). Answers ok,
  // also where nothing is left to do; duplicate, with the first points, for an adjustment whose id was used; not_found,
  // without a position, if there is no such player; rule_error or capacity if an adjustment cannot be, by a board's or
  // the total's doing. An adjustment counts on the boards on which every type of event does, if they read nothing of
  // the event but its player; it is no attempt. A banned player's can be adjusted. O(boards · sections).
  Outcome operate(const Operation& operation, std::string_view record, Timestamp arrival, Arena& arena);
  bool is_banned(Symbol player) const;

  // What ingest() would do with an event from a sender with the role `ingest`, rule by rule; changes nothing.
  Explanation explain(const Event& event, Timestamp arrival);

  // Logs another ruleset and goes on under it. What it answers: where in the log that is, and what of state and boards
  // stays behind, for people; everything else carries over by name and type, as restore() says. Watches go on as
  // Feed::take_over() says. O(all state), during which nothing else happens.
  // `by`: who wants it, for the record (engine/ruleset_record.h). Errors, changing nothing: those of the log's
  // append().
  struct Swap {
    Position position = 0;
    std::vector<std::string> stays;
  };
  Result<Swap> swap(std::shared_ptr<const Ruleset> ruleset, Timestamp arrival, std::string_view by = {});
  // Goes on under another ruleset from here: `record` is that in the log which says so. Everything carries over as far
  // as restore() says; returns what stays behind. O(all state).
  std::vector<std::string> replay(std::shared_ptr<const Ruleset> ruleset, const LogRecord& record);

  // Makes what was ingested durable, or starts to. Once per batch and per tick.
  void commit();
  // Gives subscribers the pushes that are due, with everything as it is at version(): they must not go out before the
  // log is durable up to there. After commit().
  void push(std::chrono::steady_clock::time_point now);

  // Reading; what it returns is valid until the next ingest().
  struct PlayerSummary {
    Symbol symbol = no_symbol;
    std::int64_t total = 0;
  };
  std::optional<PlayerSummary> find_player(std::string_view player) const;
  // `{"finds":3,…}`: the scalars and the sizes of sets and windows of a player, values that have reset as their
  // initial ones, as at the greatest arrival time so far.
  std::string player_state_json(Symbol player) const;
  // One variable of it, for tests of rulesets; nothing if there is none of that name.
  std::optional<cel::Value> player_variable(std::string_view player, std::string_view variable, Arena& arena) const;

  const Board& board(BoardIndex index) const;
  const SymbolTable& symbols() const;
  const Ruleset& ruleset() const;
  std::shared_ptr<const Ruleset> shared_ruleset() const;
  const Log& log() const;
  Feed& feed();
  Position version() const;  // Up to which everything is computed.
  Timestamp last_arrival() const;
  std::size_t players() const;

  // 128 bits over everything that replay must reproduce, as 32 hex digits. O(all state). A refused event leaves it as
  // it was, unless with it a period of a board ends.
  std::string state_hash() const;

  // Writes down everything that replay must reproduce, where in the log that is so, and what the counters below say.
  // O(all state). Snapshots are made of it (engine/snapshot.h).
  void save(FormWriter& out) const;
  // Becomes what save() wrote, as far as the ruleset lets it: state goes on by name and type, boards by their id where
  // they are of the same kind. Returns what stays behind, for people. Before anything else is asked of the engine.
  // O(all state). What can't be fails `in`; then the engine is of no use.
  std::vector<std::string> restore(FormReader& in);

  // For metrics: bytes held, by class.
  struct Memory {
    std::size_t players = 0, scopes = 0, sets = 0, boards = 0, strings = 0, dedupe = 0;
  };
  Memory memory() const;
  // For metrics: how often each rule fired and failed.
  struct RuleCounts {
    std::uint64_t fired = 0, failed = 0;
  };
  const std::vector<RuleCounts>& rule_counts() const;
  // For metrics: how many expressions of rules and boards the fast path handed over to the exact evaluator, for an
  // error or a value that was not of its type. Each costs what cel/evaluator.h does, so this should hardly grow.
  std::uint64_t hand_overs() const;

  // Gives back the log. The engine is of no use any more.
  std::unique_ptr<Log> take_log();

  // For tests only: the next ingest() meets a defect inside and answers `internal`.
  void fail_next_for_test();

 private:
  std::vector<std::string> become(std::shared_ptr<const Ruleset> ruleset, FormReader& in);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "engine/activation.h"
#include "engine/outcome.h"
#include "engine/refusal.h"
#include "ruleset/ruleset.h"
#include "state/state.h"

namespace tallyho {

// Applies rules to an event, one after the other, as the ruleset specification's section "Rules" says: `when`,
// `cooldown`, `reject`, `points` with its `cap`, `set` and `add`, `notify`.
//
//     applier.begin_event(event);
//     if (!applier.apply_all(event.type)) return refuse(applier.refusal());
//
// It writes to state, and leaves rolling back to its caller. Limits on keys are its caller's too: here they may be
// passed, because a later rule's error would come before them.
//
// Threads: the engine thread owns it. Memory: the arena, and vectors that stay as large as they once were.
class RuleApplier {
 public:
  enum class Verdict : std::uint8_t { fired, condition_false, cooling_down, stopped };

  // All outlive the applier.
  RuleApplier(const Ruleset& ruleset, State& state, EventActivation& activation, Arena& arena);

  // Forgets the last event's points, fired rules and notices. The activation has begun the event already.
  void begin_event(const Event& event);
  // The same for what is no event, and so has no fields.
  void begin_without_event();
  // Applies all rules of an event's type, in order. False: one of them stopped the event, and refusal() says which, and
  // by what.
  bool apply_all(EventTypeIndex type);
  // Applies one rule. After `stopped`, refusal() says by what.
  Verdict apply(RuleIndex index);

  // What the rules earned so far.
  std::int64_t points() const { return points_; }
  // The rules that fired, in order, and what they told the player. Valid until the next event.
  std::span<const FiredRule> fired() const { return fired_; }
  std::span<const Notice> notices() const { return notices_; }
  const Refusal& refusal() const { return refusal_; }
  // When a rule that is cooling down may fire again; nothing if not before the end of time.
  std::optional<Timestamp> cools_until(const Rule& rule) const;

  // Evaluates for a rule or board; an error fills `refusal` and its rule or board. Nothing then.
  std::optional<cel::Value> evaluate(const cel::Program& program, std::string_view what, Refusal& refusal);
  // Begins a rule or board: keys of scopes are evaluated anew. Whether any had been.
  bool begin_rule() { return activation_.begin_rule() && forget_keyed(); }
  // The event's points and the player's total are no longer what they were when something was evaluated last.
  void totals_changed() { machine_.forget(totals_); }
  // Evaluations that the fast path handed over to the exact evaluator, so far.
  std::uint64_t hand_overs() const { return machine_.hand_overs(); }

 private:
  bool forget_keyed() {
    machine_.forget(keyed_);
    return true;
  }
  // What a rule does whose condition is true.
  Verdict fire(const Rule& rule);
  std::optional<cel::Value> check(const cel::Value& value, const cel::Program& program, std::string_view what,
                                  Refusal& refusal);
  bool is_cooling_down(const Rule& rule) const;
  bool reject(const Rule& rule);
  bool pay(const Rule& rule);
  std::optional<std::int64_t> cut(const PointsCap& cap, std::int64_t amount);
  bool change_state(const Rule& rule);
  bool evaluate_all(std::span<const Assignment> assignments, cel::Value* values);
  bool set_all(std::span<const Assignment> assignments, const cel::Value* values);
  bool add_all(std::span<const Assignment> assignments, const cel::Value* values);
  Record reach_for_writing(const Assignment& assignment);
  bool fail(const Assignment& assignment, StateFault fault, const cel::Value& value);
  bool notify(const Rule& rule);
  Verdict stop(Code code);
  void describe_key_fault(std::string_view what, const cel::Value& error, Refusal& refusal) const;

  const Ruleset& ruleset_;
  State& state_;
  EventActivation& activation_;
  Arena& arena_;
  cel::Machine machine_;
  // What nearly every event of a type needs, and so is read all at once: its fields, the time, the player's variables
  // that its rules read.
  struct Beginning {
    cel::Code::Preload preload;
    std::vector<State::Scalar> variables;
    std::size_t values = 0;  // All of these.
  };
  Beginning make_beginning(const EventType& type) const;

  // By event type.
  std::vector<Beginning> beginnings_;
  std::vector<cel::Code::Conditions> conditions_;
  std::vector<cel::Value> first_values_;  // Of the event at hand, in the order of its type's preload.
  // What has to be evaluated anew when something has changed: the state that a rule writes, the points, both totals,
  // and whose records the scopes are that have keys which an event may change.
  std::vector<cel::Code::Dependents> written_;  // By rule.
  // What a rule sets of the player that rules behind it read: which of its values, and where it is kept, so that it
  // need not be read.
  struct Handed {
    std::size_t value = 0;
    cel::Code::Kept kept;
  };
  std::vector<std::vector<Handed>> make_handed() const;
  std::vector<std::vector<Handed>> handed_;  // By rule.
  cel::Code::Dependents points_so_far_;
  cel::Code::Dependents totals_;
  cel::Code::Dependents keyed_;

  RuleIndex rule_ = 0;  // The one at hand.
  std::int64_t points_ = 0;
  std::int64_t rule_points_ = 0;  // Of the rule at hand.
  std::vector<FiredRule> fired_;
  std::vector<Notice> notices_;
  Refusal refusal_;
};

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <vector>

#include "base/arena.h"
#include "base/symbols.h"
#include "cel/program.h"
#include "event/event.h"
#include "ruleset/extension.h"
#include "ruleset/ruleset.h"
#include "state/state.h"

namespace tallyho {

// What the expressions of rules and boards read while an event is applied: the event's fields, the time, the points so
// far, and state. A scope's key is evaluated when a rule first reaches the scope, and holds for the rest of that rule.
//
//     activation.begin_event(event, now);
//     activation.begin_rule();                          // before each rule, and each board
//     rule.when->evaluate(activation, arena);           // reads from here
//     auto record = activation.reach_for_writing(scope, arena);
//
// Threads: the engine thread owns it. Memory: allocates only in the arena, which outlives the event.
class EventActivation final : public cel::Activation {
 public:
  EventActivation(const Ruleset& ruleset, State& state, SymbolTable& symbols);
  ~EventActivation() override;
  EventActivation(const EventActivation&) = delete;
  EventActivation& operator=(const EventActivation&) = delete;

  // `player`: the symbol of the event's player, if it is known already.
  void begin_event(const Event& event, Timestamp now, Symbol player = no_symbol);
  // Forgets the keys that an earlier rule evaluated, unless they hold for the event. Whether there were any.
  bool begin_rule() { return has_keys_ && forget_keys(); }

  void set_points(std::int64_t points) { points_ = points; }
  void set_total(std::int64_t total) { total_ = total; }
  std::int64_t points() const { return points_; }
  Timestamp now() const { return clock_.now(); }
  PeriodClock& clock() { return clock_; }

  // The event's player: its record, or null if it has none yet.
  Record player() const { return bindings_[player_scope].record; }
  // Its name's symbol; no_symbol if nobody has used that name yet.
  Symbol player_symbol() const { return bindings_[player_scope].symbol; }
  // The player's record, made if need be.
  Record player_for_writing();

  // The record of a scope that a rule writes to, made if need be.
  // Errors: an error value made by make_fault(); key_error() knows more.
  std::expected<Record, cel::Value> reach_for_writing(ScopeIndex scope, Arena& arena);

  // Whether a scope's key reads nothing but the event, so that all of its rules mean the same record.
  bool holds_for_event(ScopeIndex scope) const { return bindings_[scope].holds_for_event; }

  // What the key of a scope failed with, once it has.
  const cel::Value& key_error(ScopeIndex scope) const { return bindings_[scope].error; }

  // The symbol of a player's variable that is a string; no_symbol for ''.
  Symbol read_player_symbol(std::uint16_t variable) {
    return state_.read_symbol(player_scope, player(), variable, clock_);
  }

  cel::Value read(cel::Slot slot, Arena& arena) override;
  bool has(cel::Slot slot) override;

 private:
  // Which record of a scope the rule at hand means.
  struct Binding {
    std::uint64_t known_in = 0;    // The event in which its key was evaluated last.
    bool has_failed = false;       // The key.
    bool holds_for_event = false;  // Its key reads nothing but the event, so it is the same for every rule.
    Symbol symbol = no_symbol;     // no_symbol: nobody has ever used that key's text.
    Record record = nullptr;       // Null: the key has no state yet.
    std::string_view key;
    cel::Value error;  // Failed: of the key itself, its position in the key's source.
  };
  class SetReader;
  class WindowReader;

  // What there is to know of a variable before any event: how it is read.
  struct Source {
    enum class How : std::uint8_t { scalar, set, window } how = How::scalar;
    ScopeIndex scope = 0;
    std::uint16_t number = 0;  // The variable's.
    State::Scalar scalar;
    cel::Opaque* reader = nullptr;  // Of a set or window: pointed at the record at hand.
  };

  std::vector<Source> make_sources(ScopeIndex scope);
  bool forget_keys();
  Binding& reach(ScopeIndex scope, Arena& arena) {
    Binding& binding = bindings_[scope];
    return binding.known_in == events_ ? binding : find_key(scope, arena);
  }
  Binding& find_key(ScopeIndex scope, Arena& arena);
  void bind(Binding& binding, ScopeIndex scope, std::string_view key, Symbol symbol);
  Record make_record(Binding& binding, ScopeIndex scope);
  cel::Value fault(ScopeIndex scope) const;
  cel::Value read_envelope(std::uint16_t number) const;
  cel::Value read_field(std::uint16_t number) const;
  cel::Value read_special(std::uint16_t number) const;
  cel::Value read_part(const Source& source, const Binding& binding) const;

  const Ruleset& ruleset_;
  State& state_;
  SymbolTable& symbols_;
  PeriodClock clock_;
  const Event* event_ = nullptr;
  const EventType* type_ = nullptr;
  std::int64_t points_ = 0;
  std::int64_t total_ = 0;
  std::uint64_t events_ = 0;            // So far.
  std::vector<Binding> bindings_;       // By scope.
  std::vector<ScopeIndex> keyed_anew_;  // Those that do not hold for the event.
  bool has_keys_ = false;               // Whether one of them has been reached.
  // What expressions get for a set or a window: one reader for each variable.
  std::deque<SetReader> sets_;
  std::deque<WindowReader> windows_;
  std::vector<std::vector<Source>> state_sources_;  // By scope and variable.
};

}  // namespace tallyho

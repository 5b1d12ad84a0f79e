#include "engine/rule_applier.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <ranges>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "ruleset/slots.h"

namespace tallyho {

namespace {

// The slots that read an event's fields, in the order of these.
std::vector<cel::Slot> slots_of_fields(const EventType& type) {
  std::vector<cel::Slot> slots(type.fields.size());
  for (std::size_t number = 0; number < type.field_of_slot.size(); ++number) {
    const std::uint16_t field = type.field_of_slot[number];
    if (field != no_field) slots[field] = make_slot(SlotRecord::event_field, static_cast<std::uint16_t>(number));
  }
  return slots;
}

// The slots that a rule writes.
std::vector<cel::Slot> slots_written(const Rule& rule) {
  std::vector<cel::Slot> slots;
  for (const auto* assignments : {&rule.set, &rule.add}) {
    for (const Assignment& written : *assignments) slots.push_back(scope_slot(written.scope, written.variable));
  }
  return slots;
}

// The slots of scopes whose key may change within an event.
std::vector<cel::Slot> slots_of_changing_keys(const Ruleset& ruleset, const EventActivation& activation) {
  std::vector<cel::Slot> slots;
  for (std::size_t i = 0; i < ruleset.scopes.size(); ++i) {
    const auto scope = static_cast<ScopeIndex>(i);
    if (activation.holds_for_event(scope)) continue;
    for (std::size_t variable = 0; variable < ruleset.scopes[i].variables.size(); ++variable) {
      slots.push_back(scope_slot(scope, static_cast<std::uint16_t>(variable)));
    }
  }
  return slots;
}

constexpr cel::Slot special_slot(SpecialSlot slot) {
  return make_slot(SlotRecord::special, static_cast<std::uint16_t>(slot));
}

// What the conditions, points and new values of some rules read.
std::vector<cel::Slot> slots_read(std::span<const RuleIndex> rules, const Ruleset& ruleset) {
  std::vector<cel::Slot> slots;
  const auto add = [&slots](const cel::Program& program) {
    for (const cel::Slot slot : program.slots()) {
      if (std::ranges::find(slots, slot) == slots.end()) slots.push_back(slot);
    }
  };
  for (const RuleIndex index : rules) {
    const Rule& rule = ruleset.rules[index];
    if (rule.when) add(*rule.when);
    if (rule.points) add(*rule.points);
    for (const auto* assignments : {&rule.set, &rule.add}) {
      for (const Assignment& written : *assignments) add(written.value);
    }
  }
  return slots;
}

}  // namespace

RuleApplier::RuleApplier(const Ruleset& ruleset, State& state, EventActivation& activation, Arena& arena)
    : ruleset_(ruleset),
      state_(state),
      activation_(activation),
      arena_(arena),
      machine_(*ruleset.code, activation, arena) {
  for (const EventType& type : ruleset.events) {
    beginnings_.push_back(make_beginning(type));
    std::vector<const cel::Program*> conditions;
    for (const RuleIndex rule : type.rules) {
      const std::optional<cel::Program>& when = ruleset.rules[rule].when;
      conditions.push_back(when ? &*when : nullptr);
    }
    conditions_.push_back(ruleset.code->conditions(std::move(conditions)));
  }
  for (const Rule& rule : ruleset.rules) written_.push_back(ruleset.code->dependents(slots_written(rule)));
  handed_ = make_handed();
  const std::array totals = {special_slot(SpecialSlot::points), special_slot(SpecialSlot::player_total)};
  points_so_far_ = ruleset.code->dependents(std::span(totals).first(1));
  totals_ = ruleset.code->dependents(totals);
  keyed_ = ruleset.code->dependents(slots_of_changing_keys(ruleset, activation));
}

RuleApplier::Beginning RuleApplier::make_beginning(const EventType& type) const {
  Beginning beginning;
  std::vector<cel::Slot> slots = slots_of_fields(type);
  slots.push_back(special_slot(SpecialSlot::now));
  std::vector<std::pair<cel::Slot, State::Scalar>> variables;
  for (const cel::Slot slot : slots_read(type.rules, ruleset_)) {
    if (slot_record(slot) != slot_record(scope_slot(player_scope, 0))) continue;
    const State::Scalar variable = state_.scalar(player_scope, slot_number(slot));
    if (variable.place.type == StateType::set || variable.place.type == StateType::window) continue;
    variables.emplace_back(slot, variable);
  }
  // Those in the record itself first, then annex by annex.
  std::ranges::sort(variables, {}, [](const auto& v) { return std::pair(v.second.place.annex, v.first); });
  for (const auto& [slot, variable] : variables) {
    slots.push_back(slot);
    beginning.variables.push_back(variable);
  }
  beginning.values = slots.size();
  beginning.preload = ruleset_.code->preload(slots);
  return beginning;
}

// What a player's variable was set to is what it reads as for the rest of the event. The records of other scopes may be
// others for the next rule.
//
// What is read is gathered from a type's last rule to its first, so that each is looked at once.
std::vector<std::vector<RuleApplier::Handed>> RuleApplier::make_handed() const {
  std::vector<std::vector<Handed>> handed(ruleset_.rules.size());
  for (const EventType& type : ruleset_.events) {
    absl::flat_hash_set<cel::Slot> read;  // By rules behind the one at hand.
    for (const RuleIndex index : type.rules | std::views::reverse) {
      const std::vector<Assignment>& set = ruleset_.rules[index].set;
      for (std::size_t i = 0; i < set.size(); ++i) {
        const cel::Slot slot = scope_slot(set[i].scope, set[i].variable);
        if (set[i].scope != player_scope || !read.contains(slot)) continue;
        const bool is_known = std::ranges::find(handed[index], i, &Handed::value) != handed[index].end();
        if (!is_known) handed[index].push_back({i, ruleset_.code->kept(slot)});
      }
      for (const cel::Slot slot : slots_read({&index, 1}, ruleset_)) read.insert(slot);
    }
  }
  return handed;
}

void RuleApplier::begin_event(const Event& event) {
  const Beginning& beginning = beginnings_[event.type];
  first_values_.resize(beginning.values);
  cel::Value* next = std::ranges::copy(event.fields, first_values_.data()).out;
  *next++ = cel::Value::timestamp(activation_.now());
  const std::byte* const player = activation_.player();
  std::uint16_t annex = 0;
  const std::byte* there = player;
  for (const State::Scalar& variable : beginning.variables) {
    if (variable.place.annex != annex) {
      annex = variable.place.annex;
      there = state_.annex_of(player, annex);
    }
    *next++ = state_.read_there(variable, there, activation_.clock());
  }
  machine_.begin(beginning.preload, first_values_);
  points_ = 0;
  fired_.clear();
  notices_.clear();
}

// Conditions change nothing, so that as long as they are false they need not be told apart: the key of a scope that one
// of them evaluated is the same for the next. But a rule that fires may change what a key reads, and then it matters
// whether the rule itself has reached the scope by then.
bool RuleApplier::apply_all(EventTypeIndex type) {
  const std::vector<RuleIndex>& rules = ruleset_.events[type].rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    begin_rule();
    const cel::Machine::Found found = machine_.find_true(conditions_[type], i);
    i = found.index;
    if (i == rules.size()) break;
    rule_ = rules[i];
    const Rule& rule = ruleset_.rules[rule_];
    if (found.value.is_error()) {
      check(found.value, *rule.when, "when", refusal_);
      stop(Code::rule_error);
      return false;
    }
    if (begin_rule() && rule.when) machine_.evaluate(*rule.when);
    if (fire(rule) == Verdict::stopped) return false;
  }
  return true;
}

void RuleApplier::begin_without_event() {
  machine_.begin();
  points_ = 0;
  fired_.clear();
  notices_.clear();
}

RuleApplier::Verdict RuleApplier::apply(RuleIndex index) {
  const Rule& rule = ruleset_.rules[index];
  rule_ = index;
  begin_rule();
  if (rule.when) {
    const auto when = evaluate(*rule.when, "when", refusal_);
    if (!when) return stop(Code::rule_error);
    if (!when->is_true()) return Verdict::condition_false;
  }
  return fire(rule);
}

RuleApplier::Verdict RuleApplier::fire(const Rule& rule) {
  rule_points_ = 0;
  if (rule.cooldown && is_cooling_down(rule)) return Verdict::cooling_down;
  if (rule.reject) return stop(reject(rule) ? Code::rejected : Code::rule_error);
  if (rule.points && !pay(rule)) return stop(Code::rule_error);
  if (!change_state(rule)) return stop(Code::rule_error);
  // Not before the state: what a rule reads does not depend on its having fired. `now` is not before the last time,
  // as the cooldown is longer than 0s: so a late event cannot move it back.
  if (rule.cooldown) {
    state_.set_last_fired(activation_.player_for_writing(), rule.cooldown_number, activation_.now());
  }
  if (rule.notify && !notify(rule)) return stop(Code::rule_error);
  fired_.push_back({rule_, rule_points_});
  return Verdict::fired;
}

RuleApplier::Verdict RuleApplier::stop(Code code) {
  refusal_.code = code;
  refusal_.rule = rule_;
  refusal_.board = std::nullopt;
  return Verdict::stopped;
}

std::optional<cel::Value> RuleApplier::evaluate(const cel::Program& program, std::string_view what, Refusal& refusal) {
  return check(machine_.evaluate(program), program, what, refusal);
}

std::optional<cel::Value> RuleApplier::check(const cel::Value& value, const cel::Program& program,
                                             std::string_view what, Refusal& refusal) {
  if (!value.is_error()) return value;
  if (value.error_kind() == cel::ErrorKind::host) {
    describe_key_fault(what, value, refusal);
  } else {
    describe_error(refusal.message, what, program, value);
  }
  return std::nullopt;
}

void RuleApplier::describe_key_fault(std::string_view what, const cel::Value& error, Refusal& refusal) const {
  const Scope& scope = ruleset_.scopes[scope_of(error)];
  if (fault_of(error) == StateFault::key_failed) {
    const std::string key = fmt::format("{}: the key of '{}'", what, scope.name);
    describe_error(refusal.message, key, *scope.key, activation_.key_error(scope_of(error)));
    return;
  }
  refusal.message.clear();
  fmt::format_to(std::back_inserter(refusal.message), "{}: the key of '{}' is empty: '{}'", what, scope.name,
                 scope.key->source());
}

// A cooldown that would end after the last timestamp never does.
std::optional<Timestamp> RuleApplier::cools_until(const Rule& rule) const {
  return add(state_.last_fired(activation_.player(), rule.cooldown_number), *rule.cooldown);
}

bool RuleApplier::is_cooling_down(const Rule& rule) const {
  if (state_.last_fired(activation_.player(), rule.cooldown_number) == never_happened) return false;
  const auto until = cools_until(rule);
  return !until || activation_.now() < *until;
}

// False: the text itself failed.
bool RuleApplier::reject(const Rule& rule) {
  const auto text = evaluate(*rule.reject, "reject", refusal_);
  if (text) refusal_.message = text->as_string();
  return text.has_value();
}

bool RuleApplier::pay(const Rule& rule) {
  const auto value = evaluate(*rule.points, "points", refusal_);
  if (!value) return false;
  std::int64_t amount = value->as_int64();
  if (rule.cap) {
    const auto rest = cut(*rule.cap, amount);
    if (!rest) return false;
    amount = *rest;
  }
  std::int64_t sum = 0;
  if (__builtin_add_overflow(points_, amount, &sum)) {
    refusal_.message.clear();
    fmt::format_to(std::back_inserter(refusal_.message), "points: overflow: {} so far and {} more", points_, amount);
    return false;
  }
  rule_points_ = amount;
  points_ = sum;
  activation_.set_points(points_);
  machine_.forget(points_so_far_);
  return true;
}

// What a cap leaves of an amount, which then counts as paid. Nothing: the sum of what was paid would leave its range.
std::optional<std::int64_t> RuleApplier::cut(const PointsCap& cap, std::int64_t amount) {
  const std::int64_t paid = state_.paid(activation_.player(), cap, activation_.clock());
  if (amount > 0) {
    std::int64_t room = 0;  // More than was asked for, if it does not fit into an int64.
    if (!__builtin_sub_overflow(cap.points, paid, &room)) amount = std::min(amount, std::max<std::int64_t>(room, 0));
  }
  std::int64_t paid_now = 0;
  if (__builtin_add_overflow(paid, amount, &paid_now)) {
    refusal_.message.clear();
    fmt::format_to(std::back_inserter(refusal_.message), "cap: overflow: {} paid so far and {} more", paid, amount);
    return std::nullopt;
  }
  if (amount != 0) state_.set_paid(activation_.player_for_writing(), cap, paid_now, activation_.clock());
  return amount;
}

// All values first, then all writes, in the order of the file.
bool RuleApplier::change_state(const Rule& rule) {
  if (rule.set.empty() && rule.add.empty()) return true;
  constexpr std::size_t few = 8;
  std::array<cel::Value, few> room;
  const std::size_t count = rule.set.size() + rule.add.size();
  cel::Value* const values = count <= few ? room.data() : arena_.array<cel::Value>(count).data();
  cel::Value* const added = values + rule.set.size();
  if (!evaluate_all(rule.set, values) || !evaluate_all(rule.add, added)) return false;
  if (!set_all(rule.set, values) || !add_all(rule.add, added)) return false;
  machine_.forget(written_[rule_]);
  for (const auto& [value, kept] : handed_[rule_]) machine_.remember(kept, values[value]);
  return true;
}

bool RuleApplier::evaluate_all(std::span<const Assignment> assignments, cel::Value* values) {
  for (const Assignment& assignment : assignments) {
    *values = machine_.evaluate(assignment.value);
    if (values->is_error()) {
      const Scope& scope = ruleset_.scopes[assignment.scope];
      const std::string what = fmt::format("{}.{}", scope.name, scope.variables[assignment.variable].name);
      check(*values, assignment.value, what, refusal_);
      return false;
    }
    ++values;
  }
  return true;
}

// The record that an assignment writes to. Null: its key failed or is empty.
Record RuleApplier::reach_for_writing(const Assignment& assignment) {
  if (assignment.scope == player_scope) return activation_.player_for_writing();
  const auto reached = activation_.reach_for_writing(assignment.scope, arena_);
  if (reached) return *reached;
  const Scope& scope = ruleset_.scopes[assignment.scope];
  describe_key_fault(fmt::format("{}.{}", scope.name, scope.variables[assignment.variable].name), reached.error(),
                     refusal_);
  return nullptr;
}

bool RuleApplier::set_all(std::span<const Assignment> assignments, const cel::Value* values) {
  for (const Assignment& assignment : assignments) {
    const cel::Value& value = *values++;
    const Record record = reach_for_writing(assignment);
    if (record == nullptr) return false;
    const StateFault fault = state_.write(assignment.scope, record, assignment.variable, value, activation_.clock());
    if (fault != StateFault::none) return fail(assignment, fault, value);
  }
  return true;
}

bool RuleApplier::add_all(std::span<const Assignment> assignments, const cel::Value* values) {
  for (const Assignment& assignment : assignments) {
    const cel::Value& value = *values++;
    const Record record = reach_for_writing(assignment);
    if (record == nullptr) return false;
    const StateFault fault = state_.add(assignment.scope, record, assignment.variable, value);
    if (fault != StateFault::none) return fail(assignment, fault, value);
  }
  return true;
}

// Says which variable could not take a value. Always false.
bool RuleApplier::fail(const Assignment& assignment, StateFault fault, const cel::Value& value) {
  const Scope& scope = ruleset_.scopes[assignment.scope];
  describe_fault(refusal_.message, fault, scope, scope.variables[assignment.variable], value);
  return false;
}

bool RuleApplier::notify(const Rule& rule) {
  const auto text = evaluate(*rule.notify, "notify", refusal_);
  if (text) notices_.push_back({rule_, text->as_string()});
  return text.has_value();
}

}  // namespace tallyho

// How state is written down and read back: scopes and variables by name and type, then every record's values. So it can
// go on under another ruleset, whose variables of the same name and type take over what there was.

#include <algorithm>
#include <bit>

#include "fmt/format.h"
#include "ruleset/words.h"
#include "state/packed_time.h"
#include "state/state.h"

namespace tallyho {
namespace {

constexpr std::size_t name_bytes_max = 4096;
constexpr std::uint64_t variables_max = 0xffff;
constexpr std::uint64_t members_max = 65'536;

// The rules with a cooldown or cap, in the order of their numbers.
std::vector<const Rule*> rules_with_cooldown(const Ruleset& ruleset) {
  std::vector<const Rule*> rules(ruleset.cooldowns);
  for (const Rule& rule : ruleset.rules) {
    if (rule.cooldown) rules[rule.cooldown_number] = &rule;
  }
  return rules;
}

std::vector<const Rule*> rules_with_cap(const Ruleset& ruleset) {
  std::vector<const Rule*> rules(ruleset.caps);
  for (const Rule& rule : ruleset.rules) {
    if (rule.cap) rules[rule.cap->number] = &rule;
  }
  return rules;
}

std::string type_words(StateType type, Every resets) {
  if (resets == Every::never) return std::string(to_string(type));
  return fmt::format("{} that resets {}", to_string(type), to_string(resets));
}

}  // namespace

void RememberedIds::save(FormWriter& out) const {
  out.number(capacity());
  out.number(size());
  for (std::uint32_t i = 0; i < size(); ++i) {
    const Kept entry = kept(slot_of(i));
    out.number(tags()[slot_of(i)]);
    out.number(entry.hash);
    out.time(entry.arrival);
    out.signed_number(entry.points);
  }
}

// The room belongs to it: expired ids go only when there is none left.
void RememberedIds::restore(FormReader& in, const Limits& limits) {
  const auto room = static_cast<std::uint32_t>(in.number(members_max));
  const auto size = static_cast<std::uint32_t>(in.number(room));
  std::uint8_t steps = 0;
  while (steps < steps_max && capacity_after(steps) < room) ++steps;
  if (capacity_after(steps) != room) return in.fail("there is no such room for ids");
  const std::uint32_t kept = limits.window <= Duration::zero() ? 0 : std::min(size, limits.per_player);
  const bool needs_room = room > 0 && limits.per_player > 0 && limits.window > Duration::zero();
  drop();
  if (needs_room && !in.has_failed()) {
    steps = 1;
    while (capacity_after(steps) < std::min(room, limits.per_player)) ++steps;
    *this = made(steps, false);
  }
  for (std::uint32_t i = 0; i < size && !in.has_failed(); ++i) {
    const auto tag = static_cast<std::uint16_t>(in.number(0xffff));
    const std::uint64_t hash = in.number() & ~IdHash::tag_mask;  // 0.1.0 wrote more bits.
    const Timestamp arrival = in.time({});
    const std::int64_t points = in.signed_number();
    if (in.has_failed() || i < size - kept) continue;
    append(tag, {.hash = hash, .arrival = arrival, .points = points});
  }
}

// Writes one state down.
struct State::Saving {
  FormWriter& out;
  const State& state;

  void save();
  void save_scope(ScopeIndex scope);
  void save_value(const RecordLayout::Place& place, const std::byte* record);
  void save_player(const std::byte* record);
};

void State::Saving::save() {
  out.number(state.tables_.size());
  for (std::size_t i = 0; i < state.tables_.size(); ++i) save_scope(static_cast<ScopeIndex>(i));
}

void State::Saving::save_scope(ScopeIndex scope) {
  const RecordTable& table = state.tables_[scope];
  const RecordLayout& layout = state.layouts_[scope];
  out.text(state.ruleset_.scopes[scope].name);
  out.number(layout.variables());
  for (const StateVariable& variable : state.ruleset_.scopes[scope].variables) {
    out.text(variable.name);
    out.number(static_cast<std::uint64_t>(variable.type));
    out.number(static_cast<std::uint64_t>(variable.resets));
  }
  if (scope == player_scope) {
    const auto cooldowns = rules_with_cooldown(state.ruleset_);
    const auto caps = rules_with_cap(state.ruleset_);
    out.number(cooldowns.size());
    for (const Rule* rule : cooldowns) out.text(rule->id);
    out.number(caps.size());
    for (const Rule* rule : caps) {
      out.text(rule->id);
      out.number(static_cast<std::uint64_t>(rule->cap->per));
    }
  }
  out.number(table.size());
  for (std::size_t number = 0; number < table.size(); ++number) {
    const std::byte* record = table.record(number);
    out.number(RecordTable::key(record));
    for (std::uint16_t i = 0; i < layout.variables(); ++i) {
      save_value(layout.place(i), state.annex_or_blank(scope, record, layout.place(i).annex));
    }
    if (scope == player_scope) save_player(record);
  }
}

void State::Saving::save_value(const RecordLayout::Place& place, const std::byte* record) {
  switch (place.type) {
    case StateType::boolean: out.flag(load<std::uint8_t>(record, place.offset) != 0); break;
    case StateType::int64:
    case StateType::duration: out.signed_number(load<std::int64_t>(record, place.offset)); break;
    case StateType::float64: out.number(load<std::uint64_t>(record, place.offset)); break;
    case StateType::timestamp: out.time(load<PackedTime>(record, place.offset).unpack()); break;
    case StateType::string: out.number(load<Symbol>(record, place.offset)); break;
    case StateType::set: {
      const SetMembers set = state.members(load<std::uint32_t>(record, place.offset));
      out.number(set.size());
      for (std::uint32_t i = 0; i < set.size(); ++i) out.number(set[i]);
      break;
    }
    case StateType::window: {
      const auto number = load<std::uint32_t>(record, place.offset);
      const std::uint32_t size = number == 0 ? 0 : state.windows_[number].size();
      out.number(size);
      for (std::uint32_t i = 0; i < size; ++i) out.time(state.windows_[number][i]);
      break;
    }
  }
  if (place.resets != Every::never) out.signed_number(load<PackedPeriod>(record, place.period_offset).unpack());
}

void State::Saving::save_player(const std::byte* record) {
  const RecordLayout& layout = state.layouts_[player_scope];
  out.signed_number(state.total(record));
  for (std::uint16_t i = 0; i < state.ruleset_.cooldowns; ++i) out.time(state.last_fired(record, i));
  for (std::uint16_t i = 0; i < state.ruleset_.caps; ++i) {
    const RecordLayout::Payment& payment = layout.payment(i);
    const std::byte* const at = state.annex_or_blank(player_scope, record, payment.annex);
    out.signed_number(load<std::int64_t>(at, payment.paid_offset));
    out.signed_number(load<PackedPeriod>(at, payment.period_offset).unpack());
  }
  for (const bool is_ingest : {false, true}) {
    load<RememberedIds>(record, layout.ids_offset(is_ingest)).save(out);
  }
}

// Fills a state that holds nothing yet.
struct State::Loading {
  FormReader& in;
  State& state;
  std::vector<std::string>& dropped;

  // What was written under a name, and the number of what takes it over, if anything does.
  struct Variable {
    std::string name;
    StateType type = StateType::int64;
    Every resets = Every::never;
    std::optional<std::uint16_t> target = {};
    std::size_t cut = 0;  // Records in which it did not fit.
  };
  struct SavedScope {
    std::string name;
    std::optional<ScopeIndex> target;
    std::vector<Variable> variables;
    std::vector<std::optional<std::uint16_t>> cooldowns = {};
    std::vector<std::optional<std::uint16_t>> caps = {};
  };

  void load();
  void load_scope(bool is_player);
  std::vector<Variable> load_variables(const std::string& scope, std::optional<ScopeIndex> target);
  void find_target(Variable& variable, const std::string& scope_name, std::optional<ScopeIndex> scope);
  void load_pay(SavedScope& scope);
  void load_record(SavedScope& scope);
  void load_value(Variable& variable, const SavedScope& scope, Record record);
  void load_text(const SavedScope& scope, Variable& variable, Record record);
  void load_set(const SavedScope& scope, Variable& variable, Record record);
  void load_window(const SavedScope& scope, Variable& variable, Record record);
  void load_player(const SavedScope& scope, Record record);
  PackedPeriod load_period();
  const StateVariable& definition(const SavedScope& scope, const Variable& variable) const {
    return state.ruleset_.scopes[*scope.target].variables[*variable.target];
  }
};

void State::Loading::load() {
  const std::uint64_t scopes = in.number(variables_max);
  if (scopes == 0) in.fail("there are no players, not even a place for them");
  for (std::uint64_t i = 0; i < scopes && !in.has_failed(); ++i) load_scope(i == 0);
  state.journal_.begin();
}

void State::Loading::load_scope(bool is_player) {
  SavedScope scope{.name = std::string(in.text(name_bytes_max)), .target = std::nullopt, .variables = {}};
  const auto& scopes = state.ruleset_.scopes;
  const auto found = std::ranges::find(scopes, scope.name, &Scope::name);
  if (found != scopes.end()) scope.target = static_cast<ScopeIndex>(found - scopes.begin());
  if (is_player != (scope.target == player_scope)) return in.fail("players are not what comes first");
  const bool was_there = scope.target && state.tables_[*scope.target].size() > 0;
  if (was_there) return in.fail("a scope comes twice");
  scope.variables = load_variables(scope.name, scope.target);
  if (is_player) load_pay(scope);
  const std::uint64_t records = in.number();
  if (!scope.target && !in.has_failed()) dropped.push_back(fmt::format("{}: there is no such scope", scope.name));
  for (std::uint64_t left = records; left > 0 && !in.has_failed(); --left) load_record(scope);
  for (const Variable& variable : scope.variables) {
    if (variable.cut == 0) continue;
    dropped.push_back(fmt::format("{}.{}: what is longer than it may be, for {} of {}", scope.name, variable.name,
                                  variable.cut, records));
  }
}

std::vector<State::Loading::Variable> State::Loading::load_variables(const std::string& scope_name,
                                                                     std::optional<ScopeIndex> scope) {
  std::vector<Variable> variables;
  for (std::uint64_t left = in.number(variables_max); left > 0 && !in.has_failed(); --left) {
    Variable variable{.name = std::string(in.text(name_bytes_max))};
    variable.type = static_cast<StateType>(in.number(static_cast<std::uint64_t>(StateType::window)));
    variable.resets = static_cast<Every>(in.number(static_cast<std::uint64_t>(Every::weekly)));
    if (std::ranges::find(variables, variable.name, &Variable::name) != variables.end()) {
      in.fail("a variable comes twice");
    }
    if (!in.has_failed()) find_target(variable, scope_name, scope);
    variables.push_back(std::move(variable));
  }
  return variables;
}

void State::Loading::find_target(Variable& variable, const std::string& scope_name, std::optional<ScopeIndex> scope) {
  if (!scope) return;
  const std::vector<StateVariable>& is = state.ruleset_.scopes[*scope].variables;
  const auto found = std::ranges::find(is, variable.name, &StateVariable::name);
  if (found == is.end()) {
    dropped.push_back(fmt::format("{}.{}: there is no such variable", scope_name, variable.name));
  } else if (found->type != variable.type || found->resets != variable.resets) {
    dropped.push_back(fmt::format("{}.{}: it was {} and is {}", scope_name, variable.name,
                                  type_words(variable.type, variable.resets), type_words(found->type, found->resets)));
  } else {
    variable.target = static_cast<std::uint16_t>(found - is.begin());
  }
}

// The rules whose cooldowns and caps go on.
void State::Loading::load_pay(SavedScope& scope) {
  const auto number_of = [](const std::vector<const Rule*>& rules, std::string_view id) {
    const auto found = std::ranges::find(rules, id, [](const Rule* rule) { return std::string_view(rule->id); });
    return found == rules.end() ? std::nullopt : std::optional(static_cast<std::uint16_t>(found - rules.begin()));
  };
  const auto cooldowns = rules_with_cooldown(state.ruleset_);
  for (std::uint64_t left = in.number(variables_max); left > 0 && !in.has_failed(); --left) {
    const std::string id(in.text(name_bytes_max));
    scope.cooldowns.push_back(number_of(cooldowns, id));
    if (!scope.cooldowns.back()) dropped.push_back(fmt::format("rule {}: when it fired last", id));
  }
  const auto caps = rules_with_cap(state.ruleset_);
  for (std::uint64_t left = in.number(variables_max); left > 0 && !in.has_failed(); --left) {
    const std::string id(in.text(name_bytes_max));
    const auto per = static_cast<Every>(in.number(static_cast<std::uint64_t>(Every::weekly)));
    auto target = number_of(caps, id);
    if (target && caps[*target]->cap->per != per) target = std::nullopt;
    scope.caps.push_back(target);
    if (!target) dropped.push_back(fmt::format("rule {}: what its cap has paid", id));
  }
  for (auto* targets : {&scope.cooldowns, &scope.caps}) {
    std::vector<std::uint16_t> taken;
    for (const auto& target : *targets) {
      if (target && std::ranges::find(taken, *target) != taken.end()) in.fail("a rule comes twice");
      if (target) taken.push_back(*target);
    }
  }
}

void State::Loading::load_record(SavedScope& scope) {
  const Symbol key = in.symbol(state.symbols_.size());
  if (in.has_failed()) return;
  Record record = nullptr;
  if (scope.target) {
    if (state.tables_[*scope.target].find(key) != nullptr) return in.fail("a key comes twice");
    record = state.tables_[*scope.target].create(key);
  }
  for (Variable& variable : scope.variables) load_value(variable, scope, variable.target ? record : nullptr);
  if (scope.target == player_scope) load_player(scope, record);
}

// Null: it goes nowhere.
void State::Loading::load_value(Variable& variable, const SavedScope& scope, Record record) {
  const RecordLayout::Place* place =
      record == nullptr ? nullptr : &state.layouts_[*scope.target].place(*variable.target);
  const auto put = [&](const auto& value) {
    if (place != nullptr) state.put(record, place->annex, place->offset, value);
  };
  switch (variable.type) {
    case StateType::boolean: put(std::uint8_t{in.flag()}); break;
    case StateType::int64:
    case StateType::duration: put(in.signed_number()); break;
    case StateType::float64: put(in.number()); break;
    case StateType::timestamp: put(PackedTime(in.time({}))); break;
    case StateType::string: load_text(scope, variable, record); break;
    case StateType::set: load_set(scope, variable, record); break;
    case StateType::window: load_window(scope, variable, record); break;
  }
  if (variable.resets == Every::never) return;
  const PackedPeriod starts = load_period();
  if (place != nullptr) state.put(record, place->annex, place->period_offset, starts);
}

PackedPeriod State::Loading::load_period() {
  const std::int64_t starts = in.signed_number();
  if (PackedPeriod::fits(starts)) return PackedPeriod(starts);
  in.fail("there is no such period");
  return {};
}

void State::Loading::load_text(const SavedScope& scope, Variable& variable, Record record) {
  const Symbol symbol = in.symbol(state.symbols_.size());
  if (record == nullptr || in.has_failed()) return;
  if (state.symbols_.text(symbol).size() > definition(scope, variable).max_bytes) {
    ++variable.cut;
  } else {
    const RecordLayout::Place& place = state.layouts_[*scope.target].place(*variable.target);
    state.put(record, place.annex, place.offset, symbol);
  }
}

// The members added first come first: those that a smaller capacity has no room for.
void State::Loading::load_set(const SavedScope& scope, Variable& variable, Record record) {
  SetState set;
  bool is_cut = false;
  for (std::uint64_t left = in.number(members_max); left > 0 && !in.has_failed(); --left) {
    const Symbol member = in.symbol(state.symbols_.size());
    if (record == nullptr || in.has_failed()) continue;
    const StateVariable& is = definition(scope, variable);
    if (state.symbols_.text(member).size() > is.max_bytes) {
      is_cut = true;
      continue;
    }
    const SetState::Added added = set.add(member, is.capacity, true);
    if (added.how == SetState::Added::How::was_there) in.fail("a member of a set comes twice");
    is_cut = is_cut || added.dropped != no_symbol;
  }
  if (is_cut) ++variable.cut;
  if (set.size() == 0) return;
  std::uint32_t number = set[0] | only_bit;
  if (set.size() > 1 || set[0] >= only_bit) {
    number = state.sets_.make();
    state.sets_[number] = std::move(set);
  }
  const RecordLayout::Place& place = state.layouts_[*scope.target].place(*variable.target);
  state.put(record, place.annex, place.offset, number);
}

void State::Loading::load_window(const SavedScope& scope, Variable& variable, Record record) {
  WindowState* window = nullptr;
  bool is_cut = false;
  for (std::uint64_t left = in.number(members_max); left > 0 && !in.has_failed(); --left) {
    const Timestamp time = in.time({});
    if (record == nullptr || in.has_failed()) continue;
    if (window == nullptr) {
      const std::uint32_t number = state.windows_.make();
      const RecordLayout::Place& place = state.layouts_[*scope.target].place(*variable.target);
      state.put(record, place.annex, place.offset, number);
      window = &state.windows_[number];
    }
    is_cut = window->add(time, definition(scope, variable).capacity).has_dropped || is_cut;
  }
  if (is_cut) ++variable.cut;
}

void State::Loading::load_player(const SavedScope& scope, Record record) {
  const RecordLayout& layout = state.layouts_[player_scope];
  store(record, layout.total_offset(), in.signed_number());
  for (const auto& target : scope.cooldowns) {
    const PackedMoment fired(in.time(never_happened));
    if (!target) continue;
    const RecordLayout::Firing& firing = layout.last_fired(*target);
    state.put(record, firing.annex, firing.offset, fired);
  }
  for (const auto& target : scope.caps) {
    const std::int64_t paid = in.signed_number();
    const PackedPeriod starts = load_period();
    if (!target) continue;
    const RecordLayout::Payment& payment = layout.payment(*target);
    state.put(record, payment.annex, payment.paid_offset, paid);
    state.put(record, payment.annex, payment.period_offset, starts);
  }
  for (const bool is_ingest : {false, true}) state.borrow_ids(record, is_ingest).ids.restore(in, state.id_limits_);
}

void State::save(FormWriter& out) const {
  Saving{.out = out, .state = *this}.save();
}

std::vector<std::string> State::restore(FormReader& in) {
  std::vector<std::string> dropped;
  Loading{.in = in, .state = *this, .dropped = dropped}.load();
  return dropped;
}

}  // namespace tallyho

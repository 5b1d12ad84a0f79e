#include "state/state.h"

namespace tallyho {

State::State(const Ruleset& ruleset, SymbolTable& symbols)
    : ruleset_(ruleset),
      symbols_(symbols),
      empty_text_(symbols.intern("")),
      journal_(symbols),
      id_limits_{.window = ruleset.dedupe_window, .per_player = ruleset.dedupe_per_player} {
  for (std::size_t i = 0; i < ruleset.scopes.size(); ++i) {
    const Scope& scope = ruleset.scopes[i];
    layouts_.push_back(i == player_scope ? RecordLayout(scope, ruleset.caps, ruleset.cooldowns) : RecordLayout(scope));
    tables_.emplace_back(make_blank(static_cast<ScopeIndex>(i)));
  }
  journal_.begin();
}

std::vector<std::byte> State::make_blank(ScopeIndex scope) {
  const RecordLayout& layout = layouts_[scope];
  std::vector<std::byte> blank(layout.record_bytes());
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    const RecordLayout::Place& place = layout.place(i);
    if (place.type == StateType::set || place.type == StateType::window) continue;
    store_scalar(blank.data(), place, ruleset_.scopes[scope].variables[i].init);
    if (place.resets != Every::never) store(blank.data(), place.period_offset, PackedPeriod(PeriodClock::before_all));
  }
  if (scope != player_scope) return blank;
  for (std::uint16_t i = 0; i < ruleset_.cooldowns; ++i) {
    store(blank.data(), layout.last_fired_offset(i), PackedMoment(never_happened));
  }
  for (std::uint16_t i = 0; i < ruleset_.caps; ++i) {
    store(blank.data(), layout.payment(i).period_offset, PackedPeriod(PeriodClock::before_all));
  }
  return blank;
}

cel::Value State::load_scalar(const RecordLayout::Place& place, const std::byte* record) const {
  switch (place.type) {
    case StateType::boolean: return cel::Value::boolean(load<std::uint8_t>(record, place.offset) != 0);
    case StateType::int64: return cel::Value::int64(load<std::int64_t>(record, place.offset));
    case StateType::float64: return cel::Value::float64(load<double>(record, place.offset));
    case StateType::duration: return cel::Value::duration(Duration(load<std::int64_t>(record, place.offset)));
    case StateType::timestamp: return cel::Value::timestamp(load<PackedTime>(record, place.offset).unpack());
    case StateType::string: return cel::Value::string(symbols_.text(load<Symbol>(record, place.offset)));
    case StateType::set:
    case StateType::window: break;
  }
  return cel::Value::error(cel::ErrorKind::unbound);
}

Symbol State::read_symbol(ScopeIndex scope, const std::byte* record, std::uint16_t variable, PeriodClock& clock) const {
  const RecordLayout::Place& place = layouts_[scope].place(variable);
  if (record == nullptr || has_reset(place, record, clock)) record = tables_[scope].blank();
  const auto symbol = load<Symbol>(record, place.offset);
  return symbol == empty_text_ ? no_symbol : symbol;
}

const SetState* State::find_set(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const {
  if (record == nullptr) return nullptr;
  const auto number = load<std::uint32_t>(record, layouts_[scope].place(variable).offset);
  return number == 0 ? nullptr : &sets_[number];
}

const WindowState* State::find_window(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const {
  if (record == nullptr) return nullptr;
  const auto number = load<std::uint32_t>(record, layouts_[scope].place(variable).offset);
  return number == 0 ? nullptr : &windows_[number];
}

Record State::create(ScopeIndex scope, Symbol key) {
  const Record created = tables_[scope].create(key);
  journal_.record_created(tables_[scope]);
  return created;
}

StateFault State::write(ScopeIndex scope, Record record, std::uint16_t variable, const cel::Value& value,
                        PeriodClock& clock) {
  const RecordLayout::Place& place = layouts_[scope].place(variable);
  const bool is_text = place.type == StateType::string;
  if (is_text && value.as_string().size() > ruleset_.scopes[scope].variables[variable].max_bytes) {
    return StateFault::text_too_long;
  }
  journal_.save(record, place.offset, RecordLayout::bytes_of(place.type));
  store_scalar(record, place, value);
  if (place.resets != Every::never) enter_period(record, place.period_offset, clock.starts(place.resets));
  return StateFault::none;
}

void State::store_scalar(Record record, const RecordLayout::Place& place, const cel::Value& value) {
  switch (place.type) {
    case StateType::boolean: store(record, place.offset, std::uint8_t{value.as_boolean()}); break;
    case StateType::int64: store(record, place.offset, value.as_int64()); break;
    case StateType::float64: store(record, place.offset, value.as_float64()); break;
    case StateType::duration: store(record, place.offset, std::int64_t{value.as_duration().count()}); break;
    case StateType::timestamp: store(record, place.offset, PackedTime(value.as_timestamp())); break;
    case StateType::string: store(record, place.offset, symbols_.intern(value.as_string())); break;
    case StateType::set:
    case StateType::window: break;
  }
}

// A value that an event of a later period writes belongs to that period from then on.
void State::enter_period(Record record, std::uint32_t period_offset, std::int64_t starts) {
  if (starts <= load<PackedPeriod>(record, period_offset).unpack()) return;
  journal_.save(record, period_offset, sizeof(PackedPeriod));
  store(record, period_offset, PackedPeriod(starts));
}

StateFault State::add(ScopeIndex scope, Record record, std::uint16_t variable, const cel::Value& value) {
  const RecordLayout::Place& place = layouts_[scope].place(variable);
  const StateVariable& definition = ruleset_.scopes[scope].variables[variable];
  if (place.type == StateType::set) return add_to_set(record, place, definition, value.as_string());
  add_to_window(record, place, definition, value.as_timestamp());
  return StateFault::none;
}

StateFault State::add_to_set(Record record, const RecordLayout::Place& place, const StateVariable& variable,
                             std::string_view text) {
  if (text.size() > variable.max_bytes) return StateFault::text_too_long;
  auto number = load<std::uint32_t>(record, place.offset);
  if (number == 0) {
    number = sets_.make();
    journal_.set_created(sets_);
    journal_.save(record, place.offset, sizeof(number));
    store(record, place.offset, number);
  }
  SetState& set = sets_[number];
  const SetState::Added added = set.add(symbols_.intern(text), variable.capacity, variable.drop_oldest);
  if (added.how == SetState::Added::How::full) return StateFault::set_full;
  if (added.how == SetState::Added::How::added) journal_.set_added(set, added.dropped);
  return StateFault::none;
}

void State::add_to_window(Record record, const RecordLayout::Place& place, const StateVariable& variable,
                          Timestamp time) {
  auto number = load<std::uint32_t>(record, place.offset);
  if (number == 0) {
    number = windows_.make();
    journal_.window_created(windows_);
    journal_.save(record, place.offset, sizeof(number));
    store(record, place.offset, number);
  }
  WindowState& window = windows_[number];
  journal_.window_added(window, time, window.add(time, variable.capacity));
}

std::int64_t State::total(const std::byte* player) const {
  return player == nullptr ? 0 : load<std::int64_t>(player, layouts_[player_scope].total_offset());
}

void State::set_total(Record player, std::int64_t total) {
  const std::uint32_t offset = layouts_[player_scope].total_offset();
  journal_.save(player, offset, sizeof(total));
  store(player, offset, total);
}

Timestamp State::last_fired(const std::byte* player, std::uint16_t cooldown) const {
  if (player == nullptr) return never_happened;
  return load<PackedMoment>(player, layouts_[player_scope].last_fired_offset(cooldown)).unpack();
}

void State::set_last_fired(Record player, std::uint16_t cooldown, Timestamp time) {
  const std::uint32_t offset = layouts_[player_scope].last_fired_offset(cooldown);
  journal_.save(player, offset, sizeof(PackedMoment));
  store(player, offset, PackedMoment(time));
}

std::int64_t State::paid(const std::byte* player, const PointsCap& cap, PeriodClock& clock) const {
  if (player == nullptr) return 0;
  const RecordLayout::Payment& payment = layouts_[player_scope].payment(cap.number);
  if (clock.starts(cap.per) > load<PackedPeriod>(player, payment.period_offset).unpack()) return 0;
  return load<std::int64_t>(player, payment.paid_offset);
}

void State::set_paid(Record player, const PointsCap& cap, std::int64_t paid, PeriodClock& clock) {
  const RecordLayout::Payment& payment = layouts_[player_scope].payment(cap.number);
  journal_.save(player, payment.paid_offset, sizeof(paid));
  store(player, payment.paid_offset, paid);
  enter_period(player, payment.period_offset, clock.starts(cap.per));
}

void State::prefetch_parts(const std::byte* player, bool is_ingest, std::span<const std::uint16_t> variables) const {
  if (player == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  if (const auto ids = load<std::uint32_t>(player, layout.ids_offset(is_ingest))) __builtin_prefetch(&ids_[ids], 1);
  for (const std::uint16_t variable : variables) {
    const RecordLayout::Place& place = layout.place(variable);
    const auto number = load<std::uint32_t>(player, place.offset);
    if (number == 0) continue;
    if (place.type == StateType::set) __builtin_prefetch(&sets_[number], 1);
    if (place.type == StateType::window) __builtin_prefetch(&windows_[number], 1);
  }
}

void State::prefetch_contents(const std::byte* player, bool is_ingest, std::span<const std::uint16_t> variables) const {
  if (player == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  if (const auto ids = load<std::uint32_t>(player, layout.ids_offset(is_ingest))) ids_[ids].prefetch();
  for (const std::uint16_t variable : variables) {
    const RecordLayout::Place& place = layout.place(variable);
    const auto number = load<std::uint32_t>(player, place.offset);
    if (number == 0) continue;
    if (place.type == StateType::set) sets_[number].prefetch();
    if (place.type == StateType::window) windows_[number].prefetch();
  }
}

std::optional<std::int64_t> State::remembered(const std::byte* player, bool is_ingest, std::string_view id,
                                              Timestamp arrival) const {
  if (player == nullptr) return std::nullopt;
  const auto number = load<std::uint32_t>(player, layouts_[player_scope].ids_offset(is_ingest));
  return number == 0 ? std::nullopt : ids_[number].find(id, arrival, id_limits_);
}

void State::remember(Record player, bool is_ingest, std::string_view id, Timestamp arrival, std::int64_t points) {
  if (id_limits_.per_player == 0 || id_limits_.window <= Duration::zero()) return;
  const std::uint32_t offset = layouts_[player_scope].ids_offset(is_ingest);
  auto number = load<std::uint32_t>(player, offset);
  if (number == 0) {
    number = ids_.make();
    store(player, offset, number);
  }
  ids_[number].remember(id, arrival, points, id_limits_);
}

void State::forget_player(Symbol player) {
  const Record record = find(player_scope, player);
  if (record == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  // The emptied things keep their numbers: forgetting is rare, and they are small.
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    const RecordLayout::Place& place = layout.place(i);
    if (place.type != StateType::set && place.type != StateType::window) continue;
    const auto number = load<std::uint32_t>(record, place.offset);
    if (number == 0) continue;
    if (place.type == StateType::set) sets_[number] = SetState();
    if (place.type == StateType::window) windows_[number] = WindowState();
  }
  for (const bool is_ingest : {false, true}) {
    const auto number = load<std::uint32_t>(record, layout.ids_offset(is_ingest));
    if (number != 0) ids_[number] = RememberedIds();
  }
  tables_[player_scope].erase(player);
}

State::Memory State::memory() const {
  Memory memory{.players = tables_[player_scope].memory_bytes(),
                .scopes = 0,
                .sets = sets_.memory_bytes() + windows_.memory_bytes(),
                .dedupe = ids_.memory_bytes()};
  for (std::size_t i = player_scope + 1; i < tables_.size(); ++i) memory.scopes += tables_[i].memory_bytes();
  return memory;
}

}  // namespace tallyho

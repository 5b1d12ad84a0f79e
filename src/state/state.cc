#include "state/state.h"

#include <algorithm>
#include <utility>

#include "state/writers.h"

namespace tallyho {

State::State(const Ruleset& ruleset, SymbolTable& symbols)
    : ruleset_(ruleset),
      symbols_(symbols),
      empty_text_(symbols.intern("")),
      journal_(symbols),
      id_limits_{.window = ruleset.dedupe_window, .per_player = ruleset.dedupe_per_player} {
  for (std::size_t i = 0; i < ruleset.scopes.size(); ++i) {
    const Scope& scope = ruleset.scopes[i];
    layouts_.push_back(i == player_scope ? RecordLayout(scope, writers_of_players(ruleset)) : RecordLayout(scope));
    std::vector<std::vector<std::byte>> blanks = make_blanks(static_cast<ScopeIndex>(i));
    tables_.emplace_back(std::move(blanks[0]));
    for (std::size_t annex = 1; annex < blanks.size(); ++annex) annexes_.emplace_back(std::move(blanks[annex]));
  }
  journal_.begin();
}

State::~State() {
  for (std::size_t i = 0; i < tables_[player_scope].size(); ++i) drop_ids(tables_[player_scope].record(i));
}

std::vector<std::vector<std::byte>> State::make_blanks(ScopeIndex scope) {
  const RecordLayout& layout = layouts_[scope];
  std::vector<std::vector<std::byte>> blanks;
  for (std::uint16_t annex = 0; annex <= layout.annexes(); ++annex) blanks.emplace_back(layout.record_bytes(annex));
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    const RecordLayout::Place& place = layout.place(i);
    if (place.type == StateType::set || place.type == StateType::window) continue;
    const Record there = blanks[place.annex].data();
    put_scalar(place.type, ruleset_.scopes[scope].variables[i].init,
               [&](const auto& kept) { store(there, place.offset, kept); });
    if (place.resets != Every::never) store(there, place.period_offset, PackedPeriod(PeriodClock::before_all));
  }
  if (scope != player_scope) return blanks;
  for (std::uint16_t i = 0; i < ruleset_.cooldowns; ++i) {
    const RecordLayout::Firing& firing = layout.last_fired(i);
    store(blanks[firing.annex].data(), firing.offset, PackedMoment(never_happened));
  }
  for (std::uint16_t i = 0; i < ruleset_.caps; ++i) {
    const RecordLayout::Payment& payment = layout.payment(i);
    store(blanks[payment.annex].data(), payment.period_offset, PackedPeriod(PeriodClock::before_all));
  }
  return blanks;
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
  const std::byte* at = annex_of(record, place.annex);
  if (at == nullptr || has_reset(place, at, clock)) at = blank(scope, place.annex);
  const auto symbol = load<Symbol>(at, place.offset);
  return symbol == empty_text_ ? no_symbol : symbol;
}

const std::byte* State::blank(ScopeIndex scope, std::uint16_t annex) const {
  return annex == 0 ? tables_[scope].blank() : annexes_[annex - 1].blank();
}

SetMembers State::find_set(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const {
  return members(part_number(layouts_[scope].place(variable), record));
}

const WindowState* State::find_window(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const {
  const std::uint32_t number = part_number(layouts_[scope].place(variable), record);
  return number == 0 ? nullptr : &windows_[number];
}

Record State::create(ScopeIndex scope, Symbol key) {
  const Record created = tables_[scope].create(key);
  journal_.record_created(tables_[scope]);
  return created;
}

// The record of an annex that the player does not have yet.
Record State::make_annex(Record player, std::uint16_t annex) {
  RecordPages& records = annexes_[annex - 1];
  const Record made = records.append(RecordTable::key(player));
  store(player, RecordLayout::annex_offset(annex), static_cast<std::uint32_t>(records.size()));
  return made;
}

Record State::make_annex_for_writing(Record record, std::uint16_t annex) {
  const std::uint32_t offset = RecordLayout::annex_offset(annex);
  RecordPages& records = annexes_[annex - 1];
  journal_.reserve(2);  // An annex that nobody takes back or refers to would be in the way when players are forgotten.
  journal_.save<sizeof(std::uint32_t)>(record, offset);
  const Record made = make_annex(record, annex);
  journal_.annex_created(records);
  return made;
}

const std::byte* State::annex_or_blank(ScopeIndex scope, const std::byte* record, std::uint16_t annex) const {
  const std::byte* const at = annex_of(record, annex);
  return at == nullptr ? blank(scope, annex) : at;
}

StateFault State::write(ScopeIndex scope, Record record, std::uint16_t variable, const cel::Value& value,
                        PeriodClock& clock) {
  const RecordLayout::Place& place = layouts_[scope].place(variable);
  const bool is_text = place.type == StateType::string;
  if (is_text && value.as_string().size() > ruleset_.scopes[scope].variables[variable].max_bytes) {
    return StateFault::text_too_long;
  }
  record = annex_for_writing(record, place.annex);
  put_scalar(place.type, value, [&]<typename T>(const T& kept) {
    journal_.save<sizeof(T)>(record, place.offset);
    store(record, place.offset, kept);
  });
  if (place.resets != Every::never) enter_period(record, place.period_offset, clock.starts(place.resets));
  return StateFault::none;
}

// Hands `put` the value in the form in which records keep it.
template <typename Put>
void State::put_scalar(StateType type, const cel::Value& value, Put put) {
  switch (type) {
    case StateType::boolean: put(std::uint8_t{value.as_boolean()}); break;
    case StateType::int64: put(value.as_int64()); break;
    case StateType::float64: put(value.as_float64()); break;
    case StateType::duration: put(std::int64_t{value.as_duration().count()}); break;
    case StateType::timestamp: put(PackedTime(value.as_timestamp())); break;
    case StateType::string: put(symbols_.intern(value.as_string())); break;
    case StateType::set:
    case StateType::window: break;
  }
}

// A value that an event of a later period writes belongs to that period from then on.
void State::enter_period(Record record, std::uint32_t period_offset, std::int64_t starts) {
  if (starts <= load<PackedPeriod>(record, period_offset).unpack()) return;
  journal_.save<sizeof(PackedPeriod)>(record, period_offset);
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
  record = annex_for_writing(record, place.annex);
  const Symbol member = symbols_.intern(text);
  auto number = load<std::uint32_t>(record, place.offset);
  if (number == 0 && member < only_bit) {
    journal_.save<sizeof(number)>(record, place.offset);
    store(record, place.offset, member | only_bit);
    return StateFault::none;
  }
  if (number == 0 || (number & only_bit) != 0) {
    const SetMembers before = members(number);
    if (before.contains(member)) return StateFault::none;
    number = sets_.make();
    journal_.set_created(sets_);
    if (before.size() > 0) sets_[number].add(before[0], 1, false);
    journal_.save<sizeof(number)>(record, place.offset);
    store(record, place.offset, number);
  }
  SetState& set = sets_[number];
  const SetState::Added added = set.add(member, variable.capacity, variable.drop_oldest);
  if (added.how == SetState::Added::How::full) return StateFault::set_full;
  if (added.how == SetState::Added::How::added) journal_.set_added(set, added.dropped);
  return StateFault::none;
}

void State::add_to_window(Record record, const RecordLayout::Place& place, const StateVariable& variable,
                          Timestamp time) {
  record = annex_for_writing(record, place.annex);
  auto number = load<std::uint32_t>(record, place.offset);
  if (number == 0) {
    number = windows_.make();
    journal_.window_created(windows_);
    journal_.save<sizeof(number)>(record, place.offset);
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
  journal_.save<sizeof(total)>(player, offset);
  store(player, offset, total);
}

Timestamp State::last_fired(const std::byte* player, std::uint16_t cooldown) const {
  const RecordLayout::Firing& firing = layouts_[player_scope].last_fired(cooldown);
  const std::byte* const at = annex_of(player, firing.annex);
  return at == nullptr ? never_happened : load<PackedMoment>(at, firing.offset).unpack();
}

void State::set_last_fired(Record player, std::uint16_t cooldown, Timestamp time) {
  const RecordLayout::Firing& firing = layouts_[player_scope].last_fired(cooldown);
  const Record at = annex_for_writing(player, firing.annex);
  journal_.save<sizeof(PackedMoment)>(at, firing.offset);
  store(at, firing.offset, PackedMoment(time));
}

std::int64_t State::paid(const std::byte* player, const PointsCap& cap, PeriodClock& clock) const {
  const RecordLayout::Payment& payment = layouts_[player_scope].payment(cap.number);
  const std::byte* const at = annex_of(player, payment.annex);
  if (at == nullptr || clock.starts(cap.per) > load<PackedPeriod>(at, payment.period_offset).unpack()) return 0;
  return load<std::int64_t>(at, payment.paid_offset);
}

void State::set_paid(Record player, const PointsCap& cap, std::int64_t paid, PeriodClock& clock) {
  const RecordLayout::Payment& payment = layouts_[player_scope].payment(cap.number);
  const Record at = annex_for_writing(player, payment.annex);
  journal_.save<sizeof(paid)>(at, payment.paid_offset);
  store(at, payment.paid_offset, paid);
  enter_period(at, payment.period_offset, clock.starts(cap.per));
}

State::Parts State::parts_behind(std::span<const std::uint16_t> variables) const {
  Parts parts;
  const auto add = [](std::vector<std::uint16_t>& to, std::uint16_t number) {
    if (std::ranges::find(to, number) == to.end()) to.push_back(number);
  };
  for (const std::uint16_t variable : variables) {
    const RecordLayout::Place& place = layouts_[player_scope].place(variable);
    if (place.annex != 0) add(parts.annexes, place.annex);
    if (place.type != StateType::set && place.type != StateType::window) continue;
    add(place.annex == 0 ? parts.variables : parts.annexed, variable);
  }
  return parts;
}

void State::prefetch_part(const RecordLayout::Place& place, std::uint32_t number) const {
  if (number == 0) return;
  if (place.type == StateType::set && (number & only_bit) == 0) __builtin_prefetch(&sets_[number], 1);
  if (place.type == StateType::window) __builtin_prefetch(&windows_[number], 1);
}

void State::prefetch_content(const RecordLayout::Place& place, std::uint32_t number) const {
  if (number == 0) return;
  if (place.type == StateType::set && (number & only_bit) == 0) sets_[number].prefetch();
  if (place.type == StateType::window) windows_[number].prefetch();
}

void State::prefetch_parts(const std::byte* player, bool is_ingest, const Parts& parts) const {
  if (player == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  load<RememberedIds>(player, layout.ids_offset(is_ingest)).prefetch();
  for (const std::uint16_t number : parts.annexes) {
    const std::byte* const found = annex_of(player, number);
    if (found == nullptr) continue;
    const std::uint32_t bytes = layout.record_bytes(number);
    for (std::uint32_t i = 0; i < bytes; i += 64) __builtin_prefetch(found + i, 1);
    __builtin_prefetch(found + bytes - 1, 1);
  }
  for (const std::uint16_t variable : parts.variables) {
    const RecordLayout::Place& place = layout.place(variable);
    prefetch_part(place, load<std::uint32_t>(player, place.offset));
  }
}

void State::prefetch_contents(const std::byte* player, bool is_ingest, const Parts& parts) const {
  if (player == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  load<RememberedIds>(player, layout.ids_offset(is_ingest)).prefetch_next();
  for (const std::uint16_t variable : parts.variables) {
    const RecordLayout::Place& place = layout.place(variable);
    prefetch_content(place, load<std::uint32_t>(player, place.offset));
  }
  for (const std::uint16_t variable : parts.annexed) {
    const RecordLayout::Place& place = layout.place(variable);
    prefetch_part(place, part_number(place, player));
  }
}

void State::prefetch_annexed(const std::byte* player, const Parts& parts) const {
  if (player == nullptr) return;
  for (const std::uint16_t variable : parts.annexed) {
    const RecordLayout::Place& place = layouts_[player_scope].place(variable);
    prefetch_content(place, part_number(place, player));
  }
}

std::optional<std::int64_t> State::remembered(const std::byte* player, bool is_ingest, const IdHash& id,
                                              Timestamp arrival) const {
  if (player == nullptr) return std::nullopt;
  return load<RememberedIds>(player, layouts_[player_scope].ids_offset(is_ingest)).find(id, arrival, id_limits_);
}

void State::remember(Record player, bool is_ingest, const IdHash& id, Timestamp arrival, std::int64_t points) {
  if (id_limits_.per_player == 0 || id_limits_.window <= Duration::zero()) return;
  borrow_ids(player, is_ingest).ids.remember(id, arrival, points, id_limits_);
}

void State::drop_ids(Record player) {
  for (const bool is_ingest : {false, true}) borrow_ids(player, is_ingest).ids.drop();
}

void State::forget_player(Symbol player) {
  const Record record = find(player_scope, player);
  if (record == nullptr) return;
  const RecordLayout& layout = layouts_[player_scope];
  // The emptied things keep their numbers: forgetting is rare, and they are small.
  for (std::uint16_t i = 0; i < layout.variables(); ++i) {
    const RecordLayout::Place& place = layout.place(i);
    if (place.type != StateType::set && place.type != StateType::window) continue;
    const std::uint32_t number = part_number(place, record);
    if (number == 0) continue;
    if (place.type == StateType::set && (number & only_bit) == 0) sets_[number] = SetState();
    if (place.type == StateType::window) windows_[number] = WindowState();
  }
  drop_ids(record);
  for (std::uint16_t annex = 1; annex <= layout.annexes(); ++annex) {
    const auto number = load<std::uint32_t>(record, RecordLayout::annex_offset(annex));
    if (number == 0) continue;
    const Symbol moved = annexes_[annex - 1].erase(number - 1);
    if (moved != no_symbol) store(find(player_scope, moved), RecordLayout::annex_offset(annex), number);
  }
  tables_[player_scope].erase(player);
}

State::Memory State::memory() const {
  Memory memory{.players = tables_[player_scope].memory_bytes(),
                .scopes = 0,
                .sets = sets_.memory_bytes() + windows_.memory_bytes(),
                .dedupe = ids_bytes_};
  for (const RecordPages& annex : annexes_) memory.players += annex.memory_bytes();
  for (std::size_t i = player_scope + 1; i < tables_.size(); ++i) memory.scopes += tables_[i].memory_bytes();
  return memory;
}

}  // namespace tallyho

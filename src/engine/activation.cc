#include "engine/activation.h"

#include <algorithm>

#include "engine/refusal.h"
#include "ruleset/slots.h"

namespace tallyho {

class EventActivation::SetReader final : public SetView {
 public:
  explicit SetReader(const SymbolTable& symbols) : symbols_(symbols) {}
  void point_at(SetMembers set) { set_ = set; }

  bool contains(std::string_view member) const override {
    if (set_.size() == 0) return false;
    const auto symbol = symbols_.find(member);
    return symbol && set_.contains(*symbol);
  }
  std::int64_t size() const override { return set_.size(); }

 private:
  const SymbolTable& symbols_;
  SetMembers set_;
};

class EventActivation::WindowReader final : public WindowView {
 public:
  WindowReader(const PeriodClock& clock, Duration span) : clock_(clock), span_(span) {}
  void point_at(const WindowState* window) { window_ = window; }

  std::int64_t count() const override { return window_ == nullptr ? 0 : window_->count(clock_.now(), span_); }

 private:
  const PeriodClock& clock_;
  const Duration span_;
  const WindowState* window_ = nullptr;
};

namespace {

bool reads_only_the_event(const cel::Program& key) {
  return std::ranges::all_of(key.slots(), [](cel::Slot slot) {
    const auto record = static_cast<SlotRecord>(slot_record(slot));
    return record == SlotRecord::event_envelope || record == SlotRecord::event_field;
  });
}

}  // namespace

EventActivation::EventActivation(const Ruleset& ruleset, State& state, SymbolTable& symbols)
    : ruleset_(ruleset), state_(state), symbols_(symbols), clock_(ruleset.time_zone) {
  for (const Scope& scope : ruleset.scopes) {
    const auto index = static_cast<ScopeIndex>(bindings_.size());
    bindings_.emplace_back().holds_for_event = !scope.key || reads_only_the_event(*scope.key);
    if (!bindings_.back().holds_for_event) keyed_anew_.push_back(index);
    state_sources_.push_back(make_sources(index));
  }
}

std::vector<EventActivation::Source> EventActivation::make_sources(ScopeIndex scope) {
  std::vector<Source> sources;
  for (const StateVariable& variable : ruleset_.scopes[scope].variables) {
    const auto number = static_cast<std::uint16_t>(sources.size());
    Source& source = sources.emplace_back();
    source.how = Source::How::scalar;
    source.scope = scope;
    source.number = number;
    source.scalar = state_.scalar(scope, number);
    if (variable.type == StateType::set) {
      source.how = Source::How::set;
      source.reader = &sets_.emplace_back(symbols_);
    }
    if (variable.type == StateType::window) {
      source.how = Source::How::window;
      source.reader = &windows_.emplace_back(clock_, variable.span);
    }
  }
  return sources;
}

EventActivation::~EventActivation() = default;

void EventActivation::begin_event(const Event& event, Timestamp now, Symbol player) {
  event_ = &event;
  type_ = &ruleset_.events[event.type];
  clock_.set(now);
  points_ = 0;
  ++events_;
  has_keys_ = false;
  const std::string_view name = event.envelope.player;
  if (player == no_symbol) player = symbols_.find(name).value_or(no_symbol);
  bind(bindings_[player_scope], player_scope, name, player);
}

bool EventActivation::forget_keys() {
  for (const ScopeIndex scope : keyed_anew_) bindings_[scope].known_in = 0;
  has_keys_ = false;
  return true;
}

void EventActivation::bind(Binding& binding, ScopeIndex scope, std::string_view key, Symbol symbol) {
  binding.has_failed = false;
  binding.known_in = events_;
  binding.key = key;
  binding.symbol = symbol;
  binding.record = symbol == no_symbol ? nullptr : state_.find(scope, symbol);
  state_.prefetch(scope, binding.record);
}

EventActivation::Binding& EventActivation::find_key(ScopeIndex scope, Arena& arena) {
  Binding& binding = bindings_[scope];
  const cel::Value key = ruleset_.scopes[scope].key->evaluate(*this, arena);
  if (!binding.holds_for_event) has_keys_ = true;
  if (!key.is_error() && !key.as_string().empty()) {
    const std::string_view text = key.as_string();
    bind(binding, scope, text, symbols_.find(text).value_or(no_symbol));
    return binding;
  }
  binding.has_failed = true;
  binding.known_in = events_;
  binding.error = key;
  return binding;
}

// What expressions see of a key that failed or is empty.
cel::Value EventActivation::fault(ScopeIndex scope) const {
  return make_fault(bindings_[scope].error.is_error() ? StateFault::key_failed : StateFault::empty_key, scope);
}

Record EventActivation::make_record(Binding& binding, ScopeIndex scope) {
  if (binding.record == nullptr) {
    binding.symbol = symbols_.intern(binding.key);
    binding.record = state_.create(scope, binding.symbol);
  }
  return binding.record;
}

Record EventActivation::player_for_writing() {
  return make_record(bindings_[player_scope], player_scope);
}

std::expected<Record, cel::Value> EventActivation::reach_for_writing(ScopeIndex scope, Arena& arena) {
  Binding& binding = reach(scope, arena);
  if (binding.has_failed) return std::unexpected(fault(scope));
  return make_record(binding, scope);
}

cel::Value EventActivation::read(cel::Slot slot, Arena& arena) {
  const std::uint16_t record = slot_record(slot);
  const std::uint16_t number = slot_number(slot);
  switch (static_cast<SlotRecord>(record)) {
    case SlotRecord::event_envelope: return read_envelope(number);
    case SlotRecord::event_field: return read_field(number);
    case SlotRecord::special: return read_special(number);
    default: break;
  }
  const auto scope = static_cast<ScopeIndex>(record - static_cast<std::uint16_t>(SlotRecord::first_scope));
  const Source& source = state_sources_[scope][number];
  const Binding& binding = reach(scope, arena);
  if (binding.has_failed) return fault(scope);
  if (source.how == Source::How::scalar) return state_.read(source.scalar, binding.record, clock_);
  return read_part(source, binding);
}

cel::Value EventActivation::read_part(const Source& source, const Binding& binding) const {
  if (source.how == Source::How::set) {
    static_cast<SetReader*>(source.reader)->point_at(state_.find_set(source.scope, binding.record, source.number));
  } else {
    static_cast<WindowReader*>(source.reader)
        ->point_at(state_.find_window(source.scope, binding.record, source.number));
  }
  return cel::Value::opaque(source.reader);
}

cel::Value EventActivation::read_envelope(std::uint16_t number) const {
  switch (static_cast<EnvelopeSlot>(number)) {
    case EnvelopeSlot::type: return cel::Value::string(type_->name);
    case EnvelopeSlot::player: return cel::Value::string(event_->envelope.player);
    case EnvelopeSlot::id: break;
  }
  if (event_->envelope.id.empty()) return cel::Value::error(cel::ErrorKind::no_such_field);
  return cel::Value::string(event_->envelope.id);
}

cel::Value EventActivation::read_field(std::uint16_t number) const {
  const std::uint16_t field = type_->field_of_slot[number];
  if (field == no_field) return cel::Value::error(cel::ErrorKind::no_such_field);
  return event_->fields[field];
}

cel::Value EventActivation::read_special(std::uint16_t number) const {
  switch (static_cast<SpecialSlot>(number)) {
    case SpecialSlot::now: return cel::Value::timestamp(clock_.now());
    case SpecialSlot::points: return cel::Value::int64(points_);
    case SpecialSlot::player_total: return cel::Value::int64(total_);
  }
  return cel::Value::error(cel::ErrorKind::unbound);
}

bool EventActivation::has(cel::Slot slot) {
  if (static_cast<SlotRecord>(slot_record(slot)) == SlotRecord::event_envelope) {
    return static_cast<EnvelopeSlot>(slot_number(slot)) != EnvelopeSlot::id || !event_->envelope.id.empty();
  }
  return !read_field(slot_number(slot)).is_error();
}

}  // namespace tallyho

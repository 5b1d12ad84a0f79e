#include "ruleset/vocabulary.h"

#include <algorithm>

#include "fmt/format.h"
#include "ruleset/extension.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

using cel::Field;
using cel::Type;

// Slots from here on stand for names that may not be used.
constexpr cel::Slot first_refused_slot = 0xffff0000;
constexpr std::uint32_t name_bytes_max = 128;  // Of players and ids.

const FieldDefinition* find_field(const EventType& type, std::string_view name) {
  const auto found = std::ranges::find(type.fields, name, &FieldDefinition::name);
  return found == type.fields.end() ? nullptr : &*found;
}

Type to_cel(FieldType::Kind kind) {
  switch (kind) {
    case FieldType::Kind::boolean: return Type::simple(Type::Kind::boolean);
    case FieldType::Kind::int64: return Type::simple(Type::Kind::int64);
    case FieldType::Kind::float64: return Type::simple(Type::Kind::float64);
    case FieldType::Kind::string: return Type::simple(Type::Kind::string);
    case FieldType::Kind::timestamp: return Type::simple(Type::Kind::timestamp);
    default: return Type();
  }
}

Field make_field(std::string_view name, Type type, cel::Slot slot, cel::Bounds bounds = {}) {
  Field field;
  field.name = name;
  field.type = std::move(type);
  field.slot = slot;
  field.bounds = bounds;
  return field;
}

void declare(Vocabulary& vocabulary, std::string_view name, Type type, cel::Slot slot = 0) {
  cel::Variable variable;
  variable.name = name;
  variable.type = std::move(type);
  variable.slot = slot;
  vocabulary.environment.declare(std::move(variable));
}

void declare_record(Vocabulary& vocabulary, std::string_view name, std::vector<Field> fields) {
  declare(vocabulary, name, Type::record(std::string(name), std::move(fields)));
}

constexpr cel::Slot special_slot(SpecialSlot slot) {
  return make_slot(SlotRecord::special, static_cast<std::uint16_t>(slot));
}

cel::Bounds larger(const cel::Bounds& a, const cel::Bounds& b) {
  return {std::max(a.size_max, b.size_max), std::max(a.item_size_max, b.item_size_max)};
}

}  // namespace

Type to_cel(const FieldType& type) {
  if (type.kind == FieldType::Kind::list) return Type::list(to_cel(type.item));
  if (type.kind == FieldType::Kind::map) return Type::map(Type::simple(Type::Kind::string), to_cel(type.item));
  return to_cel(type.kind);
}

Type to_cel(StateType type) {
  switch (type) {
    case StateType::boolean: return Type::simple(Type::Kind::boolean);
    case StateType::int64: return Type::simple(Type::Kind::int64);
    case StateType::float64: return Type::simple(Type::Kind::float64);
    case StateType::string: return Type::simple(Type::Kind::string);
    case StateType::timestamp: return Type::simple(Type::Kind::timestamp);
    case StateType::duration: return Type::simple(Type::Kind::duration);
    case StateType::set: return Type::opaque("set");
    case StateType::window: return Type::opaque("window");
  }
  return Type();
}

cel::Bounds bounds_of(const FieldDefinition& field) {
  const std::uint32_t bytes = std::max<std::uint32_t>(1, field.max_bytes);
  const bool has_string_items = field.type.item == FieldType::Kind::string;
  const std::uint32_t items = std::max<std::uint32_t>(1, field.max_items);
  switch (field.type.kind) {
    case FieldType::Kind::string: {
      std::size_t longest = 0;
      for (const std::string& choice : field.one_of_strings) longest = std::max(longest, choice.size());
      return {.size_max = longest > 0 ? static_cast<std::uint32_t>(longest) : bytes};
    }
    case FieldType::Kind::list: return {.size_max = items, .item_size_max = has_string_items ? bytes : 1};
    case FieldType::Kind::map: return {.size_max = items, .item_size_max = bytes};
    default: return {};
  }
}

cel::Bounds bounds_of(const StateVariable& variable) {
  const std::uint32_t bytes = std::max<std::uint32_t>(1, variable.max_bytes);
  switch (variable.type) {
    case StateType::string: return {.size_max = bytes};
    case StateType::set: return {.size_max = variable.capacity, .item_size_max = bytes};
    case StateType::window: return {.size_max = variable.capacity, .item_size_max = 1};
    default: return {};
  }
}

const std::string* Vocabulary::refusal(cel::Slot slot) const {
  const cel::Slot number = slot - first_refused_slot;
  return slot >= first_refused_slot && number < refusals.size() ? &refusals[number] : nullptr;
}

cel::Slot VocabularyMaker::refuse(Vocabulary& vocabulary, std::string why) {
  vocabulary.refusals.push_back(std::move(why));
  return first_refused_slot + static_cast<cel::Slot>(vocabulary.refusals.size() - 1);
}

void VocabularyMaker::refuse_variable(Vocabulary& vocabulary, std::string_view name, std::string why) {
  declare(vocabulary, name, Type(), refuse(vocabulary, std::move(why)));
}

const Vocabulary& VocabularyMaker::for_params() {
  if (for_params_ != nullptr) return *for_params_;
  Vocabulary& vocabulary = made_.emplace_back(&ruleset_environment());
  for (const std::string_view name : {"event", "player", "now", "points", "params", "tables"}) {
    refuse_variable(vocabulary, name, fmt::format("a param is a constant and cannot use '{}'", name));
  }
  for_params_ = &vocabulary;
  return vocabulary;
}

const Vocabulary& VocabularyMaker::for_keys() {
  if (for_keys_ != nullptr) return *for_keys_;
  Vocabulary& vocabulary = made_.emplace_back(&ruleset_environment());
  declare_constants(vocabulary);
  declare_key_event(vocabulary);
  declare_scope(vocabulary, player_scope, false);
  for (const std::string_view name : {"now", "points"}) {
    refuse_variable(vocabulary, name, fmt::format("a key may use 'event' and 'player' only, not '{}'", name));
  }
  for (std::size_t i = player_scope + 1; i < ruleset_.scopes.size(); ++i) {
    const std::string& name = ruleset_.scopes[i].name;
    refuse_variable(vocabulary, name, fmt::format("a key may use 'event' and 'player' only, not scope '{}'", name));
  }
  for_keys_ = &vocabulary;
  return vocabulary;
}

const Vocabulary& VocabularyMaker::for_events(const std::vector<EventTypeIndex>& on) {
  const Vocabulary*& known = for_events_[on];
  if (known != nullptr) return *known;
  Vocabulary& vocabulary = made_.emplace_back(&ruleset_environment());
  declare_constants(vocabulary);
  if (on.empty()) {
    declare_key_event(vocabulary);
  } else {
    declare_event(vocabulary, on);
  }
  declare_scope(vocabulary, player_scope, true);
  for (std::size_t i = player_scope + 1; i < ruleset_.scopes.size(); ++i) {
    declare_other_scope(vocabulary, static_cast<ScopeIndex>(i), on);
  }
  declare(vocabulary, "now", Type::simple(Type::Kind::timestamp), special_slot(SpecialSlot::now));
  declare(vocabulary, "points", Type::simple(Type::Kind::int64), special_slot(SpecialSlot::points));
  known = &vocabulary;
  return vocabulary;
}

void VocabularyMaker::declare_constants(Vocabulary& vocabulary) {
  const auto declare_all = [&](std::string_view record,
                               const std::vector<std::pair<std::string, Constant>>& constants) {
    std::vector<Field> fields;
    for (const auto& [name, constant] : constants) {
      fields.push_back(make_field(name, constant.type, 0, constant.bounds));  // Folded: nothing reads the slot.
      fields.back().constant = constant.value;
    }
    add_broken_fields(vocabulary, record, fields);
    declare_record(vocabulary, record, std::move(fields));
  };
  declare_all("params", declarations_.params);
  declare_all("tables", declarations_.tables);
}

// Names under `record` whose declaration was refused already: using them is not a second problem.
void VocabularyMaker::add_broken_fields(Vocabulary& vocabulary, std::string_view record, std::vector<Field>& fields) {
  const std::string prefix = fmt::format("{}.", record);
  for (const std::string& broken : declarations_.broken) {
    if (!broken.starts_with(prefix)) continue;
    fields.push_back(make_field(broken.substr(prefix.size()), Type(), refuse(vocabulary, "")));
  }
}

std::vector<Field> VocabularyMaker::envelope_fields() const {
  const Type string = Type::simple(Type::Kind::string);
  const auto slot = [](EnvelopeSlot field) {
    return make_slot(SlotRecord::event_envelope, static_cast<std::uint16_t>(field));
  };
  std::size_t longest = 1;
  for (const EventType& type : ruleset_.events) longest = std::max(longest, type.name.size());
  std::vector<Field> fields{
      make_field("type", string, slot(EnvelopeSlot::type), {.size_max = static_cast<std::uint32_t>(longest)}),
      make_field("player", string, slot(EnvelopeSlot::player), {.size_max = name_bytes_max}),
      make_field("id", string, slot(EnvelopeSlot::id), {.size_max = name_bytes_max}),
  };
  fields.back().optional = true;
  return fields;
}

std::uint16_t VocabularyMaker::field_slot(std::string_view name, const FieldType& type) const {
  const auto found = std::ranges::find_if(declarations_.field_slots,
                                          [&](const auto& slot) { return slot.first == name && slot.second == type; });
  return static_cast<std::uint16_t>(found - declarations_.field_slots.begin());
}

std::set<std::string, std::less<>> VocabularyMaker::field_names() const {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, type] : declarations_.field_slots) names.insert(name);
  for (const std::string& broken : declarations_.broken) {
    if (broken.starts_with("event.")) names.insert(broken.substr(6));
  }
  return names;
}

// A field as rules on these types see it: declared for all of them with one type, or refused.
Field VocabularyMaker::event_field(Vocabulary& vocabulary, std::string_view name, const std::vector<EventTypeIndex>& on,
                                   std::string_view clash) {
  Field field = make_field(name, Type(), 0);
  if (declarations_.broken.contains(fmt::format("event.{}", name))) {
    field.slot = refuse(vocabulary, "");
    return field;
  }
  const FieldDefinition* first = nullptr;
  const EventType* first_type = nullptr;
  const EventType* without = nullptr;
  for (const EventTypeIndex index : on) {
    const EventType& type = ruleset_.events[index];
    const FieldDefinition* definition = find_field(type, name);
    if (definition == nullptr) {
      without = without == nullptr ? &type : without;
      continue;
    }
    if (first == nullptr) {
      first = definition;
      first_type = &type;
      field.type = to_cel(definition->type);
      field.slot = make_slot(SlotRecord::event_field, field_slot(name, definition->type));
    } else if (first->type != definition->type) {
      field.type = Type();
      field.slot = refuse(vocabulary, fmt::format("'{}' is {} in {} but {} in {}; {}", name, to_string(first->type),
                                                  first_type->name, to_string(definition->type), type.name, clash));
      return field;
    }
    field.optional = field.optional || definition->optional;
    field.bounds = larger(field.bounds, bounds_of(*definition));
  }
  if (without != nullptr) {
    field.slot = refuse(
        vocabulary, on.size() == 1
                        ? fmt::format("'{}' is not declared for {}", name, without->name)
                        : fmt::format("'{}' is not declared for {}, which this 'on' includes", name, without->name));
    if (first == nullptr) field.type = Type();
  }
  return field;
}

void VocabularyMaker::declare_event(Vocabulary& vocabulary, const std::vector<EventTypeIndex>& on) {
  std::vector<Field> fields = envelope_fields();
  for (const std::string& name : field_names())
    fields.push_back(event_field(vocabulary, name, on, "this 'on' includes both"));
  declare_record(vocabulary, "event", std::move(fields));
}

// The fields of every type: where types differ, the one that is a string, as keys are.
void VocabularyMaker::declare_key_event(Vocabulary& vocabulary) {
  std::vector<Field> fields = envelope_fields();
  for (const std::string& name : field_names()) {
    std::vector<EventTypeIndex> having;
    std::vector<EventTypeIndex> having_string;
    for (std::size_t i = 0; i < ruleset_.events.size(); ++i) {
      const FieldDefinition* definition = find_field(ruleset_.events[i], name);
      if (definition == nullptr) continue;
      having.push_back(static_cast<EventTypeIndex>(i));
      if (definition->type.kind == FieldType::Kind::string) having_string.push_back(static_cast<EventTypeIndex>(i));
    }
    const std::vector<EventTypeIndex>& types = having_string.empty() ? having : having_string;
    fields.push_back(event_field(vocabulary, name, types, "here it must be one type"));
  }
  declare_record(vocabulary, "event", std::move(fields));
}

void VocabularyMaker::declare_scope(Vocabulary& vocabulary, ScopeIndex index, bool with_total) {
  const Scope& scope = ruleset_.scopes[index];
  std::vector<Field> fields;
  for (std::size_t i = 0; i < scope.variables.size(); ++i) {
    const StateVariable& variable = scope.variables[i];
    const cel::Slot slot = scope_slot(index, static_cast<std::uint16_t>(i));
    fields.push_back(make_field(variable.name, to_cel(variable.type), slot, bounds_of(variable)));
  }
  add_broken_fields(vocabulary, scope.name, fields);
  if (index == player_scope) {
    const cel::Slot slot = with_total ? special_slot(SpecialSlot::player_total)
                                      : refuse(vocabulary, "a key may use the player's state, but not 'player.total'");
    fields.push_back(make_field("total", Type::simple(Type::Kind::int64), slot));
  }
  declare_record(vocabulary, scope.name, std::move(fields));
}

// A scope whose key uses a field that one of these types lacks cannot be used with it.
void VocabularyMaker::declare_other_scope(Vocabulary& vocabulary, ScopeIndex index,
                                          const std::vector<EventTypeIndex>& on) {
  const Scope& scope = ruleset_.scopes[index];
  if (!scope.key) {
    refuse_variable(vocabulary, scope.name, "");  // Its key has a problem.
    return;
  }
  for (const EventTypeIndex type : on) {
    for (const cel::Slot slot : scope.key->slots()) {
      if (slot_record(slot) != static_cast<std::uint16_t>(SlotRecord::event_field)) continue;
      const auto& [name, field_type] = declarations_.field_slots[slot_number(slot)];
      if (ruleset_.events[type].field_of_slot[slot_number(slot)] != no_field) continue;
      const FieldDefinition* other = find_field(ruleset_.events[type], name);
      refuse_variable(
          vocabulary, scope.name,
          fmt::format("scope '{}' cannot be used here: its key needs event.{}{}, which {} {}{}", scope.name, name,
                      other != nullptr ? fmt::format(" as {}", to_string(field_type)) : "", ruleset_.events[type].name,
                      other != nullptr ? fmt::format("declares as {}", to_string(other->type)) : "does not declare",
                      on.size() > 1 ? "; this 'on' includes it" : ""));
      return;
    }
  }
  declare_scope(vocabulary, index, false);
}

}  // namespace tallyho

// The `events` of a ruleset file: which types there are, and what their fields may hold.

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "ruleset/loading.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

constexpr std::size_t event_types_max = 1'000;
constexpr std::size_t fields_max = 256;          // Of one type.
constexpr std::size_t field_slots_max = 10'000;  // Of all types.
constexpr std::size_t type_name_bytes_max = 128;
constexpr std::int64_t field_bytes_max = 16'384;  // As large as an event.
constexpr std::array<std::string_view, 6> envelope_names{"type", "player", "id", "ts", "ref", "at"};

constexpr std::array<std::string_view, 5> scalar_names{"bool", "int", "double", "string", "timestamp"};

std::optional<FieldType::Kind> scalar_named(std::string_view name) {
  const auto found = std::ranges::find(scalar_names, name);
  if (found == scalar_names.end()) return std::nullopt;
  return static_cast<FieldType::Kind>(found - scalar_names.begin());
}

// "list<string>" → list of string.
std::optional<FieldType> field_type_named(std::string_view name) {
  if (const auto kind = scalar_named(name)) return FieldType{*kind};
  for (const auto& [prefix, kind] :
       {std::pair{"list<", FieldType::Kind::list}, std::pair{"map<", FieldType::Kind::map}}) {
    const std::string_view start = prefix;
    if (!name.starts_with(start) || !name.ends_with('>')) continue;
    if (const auto item = scalar_named(name.substr(start.size(), name.size() - start.size() - 1))) {
      return FieldType{kind, *item};
    }
  }
  return std::nullopt;
}

class FieldReader {
 public:
  FieldReader(const YamlEntry& entry, Loading& loading) : entry_(entry), loading_(loading) {
    field_.name = entry.key->text;
    field_.float_min = -std::numeric_limits<double>::infinity();
    field_.float_max = std::numeric_limits<double>::infinity();
  }

  // Nothing if its type is not known or a bound is wrong.
  std::optional<FieldDefinition> read() {
    check_name();
    if (entry_.value->is_scalar()) {
      read_type(*entry_.value);
    } else if (entry_.value->is_map()) {
      read_map(*entry_.value);
    } else {
      fail(*entry_.value, fmt::format("field '{}' needs a type, such as {}: int", field_.name, field_.name));
    }
    if (is_wrong_) return std::nullopt;
    return std::move(field_);
  }

 private:
  void fail(const YamlNode& node, std::string message) {
    loading_.error(node, std::move(message));
    is_wrong_ = true;
  }

  void check_name() {
    if (std::ranges::find(envelope_names, field_.name) != envelope_names.end()) {
      fail(*entry_.key, fmt::format("'{}' is a member of every event's envelope and cannot be a field", field_.name));
    } else if (!check_identifier(*entry_.key, "a field", loading_.report)) {
      is_wrong_ = true;
    }
  }

  void read_type(const YamlNode& node) {
    const std::optional<std::string_view> name = read_text(node, "'type'", loading_.report);
    const std::optional<FieldType> type = name ? field_type_named(*name) : std::nullopt;
    if (type) {
      field_.type = *type;
      return;
    }
    is_wrong_ = true;
    if (!name) return;
    const std::vector<std::string_view> known(scalar_names.begin(), scalar_names.end());
    const std::string near = nearest(*name, known);
    loading_.error(node, near.empty() ? fmt::format("unknown type '{}'; a field is {}, or list<T> or map<T> of those",
                                                    *name, fmt::join(known, ", "))
                                      : fmt::format("unknown type '{}'; did you mean '{}'?", *name, near));
  }

  void read_map(const YamlNode& node) {
    MapReader map(node, fmt::format("field '{}'", field_.name), loading_.report);
    const YamlNode* type = map.require("type");
    if (type == nullptr) {
      is_wrong_ = true;
    } else {
      read_type(*type);
    }
    if (const YamlNode* optional = map.find("optional")) {
      const std::optional<bool> is_optional = read_bool(*optional, "'optional'", loading_.report);
      is_wrong_ = is_wrong_ || !is_optional;
      field_.optional = is_optional.value_or(false);
    }
    const YamlNode* min = map.find("min");
    const YamlNode* max = map.find("max");
    const YamlNode* one_of = map.find("one_of");
    const YamlNode* min_bytes = map.find("min_bytes");
    const YamlNode* max_bytes = map.find("max_bytes");
    const YamlNode* max_items = map.find("max_items");
    map.finish();
    if (is_wrong_) return;  // Bounds mean nothing without a type.
    read_numbers(min, max);
    read_bytes(min_bytes, max_bytes);
    read_items(max_items);
    if (one_of != nullptr) read_one_of(*one_of);
  }

  // Whether a bound applies to the field's type; reports it otherwise.
  bool applies(const YamlNode* node, std::string_view bound, bool does, std::string_view to) {
    if (node == nullptr) return false;
    if (!does) fail(*node, fmt::format("'{}' applies to {}, not to {}", bound, to, to_string(field_.type)));
    return does;
  }

  bool is(FieldType::Kind kind) const { return field_.type.kind == kind; }

  void read_numbers(const YamlNode* min, const YamlNode* max) {
    constexpr std::string_view to = "int and double fields";
    const bool is_number = is(FieldType::Kind::int64) || is(FieldType::Kind::float64);
    const bool has_min = applies(min, "min", is_number, to);
    const bool has_max = applies(max, "max", is_number, to);
    if (has_min) read_number(*min, "'min'", field_.int_min, field_.float_min);
    if (has_max) read_number(*max, "'max'", field_.int_max, field_.float_max);
    if (!is_wrong_ && has_max && (field_.int_min > field_.int_max || field_.float_min > field_.float_max)) {
      fail(*max, fmt::format("'max' ({}) is less than 'min' ({})", max->text, min != nullptr ? min->text : ""));
    }
  }

  void read_number(const YamlNode& node, std::string_view what, std::int64_t& integer, double& floating) {
    if (is(FieldType::Kind::int64)) {
      const auto number = read_int(node, what, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max(), loading_.report);
      is_wrong_ = is_wrong_ || !number;
      integer = number.value_or(integer);
    } else {
      const auto number = read_double(node, what, loading_.report);
      is_wrong_ = is_wrong_ || !number;
      floating = number.value_or(floating);
    }
  }

  void read_bytes(const YamlNode* min, const YamlNode* max) {
    constexpr std::string_view to = "strings, lists of strings and maps";
    const bool has_strings = is(FieldType::Kind::string) || is(FieldType::Kind::map) ||
                             (is(FieldType::Kind::list) && field_.type.item == FieldType::Kind::string);
    const auto read = [&](const YamlNode* node, std::string_view bound, std::uint32_t& bytes) {
      if (!applies(node, bound, has_strings, to)) return;
      const auto number = read_int(*node, fmt::format("'{}'", bound), 0, field_bytes_max, loading_.report);
      is_wrong_ = is_wrong_ || !number;
      bytes = static_cast<std::uint32_t>(number.value_or(bytes));
    };
    read(min, "min_bytes", field_.min_bytes);
    read(max, "max_bytes", field_.max_bytes);
    if (!is_wrong_ && field_.min_bytes > field_.max_bytes) {
      const YamlNode& node = max != nullptr ? *max : *min;
      fail(node, fmt::format("'max_bytes' ({}{}) is less than 'min_bytes' ({})", max == nullptr ? "by default " : "",
                             field_.max_bytes, field_.min_bytes));
    }
  }

  void read_items(const YamlNode* node) {
    if (!applies(node, "max_items", is(FieldType::Kind::list) || is(FieldType::Kind::map), "lists and maps")) return;
    const auto number = read_int(*node, "'max_items'", 0, field_bytes_max, loading_.report);
    is_wrong_ = is_wrong_ || !number;
    field_.max_items = static_cast<std::uint32_t>(number.value_or(0));
  }

  void read_one_of(const YamlNode& node) {
    const bool is_string = is(FieldType::Kind::string);
    if (!applies(&node, "one_of", is_string || is(FieldType::Kind::int64), "string and int fields")) return;
    if (!node.is_list() || node.items.empty()) {
      fail(node, "'one_of' must be a list of at least one value");
      return;
    }
    for (const YamlNode& item : node.items) {
      if (is_string) {
        read_string_choice(item);
      } else {
        read_int_choice(item);
      }
    }
  }

  void read_string_choice(const YamlNode& item) {
    const std::optional<YamlScalar> scalar = item.is_scalar() ? resolve(item) : std::nullopt;
    if (!scalar || !std::holds_alternative<std::string_view>(*scalar)) {
      fail(item, item.is_scalar() ? fmt::format("'one_of' of a string field must list strings; write \"{}\"", item.text)
                                  : fmt::format("'one_of' must list strings, not {}", item.kind_name()));
      return;
    }
    const std::string& text = item.text;
    if (text.size() < field_.min_bytes || text.size() > field_.max_bytes) {
      fail(item, fmt::format("'{}' has {} bytes, which 'min_bytes' and 'max_bytes' ({} to {}) rule out", text,
                             text.size(), field_.min_bytes, field_.max_bytes));
    } else if (std::ranges::find(field_.one_of_strings, text) != field_.one_of_strings.end()) {
      fail(item, fmt::format("'{}' is listed twice in 'one_of'", text));
    } else {
      field_.one_of_strings.push_back(text);
    }
  }

  void read_int_choice(const YamlNode& item) {
    const auto number = read_int(item, "a value of 'one_of'", std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max(), loading_.report);
    if (!number) {
      is_wrong_ = true;
    } else if (*number < field_.int_min || *number > field_.int_max) {
      fail(item, fmt::format("{} is ruled out by 'min' and 'max'", *number));
    } else if (std::ranges::find(field_.one_of_ints, *number) != field_.one_of_ints.end()) {
      fail(item, fmt::format("{} is listed twice in 'one_of'", *number));
    } else {
      field_.one_of_ints.push_back(*number);
    }
  }

  const YamlEntry& entry_;
  Loading& loading_;
  FieldDefinition field_;
  bool is_wrong_ = false;
};

bool check_type_name(const YamlNode& key, Loading& loading) {
  const bool is_name =
      !key.text.empty() && key.text.size() <= type_name_bytes_max && std::ranges::all_of(key.text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.' || c == ':' || c == '/';
      });
  if (!is_name) {
    loading.error(key, fmt::format("an event type must be 1 to {} letters, digits and _ - . : /, not '{}'",
                                   type_name_bytes_max, key.text));
  }
  return is_name;
}

void load_event(const YamlEntry& entry, Loading& loading) {
  if (!check_type_name(*entry.key, loading)) {
    loading.declarations.broken.insert(fmt::format("type:{}", entry.key->text));
    return;
  }
  EventType type;
  type.name = entry.key->text;
  const std::vector<YamlEntry> fields =
      read_entries(*entry.value, fmt::format("event type '{}'", type.name), loading.report);
  if (fields.size() > fields_max) {
    loading.error(*entry.key, fmt::format("event type '{}' has {} fields; at most {} are possible", type.name,
                                          fields.size(), fields_max));
  }
  for (const YamlEntry& field : fields) {
    if (std::optional<FieldDefinition> definition = FieldReader(field, loading).read()) {
      type.fields.push_back(std::move(*definition));
    } else {
      loading.declarations.broken.insert(fmt::format("event.{}", field.key->text));
    }
  }
  loading.ruleset->event_index.emplace(type.name, static_cast<EventTypeIndex>(loading.ruleset->events.size()));
  loading.ruleset->events.push_back(std::move(type));
}

// Numbers the (name, type) pairs over all event types.
bool number_fields(const YamlNode& events, Loading& loading) {
  std::map<std::pair<std::string, std::string>, std::uint16_t> numbers;
  auto& slots = loading.declarations.field_slots;
  for (const EventType& type : loading.ruleset->events) {
    for (const FieldDefinition& field : type.fields) {
      if (slots.size() >= field_slots_max) continue;
      const auto number = static_cast<std::uint16_t>(slots.size());
      if (numbers.emplace(std::pair(field.name, to_string(field.type)), number).second) {
        slots.emplace_back(field.name, field.type);
      }
    }
  }
  if (slots.size() >= field_slots_max) {
    loading.error(events, fmt::format("more than {} different fields", field_slots_max - 1));
    return false;
  }
  for (EventType& type : loading.ruleset->events) {
    type.field_of_slot.assign(slots.size(), no_field);
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      const FieldDefinition& field = type.fields[i];
      type.field_of_slot[numbers.at({field.name, to_string(field.type)})] = static_cast<std::uint16_t>(i);
    }
  }
  return true;
}

}  // namespace

bool load_events(MapReader& root, Loading& loading) {
  const YamlNode* events = root.find("events");
  if (events == nullptr) return true;
  const std::vector<YamlEntry> entries = read_entries(*events, "'events'", loading.report);
  if (entries.size() > event_types_max) {
    loading.error(*events, fmt::format("{} event types; at most {} are possible", entries.size(), event_types_max));
    return false;
  }
  for (const YamlEntry& entry : entries) load_event(entry, loading);
  return number_fields(*events, loading);
}

void load_player_events(MapReader& root, Loading& loading) {
  const YamlNode* node = root.find("player_events");
  if (node == nullptr) return;
  if (node->is_list() && node->items.empty()) return;
  for (const EventTypeIndex index : read_event_types(node, "'player_events'", loading))
    loading.ruleset->events[index].player_may_send = true;
}

}  // namespace tallyho

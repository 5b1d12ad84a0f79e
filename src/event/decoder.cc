#include "event/decoder.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "event/describe_fault.h"
#include "event/field_reader.h"
#include "event/json_reader.h"
#include "event/name_index.h"
#include "event/shape.h"

namespace tallyho {
namespace {

static_assert(recorded_bytes_max / 2 + 2 <= UINT16_MAX, "an EventLayout's numbers hold every token of an event");

// Where the layout keeps the member of this name, or null if it is not of the envelope.
std::uint16_t EventLayout::* envelope_member(std::string_view name, bool takes_at) {
  switch (name.size()) {
    case 2:
      if (name == "id") return &EventLayout::id;
      if (name == "ts") return &EventLayout::ts;
      if (name == "at" && takes_at) return &EventLayout::at;
      return nullptr;
    case 3: return name == "ref" ? &EventLayout::ref : nullptr;
    case 4: return name == "type" ? &EventLayout::type : nullptr;
    case 6: return name == "player" ? &EventLayout::player : nullptr;
    default: return nullptr;
  }
}

Fault check_ref(const JsonToken& token) {
  if (token.kind == JsonToken::Kind::string) return Fault::none;
  const auto number = read_int(token);
  return number ? Fault::none : number.error();
}

// What a ruleset's names are found with. Holds numbers, no references into the ruleset.
class Tables {
 public:
  // False if it was in use already.
  bool use(const Ruleset& ruleset) {
    if (&ruleset == ruleset_ && ruleset.hash == hash_) return false;
    std::vector<std::string> type_names;
    fields_.clear();
    for (const EventType& type : ruleset.events) {
      type_names.push_back(type.name);
      std::vector<std::string> field_names;
      field_names.reserve(type.fields.size());
      for (const FieldDefinition& field : type.fields) field_names.push_back(field.name);
      fields_.emplace_back(std::move(field_names));
    }
    types_ = NameIndex(std::move(type_names));
    ruleset_ = &ruleset;
    hash_ = ruleset.hash;
    return true;
  }
  std::optional<EventTypeIndex> find_type(std::string_view name) const { return types_.find(name); }
  std::optional<std::uint16_t> find_field(EventTypeIndex type, std::string_view name) const {
    return fields_[type].find(name);
  }

 private:
  const void* ruleset_ = nullptr;  // Compared, never followed.
  std::string hash_;
  NameIndex types_;
  std::vector<NameIndex> fields_;  // By event type.
};

}  // namespace

struct Decoder::Impl {
  explicit Impl(Options decoder_options) : options(decoder_options), reader(event_depth_max) {}

  Result<Event> decode(std::string_view bytes, const Ruleset& ruleset, Arena& arena);
  Result<Event> decode_unknown(std::string_view bytes, const Ruleset& ruleset, Arena& arena);
  Result<Event> read_event(EventTypeIndex index, const EventType& type, Arena& arena);
  std::optional<Error> find_type(EventTypeIndex& index);
  void sort_members();
  std::size_t recorded_bytes() const;
  void read_envelope(std::string_view bytes);
  std::optional<Error> check_envelope(Event& event);
  void sort_fields(const EventType& type, EventTypeIndex index);
  std::optional<Error> read_fields(const EventType& type, Arena& arena, Event& event);
  std::optional<Error> check_unknown(const Ruleset& ruleset);
  Error refuse(Code code, Fault fault, std::string_view name, const JsonToken* token);
  Error refuse_field(Code code, Fault fault, const FieldDefinition& field, std::size_t number, const JsonToken* token);
  const JsonToken* token(std::uint16_t index) const { return index == 0 ? nullptr : tokens.data() + index; }

  Options options;
  JsonReader reader;
  Shapes shapes;
  Tables tables;

  // Of the current decode(). Token 0 stands for none.
  std::span<const JsonToken> tokens;
  EventLayout layout;
  std::vector<std::uint16_t> others;   // Names of the members beside the envelope, as written.
  std::vector<std::uint16_t> values;   // Of the declared fields, in their order.
  const JsonToken* unknown = nullptr;  // The first name that is neither.
  Fault player_fault = Fault::none;
  Fault id_fault = Fault::none;
  Fault ref_fault = Fault::none;

  // Of the last one.
  bool was_known = false;
  EventEnvelope envelope;
  FaultContext blame;
};

Decoder::Decoder() : Decoder(Options{}) {}
Decoder::Decoder(Options options) : impl_(std::make_unique<Impl>(options)) {}
Decoder::~Decoder() = default;

Result<Event> Decoder::decode(std::string_view bytes, const Ruleset& ruleset, Arena& arena) {
  return impl_->decode(bytes, ruleset, arena);
}
const EventEnvelope& Decoder::envelope() const {
  return impl_->envelope;
}
bool Decoder::was_known() const {
  return impl_->was_known;
}
std::string_view Decoder::field_name() const {
  return impl_->blame.member;
}
std::string Decoder::describe(const Error& error) const {
  return describe_fault(error, impl_->blame);
}

Result<Event> Decoder::Impl::decode(std::string_view bytes, const Ruleset& ruleset, Arena& arena) {
  envelope = {};
  blame = {};
  was_known = false;
  if (tables.use(ruleset)) shapes.forget();
  if (!options.learns_shapes || bytes.size() > event_bytes_max) return decode_unknown(bytes, ruleset, arena);
  const Shapes::Shape* known = shapes.read(bytes);
  if (known == nullptr || (known->layout.has_unknown && ruleset.reject_unknown_fields)) {
    return decode_unknown(bytes, ruleset, arena);
  }
  tokens = {shapes.tokens(), Shapes::members_max + 1};
  layout = known->layout;
  was_known = true;
  read_envelope(bytes);
  return read_event(known->type, ruleset.events[known->type], arena);
}

// The order of the checks is the protocol's: the first thing that is wrong in it decides.
Result<Event> Decoder::Impl::decode_unknown(std::string_view bytes, const Ruleset& ruleset, Arena& arena) {
  const auto too_large = [this] { return std::unexpected(refuse(Code::too_large, Fault::too_large, {}, nullptr)); };
  const bool is_over = bytes.size() > event_bytes_max;
  if (is_over && (!options.takes_at || bytes.size() > recorded_bytes_max)) return too_large();
  if (const std::optional<JsonReader::Failure> failure = reader.read(bytes, arena)) {
    if (is_over) return too_large();
    Error error = refuse(Code::malformed, failure->fault, {}, nullptr);
    error.position = failure->position;
    return std::unexpected(error);
  }
  tokens = reader.tokens();
  sort_members();
  if (is_over && bytes.size() - recorded_bytes() > event_bytes_max) return too_large();
  read_envelope(bytes);
  EventTypeIndex index = 0;
  if (const auto error = find_type(index)) return std::unexpected(*error);
  const EventType& type = ruleset.events[index];
  sort_fields(type, index);
  Result<Event> event = read_event(index, type, arena);
  if (!event) return event;
  if (const auto error = check_unknown(ruleset)) return std::unexpected(*error);
  if (options.learns_shapes && !is_over) shapes.learn(bytes, tokens, layout, index);
  return event;
}

// With the members sorted: their values.
Result<Event> Decoder::Impl::read_event(EventTypeIndex index, const EventType& type, Arena& arena) {
  Result<Event> event(std::in_place);
  event->type = index;
  blame.type = type.name;
  std::optional<Error> error = check_envelope(*event);
  if (!error) error = read_fields(type, arena, *event);
  if (error) {
    event = std::unexpected(*error);
  } else {
    event->envelope = envelope;
  }
  return event;  // The same in every case, so that it is made where it goes.
}

void Decoder::Impl::sort_members() {
  layout = {};
  others.clear();
  for (std::uint32_t name = 1; name < tokens.size(); name = tokens[name].next) {
    if (const auto member = envelope_member(tokens[name].text, options.takes_at)) {
      layout.*member = static_cast<std::uint16_t>(name + 1);
    } else {
      others.push_back(static_cast<std::uint16_t>(name));
    }
  }
}

// What the member `at` adds to an event as it was sent: its name, its value and a comma.
std::size_t Decoder::Impl::recorded_bytes() const {
  if (layout.at == 0) return 0;
  return tokens[layout.at].end - tokens[layout.at - 1].begin + std::size_t{1};
}

// What an answer can say of the event, whatever else is wrong with it.
void Decoder::Impl::read_envelope(std::string_view bytes) {
  const auto identity = [this](std::uint16_t index, std::string_view& into) {
    if (index == 0) return Fault::none;
    const auto text = read_identity(tokens[index]);
    if (!text) return text.error();
    into = *text;
    return Fault::none;
  };
  player_fault = identity(layout.player, envelope.player);
  id_fault = identity(layout.id, envelope.id);
  ref_fault = Fault::none;
  if (layout.ref == 0) return;
  const JsonToken& ref = tokens[layout.ref];
  ref_fault = check_ref(ref);
  if (ref_fault == Fault::none) envelope.ref = bytes.substr(ref.begin, ref.end - ref.begin);
}

std::optional<Error> Decoder::Impl::find_type(EventTypeIndex& index) {
  const JsonToken* type = token(layout.type);
  if (type == nullptr) return refuse(Code::missing_field, Fault::missing, "type", nullptr);
  if (type->kind != JsonToken::Kind::string) return refuse(Code::invalid_field, Fault::wrong_type, "type", type);
  const std::optional<EventTypeIndex> found = tables.find_type(type->text);
  if (!found) {
    blame.text = type->text;
    return refuse(Code::unknown_type, Fault::unknown_type, "type", type);
  }
  index = *found;
  return std::nullopt;
}

std::optional<Error> Decoder::Impl::check_envelope(Event& event) {
  if (layout.player == 0) return refuse(Code::missing_field, Fault::missing, "player", nullptr);
  if (player_fault != Fault::none) return refuse(Code::invalid_field, player_fault, "player", token(layout.player));
  if (id_fault != Fault::none) return refuse(Code::invalid_field, id_fault, "id", token(layout.id));
  if (const JsonToken* ts = token(layout.ts)) {
    const auto time = read_timestamp(*ts);
    if (!time) return refuse(Code::invalid_field, time.error(), "ts", ts);
    event.ts = *time;
  }
  if (ref_fault != Fault::none) return refuse(Code::invalid_field, ref_fault, "ref", token(layout.ref));
  if (const JsonToken* at = token(layout.at)) {
    const auto time = read_timestamp(*at);
    if (!time) return refuse(Code::invalid_field, time.error(), "at", at);
    event.at = *time;
  }
  return std::nullopt;
}

void Decoder::Impl::sort_fields(const EventType& type, EventTypeIndex index) {
  values.assign(type.fields.size(), 0);
  unknown = nullptr;
  for (const std::uint16_t name : others) {
    if (const std::optional<std::uint16_t> field = tables.find_field(index, tokens[name].text)) {
      values[*field] = static_cast<std::uint16_t>(name + 1);
    } else if (unknown == nullptr) {
      unknown = &tokens[name];
    }
  }
  layout.fields = values;
  layout.has_unknown = unknown != nullptr;
}

std::optional<Error> Decoder::Impl::read_fields(const EventType& type, Arena& arena, Event& event) {
  const std::span<cel::Value> fields = arena.array<cel::Value>(type.fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldDefinition& field = type.fields[i];
    const std::uint16_t index = layout.fields[i];
    if (index == 0) {
      if (!field.optional) return refuse_field(Code::missing_field, Fault::missing, field, i, nullptr);
      fields[i] = cel::Value::error(cel::ErrorKind::no_such_field);
      continue;
    }
    const Fault fault = read_field(field, tokens.subspan(index), arena, fields[i]);
    if (fault != Fault::none) return refuse_field(Code::invalid_field, fault, field, i, &tokens[index]);
  }
  event.fields = fields;
  return std::nullopt;
}

std::optional<Error> Decoder::Impl::check_unknown(const Ruleset& ruleset) {
  if (!ruleset.reject_unknown_fields || unknown == nullptr) return std::nullopt;
  return refuse(Code::invalid_field, Fault::unknown_field, unknown->text, unknown);
}

Error Decoder::Impl::refuse(Code code, Fault fault, std::string_view name, const JsonToken* token) {
  blame.member = name;
  return {.code = code, .reason = static_cast<std::uint8_t>(fault), .position = token == nullptr ? 0 : token->begin};
}

Error Decoder::Impl::refuse_field(Code code, Fault fault, const FieldDefinition& field, std::size_t number,
                                  const JsonToken* token) {
  blame.field = &field;
  Error error = refuse(code, fault, field.name, token);
  error.field = static_cast<std::uint16_t>(number + 1);
  return error;
}

}  // namespace tallyho

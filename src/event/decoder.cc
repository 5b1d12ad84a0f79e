#include "event/decoder.h"

#include <array>
#include <optional>
#include <vector>

#include "event/describe_fault.h"
#include "event/field_reader.h"
#include "event/json_reader.h"
#include "event/name_index.h"

namespace tallyho {
namespace {

// The members of the envelope, as tokens; null where the message has none.
struct Members {
  const JsonToken* type = nullptr;
  const JsonToken* player = nullptr;
  const JsonToken* id = nullptr;
  const JsonToken* ts = nullptr;
  const JsonToken* ref = nullptr;
  const JsonToken* at = nullptr;

  // Where the member of this name belongs, or null if it is not of the envelope.
  const JsonToken** find(std::string_view name, bool takes_at) {
    switch (name.size()) {
      case 2:
        if (name == "id") return &id;
        if (name == "ts") return &ts;
        if (name == "at" && takes_at) return &at;
        return nullptr;
      case 3: return name == "ref" ? &ref : nullptr;
      case 4: return name == "type" ? &type : nullptr;
      case 6: return name == "player" ? &player : nullptr;
      default: return nullptr;
    }
  }
};

Fault check_ref(const JsonToken& token) {
  if (token.kind == JsonToken::Kind::string) return Fault::none;
  const auto number = read_int(token);
  return number ? Fault::none : number.error();
}

// What a ruleset's names are found with. Holds numbers, no references into the ruleset.
class Tables {
 public:
  void use(const Ruleset& ruleset) {
    if (&ruleset == ruleset_ && ruleset.hash == hash_) return;
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
  void sort_members();
  std::size_t recorded_bytes() const;
  void read_envelope(std::string_view bytes);
  std::optional<Error> check_type(const Ruleset& ruleset, Event& event);
  std::optional<Error> check_envelope(Event& event);
  void sort_fields(const EventType& type, EventTypeIndex index);
  std::optional<Error> read_fields(const EventType& type, Arena& arena, Event& event);
  std::optional<Error> check_unknown(const Ruleset& ruleset);
  Error refuse(Code code, Fault fault, std::string_view name, const JsonToken* token);
  Error refuse_field(Code code, Fault fault, const FieldDefinition& field, std::size_t number, const JsonToken* token);

  Options options;
  JsonReader reader;
  Tables tables;

  // Of the current decode(). Tokens are named by index; 0, the event itself, stands for none.
  Members members;
  std::vector<std::uint32_t> others;   // Names of the members beside the envelope, as written.
  std::vector<std::uint32_t> values;   // Of the declared fields, in their order.
  const JsonToken* unknown = nullptr;  // The first name that is neither.
  Fault player_fault = Fault::none;
  Fault id_fault = Fault::none;
  Fault ref_fault = Fault::none;

  // Of the last one.
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
std::string_view Decoder::field_name() const {
  return impl_->blame.member;
}
std::string Decoder::describe(const Error& error) const {
  return describe_fault(error, impl_->blame);
}

// The order of the checks is the protocol's: the first thing that is wrong in it decides.
Result<Event> Decoder::Impl::decode(std::string_view bytes, const Ruleset& ruleset, Arena& arena) {
  envelope = {};
  blame = {};
  const auto too_large = [this] { return std::unexpected(refuse(Code::too_large, Fault::too_large, {}, nullptr)); };
  const bool is_over = bytes.size() > event_bytes_max;
  if (is_over && (!options.takes_at || bytes.size() > recorded_bytes_max)) return too_large();
  if (const std::optional<JsonReader::Failure> failure = reader.read(bytes, arena)) {
    if (is_over) return too_large();
    Error error = refuse(Code::malformed, failure->fault, {}, nullptr);
    error.position = failure->position;
    return std::unexpected(error);
  }
  tables.use(ruleset);
  sort_members();
  if (is_over && bytes.size() - recorded_bytes() > event_bytes_max) return too_large();
  read_envelope(bytes);
  Event event;
  if (const auto error = check_type(ruleset, event)) return std::unexpected(*error);
  if (const auto error = check_envelope(event)) return std::unexpected(*error);
  const EventType& type = ruleset.events[event.type];
  sort_fields(type, event.type);
  if (const auto error = read_fields(type, arena, event)) return std::unexpected(*error);
  if (const auto error = check_unknown(ruleset)) return std::unexpected(*error);
  event.envelope = envelope;
  return event;
}

void Decoder::Impl::sort_members() {
  members = {};
  others.clear();
  const std::span<const JsonToken> tokens = reader.tokens();
  for (std::uint32_t name = 1; name < tokens.size(); name = tokens[name].next) {
    if (const JsonToken** place = members.find(tokens[name].text, options.takes_at)) {
      *place = &tokens[name + 1];
    } else {
      others.push_back(name);
    }
  }
}

// What the member `at` adds to an event as it was sent: its name, its value and a comma.
std::size_t Decoder::Impl::recorded_bytes() const {
  if (members.at == nullptr) return 0;
  const JsonToken* name = members.at - 1;
  return members.at->end - name->begin + 1;
}

// What an answer can say of the event, whatever else is wrong with it.
void Decoder::Impl::read_envelope(std::string_view bytes) {
  const auto identity = [](const JsonToken* token, std::string_view& into) {
    if (token == nullptr) return Fault::none;
    const auto text = read_identity(*token);
    if (!text) return text.error();
    into = *text;
    return Fault::none;
  };
  player_fault = identity(members.player, envelope.player);
  id_fault = identity(members.id, envelope.id);
  ref_fault = members.ref == nullptr ? Fault::none : check_ref(*members.ref);
  if (members.ref != nullptr && ref_fault == Fault::none) {
    envelope.ref = bytes.substr(members.ref->begin, members.ref->end - members.ref->begin);
  }
}

std::optional<Error> Decoder::Impl::check_type(const Ruleset& ruleset, Event& event) {
  const JsonToken* token = members.type;
  if (token == nullptr) return refuse(Code::missing_field, Fault::missing, "type", nullptr);
  if (token->kind != JsonToken::Kind::string) return refuse(Code::invalid_field, Fault::wrong_type, "type", token);
  const std::optional<EventTypeIndex> index = tables.find_type(token->text);
  if (!index) {
    blame.text = token->text;
    return refuse(Code::unknown_type, Fault::unknown_type, "type", token);
  }
  event.type = *index;
  blame.type = ruleset.events[*index].name;
  return std::nullopt;
}

std::optional<Error> Decoder::Impl::check_envelope(Event& event) {
  if (members.player == nullptr) return refuse(Code::missing_field, Fault::missing, "player", nullptr);
  if (player_fault != Fault::none) return refuse(Code::invalid_field, player_fault, "player", members.player);
  if (id_fault != Fault::none) return refuse(Code::invalid_field, id_fault, "id", members.id);
  if (members.ts != nullptr) {
    const auto ts = read_timestamp(*members.ts);
    if (!ts) return refuse(Code::invalid_field, ts.error(), "ts", members.ts);
    event.ts = *ts;
  }
  if (ref_fault != Fault::none) return refuse(Code::invalid_field, ref_fault, "ref", members.ref);
  if (members.at != nullptr) {
    const auto at = read_timestamp(*members.at);
    if (!at) return refuse(Code::invalid_field, at.error(), "at", members.at);
    event.at = *at;
  }
  return std::nullopt;
}

void Decoder::Impl::sort_fields(const EventType& type, EventTypeIndex index) {
  const std::span<const JsonToken> tokens = reader.tokens();
  values.assign(type.fields.size(), 0);
  unknown = nullptr;
  for (const std::uint32_t name : others) {
    if (const std::optional<std::uint16_t> field = tables.find_field(index, tokens[name].text)) {
      values[*field] = name + 1;
    } else if (unknown == nullptr) {
      unknown = &tokens[name];
    }
  }
}

std::optional<Error> Decoder::Impl::read_fields(const EventType& type, Arena& arena, Event& event) {
  const std::span<const JsonToken> tokens = reader.tokens();
  const std::span<cel::Value> fields = arena.array<cel::Value>(type.fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldDefinition& field = type.fields[i];
    if (values[i] == 0) {
      if (!field.optional) return refuse_field(Code::missing_field, Fault::missing, field, i, nullptr);
      fields[i] = cel::Value::error(cel::ErrorKind::no_such_field);
      continue;
    }
    const auto value = read_field(field, tokens.subspan(values[i]), arena);
    if (!value) return refuse_field(Code::invalid_field, value.error(), field, i, &tokens[values[i]]);
    fields[i] = *value;
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

#include "event/describe_fault.h"

#include "event/event.h"
#include "event/field_reader.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace tallyho {
namespace {

// Names come from strangers: at most this much of them is repeated, whole code points.
std::string_view shortened(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string describe_malformed(const Error& error) {
  switch (Fault{error.reason}) {
    case Fault::empty: return "the message is empty";
    case Fault::not_an_object: return "not a JSON object";
    case Fault::not_utf8: return "not UTF-8";
    case Fault::lone_surrogate: return fmt::format("half of a surrogate pair is escaped at byte {}", error.position);
    case Fault::duplicate_member: return fmt::format("the member at byte {} is there twice", error.position);
    case Fault::too_deep:
      return fmt::format("nested deeper than {} levels at byte {}", event_depth_max, error.position);
    case Fault::trailing_bytes: return fmt::format("more than one JSON object: byte {} follows it", error.position);
    default: return fmt::format("not JSON at byte {}", error.position);
  }
}

std::string_view name_of(FieldType::Kind kind) {
  switch (kind) {
    case FieldType::Kind::boolean: return "bool";
    case FieldType::Kind::int64: return "int";
    case FieldType::Kind::float64: return "double";
    case FieldType::Kind::string: return "string";
    case FieldType::Kind::timestamp: return "timestamp";
    case FieldType::Kind::list: return "list";
    case FieldType::Kind::map: return "map";
  }
  return "";
}

// What the member should have been: "an int", "a list<string>".
std::string type_of(const FaultContext& context) {
  if (context.field == nullptr) {
    if (context.member == "ts" || context.member == "at") return "a timestamp";
    if (context.member == "ref") return "a string or an int";
    return "a string";
  }
  const FieldType& type = context.field->type;
  if (type.kind == FieldType::Kind::list || type.kind == FieldType::Kind::map) {
    return fmt::format("a {}<{}>", name_of(type.kind), name_of(type.item));
  }
  return fmt::format("{} {}", type.kind == FieldType::Kind::int64 ? "an" : "a", name_of(type.kind));
}

std::string describe_limit(Fault fault, const FaultContext& context) {
  FieldDefinition identity;  // Of `player` and `id`, which nobody declares.
  identity.min_bytes = 1;
  identity.max_bytes = player_bytes_max;
  const FieldDefinition& field = context.field != nullptr ? *context.field : identity;
  const bool has_items = field.type.kind == FieldType::Kind::list || field.type.kind == FieldType::Kind::map;
  const std::string_view is = has_items ? "has a string that is" : "is";
  const bool is_double = field.type.kind == FieldType::Kind::float64;
  const auto counted = [](std::uint32_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  switch (fault) {
    case Fault::below_min:
      return is_double ? fmt::format("is below {}", field.float_min) : fmt::format("is below {}", field.int_min);
    case Fault::above_max:
      return is_double ? fmt::format("is above {}", field.float_max) : fmt::format("is above {}", field.int_max);
    case Fault::too_short: return fmt::format("{} shorter than {}", is, counted(field.min_bytes, "byte"));
    case Fault::too_long: return fmt::format("{} longer than {}", is, counted(field.max_bytes, "byte"));
    case Fault::too_many_items: return fmt::format("has more than {}", counted(field.max_items, "item"));
    default:
      return field.type.kind == FieldType::Kind::int64
                 ? fmt::format("is none of {}", fmt::join(field.one_of_ints, ", "))
                 : fmt::format("is none of {}", fmt::join(field.one_of_strings, ", "));
  }
}

std::string describe_member(const Error& error, const FaultContext& context) {
  switch (const Fault fault{error.reason}) {
    case Fault::missing: return "is missing";
    case Fault::wrong_type: return fmt::format("must be {}", type_of(context));
    case Fault::not_an_integer: return "must be an integer, without fraction and exponent";
    case Fault::int_range: return "does not fit into 64 bits";
    case Fault::not_finite: return "is not finite as a double";
    case Fault::control_character: return "has a control character";
    case Fault::bad_timestamp:
      return "is no time between 0001 and 9999: milliseconds since the Unix epoch, or RFC 3339 text";
    case Fault::unknown_field: return fmt::format("is no field of {}", context.type);
    default: return describe_limit(fault, context);
  }
}

}  // namespace

std::string describe_fault(const Error& error, const FaultContext& context) {
  switch (error.code) {
    case Code::malformed: return describe_malformed(error);
    case Code::too_large: return fmt::format("larger than {} bytes", event_bytes_max);
    case Code::unknown_type: return fmt::format("there is no event type '{}'", shortened(context.text));
    case Code::missing_field:
    case Code::invalid_field: return fmt::format("'{}' {}", shortened(context.member), describe_member(error, context));
    default: return std::string(describe(error.code));
  }
}

}  // namespace tallyho

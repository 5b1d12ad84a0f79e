#include "event/field_reader.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <charconv>
#include <optional>
#include <system_error>

#include "cel/containers.h"

namespace tallyho {
namespace {

using cel::Value;
using Kind = JsonToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <typename Number>
std::errc parse(std::string_view text, Number& number) {
  const char* begin = text.begin();
  return std::from_chars(begin, begin + text.size(), number).ec;
}

constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Gives the double nearest to digits · 10^exponent, where one operation of doubles does: both sides of it are doubles
// themselves, so the only rounding is its own (Clinger, How to Read Floating Point Numbers Accurately, 1990).
inline bool compose(std::uint64_t digits, int exponent, double& number) {
  static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");
  constexpr int power_max = powers.size() - 1;  // 5^22 < 2^53 < 5^23.
  if (digits > std::uint64_t{1} << 53 || exponent < -power_max || exponent > power_max) return false;
  const auto whole = static_cast<double>(static_cast<std::int64_t>(digits));
  const double power = powers[static_cast<std::size_t>(exponent < 0 ? -exponent : exponent)];
  number = exponent < 0 ? whole / power : whole * power;
  return true;
}

// Whether a number other than zero is less than one by its digits and exponent.
bool is_below_one(std::string_view number) {
  std::int64_t magnitude = 0;  // Of the first digit that is not zero: 10 to the power of this.
  bool is_found = false;
  bool is_fraction = false;
  std::size_t at = 0;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') is_fraction = true;
    if (!is_digit(number[at])) continue;
    if (is_fraction && !is_found) --magnitude;
    if (!is_fraction && is_found) ++magnitude;
    if (number[at] != '0') is_found = true;
  }
  if (at == number.size()) return magnitude < 0;
  ++at;
  const bool is_negative = number[at] == '-';
  if (!is_digit(number[at])) ++at;
  std::int64_t exponent = 0;
  constexpr std::int64_t exponent_max = 1'000'000'000;  // More than any event has digits.
  for (; at < number.size(); ++at) exponent = std::min(exponent * 10 + (number[at] - '0'), exponent_max);
  return magnitude + (is_negative ? -exponent : exponent) < 0;
}

// Each of these leaves its last argument alone where it comes to a fault.

inline Fault take_int(const JsonToken& token, std::int64_t& number) {
  if (token.kind != Kind::integer) return token.kind == Kind::decimal ? Fault::not_an_integer : Fault::wrong_type;
  if (token.has_digits) {
    const auto magnitude = static_cast<std::int64_t>(token.digits);
    number = token.text.front() == '-' ? -magnitude : magnitude;
    return Fault::none;
  }
  return parse(token.text, number) == std::errc() ? Fault::none : Fault::int_range;
}

Fault take_long_double(std::string_view text, double& number) {
  if (parse(text, number) == std::errc()) return Fault::none;
  // Out of range is both ends.
  if (!is_below_one(text)) return Fault::not_finite;
  number = text.front() == '-' ? -0.0 : 0.0;
  return Fault::none;
}

inline Fault take_double(const JsonToken& token, double& number) {
  if (token.kind != Kind::decimal && token.kind != Kind::integer) return Fault::wrong_type;
  if (!token.has_digits || !compose(token.digits, token.exponent, number)) return take_long_double(token.text, number);
  if (token.text.front() == '-') number = -number;
  return Fault::none;
}

inline Fault take_timestamp(const JsonToken& token, Timestamp& time) {
  if (token.kind == Kind::string) {
    const std::optional<Timestamp> parsed = parse_timestamp(token.text);
    if (!parsed) return Fault::bad_timestamp;
    time = *parsed;
    return Fault::none;
  }
  std::int64_t millis = 0;
  const Fault fault = take_int(token, millis);
  if (fault != Fault::none) return fault == Fault::int_range ? Fault::bad_timestamp : fault;
  const Timestamp read = Timestamp::from_millis(millis);
  if (!read.is_valid()) return Fault::bad_timestamp;
  time = read;
  return Fault::none;
}

inline Fault read_boolean_value(const JsonToken& token, Value& value) {
  if (token.kind != Kind::boolean_true && token.kind != Kind::boolean_false) return Fault::wrong_type;
  value = Value::boolean(token.kind == Kind::boolean_true);
  return Fault::none;
}

inline Fault read_int_value(const FieldDefinition& field, const JsonToken& token, Value& value) {
  std::int64_t number = 0;
  if (const Fault fault = take_int(token, number); fault != Fault::none) return fault;
  if (number < field.int_min) return Fault::below_min;
  if (number > field.int_max) return Fault::above_max;
  if (!field.one_of_ints.empty() && std::ranges::find(field.one_of_ints, number) == field.one_of_ints.end()) {
    return Fault::not_one_of;
  }
  value = Value::int64(number);
  return Fault::none;
}

inline Fault read_double_value(const FieldDefinition& field, const JsonToken& token, Value& value) {
  double number = 0;
  if (const Fault fault = take_double(token, number); fault != Fault::none) return fault;
  if (number < field.float_min) return Fault::below_min;
  if (number > field.float_max) return Fault::above_max;
  value = Value::float64(number);
  return Fault::none;
}

inline Fault read_timestamp_value(const JsonToken& token, Value& value) {
  Timestamp time;
  if (const Fault fault = take_timestamp(token, time); fault != Fault::none) return fault;
  value = Value::timestamp(time);
  return Fault::none;
}

Fault check_bytes(const FieldDefinition& field, std::string_view text) {
  if (text.size() < field.min_bytes) return Fault::too_short;
  if (text.size() > field.max_bytes) return Fault::too_long;
  return Fault::none;
}

inline Fault read_string_value(const FieldDefinition& field, const JsonToken& token, Value& value) {
  if (token.kind != Kind::string) return Fault::wrong_type;
  if (!field.one_of_strings.empty()) {
    for (const std::string& choice : field.one_of_strings) {
      if (choice != token.text) continue;
      value = Value::string(choice);
      return Fault::none;
    }
    return Fault::not_one_of;
  }
  if (const Fault fault = check_bytes(field, token.text); fault != Fault::none) return fault;
  value = Value::string(token.text);
  return Fault::none;
}

inline Fault read_scalar(const FieldDefinition& field, FieldType::Kind kind, const JsonToken& token, Value& value) {
  switch (kind) {
    case FieldType::Kind::boolean: return read_boolean_value(token, value);
    case FieldType::Kind::int64: return read_int_value(field, token, value);
    case FieldType::Kind::float64: return read_double_value(field, token, value);
    case FieldType::Kind::string: return read_string_value(field, token, value);
    case FieldType::Kind::timestamp: return read_timestamp_value(token, value);
    case FieldType::Kind::list:
    case FieldType::Kind::map: break;
  }
  return Fault::wrong_type;
}

Fault read_list(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena, Value& value) {
  const JsonToken& list = tokens[0];
  if (list.kind != Kind::array) return Fault::wrong_type;
  if (list.items > field.max_items) return Fault::too_many_items;
  const std::span<Value> items = arena.array<Value>(list.items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    // Scalars are one token each; anything else ends the loop.
    const Fault fault = read_scalar(field, field.type.item, tokens[i + 1], items[i]);
    if (fault != Fault::none) return fault;
  }
  value = cel::adopt_list(items, arena);
  return Fault::none;
}

Fault read_map(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena, Value& value) {
  const JsonToken& map = tokens[0];
  if (map.kind != Kind::object) return Fault::wrong_type;
  if (map.items > field.max_items) return Fault::too_many_items;
  const std::span<Value> pairs = arena.array<Value>(std::size_t{map.items} * 2);
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const std::string_view key = tokens[i + 1].text;
    if (const Fault fault = check_bytes(field, key); fault != Fault::none) return fault;
    pairs[i] = Value::string(key);
    const Fault fault = read_scalar(field, field.type.item, tokens[i + 2], pairs[i + 1]);
    if (fault != Fault::none) return fault;
  }
  const auto made = cel::adopt_map(pairs, arena);
  if (!made) return Fault::duplicate_member;  // Not met: the names of an object are unique.
  value = *made;
  return Fault::none;
}

[[gnu::noinline]] Fault read_items(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena,
                                   Value& value) {
  return field.type.kind == FieldType::Kind::list ? read_list(field, tokens, arena, value)
                                                  : read_map(field, tokens, arena, value);
}

}  // namespace

Fault read_field(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena, Value& into) {
  const FieldType::Kind kind = field.type.kind;
  if (kind == FieldType::Kind::list || kind == FieldType::Kind::map) return read_items(field, tokens, arena, into);
  return read_scalar(field, kind, tokens[0], into);
}

std::expected<Value, Fault> read_field(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena) {
  Value value;
  if (const Fault fault = read_field(field, tokens, arena, value); fault != Fault::none) return std::unexpected(fault);
  return value;
}

std::expected<std::int64_t, Fault> read_int(const JsonToken& token) {
  std::int64_t number = 0;
  if (const Fault fault = take_int(token, number); fault != Fault::none) return std::unexpected(fault);
  return number;
}

std::expected<double, Fault> read_double(const JsonToken& token) {
  double number = 0;
  if (const Fault fault = take_double(token, number); fault != Fault::none) return std::unexpected(fault);
  return number;
}

std::expected<Timestamp, Fault> read_timestamp(const JsonToken& token) {
  Timestamp time;
  if (const Fault fault = take_timestamp(token, time); fault != Fault::none) return std::unexpected(fault);
  return time;
}

std::expected<std::string_view, Fault> read_identity(const JsonToken& token) {
  if (token.kind != Kind::string) return std::unexpected(Fault::wrong_type);
  const std::string_view text = token.text;
  if (text.empty()) return std::unexpected(Fault::too_short);
  if (text.size() > player_bytes_max) return std::unexpected(Fault::too_long);
  if (token.is_printable) return text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F; the text is UTF-8.
    const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || is_c1) return std::unexpected(Fault::control_character);
  }
  return text;
}

}  // namespace tallyho

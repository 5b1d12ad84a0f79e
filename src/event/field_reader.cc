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

// The double next to digits · 10^exponent, where one operation of doubles gives it: both sides of it are doubles
// themselves, so the only rounding is its own (Clinger, How to Read Floating Point Numbers Accurately, 1990).
std::optional<double> to_double(std::uint64_t digits, int exponent) {
  static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");
  constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr int power_max = powers.size() - 1;  // 5^22 < 2^53 < 5^23.
  if (digits > std::uint64_t{1} << 53 || exponent < -power_max || exponent > power_max) return std::nullopt;
  const auto number = static_cast<double>(static_cast<std::int64_t>(digits));
  if (exponent < 0) return number / powers[static_cast<std::size_t>(-exponent)];
  return number * powers[static_cast<std::size_t>(exponent)];
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

std::expected<Value, Fault> read_boolean_value(const JsonToken& token) {
  if (token.kind == Kind::boolean_true) return Value::boolean(true);
  if (token.kind == Kind::boolean_false) return Value::boolean(false);
  return std::unexpected(Fault::wrong_type);
}

std::expected<Value, Fault> read_int_value(const FieldDefinition& field, const JsonToken& token) {
  const auto number = read_int(token);
  if (!number) return std::unexpected(number.error());
  if (*number < field.int_min) return std::unexpected(Fault::below_min);
  if (*number > field.int_max) return std::unexpected(Fault::above_max);
  if (!field.one_of_ints.empty() && std::ranges::find(field.one_of_ints, *number) == field.one_of_ints.end()) {
    return std::unexpected(Fault::not_one_of);
  }
  return Value::int64(*number);
}

std::expected<Value, Fault> read_double_value(const FieldDefinition& field, const JsonToken& token) {
  const auto number = read_double(token);
  if (!number) return std::unexpected(number.error());
  if (*number < field.float_min) return std::unexpected(Fault::below_min);
  if (*number > field.float_max) return std::unexpected(Fault::above_max);
  return Value::float64(*number);
}

std::expected<Value, Fault> read_timestamp_value(const JsonToken& token) {
  const auto time = read_timestamp(token);
  if (!time) return std::unexpected(time.error());
  return Value::timestamp(*time);
}

Fault check_bytes(const FieldDefinition& field, std::string_view text) {
  if (text.size() < field.min_bytes) return Fault::too_short;
  if (text.size() > field.max_bytes) return Fault::too_long;
  return Fault::none;
}

std::expected<Value, Fault> read_string_value(const FieldDefinition& field, const JsonToken& token) {
  if (token.kind != Kind::string) return std::unexpected(Fault::wrong_type);
  if (!field.one_of_strings.empty()) {
    for (const std::string& choice : field.one_of_strings) {
      if (choice == token.text) return Value::string(choice);
    }
    return std::unexpected(Fault::not_one_of);
  }
  if (const Fault fault = check_bytes(field, token.text); fault != Fault::none) return std::unexpected(fault);
  return Value::string(token.text);
}

std::expected<Value, Fault> read_scalar(const FieldDefinition& field, FieldType::Kind kind, const JsonToken& token) {
  switch (kind) {
    case FieldType::Kind::boolean: return read_boolean_value(token);
    case FieldType::Kind::int64: return read_int_value(field, token);
    case FieldType::Kind::float64: return read_double_value(field, token);
    case FieldType::Kind::string: return read_string_value(field, token);
    case FieldType::Kind::timestamp: return read_timestamp_value(token);
    case FieldType::Kind::list:
    case FieldType::Kind::map: break;
  }
  return std::unexpected(Fault::wrong_type);
}

std::expected<Value, Fault> read_list(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena) {
  const JsonToken& list = tokens[0];
  if (list.kind != Kind::array) return std::unexpected(Fault::wrong_type);
  if (list.items > field.max_items) return std::unexpected(Fault::too_many_items);
  const std::span<Value> items = arena.array<Value>(list.items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    // Scalars are one token each; anything else ends the loop.
    const auto item = read_scalar(field, field.type.item, tokens[i + 1]);
    if (!item) return std::unexpected(item.error());
    items[i] = *item;
  }
  return cel::adopt_list(items, arena);
}

std::expected<Value, Fault> read_map(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena) {
  const JsonToken& map = tokens[0];
  if (map.kind != Kind::object) return std::unexpected(Fault::wrong_type);
  if (map.items > field.max_items) return std::unexpected(Fault::too_many_items);
  const std::span<Value> pairs = arena.array<Value>(std::size_t{map.items} * 2);
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const std::string_view key = tokens[i + 1].text;
    if (const Fault fault = check_bytes(field, key); fault != Fault::none) return std::unexpected(fault);
    const auto item = read_scalar(field, field.type.item, tokens[i + 2]);
    if (!item) return std::unexpected(item.error());
    pairs[i] = Value::string(key);
    pairs[i + 1] = *item;
  }
  const auto made = cel::adopt_map(pairs, arena);
  if (!made) return std::unexpected(Fault::duplicate_member);  // Not met: the names of an object are unique.
  return *made;
}

}  // namespace

std::expected<Value, Fault> read_field(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena) {
  if (field.type.kind == FieldType::Kind::list) return read_list(field, tokens, arena);
  if (field.type.kind == FieldType::Kind::map) return read_map(field, tokens, arena);
  return read_scalar(field, field.type.kind, tokens[0]);
}

std::expected<std::int64_t, Fault> read_int(const JsonToken& token) {
  if (token.kind == Kind::decimal) return std::unexpected(Fault::not_an_integer);
  if (token.kind != Kind::integer) return std::unexpected(Fault::wrong_type);
  if (token.has_digits) {
    const auto magnitude = static_cast<std::int64_t>(token.digits);
    return token.text.front() == '-' ? -magnitude : magnitude;
  }
  std::int64_t number = 0;
  if (parse(token.text, number) != std::errc()) return std::unexpected(Fault::int_range);
  return number;
}

std::expected<double, Fault> read_double(const JsonToken& token) {
  if (token.kind != Kind::decimal && token.kind != Kind::integer) return std::unexpected(Fault::wrong_type);
  if (token.has_digits) {
    if (const auto number = to_double(token.digits, token.exponent)) {
      return token.text.front() == '-' ? -*number : *number;
    }
  }
  double number = 0;
  if (parse(token.text, number) == std::errc()) return number;
  // Out of range is both ends.
  if (!is_below_one(token.text)) return std::unexpected(Fault::not_finite);
  return token.text.front() == '-' ? -0.0 : 0.0;
}

std::expected<Timestamp, Fault> read_timestamp(const JsonToken& token) {
  if (token.kind == Kind::string) {
    if (const std::optional<Timestamp> time = parse_timestamp(token.text)) return *time;
    return std::unexpected(Fault::bad_timestamp);
  }
  const auto millis = read_int(token);
  if (!millis) return std::unexpected(millis.error() == Fault::int_range ? Fault::bad_timestamp : millis.error());
  const Timestamp time = Timestamp::from_millis(*millis);
  if (!time.is_valid()) return std::unexpected(Fault::bad_timestamp);
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

// int(), uint(), double(), string(), bool(), bytes(), timestamp(), duration(), dyn().

#include <string>

#include "cel/library.h"
#include "cel/numbers.h"
#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

constexpr CallCost cost_of_time_as_text = {.base = 200, .per_16_bytes = 0, .result_size_max = 0};
constexpr CallCost cost_of_text = {.base = 60, .per_16_bytes = 4, .result_size_max = 0};

Value same(const Call& c) {
  return c.args[0];
}

template <typename Number>
Value number_or(const Call& c, const std::optional<Number>& number, ErrorKind error) {
  if (!number) return c.error(error);
  if constexpr (std::is_same_v<Number, std::int64_t>) return Value::int64(*number);
  if constexpr (std::is_same_v<Number, std::uint64_t>) return Value::uint64(*number);
  if constexpr (std::is_same_v<Number, double>) return Value::float64(*number);
}

Value text(const Call& c, const std::string& made) {
  return Value::string(c.arena.copy(made));
}

Value uint64_to_int64(const Call& c) {
  const std::uint64_t number = c.args[0].as_uint64();
  if (number > static_cast<std::uint64_t>(INT64_MAX)) return c.error(ErrorKind::overflow);
  return Value::int64(static_cast<std::int64_t>(number));
}
Value float64_to_int64(const Call& c) {
  return number_or(c, cel::float64_to_int64(c.args[0].as_float64()), ErrorKind::overflow);
}
Value string_to_int64(const Call& c) {
  return number_or(c, text_to_int64(c.args[0].as_string()), ErrorKind::invalid_conversion);
}
Value timestamp_to_int64(const Call& c) {
  return Value::int64(c.args[0].as_timestamp().seconds);
}

Value int64_to_uint64(const Call& c) {
  const std::int64_t number = c.args[0].as_int64();
  if (number < 0) return c.error(ErrorKind::overflow);
  return Value::uint64(static_cast<std::uint64_t>(number));
}
Value float64_to_uint64(const Call& c) {
  return number_or(c, cel::float64_to_uint64(c.args[0].as_float64()), ErrorKind::overflow);
}
Value string_to_uint64(const Call& c) {
  return number_or(c, text_to_uint64(c.args[0].as_string()), ErrorKind::invalid_conversion);
}

Value int64_to_float64(const Call& c) {
  return Value::float64(static_cast<double>(c.args[0].as_int64()));
}
Value uint64_to_float64(const Call& c) {
  return Value::float64(static_cast<double>(c.args[0].as_uint64()));
}
Value string_to_float64(const Call& c) {
  return number_or(c, text_to_float64(c.args[0].as_string()), ErrorKind::invalid_conversion);
}

Value int64_to_string(const Call& c) {
  return text(c, std::to_string(c.args[0].as_int64()));
}
Value uint64_to_string(const Call& c) {
  return text(c, std::to_string(c.args[0].as_uint64()));
}
Value float64_to_string(const Call& c) {
  return text(c, float64_to_text(c.args[0].as_float64()));
}
Value boolean_to_string(const Call& c) {
  return Value::string(c.args[0].as_boolean() ? "true" : "false");
}
Value bytes_to_string(const Call& c) {
  const std::string_view bytes = c.args[0].as_bytes();
  return is_utf8(bytes) ? Value::string(bytes) : c.error(ErrorKind::invalid_utf8);
}
Value timestamp_to_string(const Call& c) {
  return text(c, format_timestamp(c.args[0].as_timestamp()));
}
Value duration_to_string(const Call& c) {
  return text(c, format_duration(c.args[0].as_duration()));
}

Value string_to_bytes(const Call& c) {
  return Value::bytes(c.args[0].as_string());
}

// Exactly the ten spellings that cel-go takes.
Value string_to_boolean(const Call& c) {
  const std::string_view name = c.args[0].as_string();
  for (const std::string_view yes : {"1", "t", "true", "TRUE", "True"}) {
    if (name == yes) return Value::boolean(true);
  }
  for (const std::string_view no : {"0", "f", "false", "FALSE", "False"}) {
    if (name == no) return Value::boolean(false);
  }
  return c.error(ErrorKind::invalid_conversion);
}

Value string_to_timestamp(const Call& c) {
  const auto time = parse_timestamp(c.args[0].as_string());
  return time ? Value::timestamp(*time) : c.error(ErrorKind::invalid_conversion);
}
Value int64_to_timestamp(const Call& c) {
  const Timestamp time{c.args[0].as_int64(), 0};
  return time.is_valid() ? Value::timestamp(time) : c.error(ErrorKind::out_of_range);
}
Value string_to_duration(const Call& c) {
  const auto duration = parse_duration(c.args[0].as_string());
  return duration ? Value::duration(*duration) : c.error(ErrorKind::invalid_conversion);
}

void add_to_numbers(Library& lib) {
  lib.function("int", "int64_to_int64", {lib.int64}, lib.int64, same);
  lib.function("int", "uint64_to_int64", {lib.uint64}, lib.int64, uint64_to_int64);
  lib.function("int", "double_to_int64", {lib.float64}, lib.int64, float64_to_int64);
  lib.function("int", "string_to_int64", {lib.string}, lib.int64, string_to_int64, cost_of_text);
  lib.function("int", "timestamp_to_int64", {lib.timestamp}, lib.int64, timestamp_to_int64);
  lib.function("uint", "uint64_to_uint64", {lib.uint64}, lib.uint64, same);
  lib.function("uint", "int64_to_uint64", {lib.int64}, lib.uint64, int64_to_uint64);
  lib.function("uint", "double_to_uint64", {lib.float64}, lib.uint64, float64_to_uint64);
  lib.function("uint", "string_to_uint64", {lib.string}, lib.uint64, string_to_uint64, cost_of_text);
  lib.function("double", "double_to_double", {lib.float64}, lib.float64, same);
  lib.function("double", "int64_to_double", {lib.int64}, lib.float64, int64_to_float64);
  lib.function("double", "uint64_to_double", {lib.uint64}, lib.float64, uint64_to_float64);
  lib.function("double", "string_to_double", {lib.string}, lib.float64, string_to_float64, cost_of_text);
}

void add_to_texts(Library& lib) {
  lib.function("string", "string_to_string", {lib.string}, lib.string, same);
  lib.function("string", "int64_to_string", {lib.int64}, lib.string, int64_to_string, cost_of_text);
  lib.function("string", "uint64_to_string", {lib.uint64}, lib.string, uint64_to_string, cost_of_text);
  lib.function("string", "double_to_string", {lib.float64}, lib.string, float64_to_string, cost_of_text);
  lib.function("string", "bool_to_string", {lib.boolean}, lib.string, boolean_to_string);
  lib.function("string", "bytes_to_string", {lib.bytes}, lib.string, bytes_to_string, cost_per_chunk);
  lib.function("string", "timestamp_to_string", {lib.timestamp}, lib.string, timestamp_to_string, cost_of_time_as_text);
  lib.function("string", "duration_to_string", {lib.duration}, lib.string, duration_to_string, cost_of_text);
  lib.function("bytes", "bytes_to_bytes", {lib.bytes}, lib.bytes, same);
  lib.function("bytes", "string_to_bytes", {lib.string}, lib.bytes, string_to_bytes);
}

}  // namespace

void add_conversions(Environment& environment) {
  Library lib(environment);
  add_to_numbers(lib);
  add_to_texts(lib);
  lib.function("bool", "bool_to_bool", {lib.boolean}, lib.boolean, same);
  lib.function("bool", "string_to_bool", {lib.string}, lib.boolean, string_to_boolean);
  lib.function("timestamp", "timestamp_to_timestamp", {lib.timestamp}, lib.timestamp, same);
  lib.function("timestamp", "string_to_timestamp", {lib.string}, lib.timestamp, string_to_timestamp, cost_of_text);
  lib.function("timestamp", "int64_to_timestamp", {lib.int64}, lib.timestamp, int64_to_timestamp);
  lib.function("duration", "duration_to_duration", {lib.duration}, lib.duration, same);
  lib.function("duration", "string_to_duration", {lib.string}, lib.duration, string_to_duration, cost_of_text);
  lib.function("dyn", "to_dyn", {lib.a}, lib.dyn, same);
}

}  // namespace tallyho::cel

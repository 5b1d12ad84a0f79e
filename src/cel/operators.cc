// CEL's operators, `size` and `type`, by the names and overload ids of cel-go. The evaluator has instructions of its
// own for the typed ones; what is registered here serves dynamic dispatch, and tells the checker what there is.

#include "cel/arithmetic.h"
#include "cel/containers.h"
#include "cel/library.h"
#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

Value add_int64(const Call& c) {
  return checked_add(c.args[0].as_int64(), c.args[1].as_int64(), c.position);
}
Value add_uint64(const Call& c) {
  return checked_add(c.args[0].as_uint64(), c.args[1].as_uint64(), c.position);
}
Value add_float64(const Call& c) {
  return Value::float64(c.args[0].as_float64() + c.args[1].as_float64());
}
Value add_text(const Call& c) {
  return concatenate(c.args, c.arena, c.position);
}
Value add_list(const Call& c) {
  return concatenate_lists(c.args, c.arena, c.position);
}

Value subtract_int64(const Call& c) {
  return checked_subtract(c.args[0].as_int64(), c.args[1].as_int64(), c.position);
}
Value subtract_uint64(const Call& c) {
  return checked_subtract(c.args[0].as_uint64(), c.args[1].as_uint64(), c.position);
}
Value subtract_float64(const Call& c) {
  return Value::float64(c.args[0].as_float64() - c.args[1].as_float64());
}

Value multiply_int64(const Call& c) {
  return checked_multiply(c.args[0].as_int64(), c.args[1].as_int64(), c.position);
}
Value multiply_uint64(const Call& c) {
  return checked_multiply(c.args[0].as_uint64(), c.args[1].as_uint64(), c.position);
}
Value multiply_float64(const Call& c) {
  return Value::float64(c.args[0].as_float64() * c.args[1].as_float64());
}

Value divide_int64(const Call& c) {
  return checked_divide(c.args[0].as_int64(), c.args[1].as_int64(), c.position);
}
Value divide_uint64(const Call& c) {
  return checked_divide(c.args[0].as_uint64(), c.args[1].as_uint64(), c.position);
}
Value divide_float64(const Call& c) {
  return Value::float64(c.args[0].as_float64() / c.args[1].as_float64());
}

Value modulo_int64(const Call& c) {
  return checked_modulo(c.args[0].as_int64(), c.args[1].as_int64(), c.position);
}
Value modulo_uint64(const Call& c) {
  return checked_modulo(c.args[0].as_uint64(), c.args[1].as_uint64(), c.position);
}

Value negate_int64(const Call& c) {
  return checked_negate(c.args[0].as_int64(), c.position);
}
Value negate_float64(const Call& c) {
  return Value::float64(-c.args[0].as_float64());
}

Value of_time(const Call& c, std::optional<Timestamp> time) {
  return time ? Value::timestamp(*time) : c.error(ErrorKind::out_of_range);
}
Value add_timestamp_duration(const Call& c) {
  return of_time(c, add(c.args[0].as_timestamp(), c.args[1].as_duration()));
}
Value add_duration_timestamp(const Call& c) {
  return of_time(c, add(c.args[1].as_timestamp(), c.args[0].as_duration()));
}
Value subtract_timestamp_duration(const Call& c) {
  return of_time(c, subtract(c.args[0].as_timestamp(), c.args[1].as_duration()));
}
Value subtract_timestamps(const Call& c) {
  const auto length = subtract(c.args[0].as_timestamp(), c.args[1].as_timestamp());
  return length ? Value::duration(*length) : c.error(ErrorKind::out_of_range);
}
Value of_nanos(const Call& c, bool overflows, std::int64_t nanos) {
  return overflows ? c.error(ErrorKind::overflow) : Value::duration(Duration(nanos));
}
Value add_durations(const Call& c) {
  std::int64_t nanos = 0;
  const bool overflows =
      __builtin_add_overflow(c.args[0].as_duration().count(), c.args[1].as_duration().count(), &nanos);
  return of_nanos(c, overflows, nanos);
}
Value subtract_durations(const Call& c) {
  std::int64_t nanos = 0;
  const bool overflows =
      __builtin_sub_overflow(c.args[0].as_duration().count(), c.args[1].as_duration().count(), &nanos);
  return of_nanos(c, overflows, nanos);
}

Value logical_not(const Call& c) {
  return Value::boolean(!c.args[0].as_boolean());
}
Value equals(const Call& c) {
  return Value::boolean(equal(c.args[0], c.args[1]));
}
Value not_equals(const Call& c) {
  return Value::boolean(!equal(c.args[0], c.args[1]));
}
template <Comparison comparison>
Value compared(const Call& c) {
  return compare_values(c.args[0], c.args[1], comparison, c.position);
}
Value index(const Call& c) {
  return index_into(c.args[0], c.args[1], c.arena, c.position);
}
Value in(const Call& c) {
  return is_in(c.args[0], c.args[1], c.position);
}

Value of_size(std::size_t size) {
  return Value::int64(static_cast<std::int64_t>(size));
}
Value size_of_string(const Call& c) {
  return of_size(count_code_points(c.args[0].as_string()));
}
Value size_of_bytes(const Call& c) {
  return of_size(c.args[0].as_bytes().size());
}
Value size_of_list(const Call& c) {
  return of_size(c.args[0].as_list().size());
}
Value size_of_map(const Call& c) {
  return of_size(c.args[0].as_map().size);
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::null: return "null_type";
    case Kind::boolean: return "bool";
    case Kind::int64: return "int";
    case Kind::uint64: return "uint";
    case Kind::float64: return "double";
    case Kind::string: return "string";
    case Kind::bytes: return "bytes";
    case Kind::list: return "list";
    case Kind::map: return "map";
    case Kind::timestamp: return "google.protobuf.Timestamp";
    case Kind::duration: return "google.protobuf.Duration";
    case Kind::type: return "type";
    case Kind::optional: return "optional_type";
    case Kind::opaque: return value.as_opaque().type_name();
    case Kind::error: break;
  }
  return "error";
}
Value type_of(const Call& c) {
  return Value::type(type_name(c.args[0]));
}

void add_arithmetic(Library& lib) {
  lib.function("_+_", "add_int64", {lib.int64, lib.int64}, lib.int64, add_int64);
  lib.function("_+_", "add_uint64", {lib.uint64, lib.uint64}, lib.uint64, add_uint64);
  lib.function("_+_", "add_double", {lib.float64, lib.float64}, lib.float64, add_float64);
  lib.function("_+_", "add_string", {lib.string, lib.string}, lib.string, add_text, cost_per_chunk);
  lib.function("_+_", "add_bytes", {lib.bytes, lib.bytes}, lib.bytes, add_text, cost_per_chunk);
  lib.function("_+_", "add_list", {lib.list_of_a, lib.list_of_a}, lib.list_of_a, add_list, cost_per_chunk);
  lib.function("_+_", "add_timestamp_duration", {lib.timestamp, lib.duration}, lib.timestamp, add_timestamp_duration);
  lib.function("_+_", "add_duration_timestamp", {lib.duration, lib.timestamp}, lib.timestamp, add_duration_timestamp);
  lib.function("_+_", "add_duration_duration", {lib.duration, lib.duration}, lib.duration, add_durations);
  lib.function("_-_", "subtract_int64", {lib.int64, lib.int64}, lib.int64, subtract_int64);
  lib.function("_-_", "subtract_uint64", {lib.uint64, lib.uint64}, lib.uint64, subtract_uint64);
  lib.function("_-_", "subtract_double", {lib.float64, lib.float64}, lib.float64, subtract_float64);
  lib.function("_-_", "subtract_timestamp_timestamp", {lib.timestamp, lib.timestamp}, lib.duration,
               subtract_timestamps);
  lib.function("_-_", "subtract_timestamp_duration", {lib.timestamp, lib.duration}, lib.timestamp,
               subtract_timestamp_duration);
  lib.function("_-_", "subtract_duration_duration", {lib.duration, lib.duration}, lib.duration, subtract_durations);
  lib.function("_*_", "multiply_int64", {lib.int64, lib.int64}, lib.int64, multiply_int64);
  lib.function("_*_", "multiply_uint64", {lib.uint64, lib.uint64}, lib.uint64, multiply_uint64);
  lib.function("_*_", "multiply_double", {lib.float64, lib.float64}, lib.float64, multiply_float64);
  lib.function("_/_", "divide_int64", {lib.int64, lib.int64}, lib.int64, divide_int64);
  lib.function("_/_", "divide_uint64", {lib.uint64, lib.uint64}, lib.uint64, divide_uint64);
  lib.function("_/_", "divide_double", {lib.float64, lib.float64}, lib.float64, divide_float64);
  lib.function("_%_", "modulo_int64", {lib.int64, lib.int64}, lib.int64, modulo_int64);
  lib.function("_%_", "modulo_uint64", {lib.uint64, lib.uint64}, lib.uint64, modulo_uint64);
  lib.function("-_", "negate_int64", {lib.int64}, lib.int64, negate_int64);
  lib.function("-_", "negate_double", {lib.float64}, lib.float64, negate_float64);
}

// One operator of order, for the kinds that have one.
void add_order(Library& lib, std::string_view name, std::string_view prefix, Implementation implementation) {
  const std::pair<std::string_view, const Type*> ordered[] = {
      {"bool", &lib.boolean},  {"int64", &lib.int64}, {"uint64", &lib.uint64},       {"double", &lib.float64},
      {"string", &lib.string}, {"bytes", &lib.bytes}, {"timestamp", &lib.timestamp}, {"duration", &lib.duration}};
  for (const auto& [suffix, type] : ordered) {
    const CallCost cost = type == &lib.string || type == &lib.bytes ? cost_per_chunk : CallCost{};
    lib.function(name, std::string(prefix) + "_" + std::string(suffix), {*type, *type}, lib.boolean, implementation,
                 cost);
  }
}

// The evaluator's own instructions: the arguments of these may be errors, or are not all evaluated.
void add_logic(Library& lib) {
  lib.function("_?_:_", "conditional", {lib.boolean, lib.a, lib.a}, lib.a, nullptr);
  lib.function("_&&_", "logical_and", {lib.boolean, lib.boolean}, lib.boolean, nullptr);
  lib.function("_||_", "logical_or", {lib.boolean, lib.boolean}, lib.boolean, nullptr);
  lib.function("!_", "logical_not", {lib.boolean}, lib.boolean, logical_not);
  lib.function("@not_strictly_false", "not_strictly_false", {lib.boolean}, lib.boolean, nullptr);
}

}  // namespace

void add_operators(Environment& environment) {
  Library lib(environment);
  add_logic(lib);
  add_arithmetic(lib);
  lib.function("_==_", "equals", {lib.a, lib.a}, lib.boolean, equals, cost_per_chunk);
  lib.function("_!=_", "not_equals", {lib.a, lib.a}, lib.boolean, not_equals, cost_per_chunk);
  add_order(lib, "_<_", "less", compared<Comparison::less>);
  add_order(lib, "_<=_", "less_equals", compared<Comparison::less_equals>);
  add_order(lib, "_>_", "greater", compared<Comparison::greater>);
  add_order(lib, "_>=_", "greater_equals", compared<Comparison::greater_equals>);
  lib.function("_[_]", "index_list", {lib.list_of_a, lib.int64}, lib.a, index);
  lib.function("_[_]", "index_map", {lib.map_of_a_b, lib.a}, lib.b, index);
  lib.function("@in", "in_list", {lib.a, lib.list_of_a}, lib.boolean, in);
  lib.function("@in", "in_map", {lib.a, lib.map_of_a_b}, lib.boolean, in);
  lib.function("size", "size_string", {lib.string}, lib.int64, size_of_string, cost_per_chunk);
  lib.method("size", "string_size", {lib.string}, lib.int64, size_of_string, cost_per_chunk);
  lib.function("size", "size_bytes", {lib.bytes}, lib.int64, size_of_bytes);
  lib.method("size", "bytes_size", {lib.bytes}, lib.int64, size_of_bytes);
  lib.function("size", "size_list", {lib.list_of_a}, lib.int64, size_of_list);
  lib.method("size", "list_size", {lib.list_of_a}, lib.int64, size_of_list);
  lib.function("size", "size_map", {lib.map_of_a_b}, lib.int64, size_of_map);
  lib.method("size", "map_size", {lib.map_of_a_b}, lib.int64, size_of_map);
  lib.function("type", "type", {lib.a}, Type::type_of(lib.a), type_of);
}

}  // namespace tallyho::cel

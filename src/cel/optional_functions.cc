// Optional values, and the map insertion that transformMap expands to.

#include <algorithm>

#include "cel/containers.h"
#include "cel/library.h"

namespace tallyho::cel {
namespace {

Value none(const Call&) {
  return Value::optional(nullptr);
}
Value of(const Call& c) {
  return Value::optional(c.arena.make<Value>(c.args[0]));
}

// Whether a value is what its type begins with: false, 0, '', [], {}, null.
bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null: return true;
    case Kind::boolean:
    case Kind::int64:
    case Kind::uint64:
    case Kind::duration: return value.as_int64() == 0;
    case Kind::float64: return value.as_float64() == 0;
    case Kind::string:
    case Kind::bytes: return value.as_string().empty();
    case Kind::list: return value.as_list().empty();
    case Kind::map: return value.as_map().size == 0;
    case Kind::timestamp: return value.as_timestamp() == Timestamp{};
    case Kind::optional: return value.as_optional() == nullptr;
    default: return false;
  }
}
Value of_non_zero(const Call& c) {
  return is_zero(c.args[0]) ? none(c) : of(c);
}

Value has_value(const Call& c) {
  return Value::boolean(c.args[0].as_optional() != nullptr);
}
Value value(const Call& c) {
  const Value* inner = c.args[0].as_optional();
  return inner != nullptr ? *inner : c.error(ErrorKind::invalid_argument);
}
// The evaluator runs these two itself where it knows the type, and then the argument only if needed.
Value or_optional(const Call& c) {
  return c.args[0].as_optional() != nullptr ? c.args[0] : c.args[1];
}
Value or_value(const Call& c) {
  const Value* inner = c.args[0].as_optional();
  return inner != nullptr ? *inner : c.args[1];
}

// The values of those that have one.
Value unwrap(const Call& c) {
  const std::span<const Value> optionals = c.args[0].as_list();
  const std::span<Value> values = c.arena.array<Value>(optionals.size());
  std::size_t size = 0;
  for (const Value& each : optionals) {
    if (!each.is(Kind::optional)) return c.error(ErrorKind::no_such_overload);
    if (each.as_optional() != nullptr) values[size++] = *each.as_optional();
  }
  return adopt_list(values.first(size), c.arena);
}

Value insert(const Call& c, std::span<const Value> added) {
  const Map& map = c.args[0].as_map();
  const std::size_t before = 2 * std::size_t{map.size};
  const std::span<Value> pairs = c.arena.array<Value>(before + added.size());
  std::copy_n(map.pairs, before, pairs.begin());
  std::ranges::copy(added, pairs.begin() + static_cast<std::ptrdiff_t>(before));
  const auto made = adopt_map(pairs, c.arena);
  return made ? *made : c.error(made.error());
}
Value insert_key_value(const Call& c) {
  return insert(c, c.args.subspan(1));
}
Value insert_map(const Call& c) {
  const Map& added = c.args[1].as_map();
  return insert(c, {added.pairs, 2 * std::size_t{added.size}});
}

}  // namespace

void add_optional_functions(Environment& environment) {
  Library lib(environment);
  lib.function("optional.none", "optional_none", {}, lib.optional_of_a, none);
  lib.function("optional.of", "optional_of", {lib.a}, lib.optional_of_a, of);
  lib.function("optional.ofNonZeroValue", "optional_ofNonZeroValue", {lib.a}, lib.optional_of_a, of_non_zero);
  lib.function("optional.unwrap", "optional_unwrap", {Type::list(lib.optional_of_a)}, lib.list_of_a, unwrap,
               cost_per_chunk);
  lib.method("unwrapOpt", "optional_unwrapOpt", {Type::list(lib.optional_of_a)}, lib.list_of_a, unwrap, cost_per_chunk);
  lib.method("hasValue", "optional_hasValue", {lib.optional_of_a}, lib.boolean, has_value);
  lib.method("value", "optional_value", {lib.optional_of_a}, lib.a, value);
  lib.method("or", "optional_or_optional", {lib.optional_of_a, lib.optional_of_a}, lib.optional_of_a, or_optional);
  lib.method("orValue", "optional_orValue_value", {lib.optional_of_a, lib.a}, lib.a, or_value);
  // The evaluator's own instructions, and what the checker needs to know of them.
  lib.function("_?._", "select_optional_field", {lib.dyn, lib.string}, lib.optional_of_a, nullptr);
  lib.function("_[?_]", "list_optindex_optional_int", {lib.list_of_a, lib.int64}, lib.optional_of_a, nullptr);
  lib.function("_[?_]", "optional_list_optindex_optional_int", {Type::optional(lib.list_of_a), lib.int64},
               lib.optional_of_a, nullptr);
  lib.function("_[?_]", "map_optindex_optional_value", {lib.map_of_a_b, lib.a}, Type::optional(lib.b), nullptr);
  lib.function("_[?_]", "optional_map_optindex_optional_value", {Type::optional(lib.map_of_a_b), lib.a},
               Type::optional(lib.b), nullptr);
  lib.function("_[_]", "optional_list_index_int", {Type::optional(lib.list_of_a), lib.int64}, lib.optional_of_a,
               nullptr);
  lib.function("_[_]", "optional_map_index_value", {Type::optional(lib.map_of_a_b), lib.a}, Type::optional(lib.b),
               nullptr);
  lib.function("cel.@mapInsert", "@mapInsert_map_key_value", {lib.map_of_a_b, lib.a, lib.b}, lib.map_of_a_b,
               insert_key_value, cost_per_chunk);
  lib.function("cel.@mapInsert", "@mapInsert_map_map", {lib.map_of_a_b, lib.map_of_a_b}, lib.map_of_a_b, insert_map,
               cost_per_chunk);
}

}  // namespace tallyho::cel

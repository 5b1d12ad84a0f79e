#include "cel/arithmetic.h"

#include <algorithm>
#include <cstring>

#include "cel/containers.h"

namespace tallyho::cel {
namespace {

bool is_number(const Value& value) {
  return value.is(Kind::int64) || value.is(Kind::uint64) || value.is(Kind::float64);
}

// A list index: an int, or at run time a uint or double that is a whole number. Nothing if it is something else.
std::optional<std::int64_t> list_index(const Value& index) {
  switch (index.kind()) {
    case Kind::int64: return index.as_int64();
    case Kind::uint64: return index.as_uint64() > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(index.as_uint64());
    case Kind::float64: {
      const double number = index.as_float64();
      if (std::trunc(number) != number || std::abs(number) >= 0x1p63) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    default: return std::nullopt;
  }
}

Value index_list(std::span<const Value> items, const Value& index, std::uint32_t position) {
  const auto number = list_index(index);
  if (!number) {
    return Value::error(index.is(Kind::float64) ? ErrorKind::invalid_argument : ErrorKind::no_such_overload, position);
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) >= items.size()) {
    return Value::error(ErrorKind::index_out_of_range, position);
  }
  return items[static_cast<std::size_t>(*number)];
}

Value index_map(const Map& map, const Value& key, std::uint32_t position) {
  const Value* found = find(map, key);
  if (found != nullptr) [[likely]]
    return *found;
  if (!is_key(key) && !key.is(Kind::float64)) return Value::error(ErrorKind::no_such_overload, position);
  return Value::error(ErrorKind::no_such_key, position);
}

bool is_missing(const Value& error) {
  return error.error_kind() == ErrorKind::no_such_key || error.error_kind() == ErrorKind::index_out_of_range ||
         error.error_kind() == ErrorKind::no_such_field;
}

// What was found, as an optional: none if it was missing; other errors stay errors.
Value as_optional(const Value& found, Arena& arena) {
  if (found.is_error()) return is_missing(found) ? Value::optional(nullptr) : found;
  return found.is(Kind::optional) ? found : Value::optional(arena.make<Value>(found));
}

}  // namespace

Value concatenate(std::span<const Value> parts, Arena& arena, std::uint32_t position) {
  std::size_t size = 0;
  for (const Value& part : parts) size += part.as_string().size();
  if (size > made_size_max) return Value::error(ErrorKind::out_of_range, position);
  char* const bytes = static_cast<char*>(arena.allocate(size, 1));
  char* end = bytes;
  for (const Value& part : parts) {
    const std::string_view text = part.as_string();
    if (!text.empty()) std::memcpy(end, text.data(), text.size());
    end += text.size();
  }
  return parts[0].is(Kind::bytes) ? Value::bytes({bytes, size}) : Value::string({bytes, size});
}

Value concatenate_lists(std::span<const Value> parts, Arena& arena, std::uint32_t position) {
  std::size_t size = 0;
  for (const Value& part : parts) size += part.as_list().size();
  if (size > made_size_max) return Value::error(ErrorKind::out_of_range, position);
  const std::span<Value> items = arena.array<Value>(size);
  auto end = items.begin();
  for (const Value& part : parts) end = std::ranges::copy(part.as_list(), end).out;
  return adopt_list(items, arena);
}

Value index_into(const Value& container, const Value& index, Arena& arena, std::uint32_t position) {
  if (container.is_error()) return container;
  if (index.is_error()) return index;
  switch (container.kind()) {
    case Kind::list: return index_list(container.as_list(), index, position);
    case Kind::map: return index_map(container.as_map(), index, position);
    // Looking into an optional looks into its value, and gives an optional.
    case Kind::optional: return optional_at(container, index, arena, position);
    default: return Value::error(ErrorKind::no_such_overload, position);
  }
}

Value select_from(const Value& target, const Value& name, Arena& arena, std::uint32_t position) {
  switch (target.kind()) {
    case Kind::error: return target;
    case Kind::map: return index_map(target.as_map(), name, position);
    case Kind::optional: return optional_field(target, name, arena, position);
    default: return Value::error(ErrorKind::no_such_overload, position);
  }
}

Value optional_field(const Value& target, const Value& name, Arena& arena, std::uint32_t position) {
  if (!target.is(Kind::optional)) return as_optional(select_from(target, name, arena, position), arena);
  if (target.as_optional() == nullptr) return target;
  return as_optional(select_from(*target.as_optional(), name, arena, position), arena);
}

Value optional_at(const Value& container, const Value& index, Arena& arena, std::uint32_t position) {
  if (index.is_error()) return container.is_error() ? container : index;
  if (!container.is(Kind::optional)) return as_optional(index_into(container, index, arena, position), arena);
  if (container.as_optional() == nullptr) return container;
  return as_optional(index_into(*container.as_optional(), index, arena, position), arena);
}

Value has_field(const Value& target, const Value& name, std::uint32_t position) {
  switch (target.kind()) {
    case Kind::error: return target;
    case Kind::map: return Value::boolean(find(target.as_map(), name) != nullptr);
    case Kind::optional:
      if (target.as_optional() == nullptr) return Value::boolean(false);
      return has_field(*target.as_optional(), name, position);
    default: return Value::error(ErrorKind::no_such_overload, position);
  }
}

Value is_in(const Value& item, const Value& container, std::uint32_t position) {
  if (item.is_error()) return item;
  switch (container.kind()) {
    case Kind::error: return container;
    case Kind::list: return Value::boolean(contains(container.as_list(), item));
    case Kind::map: return Value::boolean(find(container.as_map(), item) != nullptr);
    default: return Value::error(ErrorKind::no_such_overload, position);
  }
}

Value compare_values(const Value& a, const Value& b, Comparison comparison, std::uint32_t position) {
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  const auto order = compare(a, b);
  if (!order) {
    // NaN has no place in the order of numbers, and every comparison with it is false.
    if (is_number(a) && is_number(b)) return Value::boolean(false);
    return Value::error(ErrorKind::no_such_overload, position);
  }
  switch (comparison) {
    case Comparison::less: return Value::boolean(std::is_lt(*order));
    case Comparison::less_equals: return Value::boolean(std::is_lteq(*order));
    case Comparison::greater: return Value::boolean(std::is_gt(*order));
    case Comparison::greater_equals: return Value::boolean(std::is_gteq(*order));
  }
  return Value::error(ErrorKind::no_such_overload, position);
}

}  // namespace tallyho::cel

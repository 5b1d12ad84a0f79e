#include "cel/size_bound.h"

#include <string>
#include <string_view>

#include "cel/environment.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t number_text_bytes = 48;           // The longest text of a number, time or type, rounded up.
constexpr std::uint64_t formatted_number_bytes = 330;     // In format(): %f of the largest double, six decimals.
constexpr std::uint64_t formatted_decimals_bytes = 1000;  // As many decimals may be asked for.

std::uint64_t declared(std::uint32_t bound) {
  return bound == 0 ? unbounded : bound;
}

// What format() makes of a value: each byte may become four (an escape, or hexadecimal digits), and lists and maps get
// brackets, colons and commas.
std::uint64_t formatted_bytes(const SizeBound& size, std::uint64_t number_bytes) {
  if (size.item == nullptr) return std::max(plus(times(size.own, 4), 2), number_bytes);
  const std::uint64_t items = times(size.own, size.is_map ? 2 : 1);
  return plus(times(items, plus(formatted_bytes(*size.item, number_bytes), 2)), 2);
}

std::uint64_t format_bytes(const Expr& call, std::span<const SizeBound> args) {
  const bool is_plain = call.target != nullptr && call.target->kind == Expr::Kind::literal &&
                        call.target->value.is(Kind::string) &&
                        call.target->value.as_string().find("%.") == std::string_view::npos;
  const std::uint64_t number = plus(formatted_number_bytes, is_plain ? 0 : formatted_decimals_bytes);
  return plus(args[0].own, formatted_bytes(args[1], number));
}

SizeBound text_list(std::uint64_t items, std::uint64_t item_bytes) {
  return {.own = items, .item = std::make_shared<SizeBound>(SizeBound{.own = item_bytes})};
}

// A map with one more entry, whose key and value become items of it.
SizeBound bound_of_insert(std::span<const SizeBound> args) {
  SizeBound item = largest(args[1], args[2]);
  if (args[0].item != nullptr) item = largest(*args[0].item, item);
  return {.own = plus(args[0].own, 1), .item = std::make_shared<SizeBound>(item), .is_map = true};
}

// Results that are something else than the arguments put together; false for other functions.
bool has_own_bound(const Expr& call, std::string_view id, std::span<const SizeBound> args, SizeBound& result) {
  const std::uint64_t first = args.empty() ? 0 : args[0].own;
  if (id.starts_with("string_replace")) {
    // Each byte, and each place between two, may become the replacement.
    result = {.own = plus(first, times(plus(first, 1), args[2].own))};
  } else if (id.starts_with("string_split")) {
    result = text_list(plus(first, 1), first);
  } else if (id.starts_with("list_join")) {
    result = {.own = times(first, plus(args[0].item_bound().own, args.size() > 1 ? args[1].own : 0))};
  } else if (id == "strings_quote") {
    result = {.own = plus(times(first, 2), 2)};
  } else if (id == "base64_encode_bytes") {
    result = {.own = plus(times(first / 3, 4), 4)};
  } else if (id.starts_with("string_format")) {
    result = {.own = format_bytes(call, args)};
  } else if (id == "@mapInsert_map_key_value") {
    result = bound_of_insert(args);
  } else {
    return false;
  }
  return true;
}

bool has_items(const Type& type) {
  return type.is(Type::Kind::list) || type.is(Type::Kind::map);
}

// Of a function that only passes on, puts together or takes apart what it is given.
SizeBound sum_of(const Expr& call, const Overload& overload, std::span<const SizeBound> args) {
  SizeBound sum;
  sum.is_map = call.type.is(Type::Kind::map);
  for (const SizeBound& arg : args) {
    sum.own = plus(sum.own, arg.own);
    sum.is_map = sum.is_map || arg.is_map;
    if (arg.item == nullptr) continue;
    sum.item = std::make_shared<SizeBound>(sum.item == nullptr ? *arg.item : largest(*sum.item, *arg.item));
    if (!has_items(call.type)) sum.own = plus(sum.own, arg.item->own);  // It may be one of the items.
  }
  const bool is_text = call.type.is(Type::Kind::string) && args.size() == 1 && is_scalar(overload.parameters[0]);
  if (is_text || call.type.is(Type::Kind::type)) sum.own = std::max(sum.own, number_text_bytes);
  return sum;
}

}  // namespace

std::uint64_t SizeBound::bytes() const {
  if (item == nullptr) return own;
  return times(times(own, is_map ? 2 : 1), plus(16, item->bytes()));
}

SizeBound SizeBound::item_bound() const {
  if (item != nullptr) return *item;
  return {.own = own == 0 ? 0 : unbounded};
}

bool is_scalar(const Type& type) {
  switch (type.kind()) {
    case Type::Kind::null:
    case Type::Kind::boolean:
    case Type::Kind::int64:
    case Type::Kind::uint64:
    case Type::Kind::float64:
    case Type::Kind::timestamp:
    case Type::Kind::duration: return true;
    default: return false;
  }
}

SizeBound largest(const SizeBound& a, const SizeBound& b) {
  SizeBound both{.own = std::max(a.own, b.own),
                 .item = a.item == nullptr ? b.item : a.item,
                 .is_map = a.is_map || b.is_map,
                 .is_constant = a.is_constant && b.is_constant};
  if (a.item != nullptr && b.item != nullptr) both.item = std::make_shared<SizeBound>(largest(*a.item, *b.item));
  return both;
}

SizeBound bound_of(const Value& value) {
  SizeBound size{.is_constant = true};
  switch (value.kind()) {
    case Kind::string:
    case Kind::bytes:
    case Kind::type: size.own = value.as_string().size(); break;
    case Kind::list: {
      SizeBound item{.is_constant = true};
      for (const Value& each : value.as_list()) item = largest(item, bound_of(each));
      size.own = value.as_list().size();
      size.item = std::make_shared<SizeBound>(item);
      break;
    }
    case Kind::map: {
      SizeBound item{.is_constant = true};
      const Map& map = value.as_map();
      for (std::size_t i = 0; i < 2 * std::size_t{map.size}; ++i) item = largest(item, bound_of(map.pairs[i]));
      size.own = map.size;
      size.item = std::make_shared<SizeBound>(item);
      size.is_map = true;
      break;
    }
    case Kind::optional: return value.as_optional() == nullptr ? size : bound_of(*value.as_optional());
    default: break;
  }
  return size;
}

SizeBound bound_of(const Type& type, const Bounds& bounds) {
  if (is_scalar(type)) return {};
  SizeBound size{.own = declared(bounds.size_max), .is_map = type.is(Type::Kind::map)};
  if (has_items(type)) {
    const bool scalars = std::ranges::all_of(type.parameters(), is_scalar);
    size.item = std::make_shared<SizeBound>(SizeBound{.own = scalars ? 0 : declared(bounds.item_size_max)});
  }
  return size;
}

SizeBound bound_of_call(const Expr& call, std::span<const SizeBound> args) {
  if (is_scalar(call.type)) return {};
  switch (call.op) {
    case Operator::conditional: return largest(args[1], args[2]);
    case Operator::index:
    case Operator::optional_select:
    case Operator::optional_index: return args[0].item_bound();
    default: break;
  }
  if (call.overloads.empty()) return {.own = unbounded};
  SizeBound result{.is_constant = true};
  for (const Overload* overload : call.overloads) {
    SizeBound size;
    if (overload->cost.result_size_max > 0) {
      size.own = overload->cost.result_size_max;
    } else if (!has_own_bound(call, overload->id, args, size)) {
      size = sum_of(call, *overload, args);
    }
    result = largest(result, size);
  }
  return result;
}

}  // namespace tallyho::cel

// Random values, the literals among them.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "cel/containers.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;
constexpr std::uint32_t default_size_max = 16;

constexpr std::array<std::int64_t, 10> ints = {0,
                                               1,
                                               -1,
                                               2,
                                               10,
                                               std::numeric_limits<std::int64_t>::min(),
                                               std::numeric_limits<std::int64_t>::max(),
                                               -7,
                                               1'000'000,
                                               std::int64_t{1} << 53};
constexpr std::array<std::uint64_t, 6> uints = {
    0, 1, 2, 63, std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63};
constexpr std::array<double, 12> doubles = {0.0,
                                            -0.0,
                                            1.0,
                                            -1.5,
                                            0.1,
                                            1e300,
                                            5e-324,
                                            9223372036854775808.0,
                                            std::numeric_limits<double>::infinity(),
                                            -std::numeric_limits<double>::infinity(),
                                            std::numeric_limits<double>::quiet_NaN(),
                                            9007199254740993.0};
// What else they look like: numbers, times, booleans, so that conversions do not always fail.
constexpr std::array<std::string_view, 15> texts = {"",          "a",  "ab",   "abc",     "ABC",
                                                    "žluťoučký", "€",  "😀",   "a\u0301", "12",
                                                    "true",      "1h", "-1.5", " a b ",   "2026-07-19T19:00:00Z"};
constexpr std::array<std::string_view, 6> characters = {"a", "b", "c", "1", "é", "😀"};
constexpr std::array<Timestamp, 6> times = {Timestamp{},
                                            Timestamp::min(),
                                            Timestamp::max(),
                                            Timestamp{1'784'487'600, 5},
                                            Timestamp{1'774'746'000, 0},  // Prague's clocks skip an hour.
                                            Timestamp{-1, 999'999'999}};
constexpr std::array<std::int64_t, 7> spans = {0,
                                               1,
                                               -1'500'000'000,
                                               3'600'000'000'000,
                                               86'400'000'000'000,
                                               std::numeric_limits<std::int64_t>::max(),
                                               std::numeric_limits<std::int64_t>::min()};

}  // namespace

std::string RandomProgram::literal(const Type& type) {
  const std::vector<Type>& inner = type.parameters();
  Arena arena;
  switch (type.kind()) {
    case TypeKind::null: return "null";
    case TypeKind::dyn: return "dyn(" + literal(scalar()) + ")";
    case TypeKind::type: return "type(" + literal(inner[0]) + ")";
    // What is empty is written so that its type can still be told.
    case TypeKind::list:
      if (pick(4) == 0) return "[" + literal(inner[0]) + "].filter(none, false)";
      return "[" + literal(inner[0]) + ", " + literal(inner[0]) + "]";
    case TypeKind::map: {
      const std::string pair = "{" + literal(inner[0]) + ": " + literal(inner[1]) + "}";
      return pick(4) == 0 ? pair + ".transformMap(no, none, false, none)" : pair;
    }
    case TypeKind::optional:
      if (pick(4) == 0) return "[" + literal(inner[0]) + "][?1]";
      return "optional.of(" + literal(inner[0]) + ")";
    case TypeKind::float64: {
      const double number = value(type, {}, arena).as_float64();
      if (std::isnan(number)) return "(0.0 / 0.0)";
      if (std::isinf(number)) return number > 0 ? "(1.0 / 0.0)" : "(-1.0 / 0.0)";
      return to_literal(Value::float64(number));
    }
    case TypeKind::duration: return "duration('" + format_duration(value(type, {}, arena).as_duration()) + "')";
    case TypeKind::timestamp: return "timestamp('" + format_timestamp(value(type, {}, arena).as_timestamp()) + "')";
    default: return to_literal(value(type, {}, arena));
  }
}

Value RandomProgram::value(const Type& type, Bounds bounds, Arena& arena) {
  return make_value(type, bounds, arena, Size::any);
}

Value RandomProgram::largest_value(const Type& type, Bounds bounds, Arena& arena) {
  return make_value(type, bounds, arena, Size::largest);
}

std::size_t RandomProgram::size_of(std::uint32_t size_max, Size size) {
  const std::size_t most = size_max == 0 ? default_size_max : size_max;
  if (size == Size::largest || pick(8) == 0) return most;
  return pick(std::min<std::size_t>(most, 8) + 1);
}

Value RandomProgram::make_text(std::uint32_t size_max, bool is_bytes, Arena& arena, Size size) {
  const std::size_t wanted = size_of(size_max, size);
  std::string text;
  if (size == Size::any && pick(2) == 0) text = texts[pick(texts.size())];
  if (text.empty() || text.size() > wanted) {
    text.clear();
    while (text.size() < wanted) {
      if (is_bytes && pick(4) == 0) {
        text += static_cast<char>(pick(256));
        continue;
      }
      std::string_view next = characters[pick(characters.size())];
      if (text.size() + next.size() > wanted) next = "a";
      text += next;
    }
  }
  const std::string_view kept = arena.copy(text);
  return is_bytes ? Value::bytes(kept) : Value::string(kept);
}

Value RandomProgram::make_value(const Type& type, Bounds bounds, Arena& arena, Size size) {
  const std::vector<Type>& inner = type.parameters();
  const Bounds of_item = {.size_max = bounds.item_size_max, .item_size_max = 0};
  switch (type.kind()) {
    case TypeKind::null: return {};
    case TypeKind::boolean: return Value::boolean(pick(2) == 0);
    case TypeKind::int64:
      if (pick(2) == 0) return Value::int64(static_cast<std::int64_t>(pick(12)) - 3);
      return Value::int64(ints[pick(ints.size())]);
    case TypeKind::uint64: return Value::uint64(pick(2) == 0 ? pick(9) : uints[pick(uints.size())]);
    case TypeKind::float64:
      if (pick(2) == 0) return Value::float64(static_cast<double>(pick(40)) / 4 - 3);
      return Value::float64(doubles[pick(doubles.size())]);
    case TypeKind::string: return make_text(bounds.size_max, false, arena, size);
    case TypeKind::bytes: return make_text(bounds.size_max, true, arena, size);
    case TypeKind::timestamp: return Value::timestamp(times[pick(times.size())]);
    case TypeKind::duration: return Value::duration(Duration(spans[pick(spans.size())]));
    case TypeKind::type: return Value::type("int");
    case TypeKind::optional: {
      if (pick(3) == 0) return Value::optional(nullptr);
      return Value::optional(arena.make<Value>(make_value(inner[0], bounds, arena, size)));
    }
    case TypeKind::list: {
      const std::span<Value> items = arena.array<Value>(size_of(bounds.size_max, size));
      for (Value& item : items) item = make_value(inner[0], of_item, arena, size);
      return adopt_list(items, arena);
    }
    case TypeKind::map: {
      std::vector<Value> pairs;
      for (std::size_t wanted = size_of(bounds.size_max, size), tries = 4 * wanted; wanted > 0 && tries > 0; --tries) {
        const Value key = make_value(inner[0], of_item, arena, size);
        bool is_new = true;
        for (std::size_t i = 0; i < pairs.size(); i += 2) is_new = is_new && !equal(pairs[i], key);
        if (!is_new) continue;
        pairs.push_back(key);
        pairs.push_back(make_value(inner[1], of_item, arena, size));
        --wanted;
      }
      return make_map(pairs, arena).value_or(Value());
    }
    default: return make_value(scalar(), bounds, arena, size);
  }
}

void RandomInputs::draw(RandomProgram& random) {
  arena_.reset();
  values_.clear();
  redraw(random, [](Slot) { return true; });
}

void RandomInputs::redraw(RandomProgram& random, const std::function<bool(Slot)>& changes) {
  for (const Readable& readable : readable_) {
    if (readable.constant || !changes(readable.slot)) continue;
    const bool absent = readable.optional && random.pick(4) == 0;
    values_[readable.slot] =
        absent ? Value::error(ErrorKind::no_such_field) : random.value(readable.type, readable.bounds, arena_);
  }
}

void RandomInputs::draw_largest(RandomProgram& random) {
  arena_.reset();
  values_.clear();
  for (const Readable& readable : readable_) {
    if (!readable.constant) values_[readable.slot] = random.largest_value(readable.type, readable.bounds, arena_);
  }
}

Value RandomInputs::read(Slot slot, Arena&) {
  const auto found = values_.find(slot);
  return found != values_.end() ? found->second : Value::error(ErrorKind::unbound);
}

bool RandomInputs::has(Slot slot) {
  const auto found = values_.find(slot);
  return found != values_.end() && !found->second.is_error();
}

std::string RandomInputs::describe() const {
  std::string text;
  for (const Readable& readable : readable_) {
    const auto found = values_.find(readable.slot);
    if (found != values_.end()) text += readable.name + " = " + to_literal(found->second) + "\n";
  }
  return text;
}

void declare_one_of_each(Environment& environment) {
  const Type int64 = Type::simple(TypeKind::int64);
  const Type string = Type::simple(TypeKind::string);
  const std::pair<const char*, Type> variables[] = {{"b", Type::simple(TypeKind::boolean)},
                                                    {"i", int64},
                                                    {"j", int64},
                                                    {"u", Type::simple(TypeKind::uint64)},
                                                    {"d", Type::simple(TypeKind::float64)},
                                                    {"e", Type::simple(TypeKind::float64)},
                                                    {"s", string},
                                                    {"t", string},
                                                    {"y", Type::simple(TypeKind::bytes)},
                                                    {"when", Type::simple(TypeKind::timestamp)},
                                                    {"span", Type::simple(TypeKind::duration)},
                                                    {"l", Type::list(int64)},
                                                    {"ls", Type::list(string)},
                                                    {"m", Type::map(string, int64)},
                                                    {"mi", Type::map(int64, string)},
                                                    {"o", Type::optional(int64)},
                                                    {"x", Type()}};
  const Bounds bounds = {.size_max = 16, .item_size_max = 16};
  Slot slot = 0;
  std::vector<Field> fields;
  for (const auto& [name, type] : variables) {
    environment.declare({.name = name, .type = type, .slot = slot++, .bounds = bounds, .constant = {}});
  }
  for (const auto& [name, type] : variables) {
    fields.push_back({.name = name, .type = type, .slot = slot++, .optional = false, .bounds = bounds, .constant = {}});
  }
  fields.push_back(
      {.name = "absent", .type = int64, .slot = slot++, .optional = true, .bounds = bounds, .constant = {}});
  environment.declare({.name = "r", .type = Type::record("r", std::move(fields))});
}

}  // namespace tallyho::cel

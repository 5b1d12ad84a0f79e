#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/arena.h"
#include "base/time.h"

namespace tallyho::cel {

enum class Kind : std::uint8_t {
  error,
  null,
  boolean,
  int64,
  uint64,
  float64,
  string,
  bytes,
  list,
  map,
  timestamp,
  duration,
  type,
  optional,
  opaque,
};

// Why an evaluation failed. The words are in describe().
enum class ErrorKind : std::uint8_t {
  none,
  no_such_field,
  no_such_key,
  index_out_of_range,
  overflow,
  division_by_zero,
  modulus_by_zero,
  no_such_overload,
  unbound,
  invalid_conversion,
  invalid_argument,
  out_of_range,
  duplicate_key,
  unsupported_key,
  invalid_utf8,
  invalid_regex,
  host,  // The host's own: Value::detail() says which (an empty scope key, a full set).
};

// A short sentence without a full stop: "division by zero".
std::string_view describe(ErrorKind kind) noexcept;

class Value;

// A list: `size` values in a row. A map: `size` pairs (key, value) in a row, in the order they were written.
// Both live in an arena or in the program, and are never changed once made.
struct List {
  std::uint32_t size = 0;
  const Value* items = nullptr;
};
struct Map {
  std::uint32_t size = 0;
  const Value* pairs = nullptr;          // key 0, value 0, key 1, …
  const std::uint32_t* index = nullptr;  // Larger maps: an open-addressing table over key hashes. See containers.h.
  std::uint32_t index_mask = 0;
};

// A host's own type: a set, a window. Functions registered for it know the class behind it.
class Opaque {
 public:
  virtual ~Opaque() = default;
  // The name of its Type::opaque.
  virtual std::string_view type_name() const = 0;
};

// Any CEL value, in 16 bytes, trivially copyable. What is larger than a word is borrowed: strings, lists and maps
// point into the program, the message, the host's state or the evaluation's arena, and live as long as that does.
// Errors are values too, so that `||` and `&&` can absorb them.
class Value {
 public:
  Value() : Value(Kind::null, 0, std::uint64_t{0}) {}
  static Value error(ErrorKind error, std::uint32_t position = 0, std::uint32_t detail = 0) {
    Value v(Kind::error, position, std::uint64_t{detail});
    v.head_ |= std::uint64_t{static_cast<std::uint8_t>(error)} << 8;
    return v;
  }
  static Value boolean(bool b) { return {Kind::boolean, 0, std::uint64_t{b}}; }
  static Value int64(std::int64_t i) { return {Kind::int64, 0, static_cast<std::uint64_t>(i)}; }
  static Value uint64(std::uint64_t u) { return {Kind::uint64, 0, u}; }
  static Value float64(double d) { return {Kind::float64, 0, std::bit_cast<std::uint64_t>(d)}; }
  static Value string(std::string_view s) { return of_bytes(Kind::string, s); }
  static Value bytes(std::string_view b) { return of_bytes(Kind::bytes, b); }
  static Value list(const List* list) { return of_pointer(Kind::list, list); }
  static Value map(const Map* map) { return of_pointer(Kind::map, map); }
  static Value timestamp(Timestamp t) {
    return {Kind::timestamp, static_cast<std::uint32_t>(t.nanos), static_cast<std::uint64_t>(t.seconds)};
  }
  static Value duration(Duration d) { return {Kind::duration, 0, static_cast<std::uint64_t>(d.count())}; }
  static Value type(std::string_view name) { return of_bytes(Kind::type, name); }
  // `inner` null: optional.none().
  static Value optional(const Value* inner) { return of_pointer(Kind::optional, inner); }
  static Value opaque(const Opaque* o) { return of_pointer(Kind::opaque, o); }

  Kind kind() const { return static_cast<Kind>(head_ & 0xff); }
  bool is(Kind other) const { return kind() == other; }
  bool is_error() const { return is(Kind::error); }
  bool is_true() const { return is(Kind::boolean) && word_.bits != 0; }
  bool is_false() const { return is(Kind::boolean) && word_.bits == 0; }

  // Each requires the kind it names.
  ErrorKind error_kind() const { return static_cast<ErrorKind>((head_ >> 8) & 0xff); }
  std::uint32_t error_position() const { return size(); }  // Byte offset into the expression's source.
  std::uint32_t error_detail() const { return static_cast<std::uint32_t>(word_.bits); }
  bool as_boolean() const { return word_.bits != 0; }
  std::int64_t as_int64() const { return static_cast<std::int64_t>(word_.bits); }
  std::uint64_t as_uint64() const { return word_.bits; }
  double as_float64() const { return std::bit_cast<double>(word_.bits); }
  std::string_view as_string() const { return {pointer<char>(), size()}; }
  std::string_view as_bytes() const { return {pointer<char>(), size()}; }
  std::string_view as_type() const { return {pointer<char>(), size()}; }
  std::span<const Value> as_list() const { return {pointer<List>()->items, pointer<List>()->size}; }
  const Map& as_map() const { return *pointer<Map>(); }
  Timestamp as_timestamp() const { return {as_int64(), static_cast<std::int32_t>(size())}; }
  Duration as_duration() const { return Duration(as_int64()); }
  const Value* as_optional() const { return pointer<Value>(); }
  const Opaque& as_opaque() const { return *pointer<Opaque>(); }

 private:
  friend void append(const Value& list, const Value& item);  // See containers.h.

  Value(Kind kind, std::uint32_t size, std::uint64_t bits) : head_(head_of(kind, size)) { word_.bits = bits; }
  Value(Kind kind, std::uint32_t size, const void* pointer) : head_(head_of(kind, size)) { word_.pointer = pointer; }
  static Value of_pointer(Kind kind, const void* pointer) { return {kind, 0, pointer}; }
  static Value of_bytes(Kind kind, std::string_view text) {
    return {kind, static_cast<std::uint32_t>(text.size()), static_cast<const void*>(text.data())};
  }
  static std::uint64_t head_of(Kind kind, std::uint32_t size) {
    return static_cast<std::uint64_t>(kind) | (std::uint64_t{size} << 32);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(head_ >> 32); }
  template <typename T>
  const T* pointer() const {
    return static_cast<const T*>(word_.pointer);
  }

  // Two words and no smaller fields, so that a value stays in two registers: with a member per part, compilers take it
  // apart and put it together again at every step.
  std::uint64_t head_;  // Kind in bits 0-7, ErrorKind in 8-15, size in 32-63: bytes of a string, nanos of a timestamp,
                        // position of an error.
  union {
    std::uint64_t bits;   // A number's, bool's or time's.
    const void* pointer;  // To what is larger.
  } word_;
};
static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

// CEL's `==`: across int, uint and double by number, everything else false if the kinds differ; NaN equals nothing.
// Never an error for values without errors in them.
bool equal(const Value& a, const Value& b);

// CEL's `<` and friends: the order of two values, or nothing if there is none (NaN, kinds that have no order).
// Across int, uint and double as CEL defines it (research note: int and double compare after a cast).
std::optional<std::partial_ordering> compare(const Value& a, const Value& b);

// The value of `key` in a map, numerically equal keys included, or null if it has none. O(1) for indexed maps.
const Value* find(const Map& map, const Value& key);

// As CEL would write it as a literal: 'text', 3u, [1, 2], timestamp('…'). For explain and for tests.
std::string to_literal(const Value& value);

// A copy of `value` with everything it points to in `arena`.
Value copy_into(const Value& value, Arena& arena);

}  // namespace tallyho::cel

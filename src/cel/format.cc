// 'text with %s'.format([values]): the clauses %s %d %f %e %b %o %x %X, with a precision for %f and %e, and %%.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "cel/containers.h"
#include "cel/library.h"
#include "cel/numbers.h"

namespace tallyho::cel {
namespace {

constexpr int precision_default = 6;
constexpr int precision_max = 1000;
constexpr int depth_max = 64;  // Of lists and maps within each other.

struct Clause {
  char verb = 0;
  int precision = precision_default;
};

// Appends a value as a clause says; false if the clause does not take it.
class Formatter {
 public:
  explicit Formatter(std::string& out) : out_(out) {}

  bool format(const Clause& clause, const Value& value) {
    switch (clause.verb) {
      case 's': return text(value, 0);
      case 'd': return value.is(Kind::float64) ? special(value.as_float64()) : integer(value, 10, false);
      case 'f':
      case 'e': return decimal(value, clause);
      case 'b':
        if (value.is(Kind::boolean)) return append(value.as_boolean() ? "1" : "0");
        return integer(value, 2, false);
      case 'o': return integer(value, 8, false);
      case 'x':
      case 'X': return hexadecimal(value, clause.verb == 'X');
      default: return false;
    }
  }

 private:
  bool append(std::string_view text) {
    out_ += text;
    return true;
  }

  // Infinities and NaN have names in every clause that takes numbers.
  bool special(double number) { return !std::isfinite(number) && append(float64_to_text(number)); }

  bool integer(const Value& value, int base, bool is_upper) {
    std::array<char, 72> digits;
    std::to_chars_result end{};
    if (value.is(Kind::int64)) {
      end = std::to_chars(digits.data(), digits.data() + digits.size(), value.as_int64(), base);
    } else if (value.is(Kind::uint64)) {
      end = std::to_chars(digits.data(), digits.data() + digits.size(), value.as_uint64(), base);
    } else {
      return false;
    }
    if (is_upper) {
      std::transform(digits.data(), end.ptr, digits.data(),
                     [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    }
    return append({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
  }

  bool hexadecimal(const Value& value, bool is_upper) {
    if (!value.is(Kind::string) && !value.is(Kind::bytes)) return integer(value, 16, is_upper);
    const std::string_view digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (const char c : value.as_bytes()) {
      const auto byte = static_cast<unsigned char>(c);
      out_ += digits[byte >> 4];
      out_ += digits[byte & 15];
    }
    return true;
  }

  bool decimal(const Value& value, const Clause& clause) {
    double number = 0;
    if (value.is(Kind::float64)) {
      number = value.as_float64();
    } else if (value.is(Kind::int64)) {
      number = static_cast<double>(value.as_int64());
    } else if (value.is(Kind::uint64)) {
      number = static_cast<double>(value.as_uint64());
    } else {
      return false;
    }
    if (!std::isfinite(number)) return special(number);
    std::array<char, 400 + precision_max> digits;
    const auto form = clause.verb == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, form, clause.precision);
    return append({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
  }

  bool text(const Value& value, int depth) {
    if (depth > depth_max) return false;
    switch (value.kind()) {
      case Kind::null: return append("null");
      case Kind::boolean: return append(value.as_boolean() ? "true" : "false");
      case Kind::int64:
      case Kind::uint64: return integer(value, 10, false);
      case Kind::float64: return append(float64_to_text(value.as_float64()));
      case Kind::string:
      case Kind::bytes:
      case Kind::type: return append(value.as_string());
      case Kind::timestamp: return append(format_timestamp(value.as_timestamp()));
      case Kind::duration: return append(format_duration(value.as_duration()));
      case Kind::list: return list(value.as_list(), depth);
      case Kind::map: return map(value.as_map(), depth);
      case Kind::error:
      case Kind::optional:
      case Kind::opaque: return false;
    }
    return false;
  }

  bool list(std::span<const Value> items, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (!text(items[i], depth + 1)) return false;
    }
    return append("]");
  }

  // In order of the keys' texts.
  bool map(const Map& map, int depth) {
    std::vector<std::pair<std::string, const Value*>> entries;
    for (std::size_t i = 0; i < map.size; ++i) {
      std::string key;
      Formatter(key).text(map.pairs[2 * i], depth + 1);
      entries.emplace_back(std::move(key), &map.pairs[2 * i + 1]);
    }
    std::ranges::sort(entries, {}, &std::pair<std::string, const Value*>::first);
    out_ += '{';
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out_ += ", ";
      out_.append(entries[i].first).append(": ");
      if (!text(*entries[i].second, depth + 1)) return false;
    }
    return append("}");
  }

  std::string& out_;
};

// The clause that follows a '%' at `pattern[at - 1]`; moves `at` behind it. False if there is none.
bool read_clause(std::string_view pattern, std::size_t& at, Clause& clause) {
  if (at < pattern.size() && pattern[at] == '.') {
    const char* const end = pattern.data() + pattern.size();
    const auto [stopped, error] = std::from_chars(pattern.data() + at + 1, end, clause.precision);
    if (error != std::errc() || clause.precision < 0 || clause.precision > precision_max) return false;
    at = static_cast<std::size_t>(stopped - pattern.data());
  }
  if (at >= pattern.size()) return false;
  clause.verb = pattern[at++];
  return true;
}

Value format(const Call& c) {
  const std::string_view pattern = c.args[0].as_string();
  const std::span<const Value> values = c.args[1].as_list();
  std::string made;
  Formatter formatter(made);
  std::size_t used = 0;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '%') {
      made += pattern[at++];
      continue;
    }
    ++at;
    if (at < pattern.size() && pattern[at] == '%') {
      made += pattern[at++];
      continue;
    }
    Clause clause;
    if (!read_clause(pattern, at, clause)) return c.error(ErrorKind::invalid_argument);
    if (used >= values.size()) return c.error(ErrorKind::index_out_of_range);
    if (!formatter.format(clause, values[used++])) return c.error(ErrorKind::invalid_argument);
    if (made.size() > made_size_max) return c.error(ErrorKind::out_of_range);
  }
  return Value::string(c.arena.copy(made));
}

}  // namespace

void add_format_function(Environment& environment) {
  Library lib(environment);
  lib.method("format", "string_format", {lib.string, Type::list(lib.dyn)}, lib.string, format,
             {.base = 100, .per_16_bytes = 32, .result_size_max = 0});
}

}  // namespace tallyho::cel

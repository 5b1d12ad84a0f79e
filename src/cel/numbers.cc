#include "cel/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <system_error>

namespace tallyho::cel {
namespace {

constexpr int exponent_min = -4;  // Outside [exponent_min, exponent_end), an exponent is written.
constexpr int exponent_end = 21;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::optional<double> text_to_special(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

template <typename Integer>
std::optional<Integer> text_to_integer(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  Integer number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string float64_to_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 512> buffer;
  char* const end = buffer.data() + buffer.size();
  const auto scientific = std::to_chars(buffer.data(), end, number, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(scientific.ptr - buffer.data()));
  const std::string_view digits = text.substr(text.rfind('e') + 1);
  int exponent = 0;
  std::from_chars(digits.data() + 1, digits.data() + digits.size(), exponent);
  if (digits[0] == '-') exponent = -exponent;
  if (exponent < exponent_min || exponent >= exponent_end) return std::string(text);
  const auto fixed = std::to_chars(buffer.data(), end, number, std::chars_format::fixed);
  return std::string(buffer.data(), fixed.ptr);
}

std::optional<double> text_to_float64(std::string_view text) {
  if (const auto special = text_to_special(text)) return special;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const std::size_t first = digits.starts_with('-') && digits.size() == text.size() ? 1 : 0;
  if (first == digits.size() || !((digits[first] >= '0' && digits[first] <= '9') || digits[first] == '.')) {
    return std::nullopt;
  }
  double number = 0;
  const auto [stopped, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (stopped != digits.data() + digits.size()) return std::nullopt;
  if (error == std::errc()) return number;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  // from_chars does not say on which side; strtod does, by returning 0, a denormal or a huge value.
  const double nearest = std::strtod(std::string(digits).c_str(), nullptr);
  if (std::abs(nearest) >= 1) return std::nullopt;
  return nearest;
}

std::optional<std::int64_t> text_to_int64(std::string_view text) {
  return text_to_integer<std::int64_t>(text);
}
std::optional<std::uint64_t> text_to_uint64(std::string_view text) {
  return text_to_integer<std::uint64_t>(text);
}

std::optional<std::int64_t> float64_to_int64(double number) {
  if (!(number > -0x1p63 && number < 0x1p63)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::uint64_t> float64_to_uint64(double number) {
  if (!(number >= 0 && number < 0x1p64)) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

}  // namespace tallyho::cel

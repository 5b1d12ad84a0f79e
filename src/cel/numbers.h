#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyho::cel {

// Numbers as text, both ways, as CEL's conversions do it.

// The fewest digits that read back equal, with an exponent below 1e-4 and from 1e21 on: "4.5", "1e+21", "Infinity".
std::string float64_to_text(double number);

// A decimal number with optional sign, fraction and exponent, or a name of infinity or NaN. What is too small to be
// represented becomes 0; nothing for what is too large or anything else.
std::optional<double> text_to_float64(std::string_view text);

// Decimal digits with an optional sign (uint: none but '+'); nothing if out of range or anything else.
std::optional<std::int64_t> text_to_int64(std::string_view text);
std::optional<std::uint64_t> text_to_uint64(std::string_view text);

// Towards zero; nothing for NaN and where the truncated number is not in range. Both ends of int's range are
// excluded, as the conformance suite has it: -2^63 as a double may stand for what was less.
std::optional<std::int64_t> float64_to_int64(double number);
std::optional<std::uint64_t> float64_to_uint64(double number);

}  // namespace tallyho::cel

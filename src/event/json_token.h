#pragma once

#include <cstdint>
#include <string_view>

namespace tallyho {

// A value of a JSON text, or the name of a member.
struct JsonToken {
  enum class Kind : std::uint8_t {
    null,
    boolean_false,
    boolean_true,
    integer,  // A number without fraction and exponent, of any size.
    decimal,  // Any other number.
    string,
    name,  // Of an object's member; its value follows.
    array,
    object,
  };
  std::string_view text;    // A number or literal as written; a string or name without quotes, unescaped.
  std::uint32_t begin = 0;  // Where it stands in the text, quotes and brackets included.
  std::uint32_t end = 0;
  std::uint32_t next = 0;   // The index of the token after it and all that is in it.
  std::uint32_t items = 0;  // Of an array or object: how many items or members.

  // What was seen in passing, and need not be looked for again.
  std::uint64_t digits = 0;   // Of a number that `has_digits`: ±digits · 10^exponent, exactly.
  std::int16_t exponent = 0;  //
  bool has_digits = false;    // At most 18 of them, leading zeros included.
  bool is_printable = false;  // Of a string or name: of bytes 0x20 to 0x7e, and written without escapes.
  Kind kind = Kind::null;
};

}  // namespace tallyho

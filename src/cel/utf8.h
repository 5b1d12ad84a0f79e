#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyho::cel {

// Code points of UTF-8. CEL counts strings in code points; these work on bytes without copying.
// Strings are checked where they enter (host, string(bytes)); should one hold other bytes after all, a stray byte
// counts as one code point, and nothing reads beyond the end.

// Bytes of the code point that begins at `text[at]`: 1 to 4, never beyond the end. Requires at < text.size().
inline std::size_t code_point_bytes(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t bytes = 1;
  if (lead >= 0xf0)
    bytes = 4;
  else if (lead >= 0xe0)
    bytes = 3;
  else if (lead >= 0xc0)
    bytes = 2;
  std::size_t found = 1;
  while (found < bytes && at + found < text.size() && (static_cast<unsigned char>(text[at + found]) & 0xc0) == 0x80) {
    ++found;
  }
  return found == bytes ? bytes : 1;
}

// How many code points there are. O(bytes).
std::size_t count_code_points(std::string_view text);

// The byte at which code point number `index` begins; text.size() for one past the last; npos beyond that. O(bytes).
std::size_t byte_of_code_point(std::string_view text, std::size_t index);

// The code point that begins at `text[at]`; a stray byte is U+FFFD.
char32_t decode_code_point(std::string_view text, std::size_t at);

// Whether `text` is UTF-8 as Unicode defines it: shortest forms, no surrogates, up to U+10FFFF.
bool is_utf8(std::string_view text);

// Appends a code point as UTF-8.
void append_code_point(std::string& out, char32_t code_point);

}  // namespace tallyho::cel

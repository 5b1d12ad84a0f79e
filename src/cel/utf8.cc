#include "cel/utf8.h"

#include <cstring>

namespace tallyho::cel {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += code_point_bytes(text, at)) ++count;
  return count;
}

std::size_t byte_of_code_point(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0; --index) {
    if (at >= text.size()) return std::string_view::npos;
    at += code_point_bytes(text, at);
  }
  return at;
}

char32_t decode_code_point(std::string_view text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  if (lead < 0x80) return lead;
  const std::size_t bytes = code_point_bytes(text, at);
  if (bytes == 1) return U'\ufffd';
  char32_t code_point = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) code_point = (code_point << 6) | (byte_at(text, at + i) & 0x3f);
  return code_point;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    if (byte_at(text, at) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t bytes = code_point_bytes(text, at);
    if (bytes == 1) return false;
    const char32_t code_point = decode_code_point(text, at);
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code_point < least[bytes] || code_point > 0x10ffff) return false;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return false;
    at += bytes;
  }
  return true;
}

void append_code_point(std::string& out, char32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
    return;
  }
  int continuations = 1;
  if (code_point >= 0x800) continuations = 2;
  if (code_point >= 0x10000) continuations = 3;
  const char32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(marks[continuations] | (code_point >> (6 * continuations)));
  for (int i = continuations - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code_point >> (6 * i)) & 0x3f));
}

}  // namespace tallyho::cel

// Values as text that CEL would read back, for explain, diagnostics and tests.

#include <string>

#include "cel/numbers.h"
#include "cel/utf8.h"
#include "cel/value.h"

namespace tallyho::cel {
namespace {

void append_hex(std::string& out, unsigned byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

// In single quotes. Text keeps what is not ASCII; of bytes only printable ASCII stays as it is.
void append_quoted(std::string& out, std::string_view text, bool is_text) {
  out += '\'';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\'': out += "\\'"; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text)) {
          append_hex(out, byte);
        } else {
          out += c;
        }
    }
  }
  out += '\'';
}

void append_literal(std::string& out, const Value& value);

void append_float64(std::string& out, double number) {
  const std::string text = float64_to_text(number);
  if (text.find_first_of("Na") != std::string::npos || text.ends_with("Infinity")) {
    out += "double('" + text + "')";
    return;
  }
  out += text;
  if (text.find_first_of(".e") == std::string::npos) out += ".0";
}

void append_map(std::string& out, const Map& map) {
  out += '{';
  for (std::size_t i = 0; i < map.size; ++i) {
    if (i > 0) out += ", ";
    append_literal(out, map.pairs[2 * i]);
    out += ": ";
    append_literal(out, map.pairs[2 * i + 1]);
  }
  out += '}';
}

void append_list(std::string& out, std::span<const Value> items) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append_literal(out, items[i]);
  }
  out += ']';
}

void append_optional(std::string& out, const Value* inner) {
  if (inner == nullptr) {
    out += "optional.none()";
    return;
  }
  out += "optional.of(";
  append_literal(out, *inner);
  out += ')';
}

void append_literal(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::error: out.append("error: ").append(describe(value.error_kind())); break;
    case Kind::null: out += "null"; break;
    case Kind::boolean: out += value.as_boolean() ? "true" : "false"; break;
    case Kind::int64: out += std::to_string(value.as_int64()); break;
    case Kind::uint64: out += std::to_string(value.as_uint64()) + "u"; break;
    case Kind::float64: append_float64(out, value.as_float64()); break;
    case Kind::string: append_quoted(out, value.as_string(), true); break;
    case Kind::bytes:
      out += 'b';
      append_quoted(out, value.as_bytes(), false);
      break;
    case Kind::list: append_list(out, value.as_list()); break;
    case Kind::map: append_map(out, value.as_map()); break;
    case Kind::timestamp: out += "timestamp('" + format_timestamp(value.as_timestamp()) + "')"; break;
    case Kind::duration: out += "duration('" + format_duration(value.as_duration()) + "')"; break;
    case Kind::type: out += value.as_type(); break;
    case Kind::optional: append_optional(out, value.as_optional()); break;
    case Kind::opaque: out.append("<").append(value.as_opaque().type_name()).append(">"); break;
  }
}

}  // namespace

std::string to_literal(const Value& value) {
  std::string out;
  append_literal(out, value);
  return out;
}

}  // namespace tallyho::cel

// Functions of strings: the standard ones, the strings extension, and base64.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "cel/containers.h"
#include "cel/library.h"
#include "cel/utf8.h"
#include "re2/re2.h"

namespace tallyho::cel {
namespace {

constexpr std::size_t npos = std::string_view::npos;

Value text(const Call& c, std::string_view made) {
  if (made.size() > made_size_max) return c.error(ErrorKind::out_of_range);
  return Value::string(c.arena.copy(made));
}

Value contains_text(const Call& c) {
  return Value::boolean(c.args[0].as_string().find(c.args[1].as_string()) != npos);
}
Value starts_with(const Call& c) {
  return Value::boolean(c.args[0].as_string().starts_with(c.args[1].as_string()));
}
Value ends_with(const Call& c) {
  return Value::boolean(c.args[0].as_string().ends_with(c.args[1].as_string()));
}

// With a pattern that is computed; constant ones are compiled with the program.
Value matches(const Call& c) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 pattern(c.args[1].as_string(), options);
  if (!pattern.ok()) return c.error(ErrorKind::invalid_regex);
  return Value::boolean(re2::RE2::PartialMatch(c.args[0].as_string(), pattern));
}

Value char_at(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  const std::int64_t index = c.args[1].as_int64();
  const std::size_t at = index < 0 ? npos : byte_of_code_point(subject, static_cast<std::size_t>(index));
  if (at == npos) return c.error(ErrorKind::index_out_of_range);
  if (at == subject.size()) return Value::string("");
  return Value::string(subject.substr(at, code_point_bytes(subject, at)));
}

Value code_point_index(std::string_view subject, std::size_t byte) {
  if (byte == npos) return Value::int64(-1);
  return Value::int64(static_cast<std::int64_t>(count_code_points(subject.substr(0, byte))));
}

Value index_of(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  std::size_t from = 0;
  if (c.args.size() > 2) {
    const std::int64_t index = c.args[2].as_int64();
    from = index < 0 ? npos : byte_of_code_point(subject, static_cast<std::size_t>(index));
    if (from == npos) return c.error(ErrorKind::index_out_of_range);
  }
  return code_point_index(subject, subject.find(c.args[1].as_string(), from));
}

Value last_index_of(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  std::size_t from = npos;
  if (c.args.size() > 2) {
    const std::int64_t index = c.args[2].as_int64();
    from = index < 0 ? npos : byte_of_code_point(subject, static_cast<std::size_t>(index));
    if (from == npos) return c.error(ErrorKind::index_out_of_range);
  }
  return code_point_index(subject, subject.rfind(c.args[1].as_string(), from));
}

template <char first, char last, int shift>
Value map_ascii(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  char* const bytes = static_cast<char*>(c.arena.allocate(subject.size(), 1));
  std::ranges::transform(subject, bytes, [](char letter) {
    return letter >= first && letter <= last ? static_cast<char>(letter + shift) : letter;
  });
  return Value::string({bytes, subject.size()});
}

Value reverse(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  char* const bytes = static_cast<char*>(c.arena.allocate(subject.size(), 1));
  char* end = bytes + subject.size();
  for (std::size_t at = 0; at < subject.size();) {
    const std::size_t size = code_point_bytes(subject, at);
    end -= size;
    std::copy_n(subject.data() + at, size, end);
    at += size;
  }
  return Value::string({bytes, subject.size()});
}

Value join(const Call& c) {
  const std::span<const Value> items = c.args[0].as_list();
  const std::string_view separator = c.args.size() > 1 ? c.args[1].as_string() : std::string_view();
  std::size_t size = 0;
  for (const Value& item : items) {
    if (!item.is(Kind::string)) return c.error(ErrorKind::no_such_overload);
    size += item.as_string().size() + separator.size();
  }
  if (size > made_size_max) return c.error(ErrorKind::out_of_range);
  char* const bytes = static_cast<char*>(c.arena.allocate(size, 1));
  char* end = bytes;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) end = std::ranges::copy(separator, end).out;
    end = std::ranges::copy(items[i].as_string(), end).out;
  }
  return Value::string({bytes, static_cast<std::size_t>(end - bytes)});
}

// An empty `from` matches before each code point and at the end. A negative limit: all.
Value replace(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  const std::string_view from = c.args[1].as_string();
  const std::string_view to = c.args[2].as_string();
  std::int64_t left = c.args.size() > 3 ? c.args[3].as_int64() : -1;
  std::string made;
  std::size_t at = 0;
  while (left != 0) {
    const std::size_t found = subject.find(from, at);
    if (found == npos || made.size() > made_size_max) break;
    made.append(subject.substr(at, found - at)).append(to);
    at = found + from.size();
    if (left > 0) --left;
    if (from.empty()) {
      if (at >= subject.size()) break;
      const std::size_t size = code_point_bytes(subject, at);
      made.append(subject.substr(at, size));
      at += size;
    }
  }
  return text(c, made.append(subject.substr(std::min(at, subject.size()))));
}

// An empty separator splits between code points. A limit of 0 gives no parts; a negative one all of them.
Value split(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  const std::string_view separator = c.args[1].as_string();
  std::int64_t limit = c.args.size() > 2 ? c.args[2].as_int64() : -1;
  std::vector<Value> parts;
  if (limit == 0 || (separator.empty() && subject.empty())) return make_list(parts, c.arena);
  std::size_t at = 0;
  for (; limit != 1; limit -= limit > 0 ? 1 : 0) {
    std::size_t end = subject.find(separator, at);
    if (separator.empty()) {
      end = at + code_point_bytes(subject, at);
      if (end >= subject.size()) end = npos;
    }
    if (end == npos) break;
    parts.push_back(Value::string(subject.substr(at, end - at)));
    at = end + separator.size();
  }
  parts.push_back(Value::string(subject.substr(at)));
  return make_list(parts, c.arena);
}

Value substring(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  const std::int64_t begin = c.args[1].as_int64();
  if (begin < 0) return c.error(ErrorKind::index_out_of_range);
  const std::size_t first = byte_of_code_point(subject, static_cast<std::size_t>(begin));
  if (first == npos) return c.error(ErrorKind::index_out_of_range);
  if (c.args.size() == 2) return Value::string(subject.substr(first));
  const std::int64_t end = c.args[2].as_int64();
  if (end < begin) return c.error(ErrorKind::index_out_of_range);
  const std::string_view rest = subject.substr(first);
  const std::size_t size = byte_of_code_point(rest, static_cast<std::size_t>(end - begin));
  if (size == npos) return c.error(ErrorKind::index_out_of_range);
  return Value::string(rest.substr(0, size));
}

// Unicode's White_Space property.
bool is_space(char32_t c) {
  return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

Value trim(const Call& c) {
  const std::string_view subject = c.args[0].as_string();
  std::size_t first = subject.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < subject.size();) {
    const std::size_t size = code_point_bytes(subject, at);
    if (!is_space(decode_code_point(subject, at))) {
      first = std::min(first, at);
      end = at + size;
    }
    at += size;
  }
  return Value::string(first < end ? subject.substr(first, end - first) : std::string_view());
}

// In double quotes, with escapes for what would end the literal or not show.
Value quote(const Call& c) {
  std::string made = "\"";
  const std::string_view subject = c.args[0].as_string();
  for (std::size_t at = 0; at < subject.size();) {
    const std::size_t size = code_point_bytes(subject, at);
    switch (subject[at]) {
      case '\a': made += "\\a"; break;
      case '\b': made += "\\b"; break;
      case '\f': made += "\\f"; break;
      case '\n': made += "\\n"; break;
      case '\r': made += "\\r"; break;
      case '\t': made += "\\t"; break;
      case '\v': made += "\\v"; break;
      case '\\': made += "\\\\"; break;
      case '"': made += "\\\""; break;
      default: append_code_point(made, decode_code_point(subject, at));
    }
    at += size;
  }
  return text(c, made += '"');
}

Value base64_encode(const Call& c) {
  const std::string_view bytes = c.args[0].as_bytes();
  return text(c, absl::Base64Escape(absl::string_view(bytes.data(), bytes.size())));
}
// With padding or without.
Value base64_decode(const Call& c) {
  const std::string_view encoded = c.args[0].as_string();
  std::string decoded;
  if (!absl::Base64Unescape(absl::string_view(encoded.data(), encoded.size()), &decoded)) {
    return c.error(ErrorKind::invalid_conversion);
  }
  return Value::bytes(c.arena.copy(decoded));
}

void add_standard(Library& lib) {
  lib.method("contains", "contains_string", {lib.string, lib.string}, lib.boolean, contains_text,
             {.base = 1, .per_16_bytes = 16, .result_size_max = 0});
  lib.method("startsWith", "starts_with_string", {lib.string, lib.string}, lib.boolean, starts_with, cost_per_chunk);
  lib.method("endsWith", "ends_with_string", {lib.string, lib.string}, lib.boolean, ends_with, cost_per_chunk);
  lib.function("matches", "matches", {lib.string, lib.string}, lib.boolean, matches);
  lib.method("matches", "matches_string", {lib.string, lib.string}, lib.boolean, matches);
}

// Costs of functions that go through code points, one by one.
constexpr CallCost cost_per_byte = {.base = 1, .per_16_bytes = 16, .result_size_max = 0};

void add_extension(Library& lib) {
  const Type strings = Type::list(lib.string);
  lib.method("charAt", "string_char_at_int", {lib.string, lib.int64}, lib.string, char_at,
             {.base = 1, .per_16_bytes = 16, .result_size_max = 4});
  lib.method("indexOf", "string_index_of_string", {lib.string, lib.string}, lib.int64, index_of, cost_per_byte);
  lib.method("indexOf", "string_index_of_string_int", {lib.string, lib.string, lib.int64}, lib.int64, index_of,
             cost_per_byte);
  lib.method("lastIndexOf", "string_last_index_of_string", {lib.string, lib.string}, lib.int64, last_index_of,
             cost_per_byte);
  lib.method("lastIndexOf", "string_last_index_of_string_int", {lib.string, lib.string, lib.int64}, lib.int64,
             last_index_of, cost_per_byte);
  lib.method("join", "list_join", {strings}, lib.string, join, cost_per_byte);
  lib.method("join", "list_join_string", {strings, lib.string}, lib.string, join, cost_per_byte);
  lib.method("lowerAscii", "string_lower_ascii", {lib.string}, lib.string, map_ascii<'A', 'Z', 32>, cost_per_byte);
  lib.method("upperAscii", "string_upper_ascii", {lib.string}, lib.string, map_ascii<'a', 'z', -32>, cost_per_byte);
  lib.method("replace", "string_replace_string_string", {lib.string, lib.string, lib.string}, lib.string, replace,
             cost_per_byte);
  lib.method("replace", "string_replace_string_string_int", {lib.string, lib.string, lib.string, lib.int64}, lib.string,
             replace, cost_per_byte);
  lib.method("split", "string_split_string", {lib.string, lib.string}, strings, split, cost_per_byte);
  lib.method("split", "string_split_string_int", {lib.string, lib.string, lib.int64}, strings, split, cost_per_byte);
  lib.method("substring", "string_substring_int", {lib.string, lib.int64}, lib.string, substring, cost_per_byte);
  lib.method("substring", "string_substring_int_int", {lib.string, lib.int64, lib.int64}, lib.string, substring,
             cost_per_byte);
  lib.method("trim", "string_trim", {lib.string}, lib.string, trim, cost_per_byte);
  lib.method("reverse", "string_reverse", {lib.string}, lib.string, reverse, cost_per_byte);
  lib.function("strings.quote", "strings_quote", {lib.string}, lib.string, quote, cost_per_byte);
}

}  // namespace

void add_encoder_functions(Environment& environment) {
  Library lib(environment);
  lib.function("base64.encode", "base64_encode_bytes", {lib.bytes}, lib.string, base64_encode, cost_per_byte);
  lib.function("base64.decode", "base64_decode_string", {lib.string}, lib.bytes, base64_decode, cost_per_byte);
}

void add_string_functions(Environment& environment) {
  Library lib(environment);
  add_standard(lib);
  add_extension(lib);
  add_encoder_functions(environment);
  add_format_function(environment);
}

}  // namespace tallyho::cel

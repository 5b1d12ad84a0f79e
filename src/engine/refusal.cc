#include "engine/refusal.h"

#include <algorithm>
#include <iterator>

#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::size_t excerpt_bytes_max = 80;
constexpr std::size_t excerpt_bytes_before = 30;  // Of those, before the place to blame.

bool continues_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// The line of an expression that `position` is in, cut to `excerpt_bytes_max`, and the column in it.
struct Excerpt {
  std::string_view text;
  std::size_t column = 1;  // In the excerpt, in code points.
  bool is_cut_before = false;
  bool is_cut_behind = false;
};

Excerpt excerpt(std::string_view source, std::size_t position) {
  position = std::min(position, source.size());
  std::size_t begin = source.substr(0, position).rfind('\n') + 1;  // npos + 1 is 0.
  std::size_t end = std::min(source.find('\n', position), source.size());
  while (begin < position && source[begin] == ' ') ++begin;
  Excerpt excerpt;
  if (end - begin > excerpt_bytes_max) {
    if (position - begin > excerpt_bytes_before) {
      begin = position - excerpt_bytes_before;
      excerpt.is_cut_before = true;
    }
    excerpt.is_cut_behind = end - begin > excerpt_bytes_max;
    end = std::min(end, begin + excerpt_bytes_max);
    while (begin < position && continues_code_point(source[begin])) ++begin;
    while (end > position && end < source.size() && continues_code_point(source[end])) --end;
  }
  excerpt.text = source.substr(begin, end - begin);
  excerpt.column += static_cast<std::size_t>(std::ranges::count_if(
      source.substr(begin, position - begin), [](char byte) { return !continues_code_point(byte); }));
  return excerpt;
}

}  // namespace

cel::Value make_fault(StateFault fault, ScopeIndex scope) {
  return cel::Value::error(cel::ErrorKind::host, 0, (std::uint32_t{scope} << 8) | static_cast<std::uint32_t>(fault));
}
StateFault fault_of(const cel::Value& error) {
  return static_cast<StateFault>(error.error_detail() & 0xff);
}
ScopeIndex scope_of(const cel::Value& error) {
  return static_cast<ScopeIndex>(error.error_detail() >> 8);
}

void describe_error(std::string& out, std::string_view what, const cel::Program& program, const cel::Value& error) {
  const Excerpt place = excerpt(program.source(), error.error_position());
  out.clear();
  fmt::format_to(std::back_inserter(out), "{}: {} at column {} of '{}{}{}'", what, cel::describe(error.error_kind()),
                 place.column, place.is_cut_before ? "…" : "", place.text, place.is_cut_behind ? "…" : "");
}

void describe_fault(std::string& out, StateFault fault, const Scope& scope, const StateVariable& variable,
                    const cel::Value& value) {
  out.clear();
  const auto append = std::back_inserter(out);
  fmt::format_to(append, "{}.{}: ", scope.name, variable.name);
  if (fault == StateFault::set_full) {
    fmt::format_to(append, "the set is full (capacity {})", variable.capacity);
  } else {
    fmt::format_to(append, "the text has {} bytes, more than max_bytes ({})", value.as_string().size(),
                   variable.max_bytes);
  }
}

}  // namespace tallyho

#include "cel/token_reader.h"

#include <algorithm>
#include <utility>

#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

using TokenKind = Token::Kind;

bool is_opening(TokenKind kind) {
  return kind == TokenKind::left_parenthesis || kind == TokenKind::left_bracket || kind == TokenKind::left_brace;
}
bool is_closing(TokenKind kind) {
  return kind == TokenKind::right_parenthesis || kind == TokenKind::right_bracket || kind == TokenKind::right_brace;
}

}  // namespace

bool ends_expression(TokenKind kind) {
  return kind == TokenKind::end || kind == TokenKind::comma || kind == TokenKind::colon || is_closing(kind);
}

void TokenReader::skip_to_operator() {
  int open = 0;
  for (; !next_is(TokenKind::end); take()) {
    const TokenKind kind = peek().kind;
    const bool is_operator = kind == TokenKind::question || binary_operator(kind).precedence > 0;
    if (open == 0 && (ends_expression(kind) || is_operator)) return;
    if (is_opening(kind)) ++open;
    if (is_closing(kind)) --open;
  }
}

void TokenReader::give_up() {
  gave_up_ = true;
  index_ = tokens_.size() - 1;
}

std::string_view TokenReader::name(const Token& token) const {
  const std::string_view written = text(token);
  return token.kind == TokenKind::quoted_identifier ? written.substr(1, written.size() - 2) : written;
}

std::string TokenReader::shown(const Token& token) const {
  if (token.kind == TokenKind::end) return "the end";
  constexpr std::size_t bytes_max = 32;
  std::string_view written = text(token);
  if (written.size() <= bytes_max) return "'" + std::string(written) + "'";
  std::size_t bytes = 0;
  while (bytes + code_point_bytes(written, bytes) <= bytes_max) bytes += code_point_bytes(written, bytes);
  return "'" + std::string(written.substr(0, bytes)) + "…'";
}

void TokenReader::report(const Token& at, std::string message) {
  if (gave_up_ || at.kind == TokenKind::invalid) return;
  issues_.push_back({at.begin, at.end, std::move(message)});
}

// "column 5", or "line 2, column 5" where the text has lines.
std::string TokenReader::location(const Token& token) const {
  const std::string_view before = source_.substr(0, token.begin);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0.
  std::string column = "column " + std::to_string(count_code_points(before.substr(line_begin)) + 1);
  if (source_.find('\n') == std::string_view::npos) return column;
  return "line " + std::to_string(std::ranges::count(before, '\n') + 1) + ", " + column;
}

void TokenReader::close(const Token& open, TokenKind kind, char written) {
  if (take_if(kind)) return;
  const std::string closing = std::string("'") + written + "'";
  if (next_is(TokenKind::end)) return report(open, shown(open) + " is never closed; " + closing + " is missing");
  report(peek(),
         closing + " is missing before " + shown(peek()) + ", to close " + shown(open) + " at " + location(open));
  // `(a]`: the wrong bracket stands for the right one.
  if (is_closing(peek().kind)) take();
}

}  // namespace tallyho::cel

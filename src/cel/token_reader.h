#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cel/lexer.h"

namespace tallyho::cel {

// A binary operator's place in the grammar, and what its call is named.
struct BinaryOperator {
  int precedence = 0;  // 0: none. 1 binds least.
  std::string_view function;
};
inline constexpr int or_precedence = 1;
inline constexpr int and_precedence = 2;
BinaryOperator binary_operator(Token::Kind kind);

// Whether an expression within another may end before such a token.
bool ends_expression(Token::Kind kind);

// The parser's way through the tokens: looking, taking, and telling what is wrong. Beyond the last token, and once it
// gave up, it reads Token::Kind::end for ever.
class TokenReader {
 public:
  TokenReader(std::string_view source, std::vector<Issue>& issues)
      : source_(source), tokens_(tokenize(source, issues)), issues_(issues) {}

  const Token& peek() const { return tokens_[index_]; }
  const Token& peek(std::size_t ahead) const;
  bool next_is(Token::Kind kind) const { return peek().kind == kind; }
  Token take();
  bool take_if(Token::Kind kind);
  // To the next operator, or to what ends the expression, past all brackets between.
  void skip_to_operator();
  void give_up();

  // The token taken last; there must be one. Where it ends, a node that is complete ends.
  const Token& last() const { return tokens_[index_ - 1]; }
  std::uint32_t end_of_last() const { return at_begin() ? 0 : last().end; }
  bool at_begin() const { return index_ == 0; }

  // As written.
  std::string_view text(const Token& token) const { return source_.substr(token.begin, token.end - token.begin); }
  // An identifier without its backquotes.
  std::string_view name(const Token& token) const;
  // For a message: 'text', shortened, or "the end".
  std::string shown(const Token& token) const;

  // Not of what the lexer has told already, and of nothing once the parser gave up.
  void report(const Token& at, std::string message);
  std::vector<Issue>& issues() { return issues_; }

  // Takes the bracket `kind`, written so, that closes `open`; or tells that it is missing.
  void close(const Token& open, Token::Kind kind, char written);

 private:
  std::string location(const Token& token) const;

  std::string_view source_;
  std::vector<Token> tokens_;
  std::size_t index_ = 0;
  bool gave_up_ = false;
  std::vector<Issue>& issues_;
};

}  // namespace tallyho::cel

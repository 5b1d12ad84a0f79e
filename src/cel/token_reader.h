#pragma once

#include <algorithm>
#include <array>
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
  Operator op = Operator::none;
};
inline constexpr int or_precedence = 1;
inline constexpr int and_precedence = 2;
inline constexpr auto binary_operators = [] {
  std::array<BinaryOperator, static_cast<std::size_t>(Token::Kind::right_brace) + 1> made{};
  const auto add = [&](Token::Kind token, int precedence, Operator op) {
    made[static_cast<std::size_t>(token)] = {precedence, op};
  };
  add(Token::Kind::logical_or, or_precedence, Operator::logical_or);
  add(Token::Kind::logical_and, and_precedence, Operator::logical_and);
  add(Token::Kind::equal, 3, Operator::equal);
  add(Token::Kind::not_equal, 3, Operator::not_equal);
  add(Token::Kind::less, 3, Operator::less);
  add(Token::Kind::less_equal, 3, Operator::less_equals);
  add(Token::Kind::greater, 3, Operator::greater);
  add(Token::Kind::greater_equal, 3, Operator::greater_equals);
  add(Token::Kind::keyword_in, 3, Operator::in);
  add(Token::Kind::plus, 4, Operator::add);
  add(Token::Kind::minus, 4, Operator::subtract);
  add(Token::Kind::star, 5, Operator::multiply);
  add(Token::Kind::slash, 5, Operator::divide);
  add(Token::Kind::percent, 5, Operator::modulo);
  return made;
}();
constexpr BinaryOperator binary_operator(Token::Kind kind) {
  return binary_operators[static_cast<std::size_t>(kind)];
}

// Whether an expression within another may end before such a token.
bool ends_expression(Token::Kind kind);

// The parser's way through the tokens: looking, taking, and telling what is wrong. Beyond the last token, and once it
// gave up, it reads Token::Kind::end for ever.
class TokenReader {
 public:
  TokenReader(std::string_view source, std::vector<Issue>& issues)
      : source_(source), tokens_(tokenize(source, issues)), issues_(issues) {}

  const Token& peek() const { return tokens_[index_]; }
  const Token& peek(std::size_t ahead) const { return tokens_[std::min(index_ + ahead, tokens_.size() - 1)]; }
  bool next_is(Token::Kind kind) const { return peek().kind == kind; }
  Token take() {
    const Token token = peek();
    if (index_ + 1 < tokens_.size()) ++index_;
    return token;
  }
  bool take_if(Token::Kind kind) {
    if (!next_is(kind)) return false;
    take();
    return true;
  }
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

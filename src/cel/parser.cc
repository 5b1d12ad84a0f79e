// Recursive descent over the tokens; macros are expanded as soon as their call is read, so what comes out is the
// checker's language. After an error the parser goes on where the text most likely does, to tell of the next one.

#include "cel/parser.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "cel/ast_builder.h"
#include "cel/issues.h"
#include "cel/lexer.h"
#include "cel/macros.h"
#include "cel/numbers.h"
#include "cel/text_literal.h"
#include "cel/token_reader.h"
#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

using TokenKind = Token::Kind;

// A term of a chain, and where it stands with its brackets.
struct Term {
  std::uint32_t begin;
  std::uint32_t end;
  Expr* expr;
};

class Parser : private TokenReader {
 public:
  // `source` is the Ast's: names and texts are left where they are.
  Parser(std::string_view source, Macros macros, Ast& ast, std::vector<Issue>& issues)
      : TokenReader(source, issues), macros_(macros), ast_(ast), builder_(ast) {}

  Expr* run() {
    Expr* root = parse_expression();
    while (!next_is(TokenKind::end)) {  // Unmatched: tell, pass it, and look for more.
      report_leftover();
      take();
      if (!ends_expression(peek().kind)) parse_expression();
    }
    check_height();
    return root;
  }

 private:
  AstBuilder::Place place(std::uint32_t begin, std::uint32_t position) const {
    return {begin, end_of_last(), position};
  }
  static AstBuilder::Place place(const Token& token) { return {token.begin, token.end, token.begin}; }

  Expr* missing(const Token& at) { return builder_.literal({at.begin, at.begin, at.begin}, Value()); }

  void report_leftover();
  void report_missing_operator(const Token& next);
  void check_height();

  Expr* parse_expression();
  Expr* parse_conditional();
  Expr* parse_binary(int precedence);
  Expr* parse_chain(BinaryOperator op, Expr* first, std::uint32_t begin);
  Expr* balance(Operator op, std::span<const Term> terms, std::span<const std::uint32_t> operators, std::size_t low,
                std::size_t high);
  BinaryOperator next_operator() {
    return next_is(TokenKind::identifier) ? misspelt_operator() : binary_operator(peek().kind);
  }
  BinaryOperator misspelt_operator();
  Expr* parse_unary();
  Expr* parse_negation(TokenKind kind, Operator op);
  Expr* parse_member();
  Expr* parse_member_after(Expr* target, std::uint32_t begin);
  Expr* parse_selector(Expr* target, std::uint32_t begin);
  Expr* parse_index(Expr* target, std::uint32_t begin);
  Expr* parse_primary();
  Expr* parse_unexpected();
  Expr* parse_name();
  Expr* parse_call(std::uint32_t begin, const Token& function, std::string_view function_name, Expr* target);
  Expr* parse_parenthesized();
  Expr* parse_list();
  Expr* parse_map();
  Expr* parse_message(std::string_view type_name, std::uint32_t begin);
  Expr* parse_text();
  Expr* parse_number(const Token* minus);
  std::optional<Value> integer(std::string_view digits, bool is_negative);
  Exprs parse_items(const Token& open, TokenKind closing, char written, std::vector<bool>* optional);

  int depth_ = 0;  // Of the parser's own recursion.
  Macros macros_;
  Ast& ast_;
  AstBuilder builder_;
};

// ---- Errors and recovery

void Parser::report_leftover() {
  const Token& next = peek();
  if (next.kind == TokenKind::comma) return report(next, "',' may stand only between arguments, items and entries");
  if (next.kind == TokenKind::colon)
    return report(next, "':' belongs to 'condition ? a : b', and there is no '?' before it");
  report(next, shown(next) + " closes nothing that is open");
}

void Parser::report_missing_operator(const Token& next) {
  if (next.kind == TokenKind::logical_not && peek(1).kind == TokenKind::keyword_in) {
    return report(next, "write !(a in b) for not in");
  }
  if (text(next) == "not" && peek(1).kind == TokenKind::keyword_in) return report(next, "write !(a in b) for not in");
  if (text(next) == "is") return report(next, "'is' is no operator of CEL; write '=='");
  if (text(next) == "if") return report(next, "'if' is no operator of CEL; write condition ? a : b");
  if (next.kind == TokenKind::left_brace) {
    return report(next, "'{' makes a message only after a type's name; an operator is missing before it");
  }
  const bool is_in_brackets = depth_ > 1;
  report(next,
         (is_in_brackets ? "',' or an operator is missing before " : "an operator is missing before ") + shown(next));
}

// Whoever wrote this wants to know where to cut: the part that is just too high, not the whole.
void Parser::check_height() {
  const Expr* part = builder_.too_high();
  if (part == nullptr) return;
  issues().push_back({part->begin, part->end,
                      "this is nested too deep: " + std::to_string(nesting_max) +
                          " levels are allowed, and each operator of a chain is one"});
}

// ---- Operators

Expr* Parser::parse_expression() {
  if (depth_ >= nesting_max) {
    report(peek(), "this is nested too deep; " + std::to_string(nesting_max) + " levels are allowed");
    give_up();
    return missing(peek());
  }
  ++depth_;
  Expr* expr = parse_conditional();
  while (!ends_expression(peek().kind)) {
    report_missing_operator(peek());
    skip_to_operator();
    if (ends_expression(peek().kind)) break;
    // What follows has lost its left side; only its own errors matter.
    const bool is_conditional = take().kind == TokenKind::question;
    parse_conditional();
    if (is_conditional && take_if(TokenKind::colon)) parse_conditional();
  }
  --depth_;
  return expr;
}

// a ? b : (c ? d : (e …)): the chain to the right is a loop, so that only its height is limited.
Expr* Parser::parse_conditional() {
  struct Part {
    std::uint32_t begin;
    Token question;
    Expr* condition;
    Expr* yes;
  };
  std::vector<Part> parts;
  Expr* last = nullptr;
  while (true) {
    const std::uint32_t begin = peek().begin;
    last = parse_binary(or_precedence);
    if (!next_is(TokenKind::question)) break;
    const Token question = take();
    Expr* yes = parse_expression();
    parts.push_back({begin, question, last, yes});
    if (take_if(TokenKind::colon)) continue;
    report(next_is(TokenKind::end) ? question : peek(), "':' is missing: write condition ? a : b");
    last = missing(peek());
    break;
  }
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    last = builder_.call(place(part->begin, part->question.begin), Operator::conditional,
                         {part->condition, part->yes, last});
  }
  return last;
}

// A word where an operator is looked for: `and` and `or` are told, and taken as && and ||.
BinaryOperator Parser::misspelt_operator() {
  const Token& next = peek();
  if (text(next) == "and" || text(next) == "AND") {
    report(next, "'" + std::string(text(next)) + "' is no operator of CEL; write '&&'");
    return binary_operator(TokenKind::logical_and);
  }
  if (text(next) == "or" || text(next) == "OR") {
    report(next, "'" + std::string(text(next)) + "' is no operator of CEL; write '||'");
    return binary_operator(TokenKind::logical_or);
  }
  return {};
}

Expr* Parser::parse_binary(int precedence) {
  const std::uint32_t begin = peek().begin;
  Expr* left = parse_unary();
  while (true) {
    const BinaryOperator op = next_operator();
    if (op.precedence < precedence || op.precedence == 0) return left;
    if (op.precedence <= and_precedence) {
      left = parse_chain(op, left, begin);
      continue;
    }
    const Token token = take();
    Expr* right = parse_binary(op.precedence + 1);
    left = builder_.call(place(begin, token.begin), op.op, {left, right});
  }
}

// Terms of && or of ||: no matter how many, their tree is only as high as its logarithm.
Expr* Parser::parse_chain(BinaryOperator op, Expr* first, std::uint32_t begin) {
  absl::InlinedVector<Term, 8> terms = {{begin, end_of_last(), first}};
  absl::InlinedVector<std::uint32_t, 8> operators;
  while (next_operator().precedence == op.precedence) {
    operators.push_back(take().begin);
    const std::uint32_t term_begin = peek().begin;
    Expr* term = parse_binary(op.precedence + 1);
    terms.push_back({term_begin, end_of_last(), term});
  }
  return balance(op.op, terms, operators, 0, operators.size() - 1);
}

// The tree over operators low to high, as cel-go divides them.
Expr* Parser::balance(Operator op, std::span<const Term> terms, std::span<const std::uint32_t> operators,
                      std::size_t low, std::size_t high) {
  const std::size_t middle = (low + high + 1) / 2;
  Expr* left = middle == low ? terms[middle].expr : balance(op, terms, operators, low, middle - 1);
  Expr* right = middle == high ? terms[middle + 1].expr : balance(op, terms, operators, middle + 1, high);
  return builder_.call({terms[low].begin, terms[high + 1].end, operators[middle]}, op, {left, right});
}

Expr* Parser::parse_unary() {
  if (next_is(TokenKind::logical_not)) return parse_negation(TokenKind::logical_not, Operator::logical_not);
  if (next_is(TokenKind::minus)) {
    const bool is_literal = peek(1).kind == TokenKind::int64 || peek(1).kind == TokenKind::float64;
    return is_literal ? parse_member() : parse_negation(TokenKind::minus, Operator::negate);
  }
  if (!next_is(TokenKind::identifier)) return parse_member();
  if (text(peek()) == "not" && (peek(1).kind == TokenKind::identifier || peek(1).kind == TokenKind::left_parenthesis)) {
    report(peek(), "'not' is no operator of CEL; write '!'");
    take();
  }
  return parse_member();
}

// !!a is a, and --a is a, as cel-go reads them; !-a is no CEL.
Expr* Parser::parse_negation(TokenKind kind, Operator op) {
  const Token first = peek();
  std::size_t count = 0;
  for (; next_is(kind); take()) ++count;
  if (next_is(TokenKind::minus) || next_is(TokenKind::logical_not)) {
    report(peek(), "write brackets between '!' and '-'");
    while (next_is(TokenKind::minus) || next_is(TokenKind::logical_not)) take();
  }
  Expr* operand = parse_member();
  if (count % 2 == 0) return operand;
  return builder_.call(place(first.begin, first.begin), op, {operand});
}

// ---- Members

Expr* Parser::parse_member() {
  const std::uint32_t begin = peek().begin;
  return parse_member_after(parse_primary(), begin);
}

Expr* Parser::parse_member_after(Expr* target, std::uint32_t begin) {
  while (true) {
    if (next_is(TokenKind::dot)) {
      target = parse_selector(target, begin);
    } else if (next_is(TokenKind::left_bracket)) {
      target = parse_index(target, begin);
    } else {
      return target;
    }
  }
}

Expr* Parser::parse_selector(Expr* target, std::uint32_t begin) {
  take();
  const bool is_optional = take_if(TokenKind::question);
  const Token field = peek();
  if (field.kind != TokenKind::identifier && field.kind != TokenKind::quoted_identifier) {
    const bool is_word = field.kind == TokenKind::keyword_in || field.kind == TokenKind::keyword_true ||
                         field.kind == TokenKind::keyword_false || field.kind == TokenKind::keyword_null;
    if (is_word) {
      report(field, shown(field) + " is no name; write a['" + std::string(text(field)) + "'] for a key of a map");
      take();
    } else {
      report(field, "the name of a field or method is missing after '.'");
    }
    return target;
  }
  take();
  if (is_optional) {
    Expr* key = builder_.literal(place(field), Value::string(name(field)));
    return builder_.call(place(begin, field.begin), Operator::optional_select, {target, key});
  }
  if (next_is(TokenKind::left_parenthesis) && field.kind == TokenKind::identifier) {
    return parse_call(begin, field, text(field), target);
  }
  return builder_.select(place(begin, field.begin), target, name(field));
}

Expr* Parser::parse_index(Expr* target, std::uint32_t begin) {
  const Token open = take();
  const bool is_optional = take_if(TokenKind::question);
  Expr* key = parse_expression();
  close(open, TokenKind::right_bracket, ']');
  return builder_.call(place(begin, open.begin), is_optional ? Operator::optional_index : Operator::index,
                       {target, key});
}

Expr* Parser::parse_call(std::uint32_t begin, const Token& function, std::string_view function_name, Expr* target) {
  const Token open = take();
  MacroCall call{.target = target, .function = function_name};
  call.args = parse_items(open, TokenKind::right_parenthesis, ')', nullptr);
  call.place = place(begin, function.begin);
  if (Expr* expanded = expand_macro(call, macros_, builder_, issues())) return expanded;
  return builder_.method(call.place, target, function_name, call.args);
}

// Item or entry `index` has a '?'.
void mark(std::vector<bool>& optional, std::size_t index) {
  optional.resize(index + 1);
  optional[index] = true;
}

// Items up to the closing bracket. `optional`: may be marked with '?', and a comma may end them (as in lists).
Exprs Parser::parse_items(const Token& open, TokenKind closing, char written, std::vector<bool>* optional) {
  Exprs items;
  while (!next_is(closing)) {
    if (optional != nullptr && take_if(TokenKind::question)) mark(*optional, items.size());
    items.push_back(parse_expression());
    if (!take_if(TokenKind::comma)) break;
    if (optional == nullptr && next_is(closing)) report(peek(), "an argument is missing after ','");
  }
  close(open, closing, written);
  return items;
}

// ---- Primaries

Expr* Parser::parse_primary() {
  switch (peek().kind) {
    case TokenKind::identifier:
    case TokenKind::dot: return parse_name();
    case TokenKind::minus: {
      const Token minus = take();
      return parse_number(&minus);
    }
    case TokenKind::int64:
    case TokenKind::uint64:
    case TokenKind::float64: return parse_number(nullptr);
    case TokenKind::string:
    case TokenKind::bytes: return parse_text();
    case TokenKind::keyword_true: return builder_.literal(place(take()), Value::boolean(true));
    case TokenKind::keyword_false: return builder_.literal(place(take()), Value::boolean(false));
    case TokenKind::keyword_null: return builder_.literal(place(take()), Value());
    case TokenKind::left_parenthesis: return parse_parenthesized();
    case TokenKind::left_bracket: return parse_list();
    case TokenKind::left_brace: return parse_map();
    default: return parse_unexpected();
  }
}

Expr* Parser::parse_unexpected() {
  const Token next = peek();
  if (next.kind == TokenKind::quoted_identifier) {
    report(next, "a name in backquotes may stand only after a '.', for a field");
  } else if (next.kind == TokenKind::end && at_begin()) {
    report(next, "an expression is missing");
  } else if (at_begin() || next.kind == TokenKind::end) {
    report(next, "an expression is missing " + (next.kind == TokenKind::end ? "at the end" : "before " + shown(next)));
  } else {
    report(next, "an expression is missing between " + shown(last()) + " and " + shown(next));
  }
  // An operator or closing bracket is left to whoever can go on with it.
  if (next.kind == TokenKind::invalid || next.kind == TokenKind::quoted_identifier) take();
  return missing(next);
}

// A variable, a function's call, or the name of a message's type before '{'; a leading dot is part of the name.
Expr* Parser::parse_name() {
  const std::uint32_t begin = peek().begin;
  const bool is_absolute = take_if(TokenKind::dot);
  const Token word = peek();
  if (word.kind != TokenKind::identifier) {
    report(word, "a name is missing after '.'");
    return missing(word);
  }
  take();
  // a.b.C{…}: look for the brace behind the dots.
  std::size_t dots = 0;
  while (peek(2 * dots).kind == TokenKind::dot && peek(2 * dots + 1).kind == TokenKind::identifier) ++dots;
  if (peek(2 * dots).kind == TokenKind::left_brace) {
    std::string type_name(is_absolute ? "." : "");
    type_name += text(word);
    for (; dots > 0; --dots) {
      take();
      type_name.append(".").append(text(take()));
    }
    return parse_message(ast_.arena().copy(type_name), begin);
  }
  if (is_reserved(text(word))) {
    const std::string_view hint = text(word) == "if" ? "; write condition ? a : b" : "";
    report(word, shown(word) + " is a reserved word, and no name of a variable or function" + std::string(hint));
  }
  const std::string_view full_name = is_absolute ? ast_.arena().copy("." + std::string(text(word))) : text(word);
  if (next_is(TokenKind::left_parenthesis)) return parse_call(begin, word, full_name, nullptr);
  return builder_.identifier({begin, word.end, word.begin}, full_name);
}

Expr* Parser::parse_parenthesized() {
  const Token open = take();
  Expr* expr = parse_expression();
  if (next_is(TokenKind::comma)) {
    report(peek(), "brackets hold one expression; a list is written in [ ]");
    while (take_if(TokenKind::comma)) parse_expression();
  }
  close(open, TokenKind::right_parenthesis, ')');
  return expr;
}

Expr* Parser::parse_list() {
  const Token open = take();
  std::vector<bool> optional;
  const Exprs items = parse_items(open, TokenKind::right_bracket, ']', &optional);
  return builder_.aggregate(Expr::Kind::list, place(open.begin, open.begin), items, optional);
}

Expr* Parser::parse_map() {
  const Token open = take();
  Exprs args;
  std::vector<bool> optional;
  while (!next_is(TokenKind::right_brace)) {
    if (take_if(TokenKind::question)) mark(optional, args.size() / 2);
    args.push_back(parse_expression());
    const bool has_value = take_if(TokenKind::colon);
    if (!has_value) report(peek(), "':' and a value are missing: a map is written {key: value}");
    args.push_back(has_value ? parse_expression() : missing(peek()));
    if (!take_if(TokenKind::comma)) break;
  }
  close(open, TokenKind::right_brace, '}');
  return builder_.aggregate(Expr::Kind::map, place(open.begin, open.begin), args, optional);
}

Expr* Parser::parse_message(std::string_view type_name, std::uint32_t begin) {
  const Token open = take();
  Exprs args;
  std::vector<bool> optional;
  while (!next_is(TokenKind::right_brace)) {
    const bool is_optional = take_if(TokenKind::question);
    const Token field = peek();
    if (field.kind != TokenKind::identifier && field.kind != TokenKind::quoted_identifier) {
      report(field, "the name of a field is missing: a message is written Type{field: value}");
      while (!next_is(TokenKind::right_brace) && !next_is(TokenKind::end)) take();
      break;
    }
    take();
    if (!take_if(TokenKind::colon))
      report(peek(), "':' and a value are missing: a message is written Type{field: value}");
    if (is_optional) mark(optional, args.size() / 2);
    args.push_back(builder_.literal(place(field), Value::string(name(field))));
    args.push_back(parse_expression());
    if (!take_if(TokenKind::comma)) break;
  }
  close(open, TokenKind::right_brace, '}');
  return builder_.message(place(begin, open.begin), type_name, args, optional);
}

// ---- Literals

Expr* Parser::parse_text() {
  const Token token = take();
  std::optional<std::string_view> decoded = plain_text_literal(text(token));
  if (!decoded) {
    auto copy = decode_text_literal(text(token), token.begin);
    if (!copy) {
      issues().push_back(std::move(copy.error()));
      return missing(token);
    }
    decoded = ast_.arena().copy(*copy);
  }
  if (next_is(TokenKind::string) || next_is(TokenKind::bytes)) report(peek(), "join strings with '+'");
  return builder_.literal(place(token),
                          token.kind == TokenKind::bytes ? Value::bytes(*decoded) : Value::string(*decoded));
}

// A decimal or hex integer that may be int64's least; nothing if it is out of range.
std::optional<Value> Parser::integer(std::string_view digits, bool is_negative) {
  const bool is_hex = digits.starts_with("0x");
  if (is_hex) digits.remove_prefix(2);
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, is_hex ? 16 : 10);
  const std::uint64_t most = std::uint64_t{std::numeric_limits<std::int64_t>::max()} + (is_negative ? 1 : 0);
  if (error != std::errc() || magnitude > most) return std::nullopt;
  return Value::int64(static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude));
}

Expr* Parser::parse_number(const Token* minus) {
  const Token token = take();
  std::string_view digits = text(token);
  const std::uint32_t begin = minus != nullptr ? minus->begin : token.begin;
  const AstBuilder::Place where = {begin, token.end, begin};
  if (token.kind == TokenKind::float64) {
    if (const auto number = text_to_float64(digits)) {
      return builder_.literal(where, Value::float64(minus != nullptr ? -*number : *number));
    }
    report(token, "this number is too large for a double, which ends near 1.8e308");
  } else if (token.kind == TokenKind::uint64) {
    digits.remove_suffix(1);
    const bool is_hex = digits.starts_with("0x");
    std::uint64_t number = 0;
    if (is_hex) digits.remove_prefix(2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, is_hex ? 16 : 10);
    if (error == std::errc()) return builder_.literal(where, Value::uint64(number));
    report(token, "this number is too large for a uint, which ends at 18446744073709551615u");
  } else {
    if (const auto number = integer(digits, minus != nullptr)) return builder_.literal(where, *number);
    report(token, "this number is out of int's range, -9223372036854775808 to 9223372036854775807");
  }
  return missing(token);
}

std::optional<Issue> refuse_bytes(std::string_view source) {
  if (source.size() > source_bytes_max) {
    return Issue{0, 0, "this expression is longer than " + std::to_string(source_bytes_max) + " bytes"};
  }
  if (is_utf8(source)) return std::nullopt;
  std::size_t at = 0;
  while (is_utf8(source.substr(at, code_point_bytes(source, at)))) at += code_point_bytes(source, at);
  return Issue{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + 1), "this byte is not UTF-8"};
}

}  // namespace

std::expected<Ast, std::vector<Issue>> parse(std::string_view source, Macros macros) {
  if (const auto refused = refuse_bytes(source)) return std::unexpected(std::vector{*refused});
  Ast ast;
  std::vector<Issue> issues;
  ast.root = Parser(ast.arena().copy(source), macros, ast, issues).run();
  if (issues.empty()) return ast;
  issues = in_order(std::move(issues));
  if (issues.size() > issues_max) issues.resize(issues_max);
  return std::unexpected(std::move(issues));
}

}  // namespace tallyho::cel

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cel/ast.h"

namespace tallyho::cel {

// A word of an expression's text.
struct Token {
  enum class Kind : std::uint8_t {
    end,                // After the last one.
    invalid,            // No token; the issue is reported already.
    identifier,         // Reserved words too: they are names after a dot.
    quoted_identifier,  // `content-type`, with its backquotes
    int64,
    uint64,
    float64,
    string,
    bytes,  // Literals, as written.
    keyword_true,
    keyword_false,
    keyword_null,
    keyword_in,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    logical_and,
    logical_or,
    logical_not,
    plus,
    minus,
    star,
    slash,
    percent,
    question,
    colon,
    comma,
    dot,
    left_parenthesis,
    right_parenthesis,
    left_bracket,
    right_bracket,
    left_brace,
    right_brace,
  };

  Kind kind = Kind::end;
  std::uint32_t begin = 0;  // Source bytes [begin, end).
  std::uint32_t end = 0;
};

// The tokens of `source`, the last of them Kind::end. What is no token is told in `issues`, and stands for what was
// most likely meant (`=` for `==`, `&` for `&&`) or is Kind::invalid. O(bytes).
std::vector<Token> tokenize(std::string_view source, std::vector<Issue>& issues);

// Words that no variable and no function may be called, for they may come to mean something.
bool is_reserved(std::string_view word);

}  // namespace tallyho::cel

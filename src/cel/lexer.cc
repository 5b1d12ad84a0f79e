#include "cel/lexer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

using Kind = Token::Kind;

// What a character may be, as bits.
constexpr std::uint8_t letter = 1;  // The underscore, too.
constexpr std::uint8_t digit = 2;
constexpr std::uint8_t hex_digit = 4;
constexpr std::uint8_t space = 8;

constexpr auto characters = [] {
  std::array<std::uint8_t, 256> made{};
  const auto add = [&](std::string_view all, std::uint8_t what) {
    for (const char c : all) made[static_cast<unsigned char>(c)] |= what;
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", letter);
  add("0123456789", digit);
  add("0123456789abcdefABCDEF", hex_digit);
  add(" \t\r\n\f", space);
  return made;
}();
bool is_any(char c, std::uint8_t what) {
  return (characters[static_cast<unsigned char>(c)] & what) != 0;
}
bool is_digit(char c) {
  return is_any(c, digit);
}
bool is_letter(char c) {
  return is_any(c, letter);
}
bool is_hex_digit(char c) {
  return is_any(c, hex_digit);
}
bool is_space(char c) {
  return is_any(c, space);
}
bool is_in_quoted_identifier(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

struct Symbol {
  std::string_view text;
  Kind kind;
  std::string_view mistake = {};  // Not CEL: what it was taken for, and what to write.
};

// Those that begin alike stand together, and of these the first that fits wins: longer ones come first.
constexpr std::array symbols = {
    Symbol{"===", Kind::equal, "'===' is no operator of CEL; write '==' to compare"},
    Symbol{"==", Kind::equal},
    Symbol{"=<", Kind::less_equal, "'=<' is no operator of CEL; write '<='"},
    Symbol{"=>", Kind::greater_equal, "'=>' is no operator of CEL; write '>='"},
    Symbol{"=", Kind::equal, "'=' assigns nothing in CEL; write '==' to compare"},
    Symbol{"!==", Kind::not_equal, "'!==' is no operator of CEL; write '!=' to compare"},
    Symbol{"!=", Kind::not_equal},
    Symbol{"!", Kind::logical_not},
    Symbol{"<>", Kind::not_equal, "'<>' is no operator of CEL; write '!=' to compare"},
    Symbol{"<=", Kind::less_equal},
    Symbol{"<", Kind::less},
    Symbol{">=", Kind::greater_equal},
    Symbol{">", Kind::greater},
    Symbol{"&&", Kind::logical_and},
    Symbol{"&", Kind::logical_and, "'&' is no operator of CEL; write '&&', or math.bitAnd(a, b) for bits"},
    Symbol{"||", Kind::logical_or},
    Symbol{"|", Kind::logical_or, "'|' is no operator of CEL; write '||', or math.bitOr(a, b) for bits"},
    Symbol{"^", Kind::star, "'^' is no operator of CEL; write math.bitXor(a, b) for bits"},
    Symbol{"~", Kind::logical_not, "'~' is no operator of CEL; write '!' for not, or math.bitNot(a) for bits"},
    Symbol{"+", Kind::plus},
    Symbol{"-", Kind::minus},
    Symbol{"**", Kind::star, "'**' is no operator of CEL; multiply with '*'"},
    Symbol{"*", Kind::star},
    Symbol{"/", Kind::slash},
    Symbol{"%", Kind::percent},
    Symbol{"?", Kind::question},
    Symbol{":", Kind::colon},
    Symbol{",", Kind::comma},
    Symbol{".", Kind::dot},
    Symbol{"(", Kind::left_parenthesis},
    Symbol{")", Kind::right_parenthesis},
    Symbol{"[", Kind::left_bracket},
    Symbol{"]", Kind::right_bracket},
    Symbol{"{", Kind::left_brace},
    Symbol{"}", Kind::right_brace},
};

// Where those begin that begin with this character.
std::size_t first_symbol(char begin) {
  static constexpr auto firsts = [] {
    std::array<std::uint8_t, 128> made{};
    made.fill(symbols.size());
    for (std::size_t i = symbols.size(); i > 0; --i) {
      made[static_cast<unsigned char>(symbols[i - 1].text[0])] = static_cast<std::uint8_t>(i - 1);
    }
    return made;
  }();
  const auto character = static_cast<unsigned char>(begin);
  return character < firsts.size() ? firsts[character] : symbols.size();
}

class Lexer {
 public:
  Lexer(std::string_view source, std::vector<Issue>& issues) : source_(source), issues_(issues) {}

  std::vector<Token> run() {
    tokens_.reserve(source_.size() / 3 + 2);  // More than most texts have.
    for (skip_space(); at_ < source_.size(); skip_space()) {
      begin_ = at_;
      take();
    }
    begin_ = at_;
    push(Kind::end);
    return std::move(tokens_);
  }

 private:
  // The byte `ahead` of here; 0 beyond the end.
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  std::string_view rest() const { return source_.substr(at_); }

  // `text` begins with what stands here, and is short: bytes are compared one by one.
  bool stands_here(std::string_view text) const {
    for (std::size_t i = 1; i < text.size(); ++i) {
      if (peek(i) != text[i]) return false;
    }
    return true;
  }

  void push(Kind kind) {
    tokens_.push_back({kind, static_cast<std::uint32_t>(begin_), static_cast<std::uint32_t>(at_)});
  }
  void report(std::string message) {
    issues_.push_back({static_cast<std::uint32_t>(begin_), static_cast<std::uint32_t>(at_), std::move(message)});
  }
  void report_invalid(std::string message) {
    report(std::move(message));
    push(Kind::invalid);
  }

  void skip_space() {
    while (true) {
      const char next = peek();
      if (is_space(next)) {
        ++at_;
      } else if (next == '/' && peek(1) == '/') {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else {
        return;
      }
    }
  }

  void take() {
    const char first = peek();
    const bool may_be_string =
        first == '"' || first == '\'' || first == 'b' || first == 'B' || first == 'r' || first == 'R';
    if (may_be_string) {
      if (const std::size_t prefix = string_prefix()) return take_string(prefix - 1);
    }
    if (is_letter(first)) return take_word();
    if (is_digit(first) || (first == '.' && is_digit(peek(1)))) return take_number();
    if (first == '`') return take_quoted_identifier();
    for (std::size_t i = first_symbol(first); i < symbols.size() && symbols[i].text[0] == first; ++i) {
      const Symbol& symbol = symbols[i];
      if (!stands_here(symbol.text)) continue;
      at_ += symbol.text.size();
      if (!symbol.mistake.empty()) report(std::string(symbol.mistake));
      return push(symbol.kind);
    }
    take_unknown();
  }

  // 1 + the letters before the quote if a string begins here, else 0.
  std::size_t string_prefix() const {
    std::size_t letters = 0;
    if (peek(letters) == 'b' || peek(letters) == 'B') ++letters;
    if (peek(letters) == 'r' || peek(letters) == 'R') ++letters;
    return peek(letters) == '"' || peek(letters) == '\'' ? letters + 1 : 0;
  }

  void take_string(std::size_t letters) {
    const bool is_bytes = letters > 0 && (peek() == 'b' || peek() == 'B');
    const bool is_raw = letters > 0 && (peek(letters - 1) == 'r' || peek(letters - 1) == 'R');
    at_ += letters;
    const char quote = peek();
    const bool is_triple = peek(1) == quote && peek(2) == quote;
    const std::size_t quote_bytes = is_triple ? 3 : 1;
    const std::string_view close = source_.substr(at_, quote_bytes);
    at_ += quote_bytes;
    while (at_ < source_.size()) {
      if (source_[at_] == quote && rest().starts_with(close)) break;
      if (!is_triple && (peek() == '\n' || peek() == '\r')) break;
      at_ += !is_raw && peek() == '\\' && at_ + 1 < source_.size() ? 2 : 1;
    }
    if (rest().starts_with(close)) {
      at_ += quote_bytes;
      return push(is_bytes ? Kind::bytes : Kind::string);
    }
    std::string message = "this string is not closed; ";
    message.append(close).append(" is missing");
    if (at_ < source_.size()) message += " before the end of the line; a string of several lines is written in \"\"\"";
    report_invalid(std::move(message));
  }

  void take_word() {
    while (is_any(peek(), letter | digit)) ++at_;
    const std::string_view word = source_.substr(begin_, at_ - begin_);
    if (word.size() > 5) return push(Kind::identifier);  // Longer than any that means something.
    if (word == "true") return push(Kind::keyword_true);
    if (word == "false") return push(Kind::keyword_false);
    if (word == "null") return push(Kind::keyword_null);
    if (word == "in") return push(Kind::keyword_in);
    if ((word == "rb" || word == "Rb" || word == "rB" || word == "RB") && (peek() == '"' || peek() == '\'')) {
      report("the letters before raw bytes are 'br', not '" + std::string(word) + "'");
      return take_string(0);
    }
    push(Kind::identifier);
  }

  void take_digits() {
    while (is_digit(peek())) ++at_;
  }

  void take_number() {
    Kind kind = Kind::int64;
    if (peek() == '0' && peek(1) == 'x' && is_hex_digit(peek(2))) {
      at_ += 2;
      while (is_hex_digit(peek())) ++at_;
    } else {
      take_digits();
      if (peek() == '.' && is_digit(peek(1))) {
        ++at_;
        take_digits();
        kind = Kind::float64;
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
        at_ += 1 + sign;
        take_digits();
        kind = Kind::float64;
      }
    }
    if (kind == Kind::int64 && (peek() == 'u' || peek() == 'U')) {
      ++at_;
      kind = Kind::uint64;
    }
    if (is_letter(peek()) || is_digit(peek())) return take_misspelt_number();
    push(kind);
  }

  void take_misspelt_number() {
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    const std::string_view text = source_.substr(begin_, at_ - begin_);
    std::string message = "'" + std::string(text) + "' is no number";
    if (text.starts_with("0X"))
      message += "; write 0x in lower case";
    else if (text.find('_') != std::string_view::npos)
      message += "; digits are written without '_'";
    else
      message += "; a name cannot begin with a digit";
    report_invalid(std::move(message));
  }

  void take_quoted_identifier() {
    ++at_;
    while (is_in_quoted_identifier(peek())) ++at_;
    if (peek() == '`' && at_ > begin_ + 1) {
      ++at_;
      return push(Kind::quoted_identifier);
    }
    if (peek() == '`') ++at_;
    report_invalid("a name in backquotes is made of letters, digits and _ . - / and spaces, and ends with '`'");
  }

  void take_unknown() {
    at_ += code_point_bytes(source_, at_);
    const std::string_view text = source_.substr(begin_, at_ - begin_);
    const std::string shown = "'" + std::string(text) + "'";
    constexpr std::array<std::string_view, 6> typographic = {"‘", "’", "“", "”", "„", "«"};
    if (std::ranges::find(typographic, text) != typographic.end()) {
      return report_invalid(shown + " is a typographic quote; strings are written in ' or \"");
    }
    if (text == "#") {
      at_ = std::min(source_.find('\n', at_), source_.size());
      return report("'#' begins no comment in CEL; write '//'");
    }
    if (text == ";") return report_invalid("';' has no meaning here; a CEL text is one expression");
    if (text == "\\") return report_invalid("'\\' may stand only in strings");
    if (static_cast<unsigned char>(text[0]) < 0x20) return report_invalid("a control character may not stand here");
    report_invalid(shown + " has no meaning in CEL");
  }

  std::string_view source_;
  std::vector<Issue>& issues_;
  std::vector<Token> tokens_;
  std::size_t begin_ = 0;  // Of the token being taken.
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, std::vector<Issue>& issues) {
  return Lexer(source, issues).run();
}

bool is_reserved(std::string_view word) {
  switch (word.size()) {
    case 2: return word == "as" || word == "if";
    case 3: return word == "for" || word == "let" || word == "var";
    case 4: return word == "else" || word == "loop" || word == "void";
    case 5: return word == "break" || word == "const" || word == "while";
    case 6: return word == "import" || word == "return";
    case 7: return word == "package";
    case 8: return word == "continue" || word == "function";
    case 9: return word == "namespace";
    default: return false;
  }
}

}  // namespace tallyho::cel

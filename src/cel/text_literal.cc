#include "cel/text_literal.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

#include "cel/utf8.h"

namespace tallyho::cel {
namespace {

class Decoder {
 public:
  Decoder(std::string_view written, std::uint32_t begin) : begin_(begin) {
    std::size_t letters = 0;
    for (; written[letters] != '"' && written[letters] != '\''; ++letters) {
      if (written[letters] == 'r' || written[letters] == 'R') is_raw_ = true;
      if (written[letters] == 'b' || written[letters] == 'B') is_bytes_ = true;
    }
    const std::string_view quoted = written.substr(letters);
    const std::size_t quote_bytes = quoted.size() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0] ? 3 : 1;
    text_ = quoted.substr(quote_bytes, quoted.size() - 2 * quote_bytes);
    begin_ += static_cast<std::uint32_t>(letters + quote_bytes);
  }

  std::expected<std::string, Issue> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && !is_raw_) {
        if (!take_escape()) return std::unexpected(std::move(issue_));
        continue;
      }
      ++at_;
      if (c == '\r') {
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        out_ += '\n';
      } else {
        out_ += c;
      }
    }
    return std::move(out_);
  }

 private:
  bool fail(std::size_t escape_begin, std::string message) {
    const std::size_t end = at_ < text_.size() ? at_ : text_.size();
    issue_ = {begin_ + static_cast<std::uint32_t>(escape_begin), begin_ + static_cast<std::uint32_t>(end),
              std::move(message)};
    return false;
  }

  // The lexer has seen to it that something follows the backslash.
  bool take_escape() {
    const std::size_t escape_begin = at_;
    const char letter = text_[at_ + 1];
    at_ += 2;
    switch (letter) {
      case 'a': out_ += '\a'; return true;
      case 'b': out_ += '\b'; return true;
      case 'f': out_ += '\f'; return true;
      case 'n': out_ += '\n'; return true;
      case 'r': out_ += '\r'; return true;
      case 't': out_ += '\t'; return true;
      case 'v': out_ += '\v'; return true;
      case '\\':
      case '?':
      case '"':
      case '\'':
      case '`': out_ += letter; return true;
      case 'x':
      case 'X': return take_code(escape_begin, 2, 16);
      case 'u': return take_code(escape_begin, 4, 16);
      case 'U': return take_code(escape_begin, 8, 16);
      case '0':
      case '1':
      case '2':
      case '3': --at_; return take_code(escape_begin, 3, 8);
      default: break;
    }
    at_ += code_point_bytes(text_, at_ - 1) - 1;
    return fail(escape_begin, "'" + std::string(text_.substr(escape_begin, at_ - escape_begin)) +
                                  R"(' is no escape; write \\ for a backslash, or r'…' to take each as it is)");
  }

  bool take_code(std::size_t escape_begin, std::size_t digits, int base) {
    std::uint32_t code = 0;
    const std::string_view written = text_.substr(at_, digits);
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), code, base);
    at_ += written.size();
    if (error != std::errc() || written.size() != digits || end != written.data() + digits) {
      return fail(escape_begin,
                  "this escape takes " + std::to_string(digits) + (base == 8 ? " octal" : " hex") + " digits");
    }
    if (is_bytes_ && digits >= 4) return fail(escape_begin, "bytes take \\x and octal escapes, not \\u and \\U");
    if (is_bytes_) {
      out_ += static_cast<char>(code);
      return true;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      return fail(escape_begin, "this is no Unicode code point; they end at 10FFFF, and D800 to DFFF are none");
    }
    append_code_point(out_, code);
    return true;
  }

  std::string_view text_;  // Between the quotes.
  std::uint32_t begin_;    // Of text_ in the source.
  bool is_raw_ = false;
  bool is_bytes_ = false;
  std::size_t at_ = 0;
  std::string out_;
  Issue issue_;
};

}  // namespace

std::expected<std::string, Issue> decode_text_literal(std::string_view written, std::uint32_t begin) {
  return Decoder(written, begin).run();
}

std::optional<std::string_view> plain_text_literal(std::string_view written) {
  const std::size_t letters = written.find_first_of("'\"");
  const std::string_view text = written.substr(letters + 1, written.size() - letters - 2);
  const char quote = written[letters];
  const bool is_triple = text.size() >= 4 && text[0] == quote && text[1] == quote;
  const bool is_plain = std::ranges::none_of(text, [](char c) { return c == '\\' || c == '\r'; });
  return is_plain && !is_triple ? std::optional(text) : std::nullopt;
}

}  // namespace tallyho::cel

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tallyho {

// Where each byte of a YAML scalar's value stands in the file. A value is not a piece of the source: quoted scalars
// have escapes, block scalars lose their indentation, and line ends are folded in all but literal ones.
//
//     "caf\u00e9 + x"     value byte 3 (é) → the backslash; byte 5 ('+' - 1) → the blank after the escape
//
// The value is followed through the source side by side, by the rules of YAML 1.2.2, chapters 7.3 and 8.1; the parser
// has decoded it already, so that the indentation and the end need not be guessed.
//
// Memory: 8 bytes per byte of the value; made only for a scalar that has a problem.
class ScalarPlaces {
 public:
  // The scalar whose first character (a quote, `|`, `>`, or of the text itself) is at `begin` in `source`, and whose
  // value the parser says is `value`. O(length).
  ScalarPlaces(std::string_view source, std::size_t begin, std::string_view value);

  // The source bytes [begin, end) that byte `offset` of the value was written as. An offset beyond the last byte that
  // is not blank gives the place just after that.
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  Range at(std::size_t offset) const;
  // The same for the bytes [begin, end) of the value, from the first to the last. Where it is empty, as at(begin).
  Range range(std::size_t begin, std::size_t end) const;

  // The source of the whole scalar, with its quotes.
  Range whole() const { return {begin_, end_}; }
  // A quoted scalar that the file's end cut off.
  bool is_unterminated() const { return is_unterminated_; }
  // False if source and value did not agree: then places from where they parted are all the place where they did.
  bool is_exact() const { return is_exact_; }

 private:
  void follow_flow(char quote);
  void follow_block(bool is_folded);
  bool follow_escape();
  bool follow_fold(bool was_escaped);
  bool follow_block_line(std::size_t indentation);
  bool follow_block_break(std::size_t indentation, bool is_folded);
  std::size_t block_indentation() const;
  void take(std::size_t source_bytes, std::size_t value_bytes = 1);
  void part();

  char source_at(std::size_t offset) const { return offset < source_.size() ? source_[offset] : '\0'; }
  std::size_t break_length(std::size_t offset) const;
  std::size_t skip_blanks(std::size_t offset) const;

  std::string_view source_;
  std::string_view value_;
  std::size_t begin_;
  std::size_t next_;           // In the source.
  std::vector<Range> ranges_;  // Per byte of the value; its size says how far the value is followed.
  std::size_t end_ = 0;
  bool is_unterminated_ = false;
  bool is_exact_ = true;
};

}  // namespace tallyho

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/diagnostic.h"

namespace tallyho {

constexpr bool is_continuation_byte(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Code points in UTF-8 text. O(bytes).
std::size_t count_code_points(std::string_view text);

// The byte at which code point number `count` (from 0) of `text` begins, or its size. O(bytes).
std::size_t byte_of_code_point(std::string_view text, std::size_t count);

// The offset of the first byte that is not UTF-8 (overlong forms and surrogates are not), or npos. O(bytes).
std::size_t find_invalid_utf8(std::string_view text);

// A text with its lines found, for turning byte offsets into places. Lines end with LF or CR LF.
// Views `text`, which must outlive it. O(bytes) to make.
class SourceText {
 public:
  struct Place {
    std::uint32_t line = 1;    // From 1.
    std::uint32_t column = 1;  // From 1, in code points.
  };

  explicit SourceText(std::string_view text);

  std::string_view text() const { return text_; }
  // Where a byte offset (up to and including the size) stands. O(log lines + bytes of the line).
  Place place(std::size_t offset) const;
  // The line of that number (from 1) without its end.
  std::string_view line(std::uint32_t number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(starts_.size()); }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

inline constexpr std::size_t problems_max = 1'000;  // Nobody reads more, and each takes time to place.

// Collects the problems of one file as they are found, in any order.
class Report {
 public:
  Report(std::string_view file, const SourceText& source) : file_(file), source_(source) {}

  // A problem with the source bytes [begin, end); what lies beyond the first line of it is not underlined.
  void error(std::size_t begin, std::size_t end, std::string message);

  bool is_empty() const { return diagnostics_.empty(); }
  const SourceText& source() const { return source_; }
  // Everything found so far, in order of position; of problems that are the same, one.
  std::vector<Diagnostic> take();

 private:
  std::string file_;
  const SourceText& source_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace tallyho

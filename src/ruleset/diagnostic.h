#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tallyho {

// A problem in a file, with its place. Lines and columns count from 1; columns count code points.
struct Diagnostic {
  std::string file;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t length = 1;  // Code points to underline, on this line.
  std::string message;       // "unknown key 'wen'; did you mean 'when'?": no full stop.

  bool operator==(const Diagnostic&) const = default;
};

// "FILE:LINE:COLUMN: error: MESSAGE", then the line of `source` and a caret line.
std::string to_text(const Diagnostic& diagnostic, std::string_view source);

// The candidate nearest to `name` by edits (swaps of neighbours count one), or "" if none is near enough to be meant.
std::string nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace tallyho

#include "ruleset/source_text.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tallyho {
namespace {

// How many bytes the well-formed sequence at the start of `text` has, or 0 (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation_byte(c); }));
}

std::size_t byte_of_code_point(std::string_view text, std::size_t count) {
  std::size_t offset = 0;
  for (; offset < text.size(); ++offset) {
    if (is_continuation_byte(text[offset])) continue;
    if (count == 0) return offset;
    --count;
  }
  return offset;
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

SourceText::SourceText(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

SourceText::Place SourceText::place(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::ranges::upper_bound(starts_, offset);
  const std::size_t start = *(after - 1);
  return {static_cast<std::uint32_t>(after - starts_.begin()),
          static_cast<std::uint32_t>(count_code_points(text_.substr(start, offset - start)) + 1)};
}

std::string_view SourceText::line(std::uint32_t number) const {
  const std::size_t start = starts_[number - 1];
  std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  if (end > start && text_[end - 1] == '\r') --end;
  return text_.substr(start, end - start);
}

void Report::error(std::size_t begin, std::size_t end, std::string message) {
  if (diagnostics_.size() > problems_max) return;
  if (diagnostics_.size() == problems_max) message = "more problems than can be shown; what follows is not";
  const std::string_view text = source_.text();
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  std::string_view marked = text.substr(begin, end - begin);
  marked = marked.substr(0, marked.find_first_of("\r\n"));
  const SourceText::Place place = source_.place(begin);
  diagnostics_.push_back({.file = file_,
                          .line = place.line,
                          .column = place.column,
                          .length = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(count_code_points(marked))),
                          .message = std::move(message)});
}

std::vector<Diagnostic> Report::take() {
  std::ranges::sort(diagnostics_, {}, [](const Diagnostic& d) { return std::tie(d.line, d.column, d.message); });
  const auto repeated =
      std::ranges::unique(diagnostics_, {}, [](const Diagnostic& d) { return std::tie(d.line, d.column, d.message); });
  diagnostics_.erase(repeated.begin(), repeated.end());
  return std::exchange(diagnostics_, {});
}

}  // namespace tallyho

#include "ruleset/diagnostic.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "ruleset/source_text.h"

namespace tallyho {
namespace {

// A terminal's width and a half: lines of generated files can be a megabyte long.
constexpr std::size_t shown_bytes_max = 160;
constexpr std::size_t shown_before_max = 80;

// The part of `line` around byte `at` that is worth showing, on whole code points.
std::string_view part_around(std::string_view line, std::size_t at) {
  if (line.size() <= shown_bytes_max) return line;
  std::size_t begin = at > shown_before_max ? at - shown_before_max : 0;
  while (begin > 0 && is_continuation_byte(line[begin])) --begin;
  std::size_t end = std::min(line.size(), begin + shown_bytes_max);
  while (end < line.size() && is_continuation_byte(line[end])) ++end;
  return line.substr(begin, end - begin);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::size_t compared_bytes_max = 64;  // Longer names are not suggested, nor get suggestions.

// Optimal string alignment distance: inserts, deletes, replacements and swaps of neighbours; case costs nothing.
std::size_t edits(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, compared_bytes_max + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic, std::string_view source) {
  std::string text =
      fmt::format("{}:{}:{}: error: {}\n", diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message);
  const SourceText lines(source);
  if (diagnostic.line > lines.line_count()) return text;
  const std::string_view line = lines.line(diagnostic.line);
  const std::size_t at = byte_of_code_point(line, diagnostic.column - 1);
  const std::string_view shown = part_around(line, at);
  text += shown;
  text += '\n';
  // Tabs stay tabs, so that the caret stands under its character however wide a tab is.
  const std::size_t before = at - static_cast<std::size_t>(shown.data() - line.data());
  for (const char c : shown.substr(0, before)) {
    if (!is_continuation_byte(c)) text += c == '\t' ? '\t' : ' ';
  }
  text += '^';
  const std::size_t rest = count_code_points(shown.substr(before));
  const std::size_t length = std::min<std::size_t>(diagnostic.length, rest);
  if (length > 1) text.append(length - 1, '~');
  text += '\n';
  return text;
}

std::string nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.empty() || name.size() > compared_bytes_max) return {};
  // A third of the name may be wrong, and in short names one character: "wen" means "when", "x" means nothing.
  const std::size_t edits_max = name.size() <= 2 ? name.size() - 1 : std::max<std::size_t>(1, (name.size() + 1) / 3);
  std::size_t best_edits = edits_max + 1;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > compared_bytes_max) continue;
    const std::size_t distance = edits(name, candidate);
    if (distance < best_edits && distance < candidate.size()) {
      best_edits = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace tallyho

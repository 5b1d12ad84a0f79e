#include "ruleset/yaml_text.h"

#include <algorithm>

namespace tallyho {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Bytes of the UTF-8 sequence at `offset` of a valid text.
std::size_t sequence_bytes(std::string_view text, std::size_t offset) {
  std::size_t end = offset + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end - offset;
}

// Source bytes of the escape at a backslash: `\n` 2, `\x41` 4, `\u00e9` 6, `\U0001f600` 10.
std::size_t escape_bytes(char kind) {
  switch (kind) {
    case 'x': return 4;
    case 'u': return 6;
    case 'U': return 10;
    default: return 2;
  }
}

}  // namespace

ScalarPlaces::ScalarPlaces(std::string_view source, std::size_t begin, std::string_view value)
    : source_(source), value_(value), begin_(std::min(begin, source.size())), next_(begin_) {
  ranges_.reserve(value.size());
  const char first = source_at(next_);
  if (first == '|' || first == '>') {
    follow_block(first == '>');
    end_ = next_;
    return;
  }
  const char quote = first == '"' || first == '\'' ? first : '\0';
  if (quote != '\0') ++next_;
  follow_flow(quote);
  if (quote != '\0' && is_exact_) {
    // Line ends at a value's end are folded away only before the closing quote of an empty or blank rest.
    while (next_ < source_.size() && source_[next_] != quote) ++next_;
    is_unterminated_ = next_ >= source_.size();
    if (!is_unterminated_) ++next_;
  }
  end_ = next_;
}

std::size_t ScalarPlaces::break_length(std::size_t offset) const {
  if (source_at(offset) == '\n') return 1;
  return source_at(offset) == '\r' && source_at(offset + 1) == '\n' ? 2 : 0;
}

std::size_t ScalarPlaces::skip_blanks(std::size_t offset) const {
  while (is_blank(source_at(offset))) ++offset;
  return offset;
}

void ScalarPlaces::take(std::size_t source_bytes, std::size_t value_bytes) {
  const Range range{next_, std::min(next_ + source_bytes, source_.size())};
  ranges_.insert(ranges_.end(), std::min(value_bytes, value_.size() - ranges_.size()), range);
  next_ = range.end;
}

void ScalarPlaces::part() {
  is_exact_ = false;
  ranges_.resize(value_.size(), Range{next_, next_});
}

// Plain and quoted scalars, from behind the opening quote until the value ends.
void ScalarPlaces::follow_flow(char quote) {
  while (ranges_.size() < value_.size()) {
    const char c = source_at(next_);
    const std::size_t after_blanks = skip_blanks(next_);
    if (break_length(after_blanks) > 0) {
      if (!follow_fold(false)) return part();
    } else if (quote == '"' && c == '\\') {
      if (!follow_escape()) return part();
    } else if (quote == '\'' && c == '\'' && source_at(next_ + 1) == '\'' && value_[ranges_.size()] == '\'') {
      take(2);
    } else if (next_ < source_.size() && c == value_[ranges_.size()]) {
      take(1);
    } else {
      return part();
    }
  }
}

// An escape in a double-quoted scalar; one of a line end joins the lines.
bool ScalarPlaces::follow_escape() {
  if (break_length(next_ + 1) > 0) {
    ++next_;
    return follow_fold(true);
  }
  take(escape_bytes(source_at(next_ + 1)), sequence_bytes(value_, ranges_.size()));
  return true;
}

// A line end with the blanks around it: one is a space (or nothing, escaped), n + 1 are n newlines.
bool ScalarPlaces::follow_fold(bool was_escaped) {
  const Range fold{next_, skip_blanks(next_)};
  std::size_t breaks = 0;
  std::size_t offset = next_;
  for (std::size_t after = skip_blanks(offset); break_length(after) > 0; after = skip_blanks(offset)) {
    offset = after + break_length(after);
    ++breaks;
  }
  offset = skip_blanks(offset);
  const Range range{fold.begin, fold.end + 1};
  const std::size_t before = ranges_.size();
  if (breaks == 1 && !was_escaped && value_[before] == ' ') {
    ranges_.push_back(range);
  } else {
    while (ranges_.size() - before + 1 < breaks && ranges_.size() < value_.size() && value_[ranges_.size()] == '\n') {
      ranges_.push_back(range);
    }
  }
  next_ = offset;
  return was_escaped || ranges_.size() > before;
}

// Literal and folded scalars.
void ScalarPlaces::follow_block(bool is_folded) {
  while (next_ < source_.size() && break_length(next_) == 0) ++next_;  // Indicators, and a comment.
  next_ += break_length(next_);
  const std::size_t indentation = block_indentation();
  while (ranges_.size() < value_.size()) {
    if (next_ >= source_.size()) return part();
    if (!follow_block_line(indentation)) return part();
    if (ranges_.size() == value_.size()) return;
    if (!follow_block_break(indentation, is_folded)) return part();
  }
}

// The blanks that each line loses: those of the first line with text, less those that its value kept.
std::size_t ScalarPlaces::block_indentation() const {
  std::size_t offset = next_;
  for (std::size_t after = skip_blanks(offset); break_length(after) > 0; after = skip_blanks(offset)) {
    offset = after + break_length(after);
  }
  const auto spaces_from = [](std::string_view text, std::size_t from) {
    const std::size_t end = std::min(text.find_first_not_of(' ', from), text.size());
    return end - std::min(from, end);
  };
  const std::size_t written = spaces_from(source_, offset);
  const std::size_t kept = spaces_from(value_, std::min(value_.find_first_not_of('\n'), value_.size()));
  return written > kept ? written - kept : 0;
}

bool ScalarPlaces::follow_block_line(std::size_t indentation) {
  for (std::size_t i = 0; i < indentation && source_at(next_) == ' '; ++i) ++next_;
  while (ranges_.size() < value_.size() && next_ < source_.size() && break_length(next_) == 0) {
    if (source_[next_] != value_[ranges_.size()]) {
      // Blanks on an otherwise empty line may be dropped with it.
      const std::size_t after = skip_blanks(next_);
      if (break_length(after) == 0 && after < source_.size()) return false;
      next_ = after;
      return true;
    }
    take(1);
  }
  return true;
}

// The end of a line and the empty lines after it.
bool ScalarPlaces::follow_block_break(std::size_t indentation, bool is_folded) {
  const std::size_t before = ranges_.size();
  const Range first{next_, next_ + 1};
  if (is_folded && value_[before] == ' ') {
    ranges_.push_back(first);
    next_ += break_length(next_);
    return true;
  }
  while (next_ < source_.size() && break_length(next_) > 0) {
    if (ranges_.size() < value_.size() && value_[ranges_.size()] == '\n') ranges_.push_back({next_, next_ + 1});
    next_ += break_length(next_);
    // An empty line belongs to the run of line ends; a line with text ends it.
    std::size_t after = next_;
    for (std::size_t i = 0; i < indentation && source_at(after) == ' '; ++i) ++after;
    if (break_length(after) == 0) break;
    next_ = after;
  }
  return ranges_.size() > before;
}

ScalarPlaces::Range ScalarPlaces::at(std::size_t offset) const {
  std::size_t last = value_.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) {
    const std::size_t place = !ranges_.empty() ? ranges_.front().begin : begin_;
    return {place, place + 1};
  }
  if (offset <= last) return ranges_[offset];
  return {ranges_[last].end, ranges_[last].end + 1};
}

ScalarPlaces::Range ScalarPlaces::range(std::size_t begin, std::size_t end) const {
  const Range first = at(begin);
  const std::size_t size = value_.find_last_not_of(" \t\r\n") + 1;
  end = std::min(end, size);
  if (end <= begin + 1) return first;
  return {first.begin, std::max(first.end, at(end - 1).end)};
}

}  // namespace tallyho

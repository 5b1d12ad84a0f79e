#include "event/shape.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "event/scan.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::uint64_t low_bytes(std::size_t count) {
  return (std::uint64_t{1} << count * 8) - 1;  // Of fewer than 8.
}

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}

// Whether texts of the same size of 8 or more are equal: a word at a time, of which the last may overlap.
bool is_equal(const char* a, const char* b, std::size_t size) {
  for (std::size_t i = 0; i + 8 < size; i += 8) {
    if (word_at(a + i) != word_at(b + i)) return false;
  }
  return word_at(a + size - 8) == word_at(b + size - 8);
}

}  // namespace

std::optional<Shapes::Known> Shapes::read(std::string_view bytes) {
  begin_ = bytes.data();
  end_ = begin_ + bytes.size();
  looks_ = looks_max;
  has_non_ascii_ = false;
  is_new_ = true;
  if (pieces_.empty()) return std::nullopt;
  const char* at = begin_;
  JsonToken* token = tokens_.data();
  std::uint16_t piece = 0;
  while (true) {
    piece = find(piece, at);
    if (piece == 0) return std::nullopt;
    at += pieces_[piece].size;
    const Next next = pieces_[piece].next;
    if (next == Next::end) break;
    ++token;
    if (next == Next::string ? !read_string(at, *token) : !read_bare(at, *token)) {
      is_new_ = false;
      return std::nullopt;
    }
  }
  is_new_ = false;
  if (has_non_ascii_ && !simdjson::validate_utf8(bytes.data(), bytes.size())) return std::nullopt;
  const Shape& shape = shapes_[pieces_[piece].child];
  Known known{.type = shape.type, .layout = shape.layout};
  known.layout.fields = {fields_.data() + shape.fields_begin, shape.layout.fields.size()};
  return known;
}

// The piece after `parent` that the message has at this place; 0 if there is none.
std::uint16_t Shapes::find(std::uint16_t parent, const char* at) {
  std::uint16_t* const likely = hint(parent, at);
  if (likely != nullptr && *likely != 0 && pieces_[*likely].parent == parent && fits(pieces_[*likely], at)) {
    return *likely;
  }
  for (std::uint16_t child = pieces_[parent].child; child != 0; child = pieces_[child].sibling) {
    if (fits(pieces_[child], at)) {
      if (likely != nullptr) *likely = child;
      return child;
    }
    if (--looks_ == 0) {
      is_new_ = false;
      return 0;
    }
  }
  return 0;
}

// Where it is remembered which of many children it was, when the same bytes stood where these differ.
std::uint16_t* Shapes::hint(std::uint16_t parent, const char* at) {
  constexpr int few = 4;
  constexpr int seen_bytes = 16;
  const Piece& piece = pieces_[parent];
  if (piece.children <= few || end_ - at < piece.alike_bytes + seen_bytes) return nullptr;
  const std::uint64_t first = word_at(at + piece.alike_bytes);
  const std::uint64_t second = word_at(at + piece.alike_bytes + 8);
  const std::uint64_t mixed = (first ^ std::rotl(second, 29) ^ parent) * 0x9e3779b97f4a7c15;
  return &hints_[mixed >> 56];
}

bool Shapes::fits(const Piece& piece, const char* at) const {
  const std::size_t size = piece.size;
  if (static_cast<std::size_t>(end_ - at) < size) return false;
  const std::uint64_t word = load_word(begin_, at, end_);
  if (size < 8) {
    if ((word & low_bytes(size)) != piece.head) return false;
  } else if (word != piece.head || !is_equal(at, text_.data() + piece.text, size)) {
    return false;
  }
  const char* const after = at + size;
  switch (piece.next) {
    case Next::string: return true;
    // Blanks and quotes are of other pieces that begin with this one.
    case Next::bare: return after < end_ && *after > ' ' && *after != '"';
    case Next::end: return after == end_;
  }
  return false;
}

// A string whose opening quote is before `at`; `at` comes to its closing one.
bool Shapes::read_string(const char*& at, JsonToken& token) {
  const char* stop = Scan::end_of_printable(begin_, at, end_);
  if (stop == end_) return false;
  token.is_printable = *stop == '"';
  if (!token.is_printable) {
    stop = Scan::end_of_run(begin_, stop, end_, has_non_ascii_);
    if (stop == end_ || *stop != '"') return false;
  }
  token.text = {at, stop};
  token.begin = static_cast<std::uint32_t>(at - 1 - begin_);
  token.end = static_cast<std::uint32_t>(stop + 1 - begin_);
  token.kind = JsonToken::Kind::string;
  at = stop;
  return true;
}

// A number, true, false or null.
bool Shapes::read_bare(const char*& at, JsonToken& token) {
  token.begin = static_cast<std::uint32_t>(at - begin_);
  const auto is_word = [&](std::string_view word, JsonToken::Kind kind) {
    if (!std::string_view(at, end_).starts_with(word)) return false;
    at += word.size();
    token.text = word;
    token.kind = kind;
    return true;
  };
  bool is_good = false;
  switch (*at) {
    case 't': is_good = is_word("true", JsonToken::Kind::boolean_true); break;
    case 'f': is_good = is_word("false", JsonToken::Kind::boolean_false); break;
    case 'n': is_good = is_word("null", JsonToken::Kind::null); break;
    default: is_good = scan_number(begin_, at, end_, token);
  }
  token.end = static_cast<std::uint32_t>(at - begin_);
  return is_good;
}

void Shapes::learn(std::string_view bytes, std::span<const JsonToken> tokens, const EventLayout& layout,
                   EventTypeIndex type) {
  const std::size_t members = tokens[0].items;
  const bool is_flat = tokens.size() == 1 + members * 2;
  if (!is_new_ || !is_flat || members > members_max || bytes.size() > bytes_max) return;
  if (!has_room(bytes, members, layout.fields.size())) return refuse();
  if (pieces_.empty()) pieces_.emplace_back();
  std::uint16_t piece = 0;
  std::size_t begin = 0;
  for (std::size_t value = 2; value < tokens.size(); value += 2) {
    if (value == layout.type) continue;
    const bool is_string = tokens[value].kind == JsonToken::Kind::string;
    const std::size_t quote = is_string ? 1 : 0;
    const std::size_t end = tokens[value].begin + quote;
    piece = enter(piece, bytes.substr(begin, end - begin), is_string ? Next::string : Next::bare);
    if (piece == 0) return refuse();
    begin = tokens[value].end - quote;
  }
  piece = enter(piece, bytes.substr(begin), Next::end);
  if (piece == 0) return refuse();
  if (pieces_[piece].child == 0) pieces_[piece].child = add_shape(layout, type);
}

bool Shapes::has_room(std::string_view bytes, std::size_t members, std::size_t fields) const {
  return pieces_.size() + members + 2 <= pieces_max && text_.size() + bytes.size() <= text_bytes_max &&
         shapes_.size() + 2 <= shapes_max && fields_.size() + fields <= fields_max;
}

// There was no room. If that happens for long, what was learned may be of senders that are gone.
void Shapes::refuse() {
  if (++unlearned_ >= unlearned_max) forget();
}

// The piece of these bytes after `parent`, new if there is none; 0 if there is no room for it.
std::uint16_t Shapes::enter(std::uint16_t parent, std::string_view text, Next next) {
  const auto text_of = [this](const Piece& piece) { return std::string_view(text_).substr(piece.text, piece.size); };
  for (std::uint16_t child = pieces_[parent].child; child != 0; child = pieces_[child].sibling) {
    if (pieces_[child].next == next && text_of(pieces_[child]) == text) return child;
  }
  if (pieces_[parent].children == children_max) return 0;
  Piece made;
  std::memcpy(&made.head, text.data(), std::min<std::size_t>(text.size(), 8));
  made.text = static_cast<std::uint32_t>(text_.size());
  made.size = static_cast<std::uint16_t>(text.size());
  made.parent = parent;
  made.next = next;
  Piece& before = pieces_[parent];
  std::size_t alike = text.size();
  if (before.child != 0) {
    const auto [end, other_end] = std::ranges::mismatch(text, text_of(pieces_[before.child]));
    alike = std::min<std::size_t>(before.alike_bytes, static_cast<std::size_t>(end - text.begin()));
  }
  before.alike_bytes = static_cast<std::uint16_t>(alike);
  made.sibling = before.child;
  before.child = static_cast<std::uint16_t>(pieces_.size());
  ++before.children;
  text_.insert(text_.end(), text.begin(), text.end());
  pieces_.push_back(made);
  return static_cast<std::uint16_t>(pieces_.size() - 1);
}

// The tokens of a message that is known are its values without `type`, from 1.
std::uint16_t Shapes::add_shape(const EventLayout& layout, EventTypeIndex type) {
  const auto renumbered = [&layout](std::uint16_t token) {
    return static_cast<std::uint16_t>(token == 0 ? 0 : token / 2 - (token > layout.type ? 1 : 0));
  };
  if (shapes_.empty()) shapes_.emplace_back();  // 0 is none.
  Shape shape{.type = type, .layout = layout, .fields_begin = static_cast<std::uint32_t>(fields_.size())};
  for (std::uint16_t EventLayout::* place :
       {&EventLayout::player, &EventLayout::id, &EventLayout::ts, &EventLayout::ref, &EventLayout::at}) {
    shape.layout.*place = renumbered(layout.*place);
  }
  shape.layout.type = 0;
  for (const std::uint16_t field : layout.fields) fields_.push_back(renumbered(field));
  shapes_.push_back(shape);
  return static_cast<std::uint16_t>(shapes_.size() - 1);
}

void Shapes::forget() {
  pieces_.clear();
  text_.clear();
  shapes_.clear();
  fields_.clear();
  hints_.fill(0);
  unlearned_ = 0;
}

}  // namespace tallyho

#include "event/shape.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "event/scan.h"
#include "simdjson.h"

namespace tallyho {
namespace {

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  return word;
}

// Whether texts of the same size of 8 or more are equal: a word at a time, of which the last may overlap.
bool is_equal(const char* a, const char* b, std::size_t size) {
  for (std::size_t i = 8; i + 8 < size; i += 8) {
    if (word_at(a + i) != word_at(b + i)) return false;
  }
  return word_at(a + size - 8) == word_at(b + size - 8);
}

// These read a value at `at`, and return where it ends, or null.

// A string whose opening quote is before `at`, up to its closing one.
const char* read_string(const char* begin, const char* at, const char* end, JsonToken& token, bool& has_non_ascii) {
  const char* stop = Scan::end_of_printable(begin, at, end);
  if (stop == end) return nullptr;
  token.is_printable = *stop == '"';
  if (!token.is_printable) {
    stop = Scan::end_of_run(begin, stop, end, has_non_ascii);
    if (stop == end || *stop != '"') return nullptr;
  }
  token.text = {at, stop};
  token.begin = static_cast<std::uint32_t>(at - 1 - begin);
  token.end = static_cast<std::uint32_t>(stop + 1 - begin);
  token.kind = JsonToken::Kind::string;
  return stop;
}

const char* read_literal(const char* at, const char* end, std::string_view word, JsonToken::Kind kind,
                         JsonToken& token) {
  if (!std::string_view(at, end).starts_with(word)) return nullptr;
  token.text = word;
  token.kind = kind;
  return at + word.size();
}

// A number, true, false or null.
const char* read_bare(const char* begin, const char* at, const char* end, JsonToken& token) {
  const char* stop = nullptr;
  switch (*at) {
    case 't': stop = read_literal(at, end, "true", JsonToken::Kind::boolean_true, token); break;
    case 'f': stop = read_literal(at, end, "false", JsonToken::Kind::boolean_false, token); break;
    case 'n': stop = read_literal(at, end, "null", JsonToken::Kind::null, token); break;
    default: stop = scan_number(at, end, token);
  }
  token.begin = static_cast<std::uint32_t>(at - begin);
  token.end = static_cast<std::uint32_t>(stop - begin);
  return stop;
}

}  // namespace

const Shapes::Shape* Shapes::read(std::string_view bytes) {
  is_new_ = true;
  looks_ = looks_max;
  if (pieces_.empty()) return nullptr;
  bool has_non_ascii = false;
  Place place{bytes.data(), bytes.data(), bytes.data() + bytes.size()};
  const Piece* piece = pieces_.data();
  for (JsonToken* token = tokens_.data() + 1;; ++token) {
    const Piece* next = &pieces_[piece->child];
    if (piece->children != 1 || !fits(*next, place)) {
      next = &pieces_[find(static_cast<std::uint16_t>(piece - pieces_.data()), place)];
      if (next == pieces_.data()) return nullptr;
    }
    piece = next;
    place.at += piece->size;
    if (piece->next == Next::end) break;
    place.at = piece->next == Next::string ? read_string(place.begin, place.at, place.end, *token, has_non_ascii)
                                           : read_bare(place.begin, place.at, place.end, *token);
    if (place.at == nullptr) {
      is_new_ = false;
      return nullptr;
    }
  }
  is_new_ = false;
  if (has_non_ascii && !simdjson::validate_utf8(bytes.data(), bytes.size())) return nullptr;
  return &shapes_[piece->child];
}

inline bool Shapes::fits(const Piece& piece, const Place& place) const {
  const std::size_t size = piece.size;
  if (static_cast<std::size_t>(place.end - place.at) < size) return false;
  if ((load_word(place.begin, place.at, place.end) & piece.mask) != piece.head) return false;
  if (size > 8 && !is_equal(place.at, text_.data() + piece.text, size)) return false;
  if (piece.next == Next::string) return true;
  const char* const after = place.at + size;
  // Blanks and quotes are of other pieces that begin with this one.
  if (piece.next == Next::bare) return after < place.end && *after > ' ' && *after != '"';
  return after == place.end;
}

// The piece after `parent` that the message has at this place; 0 if there is none.
std::uint16_t Shapes::find(std::uint16_t parent, const Place& place) {
  constexpr int few = 4;
  if (pieces_[parent].children <= few) return look_through(parent, place);
  // Of many children, the one that it was when the same bytes stood where these differ: 16 bytes, for pieces that are
  // short and have values behind them, or 32, for those that are alike for longer.
  std::array<std::uint16_t*, 2> hints{};
  std::uint64_t mixed = parent;
  const char* at = place.at + std::min<std::ptrdiff_t>(pieces_[parent].alike_bytes, place.end - place.at);
  for (std::uint16_t*& hint : hints) {
    for (int words = 0; words < 2 && at < place.end; ++words) {
      mixed = (std::rotl(mixed, 29) ^ load_word(place.begin, at, place.end)) * 0x9e3779b97f4a7c15;
      at += std::min<std::ptrdiff_t>(8, place.end - at);
    }
    hint = &hints_[mixed >> 54];
    if (*hint != 0 && pieces_[*hint].parent == parent && fits(pieces_[*hint], place)) return *hint;
  }
  const std::uint16_t child = look_through(parent, place);
  if (child != 0) *hints[0] = *hints[1] = child;
  return child;
}

std::uint16_t Shapes::look_through(std::uint16_t parent, const Place& place) {
  for (std::uint16_t child = pieces_[parent].child; child != 0; child = pieces_[child].sibling) {
    if (fits(pieces_[child], place)) return child;
    if (--looks_ == 0) {
      is_new_ = false;
      return 0;
    }
  }
  return 0;
}

void Shapes::learn(std::string_view bytes, std::span<const JsonToken> tokens, const EventLayout& layout,
                   EventTypeIndex type) {
  const std::size_t members = tokens[0].items;
  const bool is_flat = tokens.size() == 1 + members * 2;
  if (!is_new_ || !is_flat || members > members_max || bytes.size() > bytes_max) return;
  if (!has_room(bytes, members)) return refuse();
  try {
    enter_all(bytes, tokens, layout, type);
  } catch (const std::bad_alloc&) {
    forget();  // What was entered in part is of no use; the message was read without it.
  }
}

void Shapes::enter_all(std::string_view bytes, std::span<const JsonToken> tokens, const EventLayout& layout,
                       EventTypeIndex type) {
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

bool Shapes::has_room(std::string_view bytes, std::size_t members) const {
  return pieces_.size() + members + 2 <= pieces_max && text_.size() + bytes.size() <= text_bytes_max &&
         shapes_.size() + 2 <= shapes_max;
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
  std::memset(&made.mask, 0xff, std::min<std::size_t>(text.size(), 8));
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
  Shape& shape = shapes_.emplace_back(type, layout);
  for (std::uint16_t EventLayout::* place :
       {&EventLayout::player, &EventLayout::id, &EventLayout::ts, &EventLayout::ref, &EventLayout::at}) {
    shape.layout.*place = renumbered(layout.*place);
  }
  shape.layout.type = 0;
  shape.fields.reserve(layout.fields.size());
  for (const std::uint16_t field : layout.fields) shape.fields.push_back(renumbered(field));
  shape.layout.fields = shape.fields;
  return static_cast<std::uint16_t>(shapes_.size() - 1);
}

void Shapes::forget() {
  pieces_.clear();
  text_.clear();
  shapes_.clear();
  hints_.fill(0);
  unlearned_ = 0;
}

}  // namespace tallyho

#include "event/json_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "simdjson.h"

namespace tallyho {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Eight bytes at once; each constant repeats a byte.
constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t high_bits = 0x8080808080808080;
static_assert(std::endian::native == std::endian::little, "the first byte of a string is the lowest of a word");

// The high bit of every byte below `limit` (at most 128) is set; bytes behind the first such one may be set wrongly.
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) {
  return (word - ones * limit) & ~word & high_bits;
}
constexpr std::uint64_t bytes_equal(std::uint64_t word, unsigned char byte) {
  return bytes_below(word ^ (ones * byte), 1);
}

// The first byte from `at` on that ends a plain run of a string: a quote, a backslash or a control character; `end` if
// there is none.
const char* end_of_run(const char* at, const char* end, bool& has_non_ascii) {
  std::uint64_t seen = 0;
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    seen |= word;
    const std::uint64_t stops = bytes_equal(word, '"') | bytes_equal(word, '\\') | bytes_below(word, 0x20);
    if (stops != 0) {
      if ((seen & high_bits) != 0) has_non_ascii = true;
      return at + std::countr_zero(stops) / 8;
    }
    at += 8;
  }
  for (; at < end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    seen |= byte;
  }
  if ((seen & high_bits) != 0) has_non_ascii = true;
  return at;
}

// Reads four hexadecimal digits; nothing if they are not there.
std::optional<std::uint32_t> read_hex(const char* at, const char* end) {
  if (end - at < 4) return std::nullopt;
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (const char lower = static_cast<char>(c | 0x20); lower >= 'a' && lower <= 'f') {
      digit = static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
    number = number << 4 | digit;
  }
  return number;
}

char* write_utf8(std::uint32_t code_point, char* out) {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
  return out;
}

// What the one-letter escapes stand for; 0 for letters that are none.
constexpr char escaped(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
  }
}

}  // namespace

// The names of one object, as long as they are few. Most pairs of names differ in a bit made of their size and ends,
// and are never compared.
class JsonReader::Names {
 public:
  static constexpr std::uint32_t few = 16;

  // Enters the name at `index`; false if it is here already. Of many, check_many_names() takes care.
  bool add(const JsonToken* tokens, std::uint32_t index) {
    if (++count_ > few) return true;
    const std::string_view name = tokens[index].text;
    const std::uint64_t bit = bit_of(name);
    if ((seen_ & bit) != 0) {
      for (std::uint32_t i = 0; i + 1 < count_; ++i) {
        if (tokens[indexes_[i]].text == name) return false;
      }
    }
    seen_ |= bit;
    indexes_[count_ - 1] = index;
    return true;
  }
  std::uint32_t count() const { return count_; }

 private:
  static std::uint64_t bit_of(std::string_view name) {
    if (name.empty()) return 1;
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    return std::uint64_t{1} << ((name.size() * 11 + first * std::size_t{5} + last * std::size_t{3}) & 63);
  }

  std::array<std::uint32_t, few> indexes_;
  std::uint64_t seen_ = 0;
  std::uint32_t count_ = 0;
};

std::optional<JsonReader::Failure> JsonReader::read(std::string_view bytes, Arena& arena) {
  // "[0,0]": half as many tokens as bytes, and one; but each bracket that is never closed is one, too.
  const std::size_t wanted = bytes.size() / 2 + 2 + static_cast<std::size_t>(depth_max_);
  if (capacity_ < wanted) {
    tokens_ = std::make_unique<JsonToken[]>(wanted);
    capacity_ = wanted;
  }
  count_ = 0;
  begin_ = at_ = bytes.data();
  end_ = begin_ + bytes.size();
  arena_ = &arena;
  has_non_ascii_ = false;

  skip_blanks();
  bool is_good = false;
  if (at_ == end_) {
    fail(Fault::empty, at_);
  } else if (read_value(0)) {
    skip_blanks();
    if (at_ != end_) {
      fail(Fault::trailing_bytes, at_);
    } else {
      is_good = tokens_[0].kind == JsonToken::Kind::object || fail(Fault::not_an_object, begin_);
    }
  }
  // Bytes beyond ASCII have been skipped in strings; anywhere else they are no JSON, but the better reason is known.
  const bool needs_check = is_good ? has_non_ascii_ : failure_.fault != Fault::empty;
  if (needs_check && !simdjson::validate_utf8(bytes.data(), bytes.size())) {
    return Failure{Fault::not_utf8, is_good ? 0 : failure_.position};
  }
  if (is_good) return std::nullopt;
  return failure_;
}

bool JsonReader::fail(Fault fault, const char* at) {
  failure_ = {fault, offset(at)};
  return false;
}

void JsonReader::skip_blanks() {
  while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

std::uint32_t JsonReader::add(JsonToken::Kind kind, const char* begin, std::string_view text) {
  const auto index = static_cast<std::uint32_t>(count_++);
  // Field by field: a whole token would be put together elsewhere and copied, which costs more than all the reading.
  JsonToken& token = tokens_[index];
  token.text = text;
  token.begin = offset(begin);
  token.end = offset(at_);
  token.next = index + 1;
  token.items = 0;
  token.kind = kind;
  return index;
}

bool JsonReader::read_value(int depth) {
  if (at_ == end_) return fail(Fault::not_json, at_);
  switch (*at_) {
    case '{': return depth < depth_max_ ? read_object(depth + 1) : fail(Fault::too_deep, at_);
    case '[': return depth < depth_max_ ? read_array(depth + 1) : fail(Fault::too_deep, at_);
    case '"': return read_string(JsonToken::Kind::string);
    case 't': return read_literal("true", JsonToken::Kind::boolean_true);
    case 'f': return read_literal("false", JsonToken::Kind::boolean_false);
    case 'n': return read_literal("null", JsonToken::Kind::null);
    default: return read_number();
  }
}

bool JsonReader::read_object(int depth) {
  const std::uint32_t object = add(JsonToken::Kind::object, at_++, {});
  Names names;
  skip_blanks();
  if (at_ < end_ && *at_ == '}') {
    ++at_;
  } else {
    while (true) {
      if (!read_member(depth, names)) return false;
      if (at_ == end_ || (*at_ != ',' && *at_ != '}')) return fail(Fault::not_json, at_);
      if (*at_++ == '}') break;
      skip_blanks();
    }
  }
  close(object, names.count());
  return names.count() <= Names::few || check_many_names(object);
}

bool JsonReader::read_member(int depth, Names& names) {
  if (at_ == end_ || *at_ != '"') return fail(Fault::not_json, at_);
  const auto name = static_cast<std::uint32_t>(count_);
  if (!read_string(JsonToken::Kind::name)) return false;
  if (!names.add(tokens_.get(), name)) return fail(Fault::duplicate_member, begin_ + tokens_[name].begin);
  skip_blanks();
  if (at_ == end_ || *at_ != ':') return fail(Fault::not_json, at_);
  ++at_;
  skip_blanks();
  if (!read_value(depth)) return false;
  tokens_[name].next = static_cast<std::uint32_t>(count_);
  skip_blanks();
  return true;
}

// Sorted, equal names are neighbours. No hash table that a stranger could fill with collisions.
bool JsonReader::check_many_names(std::uint32_t object) {
  names_.clear();
  for (std::uint32_t name = object + 1; name < tokens_[object].next; name = tokens_[name].next) names_.push_back(name);
  std::ranges::sort(names_, [this](std::uint32_t a, std::uint32_t b) {
    const std::string_view x = tokens_[a].text;
    const std::string_view y = tokens_[b].text;
    return x.size() != y.size() ? x.size() < y.size() : x < y;
  });
  const auto twin = std::ranges::adjacent_find(
      names_, [this](std::uint32_t a, std::uint32_t b) { return tokens_[a].text == tokens_[b].text; });
  return twin == names_.end() ||
         fail(Fault::duplicate_member, begin_ + std::max(tokens_[twin[0]].begin, tokens_[twin[1]].begin));
}

bool JsonReader::read_array(int depth) {
  const std::uint32_t array = add(JsonToken::Kind::array, at_++, {});
  std::uint32_t count = 0;
  skip_blanks();
  if (at_ < end_ && *at_ == ']') {
    ++at_;
  } else {
    while (true) {
      if (!read_value(depth)) return false;
      ++count;
      skip_blanks();
      if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return fail(Fault::not_json, at_);
      if (*at_++ == ']') break;
      skip_blanks();
    }
  }
  close(array, count);
  return true;
}

// The container that began with this token has been read.
void JsonReader::close(std::uint32_t container, std::uint32_t items) {
  tokens_[container].end = offset(at_);
  tokens_[container].next = static_cast<std::uint32_t>(count_);
  tokens_[container].items = items;
}

// RFC 8259, section 6.
bool JsonReader::read_number() {
  const char* begin = at_;
  const auto skip_digits = [this] {
    const char* first = at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  bool is_integer = true;
  if (*at_ == '-') ++at_;
  if (at_ < end_ && *at_ == '0') {
    ++at_;
  } else if (!skip_digits()) {
    return fail(Fault::not_json, at_);
  }
  if (at_ < end_ && *at_ == '.') {
    is_integer = false;
    ++at_;
    if (!skip_digits()) return fail(Fault::not_json, at_);
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    is_integer = false;
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!skip_digits()) return fail(Fault::not_json, at_);
  }
  add(is_integer ? JsonToken::Kind::integer : JsonToken::Kind::decimal, begin, {begin, at_});
  return true;
}

bool JsonReader::read_literal(std::string_view word, JsonToken::Kind kind) {
  const char* begin = at_;
  if (!std::string_view(at_, end_).starts_with(word)) return fail(Fault::not_json, at_);
  at_ += word.size();
  add(kind, begin, word);
  return true;
}

bool JsonReader::read_string(JsonToken::Kind kind) {
  const char* begin = at_++;
  const char* stop = end_of_run(at_, end_, has_non_ascii_);
  const std::string_view plain(at_, stop);
  at_ = stop;
  if (at_ == end_) return fail(Fault::not_json, at_);
  if (*at_ == '\\') return read_escaped(begin, plain, kind);
  if (*at_ != '"') return fail(Fault::not_json, at_);
  ++at_;
  add(kind, begin, plain);
  return true;
}

// A string with escapes, of which `plain` has been read. Unescaped it is not longer than written.
bool JsonReader::read_escaped(const char* begin, std::string_view plain, JsonToken::Kind kind) {
  // Its closing quote, so that the arena gives no more than the string needs.
  const char* close = at_;
  while (close < end_ && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= end_) return fail(Fault::not_json, end_);
  char* text = static_cast<char*>(arena_->allocate(static_cast<std::size_t>(close - begin), 1));
  char* out = std::ranges::copy(plain, text).out;
  while (at_ < close) {
    if (*at_ == '\\') {
      if (!unescape(out)) return false;
    } else {
      const char* stop = end_of_run(at_, close, has_non_ascii_);
      out = std::copy(at_, stop, out);
      at_ = stop;
      if (at_ < close && *at_ != '\\') return fail(Fault::not_json, at_);
    }
  }
  ++at_;
  add(kind, begin, {text, out});
  return true;
}

// Reads the escape at the cursor: RFC 8259, section 7.
bool JsonReader::unescape(char*& out) {
  const char* begin = at_;
  const char letter = at_[1];  // There is one: the closing quote is further on.
  at_ += 2;
  if (letter != 'u') {
    const char byte = escaped(letter);
    *out++ = byte;
    return byte != '\0' || fail(Fault::not_json, begin);
  }
  const std::optional<std::uint32_t> first = read_hex(at_, end_);
  if (!first) return fail(Fault::not_json, begin);
  at_ += 4;
  std::uint32_t code_point = *first;
  if (code_point >= 0xd800 && code_point <= 0xdfff) {
    const bool has_low = code_point <= 0xdbff && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
    const std::optional<std::uint32_t> low = has_low ? read_hex(at_ + 2, end_) : std::nullopt;
    if (!low || *low < 0xdc00 || *low > 0xdfff) return fail(Fault::lone_surrogate, begin);
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (*low - 0xdc00);
    at_ += 6;
  }
  out = write_utf8(code_point, out);
  return true;
}

}  // namespace tallyho

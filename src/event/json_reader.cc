#include "event/json_reader.h"

#include <algorithm>
#include <array>
#include "event/scan.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
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
  begin_ = bytes.data();
  end_ = begin_ + bytes.size();
  arena_ = &arena;
  has_non_ascii_ = false;

  const char* at = skip_blanks(begin_);
  bool is_good = false;
  if (at == end_) {
    fail(Fault::empty, at);
  } else if ((at = read_value(at, 0)) != nullptr) {
    at = skip_blanks(at);
    if (at != end_) {
      fail(Fault::trailing_bytes, at);
    } else if (tokens_[0].kind != JsonToken::Kind::object) {
      fail(Fault::not_an_object, begin_);
    } else {
      is_good = true;
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

const char* JsonReader::fail(Fault fault, const char* at) {
  failure_ = {fault, offset(at)};
  return nullptr;
}

const char* JsonReader::skip_blanks(const char* at) const {
  while (at < end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
  return at;
}

JsonToken& JsonReader::add(JsonToken::Kind kind, const char* begin, const char* end) {
  // Field by field: a whole token would be put together elsewhere and copied, which costs more than all the reading.
  JsonToken& token = tokens_[count_++];
  token.begin = offset(begin);
  token.end = offset(end);
  token.next = static_cast<std::uint32_t>(count_);
  token.items = 0;
  token.kind = kind;
  return token;
}

const char* JsonReader::read_value(const char* at, int depth) {
  if (at == end_) return fail(Fault::not_json, at);
  switch (*at) {
    case '{': return depth < depth_max_ ? read_object(at, depth + 1) : fail(Fault::too_deep, at);
    case '[': return depth < depth_max_ ? read_array(at, depth + 1) : fail(Fault::too_deep, at);
    case '"': return read_string(at, JsonToken::Kind::string);
    case 't': return read_literal(at, "true", JsonToken::Kind::boolean_true);
    case 'f': return read_literal(at, "false", JsonToken::Kind::boolean_false);
    case 'n': return read_literal(at, "null", JsonToken::Kind::null);
    default: return read_number(at);
  }
}

const char* JsonReader::read_object(const char* at, int depth) {
  const auto object = static_cast<std::uint32_t>(count_);
  add(JsonToken::Kind::object, at, at).text = {};
  Names names;
  at = skip_blanks(at + 1);
  if (at < end_ && *at == '}') {
    ++at;
  } else {
    while (true) {
      at = read_member(at, depth, names);
      if (at == nullptr) return nullptr;
      if (at == end_ || (*at != ',' && *at != '}')) return fail(Fault::not_json, at);
      if (*at++ == '}') break;
      at = skip_blanks(at);
    }
  }
  close(object, at, names.count());
  return names.count() <= Names::few || check_many_names(object) ? at : nullptr;
}

// A member and the blanks behind it.
const char* JsonReader::read_member(const char* at, int depth, Names& names) {
  if (at == end_ || *at != '"') return fail(Fault::not_json, at);
  const auto name = static_cast<std::uint32_t>(count_);
  at = read_string(at, JsonToken::Kind::name);
  if (at == nullptr) return nullptr;
  if (!names.add(tokens_.get(), name)) return fail(Fault::duplicate_member, begin_ + tokens_[name].begin);
  at = skip_blanks(at);
  if (at == end_ || *at != ':') return fail(Fault::not_json, at);
  at = read_value(skip_blanks(at + 1), depth);
  if (at == nullptr) return nullptr;
  tokens_[name].next = static_cast<std::uint32_t>(count_);
  return skip_blanks(at);
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
  if (twin == names_.end()) return true;
  fail(Fault::duplicate_member, begin_ + std::max(tokens_[twin[0]].begin, tokens_[twin[1]].begin));
  return false;
}

const char* JsonReader::read_array(const char* at, int depth) {
  const auto array = static_cast<std::uint32_t>(count_);
  add(JsonToken::Kind::array, at, at).text = {};
  std::uint32_t count = 0;
  at = skip_blanks(at + 1);
  if (at < end_ && *at == ']') {
    ++at;
  } else {
    while (true) {
      at = read_value(at, depth);
      if (at == nullptr) return nullptr;
      ++count;
      at = skip_blanks(at);
      if (at == end_ || (*at != ',' && *at != ']')) return fail(Fault::not_json, at);
      if (*at++ == ']') break;
      at = skip_blanks(at);
    }
  }
  close(array, at, count);
  return at;
}

// The container that began with this token has been read.
void JsonReader::close(std::uint32_t container, const char* end, std::uint32_t items) {
  tokens_[container].end = offset(end);
  tokens_[container].next = static_cast<std::uint32_t>(count_);
  tokens_[container].items = items;
}

const char* JsonReader::read_number(const char* at) {
  JsonToken& token = tokens_[count_];
  const char* end = scan_number(at, end_, token);
  if (end == nullptr) return fail(Fault::not_json, token.text.end());
  add(token.kind, at, end);
  return end;
}

const char* JsonReader::read_literal(const char* at, std::string_view word, JsonToken::Kind kind) {
  if (!std::string_view(at, end_).starts_with(word)) return fail(Fault::not_json, at);
  add(kind, at, at + word.size()).text = word;
  return at + word.size();
}

const char* JsonReader::read_string(const char* at, JsonToken::Kind kind) {
  const char* begin = at++;
  const char* stop = Scan::end_of_printable(begin_, at, end_);
  const bool is_printable = stop != end_ && *stop == '"';
  if (!is_printable) stop = Scan::end_of_run(begin_, stop, end_, has_non_ascii_);
  if (stop == end_) return fail(Fault::not_json, stop);
  if (*stop == '\\') return read_escaped(begin, stop, kind);
  if (*stop != '"') return fail(Fault::not_json, stop);
  JsonToken& token = add(kind, begin, stop + 1);
  token.text = {at, stop};
  token.is_printable = is_printable;
  return stop + 1;
}

// A string with escapes, of which the first is at `at`. Unescaped it is not longer than written.
const char* JsonReader::read_escaped(const char* begin, const char* at, JsonToken::Kind kind) {
  // Its closing quote, so that the arena gives no more than the string needs.
  const char* close = at;
  while (close < end_ && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= end_) return fail(Fault::not_json, end_);
  char* text = static_cast<char*>(arena_->allocate(static_cast<std::size_t>(close - begin), 1));
  char* out = std::copy(begin + 1, at, text);
  while (at < close) {
    if (*at == '\\') {
      at = unescape(at, out);
      if (at == nullptr) return nullptr;
    } else {
      const char* stop = Scan::end_of_run(begin_, at, close, has_non_ascii_);
      out = std::copy(at, stop, out);
      at = stop;
      if (at < close && *at != '\\') return fail(Fault::not_json, at);
    }
  }
  JsonToken& token = add(kind, begin, close + 1);
  token.text = {text, out};
  token.is_printable = false;
  return close + 1;
}

// Reads the escape at the cursor: RFC 8259, section 7.
const char* JsonReader::unescape(const char* at, char*& out) {
  const char* begin = at;
  const char letter = at[1];  // There is one: the closing quote is further on.
  at += 2;
  if (letter != 'u') {
    const char byte = escaped(letter);
    *out++ = byte;
    return byte != '\0' ? at : fail(Fault::not_json, begin);
  }
  const std::optional<std::uint32_t> first = read_hex(at, end_);
  if (!first) return fail(Fault::not_json, begin);
  at += 4;
  std::uint32_t code_point = *first;
  if (code_point >= 0xd800 && code_point <= 0xdfff) {
    const bool has_low = code_point <= 0xdbff && end_ - at >= 6 && at[0] == '\\' && at[1] == 'u';
    const std::optional<std::uint32_t> low = has_low ? read_hex(at + 2, end_) : std::nullopt;
    if (!low || *low < 0xdc00 || *low > 0xdfff) return fail(Fault::lone_surrogate, begin);
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (*low - 0xdc00);
    at += 6;
  }
  out = write_utf8(code_point, out);
  return at;
}

}  // namespace tallyho

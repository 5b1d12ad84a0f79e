#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "event/fault.h"
#include "event/json_token.h"

namespace tallyho {

// Checks that bytes are one JSON object and nothing else, to the letter of RFC 8259, and lists its tokens in the order
// they were written, with every value below it:
//
//     {"type":"ping","at":[1,2]}   →   object  name type  string ping  name at  array  integer 1  integer 2
//
// Stricter than the RFC, also in parts that nobody reads: bytes are UTF-8, names are unique within their object (after
// unescaping), escapes are no halves of surrogate pairs, and nesting has a limit. Numbers may be of any size: what fits
// is for the reader of a token to say.
//
// Why not simdjson's parsers: DOM refuses numbers beyond 64 bits that nobody reads; On-Demand leaves to its caller the
// walk over everything, the names, the numbers and the depth, which is all that is here. Its UTF-8 check is used, and
// its DOM is what tests and fuzzer compare with.
//
// Threads: one owner. Memory: 24 bytes per byte of the largest text read, kept; unescaped strings go to the arena.
class JsonReader {
 public:
  // `depth_max`: levels of arrays and objects, the outermost being the first.
  explicit JsonReader(int depth_max) : depth_max_(depth_max) {}

  // Reads one object; what it returns is valid until the next read(), its texts as long as `bytes` and `arena`.
  // O(bytes), except that the names of an object with many of them are sorted. `bytes` is less than 4 GiB.
  // Fails with a Fault of those under `malformed`, and the offset it was noticed at.
  struct Failure {
    Fault fault = Fault::not_json;
    std::uint32_t position = 0;
  };
  std::optional<Failure> read(std::string_view bytes, Arena& arena);

  // Of the last read() that did not fail. The first is the object.
  std::span<const JsonToken> tokens() const { return {tokens_.get(), count_}; }

 private:
  class Names;

  // Each reads what begins at `at` and returns where it ends, or fails and returns null. The place goes from hand to
  // hand and not through the object, so that it stays in a register.
  const char* read_value(const char* at, int depth);
  const char* read_object(const char* at, int depth);
  const char* read_array(const char* at, int depth);
  const char* read_number(const char* at);
  const char* read_literal(const char* at, std::string_view word, JsonToken::Kind kind);
  const char* read_string(const char* at, JsonToken::Kind kind);
  const char* read_escaped(const char* begin, const char* at, JsonToken::Kind kind);
  const char* unescape(const char* at, char*& out);
  const char* read_member(const char* at, int depth, Names& names);
  const char* skip_blanks(const char* at) const;

  bool check_many_names(std::uint32_t object);
  void close(std::uint32_t container, const char* end, std::uint32_t items);
  JsonToken& add(JsonToken::Kind kind, const char* begin, const char* end);
  const char* fail(Fault fault, const char* at);
  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }

  int depth_max_;
  std::unique_ptr<JsonToken[]> tokens_;
  std::size_t capacity_ = 0;
  std::size_t count_ = 0;
  std::vector<std::uint32_t> names_;  // Scratch: of an object with many members.

  // Of the current read().
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  Arena* arena_ = nullptr;
  bool has_non_ascii_ = false;
  Failure failure_;
};

}  // namespace tallyho

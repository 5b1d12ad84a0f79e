#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "base/time.h"

namespace tallyho {

// Values one after the other as bytes: how state and boards write themselves down (engine/snapshot.h).
//
//     FormWriter out(take);                  FormReader in(more);
//     out.number(finds.size());              for (auto left = in.number(); left > 0 && !in.has_failed(); --left)
//     for (…) out.text(name);                  add(in.text(max));
//
// Whole numbers take a byte for each 7 bits (LEB128), those with a sign in zigzag, so that small ones of either sign
// are short; a text is its size and its bytes. What comes when is a matter between writer and reader.
//
// Threads: one owner. Memory: a buffer.
class FormWriter {
 public:
  // Gets the bytes, some 64 KiB at a time.
  using Take = std::function<void(std::span<const std::byte>)>;
  explicit FormWriter(Take take) : take_(std::move(take)) {}

  void number(std::uint64_t number);
  void signed_number(std::int64_t number);
  void flag(bool is_set) { number(is_set ? 1 : 0); }
  void time(Timestamp time);
  void text(std::string_view text);
  // Hands over what is left. At the end.
  void flush();

 private:
  Take take_;
  std::vector<std::byte> buffer_;
};

// Reads it back. The bytes may be anything: the first value that is not what it should be fails the reader, and from
// then on every number is 0 and every text empty, so that whoever reads in a loop has to look at has_failed().
//
// Threads: one owner. Memory: the longest text so far; what the bytes say of themselves is never believed ahead.
class FormReader {
 public:
  // The bytes that come next, valid until the next call; none: there are no more.
  using More = std::function<std::span<const std::byte>()>;
  explicit FormReader(More more) : more_(std::move(more)) {}

  std::uint64_t number();
  // Fails if it is greater than `max`.
  std::uint64_t number(std::uint64_t max);
  std::int64_t signed_number();
  bool flag() { return number(1) != 0; }
  // Fails if it is none that there is, but for `otherwise`.
  Timestamp time(Timestamp otherwise);
  // One of `count` symbols; fails if it is none of them.
  Symbol symbol(std::size_t count);
  // Fails if it is longer than `bytes_max`. Valid until the next call of anything.
  std::string_view text(std::size_t bytes_max);

  // Says why what was read cannot be; only the first time counts.
  void fail(std::string_view problem);
  bool has_failed() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  // Whether everything was read.
  bool is_at_end();

 private:
  bool refill();
  std::byte next();

  More more_;
  std::span<const std::byte> rest_;
  std::string scratch_;
  std::string problem_;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyho {

// One event being written, and where its members are, so that it can be spoiled afterwards.
//
//     LoadLine line(text);
//     line.begin(); line.text("type", "ping"); line.number("value", 7); line.end();
//
// Nothing is escaped: the load's strings need none. Allocates only as the string grows.
class LoadLine {
 public:
  enum class Kind : std::uint8_t { text, integer, decimal, boolean };
  struct Member {
    std::string_view name;
    std::size_t begin;  // Of the member, at its name's quote.
    std::size_t value;  // Of its value.
    std::size_t end;    // Of both.
    Kind kind;
  };
  static constexpr std::size_t members_max = 16;

  explicit LoadLine(std::string& out) : out_(out) {}

  void begin() {
    out_.clear();
    out_ += '{';
    count_ = 0;
  }
  void end() { out_ += '}'; }

  void text(std::string_view name, std::string_view value) {
    open(name, Kind::text);
    out_ += '"';
    out_ += value;
    out_ += '"';
    close();
  }
  // A text made of a letter and a number of at least `digits` digits: "t00042".
  void label(std::string_view name, char letter, std::uint64_t number, std::size_t digits) {
    open(name, Kind::text);
    out_ += '"';
    append_label(out_, letter, number, digits);
    out_ += '"';
    close();
  }
  void integer(std::string_view name, std::int64_t value) {
    open(name, Kind::integer);
    append_number(value);
    close();
  }
  // value / 10^digits, with that many digits behind the point; not negative.
  void decimal(std::string_view name, std::uint64_t value, std::size_t digits) {
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < digits; ++i) scale *= 10;
    open(name, Kind::decimal);
    append_number(value / scale);
    out_ += '.';
    append_padded(out_, value % scale, digits);
    close();
  }
  void boolean(std::string_view name, bool value) {
    open(name, Kind::boolean);
    out_ += value ? "true" : "false";
    close();
  }

  std::size_t count() const { return count_; }
  const Member& member(std::size_t index) const { return members_[index]; }
  std::string& out() { return out_; }

  static void append_label(std::string& out, char letter, std::uint64_t number, std::size_t digits) {
    out += letter;
    append_padded(out, number, digits);
  }

 private:
  void open(std::string_view name, Kind kind) {
    if (count_ > 0) out_ += ',';
    Member& member = members_[count_++];
    member.name = name;
    member.kind = kind;
    member.begin = out_.size();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    member.value = out_.size();
  }
  void close() { members_[count_ - 1].end = out_.size(); }

  template <typename Number>
  void append_number(Number number) {
    std::array<char, 24> digits;
    out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  }
  static void append_padded(std::string& out, std::uint64_t number, std::size_t width) {
    std::array<char, 24> digits;
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const auto size = static_cast<std::size_t>(end - digits.data());
    if (size < width) out.append(width - size, '0');
    out.append(digits.data(), size);
  }

  std::string& out_;
  std::array<Member, members_max> members_;
  std::size_t count_ = 0;
};

}  // namespace tallyho

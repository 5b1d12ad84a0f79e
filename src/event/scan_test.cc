#include "event/scan.h"

#include <charconv>
#include <memory>
#include <random>
#include <string>

#include "event/field_reader.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

// Bytes with nothing readable around them, as far as asan can tell.
class Tight {
 public:
  explicit Tight(std::string_view text) : size_(text.size()), bytes_(std::make_unique<char[]>(text.size())) {
    text.copy(bytes_.get(), size_);
  }
  const char* begin() const { return bytes_.get(); }
  const char* end() const { return begin() + size_; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

template <typename Implementation>
class ScanTest : public testing::Test {};
#ifdef __SSE2__
using Implementations = testing::Types<WordScan, WideScan>;
#else
using Implementations = testing::Types<WordScan>;
#endif
TYPED_TEST_SUITE(ScanTest, Implementations);

// Goal: strings end where they end, whatever is around. Method: random texts of every size up to 50, mostly of plain
// letters, against a loop over bytes, from every place in them.
TYPED_TEST(ScanTest, StringsEndWhereALoopOverBytesSaysTheyDo) {
  constexpr std::uint64_t seed = 1;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 3'000; ++round) {
    std::string text(random() % 50, 'a');
    for (std::uint64_t i = random() % 4; i > 0 && !text.empty(); --i) {
      const std::string_view around("\"!#\\[]\x1f\x20\x7e\x7f\x80\xff\xc3\0\x01", 15);  // And their neighbours.
      text[random() % text.size()] = random() % 4 == 0 ? static_cast<char>(random()) : around[random() % around.size()];
    }
    const Tight tight(text);
    for (const char* at = tight.begin(); at <= tight.end(); ++at) {
      const auto is_stop = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
      const char* printable = at;
      while (printable < tight.end() && !is_stop(*printable) && static_cast<unsigned char>(*printable) <= 0x7e) {
        ++printable;
      }
      const char* run = at;
      bool is_beyond = false;
      for (; run < tight.end() && !is_stop(*run); ++run) is_beyond |= static_cast<unsigned char>(*run) > 0x7f;
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round << ", from " << at - tight.begin());
      ASSERT_EQ(TypeParam::end_of_printable(tight.begin(), at, tight.end()) - at, printable - at);
      bool has_non_ascii = false;
      ASSERT_EQ(TypeParam::end_of_run(tight.begin(), at, tight.end(), has_non_ascii) - at, run - at);
      ASSERT_EQ(has_non_ascii, is_beyond);
    }
  }
}

TEST(NumberScanTest, WordsAreTheBytesThatAreThereAndZeros) {
  const Tight tight("123456789abc");
  const std::string padded = "123456789abc" + std::string(8, '\0');
  for (const char* begin = tight.begin(); begin < tight.end(); ++begin) {
    for (const char* at = begin; at < tight.end(); ++at) {
      std::uint64_t word = 0;
      std::memcpy(&word, padded.data() + (at - tight.begin()), 8);
      EXPECT_EQ(load_word(begin, at, tight.end()), word);
    }
  }
}

TEST(NumberScanTest, DigitsAndExponentAreTheNumbers) {
  struct {
    std::string_view text;
    std::uint64_t digits;
    int exponent;
    bool has_digits;
  } const rows[] = {
      {"0", 0, 0, true},
      {"-0", 0, 0, true},
      {"7", 7, 0, true},
      {"12345678", 12'345'678, 0, true},
      {"-123456789", 123'456'789, 0, true},
      {"999999999999999999", 999'999'999'999'999'999, 0, true},
      {"1000000000000000000", 0, 0, false},
      {"48.137154", 48'137'154, -6, true},
      {"0.000000001", 1, -9, true},
      {"0.00000000000000001", 1, -17, true},
      {"0.000000000000000001", 0, 0, false},  // 19 digits with the zeros.
      {"1e2", 1, 2, true},
      {"1.5E+3", 15, 2, true},
      {"15e-1", 15, -1, true},
      {"1e-999999999999999999999", 1, -9'999, true},
      {"1e999999999999999999999", 1, 9'999, true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    for (const std::string_view after : {"", ",", "}        ", "x1234567890123456"}) {
      const Tight tight(std::string(row.text) + std::string(after));
      JsonToken token;
      const char* end = scan_number(tight.begin(), tight.end(), token);
      ASSERT_NE(end, nullptr);
      EXPECT_EQ(end - tight.begin(), std::ssize(row.text));
      EXPECT_EQ(token.text, row.text);
      EXPECT_EQ(token.has_digits, row.has_digits);
      if (!row.has_digits) continue;
      EXPECT_EQ(token.digits, row.digits);
      EXPECT_EQ(token.exponent, row.exponent);
    }
  }
}

TEST(NumberScanTest, WhatIsNoNumberEndsWhereADigitIsMissing) {
  struct {
    std::string_view text;
    std::ptrdiff_t size;
  } const rows[] = {{"-", 1}, {"x", 0}, {"-x", 1}, {"1.", 2}, {"1.x", 2}, {"1e", 2}, {"1e+", 3}, {"1.5e-x", 5}};
  for (const auto& row : rows) {
    const Tight tight(row.text);
    JsonToken token;
    EXPECT_EQ(scan_number(tight.begin(), tight.end(), token), nullptr) << row.text;
    EXPECT_EQ(token.text.end() - tight.begin(), row.size) << row.text;
  }
}

// Goal: a double is the one nearest to what was written, and an int is exact. Method: random decimals around the limits
// of the short way (15 to 19 digits, powers of ten to 25) against std::from_chars.
TEST(NumberScanTest, NumbersAreWhatTheLibraryMakesOfThem) {
  constexpr std::uint64_t seed = 2;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const std::uint64_t size = 1 + random() % 20;
    for (std::uint64_t i = 0; i < size; ++i) text += static_cast<char>('0' + (random() % 3 == 0 ? 9 : random() % 10));
    const std::size_t first = text.front() == '-' ? 1 : 0;
    if (text[first] == '0' && size > 1) text[first] = '1';
    if (size > 1 && random() % 2 == 0) text.insert(first + 1 + random() % (size - 1), ".");
    if (random() % 4 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", round " << round << ": " << text);
    const Tight tight(text);
    JsonToken token;
    ASSERT_EQ(scan_number(tight.begin(), tight.end(), token), tight.end());
    double expected = 0;
    ASSERT_EQ(std::from_chars(text.data(), text.data() + text.size(), expected).ec, std::errc());
    const auto number = read_double(token);
    ASSERT_TRUE(number);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*number), std::bit_cast<std::uint64_t>(expected));
    if (token.kind != JsonToken::Kind::integer) continue;
    std::int64_t whole = 0;
    const bool is_within = std::from_chars(text.data(), text.data() + text.size(), whole).ec == std::errc();
    const auto integer = read_int(token);
    ASSERT_EQ(integer.has_value(), is_within);
    ASSERT_EQ(integer.value_or(whole), whole);
  }
}

}  // namespace
}  // namespace tallyho

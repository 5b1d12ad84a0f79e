#pragma once

// Finds the end of what stands in a JSON text, many bytes at once. Nothing here reads a byte outside of the text, so
// texts need no padding.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "event/json_token.h"

namespace tallyho {

static_assert(std::endian::native == std::endian::little, "the first byte of a text is the lowest of a word");

// Eight bytes at once; each constant repeats a byte.
inline constexpr std::uint64_t byte_ones = 0x0101010101010101;
inline constexpr std::uint64_t byte_high_bits = 0x8080808080808080;

// The bytes of the text from `at` on, and zeros behind its end. `begin <= at < end`.
inline std::uint64_t load_word(const char* begin, const char* at, const char* end) {
  std::uint64_t word = 0;
  if (end - at >= 8) {
    std::memcpy(&word, at, 8);
  } else if (end - begin >= 8) {
    std::memcpy(&word, end - 8, 8);
    word >>= (8 - (end - at)) * 8;
  } else {
    for (const char* last = end; last > at;) word = word << 8 | static_cast<unsigned char>(*--last);
  }
  return word;
}

// What strings are searched with: two implementations of the same two functions, of which `Scan` is the one for this
// machine. `begin <= at <= end`, the first and last being the text's; if there is no such byte, `end`.
//
// end_of_printable: the first byte that is no plain printable one: a quote, a backslash, below 0x20, or above 0x7e.
// end_of_run: the first byte that a string cannot hold as it is: a quote, a backslash, or below 0x20. `has_non_ascii`
// is set if there are bytes above 0x7f before it.
struct WordScan {
  static const char* end_of_printable(const char*, const char* at, const char* end) {
    for (; end - at >= 8; at += 8) {
      const std::uint64_t word = load_word(at, at, end);
      const std::uint64_t stops =
          stops_of_run(word) | bytes_below(word ^ (byte_ones * 0x7f), 1) | (word & byte_high_bits);
      if (stops != 0) return at + std::countr_zero(stops) / 8;
    }
    while (at < end && !is_stop(*at) && *at > 0 && *at < 0x7f) ++at;
    return at;
  }
  static const char* end_of_run(const char*, const char* at, const char* end, bool& has_non_ascii) {
    std::uint64_t seen = 0;
    const char* stop = nullptr;
    for (; stop == nullptr && end - at >= 8; at += 8) {
      const std::uint64_t word = load_word(at, at, end);
      const std::uint64_t stops = stops_of_run(word);
      if (stops != 0) stop = at + std::countr_zero(stops) / 8;
      // The bytes before the lowest of the stops.
      seen |= word & (stops == 0 ? ~std::uint64_t{0} : (stops & -stops) - 1);
    }
    if (stop == nullptr) {
      for (; at < end && !is_stop(*at); ++at) seen |= static_cast<unsigned char>(*at);
      stop = at;
    }
    if ((seen & byte_high_bits) != 0) has_non_ascii = true;
    return stop;
  }

  static bool is_stop(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

 private:
  // The high bit of every byte below `limit` (at most 128) is set; bytes behind the first such one may be set wrongly.
  static constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) {
    return (word - byte_ones * limit) & ~word & byte_high_bits;
  }
  static constexpr std::uint64_t stops_of_run(std::uint64_t word) {
    return bytes_below(word ^ (byte_ones * '"'), 1) | bytes_below(word ^ (byte_ones * '\\'), 1) |
           bytes_below(word, 0x20);
  }
};

#ifdef __SSE2__
struct WideScan {
  static const char* end_of_printable(const char* begin, const char* at, const char* end) {
    for (; end - at >= 16; at += 16) {
      const unsigned stops = stops_of_printable(load(at));
      if (stops != 0) return at + std::countr_zero(stops);
    }
    if (end - begin < 16 || at == end) return WordScan::end_of_printable(begin, at, end);
    // The last 16 bytes, without those before `at`.
    const unsigned stops = stops_of_printable(load(end - 16)) >> (16 - (end - at));
    return stops == 0 ? end : at + std::countr_zero(stops);
  }
  static const char* end_of_run(const char* begin, const char* at, const char* end, bool& has_non_ascii) {
    for (; end - at >= 16; at += 16) {
      const __m128i block = load(at);
      const unsigned stops = stops_of_run(block);
      const unsigned before = stops == 0 ? 0xffff : (stops & -stops) - 1;
      if ((static_cast<unsigned>(_mm_movemask_epi8(block)) & before) != 0) has_non_ascii = true;
      if (stops != 0) return at + std::countr_zero(stops);
    }
    return WordScan::end_of_run(begin, at, end, has_non_ascii);
  }

 private:
  static __m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
  static unsigned mask(__m128i block) { return static_cast<unsigned>(_mm_movemask_epi8(block)); }
  static __m128i quotes_of(__m128i block) {
    return _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  }
  static unsigned stops_of_printable(__m128i block) {
    // Compared as signed numbers: bytes above 0x7f are negative.
    const __m128i outside =
        _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
    return mask(_mm_or_si128(quotes_of(block), outside));
  }
  static unsigned stops_of_run(__m128i block) {
    const __m128i is_control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    return mask(_mm_or_si128(quotes_of(block), is_control));
  }
};
using Scan = WideScan;
#else
using Scan = WordScan;
#endif

inline constexpr std::array<std::uint64_t, 9> powers_of_ten{1,       10,        100,        1'000,      10'000,
                                                            100'000, 1'000'000, 10'000'000, 100'000'000};

// Appends the digits from `at` on to `number`, modulo 2^64, and returns where they end. Eight digits become a number by
// multiplying neighbours, as in fast_float's parse_eight_digits_unrolled.
inline const char* scan_digits(const char* at, const char* end, std::uint64_t& number) {
  while (end - at >= 8) {
    std::uint64_t digits = 0;
    std::memcpy(&digits, at, 8);
    digits ^= byte_ones * '0';
    // Above 9 or not ASCII. A carry out of such a byte goes to those behind it, which no longer matter.
    const std::uint64_t others = (digits | (digits + byte_ones * (0x80 - 10))) & byte_high_bits;
    const int count = others == 0 ? 8 : std::countr_zero(others) / 8;
    if (count == 0) return at;
    digits <<= (8 - count) * 8;  // Zeros in front.
    digits = digits * 10 + (digits >> 8);
    constexpr std::uint64_t pairs = 0x000000ff000000ff;
    digits = ((digits & pairs) * 0x000f424000000064 + (digits >> 16 & pairs) * 0x0000271000000001) >> 32;
    number = number * powers_of_ten[static_cast<std::size_t>(count)] + digits;
    at += count;
    if (count < 8) return at;
  }
  for (; at < end && *at >= '0' && *at <= '9'; ++at) number = number * 10 + static_cast<std::uint64_t>(*at - '0');
  return at;
}

// Reads the number at `at`, to the letter of RFC 8259, section 6, and returns where it ends. Sets the token's kind,
// text and digits. Null if there is none: then the token's text ends where a digit is missing. `at < end`.
[[gnu::always_inline]] inline const char* scan_number(const char* at, const char* end, JsonToken& token) {
  const char* const start = at;
  const auto missing = [&] {
    token.text = {start, at};
    return nullptr;
  };
  if (*at == '-') ++at;
  const char* const whole = at;
  std::uint64_t digits = 0;
  at = scan_digits(at, end, digits);
  if (at == whole) return missing();
  if (*whole == '0' && at - whole > 1) {  // The number is the zero; what follows is its reader's to refuse.
    at = whole + 1;
    digits = 0;
  }
  auto count = at - whole;
  std::ptrdiff_t exponent = 0;
  token.kind = JsonToken::Kind::integer;
  if (at < end && *at == '.') {
    token.kind = JsonToken::Kind::decimal;
    const char* const fraction = ++at;
    at = scan_digits(at, end, digits);
    if (at == fraction) return missing();
    exponent = fraction - at;
    count -= exponent;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    token.kind = JsonToken::Kind::decimal;
    ++at;
    const bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '+' || *at == '-')) ++at;
    const char* const first = at;
    constexpr std::ptrdiff_t power_max = 9'999;  // Far beyond any double.
    std::ptrdiff_t power = 0;
    for (; at < end && *at >= '0' && *at <= '9'; ++at) {
      power = power < power_max / 10 ? power * 10 + (*at - '0') : power_max;
    }
    if (at == first) return missing();
    exponent += is_negative ? -power : power;
  }
  token.text = {start, at};
  token.digits = digits;
  token.exponent = static_cast<std::int16_t>(exponent);
  token.has_digits = count <= 18;  // 10^18 < 2^63.
  return at;
}

}  // namespace tallyho

#include "base/time.h"

#include <array>
#include <cstddef>

#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;

// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counted in years from March, so that the leap
// day ends a year.
constexpr std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t years = month > 2 ? year : year - 1;  // Year 0 to 9999: never negative.
  const int month_from_march = month > 2 ? month - 3 : month + 9;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  const std::int64_t days = years * 365 + years / 4 - years / 100 + years / 400 + day_of_year;
  return days - 719'468;  // 0000-03-01 to 1970-01-01.
}
static_assert(days_from_civil(1970, 1, 1) == 0);
static_assert(days_from_civil(2000, 3, 1) == 11'017);

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads a text from the left; everything it is asked for must be there, else it has failed.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  bool has_failed() const { return has_failed_; }
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  bool skip(char wanted) {
    if (peek() != wanted || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!skip(wanted)) has_failed_ = true;
  }
  // Exactly `count` digits.
  int digits(int count) {
    int number = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit(peek())) {
        has_failed_ = true;
        return 0;
      }
      number = number * 10 + (text_[at_++] - '0');
    }
    return number;
  }
  // A two-digit number of at most `max`.
  int pair(int max) {
    const int number = digits(2);
    if (number > max) has_failed_ = true;
    return number;
  }
  // Digits behind a decimal point, as billionths; those beyond the ninth are cut.
  std::int64_t billionths() {
    std::int64_t number = 0;
    std::int64_t unit = nanos_per_second / 10;
    if (!is_digit(peek())) has_failed_ = true;
    for (; is_digit(peek()); ++at_, unit /= 10) number += (text_[at_] - '0') * unit;
    return number;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool has_failed_ = false;
};

std::optional<Timestamp> in_range(std::int64_t seconds, std::int64_t nanos) {
  const Timestamp time{seconds, static_cast<std::int32_t>(nanos)};
  if (!time.is_valid()) return std::nullopt;
  return time;
}

}  // namespace

Timestamp Timestamp::system_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return {micros / 1'000'000, static_cast<std::int32_t>(micros % 1'000'000) * 1'000};
}

std::optional<Timestamp> add(Timestamp time, Duration duration) noexcept {
  std::int64_t seconds = time.seconds + duration.count() / nanos_per_second;
  std::int64_t nanos = time.nanos + duration.count() % nanos_per_second;
  if (nanos >= nanos_per_second) {
    nanos -= nanos_per_second;
    ++seconds;
  } else if (nanos < 0) {
    nanos += nanos_per_second;
    --seconds;
  }
  return in_range(seconds, nanos);
}

std::optional<Timestamp> subtract(Timestamp time, Duration duration) noexcept {
  if (duration == Duration::min()) {  // Its negative is no Duration.
    const auto half = add(time, Duration::max());
    return half ? add(*half, Duration(1)) : std::nullopt;
  }
  return add(time, -duration);
}

std::optional<Duration> subtract(Timestamp later, Timestamp earlier) noexcept {
  const __int128 nanos = static_cast<__int128>(later.seconds - earlier.seconds) * nanos_per_second +
                         (std::int64_t{later.nanos} - earlier.nanos);
  if (nanos < INT64_MIN || nanos > INT64_MAX) return std::nullopt;
  return Duration(static_cast<std::int64_t>(nanos));
}

std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept {
  Scanner scan(text);
  const int year = scan.digits(4);
  scan.expect('-');
  const int month = scan.pair(12);
  scan.expect('-');
  const int day = scan.pair(31);
  if (!scan.skip('T')) scan.expect('t');
  const int hour = scan.pair(23);
  scan.expect(':');
  const int minute = scan.pair(59);
  scan.expect(':');
  const int second = scan.pair(59);
  const std::int64_t nanos = scan.skip('.') ? scan.billionths() : 0;
  int offset = 0;
  if (!scan.skip('Z') && !scan.skip('z')) {
    const bool is_west = scan.skip('-');
    if (!is_west) scan.expect('+');
    const int hours = scan.pair(23);
    scan.expect(':');
    offset = (hours * 60 + scan.pair(59)) * (is_west ? -60 : 60);
  }
  if (scan.has_failed() || !scan.at_end() || month < 1 || day < 1 || day > days_in_month(year, month)) {
    return std::nullopt;
  }
  const int second_of_day = hour * 3600 + minute * 60 + second;
  return in_range(days_from_civil(year, month, day) * seconds_per_day + second_of_day - offset, nanos);
}

std::string format_timestamp(Timestamp time) {
  const std::int64_t days = (time.seconds - Timestamp::min().seconds) / seconds_per_day;  // From 0001-01-01.
  const std::int64_t second = (time.seconds - Timestamp::min().seconds) % seconds_per_day;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days - 719'162))};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                                second / 60 % 60, second % 60);
  if (time.nanos != 0) {
    out += fmt::format(".{:09}", time.nanos);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + 'Z';
}

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
// Longer names first where one begins another.
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\xc2\xb5s", 1'000},  // U+00B5, micro sign
                                     {"\xce\xbcs", 1'000},  // U+03BC, Greek mu
                                     {"ms", 1'000'000},
                                     {"s", nanos_per_second},
                                     {"m", 60 * nanos_per_second},
                                     {"h", 3600 * nanos_per_second}}};

constexpr __int128 duration_magnitude_max = static_cast<__int128>(INT64_MAX) + 1;  // Of the least Duration.
// Fraction digits that count: 25, of which an hour's nanoseconds (13 digits) leave room in 127 bits.
constexpr __int128 fraction_scale_max = static_cast<__int128>(nanos_per_second) * nanos_per_second * 10'000'000;

// One number with its unit, taken off the front of `text`: nanoseconds, cut towards zero.
std::optional<__int128> take_term(std::string_view& text) {
  __int128 whole = 0;
  __int128 fraction = 0;
  __int128 scale = 1;
  bool has_digits = false;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, has_digits = true) {
    whole = whole * 10 + (text[at] - '0');
    if (whole > duration_magnitude_max) return std::nullopt;
  }
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, has_digits = true) {
      if (scale >= fraction_scale_max) continue;
      fraction = fraction * 10 + (text[at] - '0');
      scale *= 10;
    }
  }
  if (!has_digits) return std::nullopt;
  text.remove_prefix(at);
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return whole * unit.nanos + fraction * unit.nanos / scale;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  __int128 sum = 0;
  while (!text.empty()) {
    const auto term = take_term(text);
    if (!term) return std::nullopt;
    sum += *term;
    if (sum > duration_magnitude_max) return std::nullopt;
  }
  if (is_negative) sum = -sum;
  if (sum > INT64_MAX) return std::nullopt;
  return Duration(static_cast<std::int64_t>(sum));
}

std::string format_duration(Duration duration) {
  const std::int64_t seconds = duration.count() / nanos_per_second;
  const std::int64_t nanos = duration.count() % nanos_per_second;
  if (nanos == 0) return fmt::format("{}s", seconds);
  std::string out = fmt::format("{}{}.{:09}", duration.count() < 0 ? "-" : "", seconds < 0 ? -seconds : seconds,
                                nanos < 0 ? -nanos : nanos);
  out.erase(out.find_last_not_of('0') + 1);
  return out + 's';
}

}  // namespace tallyho

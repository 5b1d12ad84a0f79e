#include "base/form.h"

#include <algorithm>

namespace tallyho {

constexpr std::size_t form_bytes_at_once = 64 * 1024;

void FormWriter::number(std::uint64_t number) {
  for (; number > 0x7f; number >>= 7) buffer_.push_back(static_cast<std::byte>(number | 0x80));
  buffer_.push_back(static_cast<std::byte>(number));
  if (buffer_.size() >= form_bytes_at_once) flush();
}

void FormWriter::signed_number(std::int64_t signed_number) {
  const auto bits = static_cast<std::uint64_t>(signed_number);
  number((bits << 1) ^ (signed_number < 0 ? ~std::uint64_t{0} : 0));
}

void FormWriter::time(Timestamp time) {
  signed_number(time.seconds);
  number(static_cast<std::uint64_t>(time.nanos));
}

void FormWriter::text(std::string_view text) {
  number(text.size());
  const auto bytes = std::as_bytes(std::span(text));
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void FormWriter::flush() {
  if (buffer_.empty()) return;
  take_(buffer_);
  buffer_.clear();
}

bool FormReader::refill() {
  if (has_failed()) return false;
  rest_ = more_();
  if (rest_.empty()) fail("it ends too early");
  return !rest_.empty();
}

std::byte FormReader::next() {
  if (rest_.empty() && !refill()) return std::byte{0};
  const std::byte first = rest_.front();
  rest_ = rest_.subspan(1);
  return first;
}

std::uint64_t FormReader::number() {
  if (has_failed()) return 0;
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(next());
    const std::uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) break;
    number |= bits << shift;
    if (byte < 0x80) return has_failed() ? 0 : number;
  }
  fail("a number has more than 64 bits");
  return 0;
}

std::uint64_t FormReader::number(std::uint64_t max) {
  const std::uint64_t value = number();
  if (value <= max) return value;
  fail("a number is greater than it can be");
  return 0;
}

std::int64_t FormReader::signed_number() {
  const std::uint64_t bits = number();
  return static_cast<std::int64_t>((bits >> 1) ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
}

Timestamp FormReader::time(Timestamp otherwise) {
  Timestamp time;
  time.seconds = signed_number();
  time.nanos = static_cast<std::int32_t>(number(999'999'999));
  if (time.is_valid() || time == otherwise) return time;
  fail("a time is none that there is");
  return {};
}

Symbol FormReader::symbol(std::size_t count) {
  const std::uint64_t value = number();
  if (value < count) return static_cast<Symbol>(value);
  fail("a symbol stands for nothing");
  return 0;
}

std::string_view FormReader::text(std::size_t bytes_max) {
  std::size_t left = number(bytes_max);
  if (left <= rest_.size()) {
    const std::span<const std::byte> bytes = rest_.first(left);
    rest_ = rest_.subspan(left);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  scratch_.clear();
  while (left > 0 && (!rest_.empty() || refill())) {
    const std::size_t count = std::min(left, rest_.size());
    scratch_.append(reinterpret_cast<const char*>(rest_.data()), count);
    rest_ = rest_.subspan(count);
    left -= count;
  }
  if (has_failed()) scratch_.clear();
  return scratch_;
}

void FormReader::fail(std::string_view problem) {
  if (!has_failed()) problem_ = problem;
  rest_ = {};
}

bool FormReader::is_at_end() {
  if (has_failed()) return false;
  if (rest_.empty()) rest_ = more_();
  return rest_.empty();
}

}  // namespace tallyho

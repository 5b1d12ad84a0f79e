#include "telemetry/trace.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace tallyho {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

// Fills all of `into` from the front of `text`, which it takes; false: it is not lower-case hex, or too short.
bool take_hex(std::string_view& text, std::span<std::uint8_t> into) {
  for (std::uint8_t& byte : into) {
    if (text.size() < 2) return false;
    const std::size_t high = digits.find(text[0]);
    const std::size_t low = digits.find(text[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    byte = static_cast<std::uint8_t>(high << 4 | low);
    text.remove_prefix(2);
  }
  return true;
}

bool take_dash(std::string_view& text) {
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

void fill(std::span<std::uint8_t> bytes, std::mt19937_64& random) {
  do {
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      const std::uint64_t number = random();
      for (std::size_t j = 0; j < 8; ++j) bytes[i + j] = static_cast<std::uint8_t>(number >> (8 * j));
    }
  } while (is_zero(bytes));
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  const bool is_read = take_hex(text, version) && take_dash(text) && take_hex(text, context.trace) && take_dash(text) &&
                       take_hex(text, context.parent) && take_dash(text) && take_hex(text, flags);
  if (!is_read || version[0] == 0xff || is_zero(context.trace) || is_zero(context.parent)) return std::nullopt;
  // A later version may have more behind a dash.
  if (!text.empty() && (version[0] == 0 || !text.starts_with('-'))) return std::nullopt;
  context.is_sampled = (flags[0] & 1) != 0;
  return context;
}

std::string to_hex(const TraceId& id) {
  return hex(id);
}
std::string to_hex(const SpanId& id) {
  return hex(id);
}

SpanId new_span_id(std::mt19937_64& random) {
  SpanId id{};
  fill(id, random);
  return id;
}

// Rounded up, so that one in ten is the tenth and not the eleventh.
Tracer::Tracer(double rate, std::uint64_t seed)
    : rate_(static_cast<std::uint64_t>(std::ceil(rate * static_cast<double>(whole)))),
      random_(seed),
      waiting_(waiting_max) {}

std::optional<TracedBatch> Tracer::begin(const std::optional<TraceContext>& context) {
  due_ += rate_;
  const bool is_due = due_ >= whole;
  if (is_due) due_ -= whole;
  if (!is_due && !(context && context->is_sampled)) return std::nullopt;
  TracedBatch traced;
  if (context) {
    traced.trace = context->trace;
    traced.parent = context->parent;
  } else {
    fill(traced.trace, random_);
  }
  traced.span = new_span_id(random_);
  return traced;
}

void Tracer::end(const TracedBatch& traced) {
  if (!waiting_.push(traced)) left_out_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tallyho

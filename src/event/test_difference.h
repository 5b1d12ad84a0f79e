#pragma once

// Whether two decoders made the same of the same bytes, for tests of what must not depend on what a decoder saw before.

#include <string>
#include <string_view>

#include "cel/value.h"
#include "event/decoder.h"

namespace tallyho {

// Also where it is: strings of the message are not to be copied.
inline bool is_same_view(std::string_view a, std::string_view b, std::string_view bytes) {
  const auto is_within = [bytes](std::string_view text) {
    return text.data() >= bytes.data() && text.data() < bytes.data() + bytes.size();
  };
  if (is_within(a) != is_within(b)) return false;
  return a == b && (!is_within(a) || a.data() == b.data());
}

inline bool is_same_value(const cel::Value& a, const cel::Value& b, std::string_view bytes) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case cel::Kind::error: return a.error_kind() == b.error_kind();
    case cel::Kind::float64: return a.as_uint64() == b.as_uint64();  // Bit by bit: -0.0 is not 0.0.
    case cel::Kind::string: return is_same_view(a.as_string(), b.as_string(), bytes);
    default: return cel::to_literal(a) == cel::to_literal(b);
  }
}

inline std::string difference(const EventEnvelope& a, const EventEnvelope& b, std::string_view bytes) {
  if (!is_same_view(a.player, b.player, bytes)) return "player";
  if (!is_same_view(a.id, b.id, bytes)) return "id";
  return is_same_view(a.ref, b.ref, bytes) ? "" : "ref";
}

inline std::string difference(const Event& a, const Event& b, std::string_view bytes) {
  if (a.type != b.type) return "type";
  if (a.ts != b.ts) return "ts";
  if (a.at != b.at) return "at";
  if (a.fields.size() != b.fields.size()) return "number of fields";
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (!is_same_value(a.fields[i], b.fields[i], bytes)) return "field " + std::to_string(i);
  }
  return difference(a.envelope, b.envelope, bytes);
}

// What the decoders disagree about in the event that each of them has just decoded from `bytes`; "" if nothing.
inline std::string difference(const Result<Event>& a, const Decoder& a_decoder, const Result<Event>& b,
                              const Decoder& b_decoder, std::string_view bytes) {
  if (a.has_value() != b.has_value()) return "verdict";
  if (const std::string what = difference(a_decoder.envelope(), b_decoder.envelope(), bytes); !what.empty()) {
    return "the answer's " + what;
  }
  if (a_decoder.field_name() != b_decoder.field_name()) return "name of the field";
  if (a) return difference(*a, *b, bytes);
  const Error& x = a.error();
  const Error& y = b.error();
  if (x.code != y.code) return "code";
  if (x.reason != y.reason) return "reason";
  if (x.field != y.field) return "number of the field";
  if (x.position != y.position) return "position";
  return a_decoder.describe(x) == b_decoder.describe(y) ? "" : "words";
}

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "cel/value.h"
#include "ruleset/ruleset.h"

namespace tallyho {

inline constexpr std::size_t event_bytes_max = 16'384;
// A recorded event has its arrival time added, `"at":"2026-07-19T20:00:00.123456789Z",`, which does not count.
inline constexpr std::size_t recorded_bytes_max = event_bytes_max + 64;
inline constexpr int event_depth_max = 32;

// What a refused or accepted event's answer can still say about it: views into the message.
struct EventEnvelope {
  std::string_view player;  // "" if not known.
  std::string_view id;      // "" if it has none.
  std::string_view ref;     // The JSON of `ref` as sent (a string with its quotes, or an integer); "" if none.
};

// A decoded event: typed slots as the ruleset's schema declares. Views point into the message or the decoder's arena.
struct Event {
  EventTypeIndex type = 0;
  EventEnvelope envelope;
  std::optional<Timestamp> ts;         // As sent.
  std::optional<Timestamp> at;         // Recorded arrival time, where the decoder was asked to take it.
  std::span<const cel::Value> fields;  // In the order of EventType::fields; absent optional ones are error values.
};

}  // namespace tallyho

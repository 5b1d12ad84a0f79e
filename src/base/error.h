#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace tallyho {

// The one list of answers: the C ABI returns the number, JSON carries the name, HTTP the status.
// The numbers are compatibility: append, never renumber.
enum class Code : std::uint8_t {
  ok = 0,                 // Scored.
  malformed = 1,          // Not a JSON object, not UTF-8, a duplicate member, too deep, trailing bytes.
  too_large = 2,          // Larger than the event limit.
  unknown_type = 3,       // No such event type.
  missing_field = 4,      // A required member is missing.
  invalid_field = 5,      // Wrong type, out of bounds or of range.
  out_of_time = 6,        // Event time outside the clock bounds.
  duplicate = 7,          // Already accepted; carries the first answer's points.
  rejected = 8,           // A rule rejected it.
  rule_error = 9,         // A rule failed.
  player_banned = 10,     //
  unauthorized = 11,      // Not allowed to send, read or do this.
  overloaded = 12,        // Not accepted now: a queue is full or a rate limit reached.
  unavailable = 13,       // Starting, shutting down, or the log cannot be written.
  capacity = 14,          // A configured limit on players, keys, groups or memory is reached.
  invalid_argument = 15,  // A call, query or control message that makes no sense.
  internal = 16,          // A defect; the event had no effect.
  not_found = 17,         // No such board, group, window, member, player or watch.
};
inline constexpr int code_count = 18;

// The name on the wire: "rule_error".
std::string_view name_of(Code code) noexcept;

// The code of that name, or nothing.
std::optional<Code> code_named(std::string_view name) noexcept;

// The HTTP status that goes with it. `unauthorized` is 403 here; a missing or invalid token makes it 401.
int http_status(Code code) noexcept;

// A short English sentence without a full stop. The text may change; the code will not.
std::string_view describe(Code code) noexcept;

// True if the same request may succeed later, unchanged.
bool is_retryable(Code code) noexcept;

// What went wrong, in 8 bytes: never allocates, so a flood of bad events costs no more than a flood of good
// ones. What `reason`, `field` and `position` hold is said by the function that returns it; words are added at
// the edge.
struct Error {
  Code code = Code::internal;
  std::uint8_t reason = 0;
  std::uint16_t field = 0;
  std::uint32_t position = 0;

  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/time.h"
#include "cel/value.h"
#include "event/fault.h"
#include "event/json_reader.h"
#include "ruleset/ruleset.h"

namespace tallyho {

// From the tokens of a JSON text to values of the ruleset's types. None of these allocates but in the arena.

inline constexpr std::size_t player_bytes_max = 128;  // Also of an id.

// The value of a declared field, or what is wrong with it. `tokens` begins with the field's value. Strings point where
// the token's text does, those of `one_of` into the ruleset. O(size of the value).
std::expected<cel::Value, Fault> read_field(const FieldDefinition& field, std::span<const JsonToken> tokens,
                                            Arena& arena);
// The same, for who reads many: the value goes to `into`, which is left alone if something is wrong with it.
Fault read_field(const FieldDefinition& field, std::span<const JsonToken> tokens, Arena& arena, cel::Value& into);

// A number without fraction and exponent, within int64.
std::expected<std::int64_t, Fault> read_int(const JsonToken& token);

// Any number that is finite as a double; what is too small to be one is zero.
std::expected<double, Fault> read_double(const JsonToken& token);

// Integer milliseconds since the Unix epoch, or an RFC 3339 string; 0001 to 9999.
std::expected<Timestamp, Fault> read_timestamp(const JsonToken& token);

// What names a player or an event: a string of 1 to 128 bytes without control characters (C0, DEL, C1).
std::expected<std::string_view, Fault> read_identity(const JsonToken& token);

}  // namespace tallyho

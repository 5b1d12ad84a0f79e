#pragma once

#include <cstdint>

namespace tallyho {

// Why an event was refused; Error::reason. The words are in Decoder::describe().
enum class Fault : std::uint8_t {
  none,
  // malformed; Error::position: a byte offset where known
  empty,
  not_json,
  not_an_object,
  not_utf8,
  lone_surrogate,
  duplicate_member,
  too_deep,
  trailing_bytes,
  // missing_field, invalid_field; Error::field: see `field_name`
  missing,
  wrong_type,
  not_an_integer,
  int_range,
  below_min,
  above_max,
  not_finite,
  not_one_of,
  too_short,
  too_long,
  too_many_items,
  control_character,
  bad_timestamp,
  unknown_field,
  too_large,
  unknown_type,
};

}  // namespace tallyho

#pragma once

#include <cstdint>

#include "cel/type.h"

namespace tallyho {

// How a ruleset's expressions name what they read: a cel::Slot is a record and a number in it.
//
//   record                    number
//   event_envelope            EnvelopeSlot
//   event_field               the field slot: (name, type) pairs declared by any event type, counted over the ruleset;
//                             EventType::field_of_slot gives the index in one type's fields
//   special                   SpecialSlot
//   first_scope + scope       index in Scope::variables
enum class SlotRecord : std::uint16_t { event_envelope, event_field, special, first_scope };
enum class EnvelopeSlot : std::uint16_t { type, player, id };
enum class SpecialSlot : std::uint16_t { now, points, player_total };

constexpr cel::Slot make_slot(SlotRecord record, std::uint16_t number) {
  return (static_cast<cel::Slot>(record) << 16) | number;
}
constexpr cel::Slot scope_slot(std::uint16_t scope, std::uint16_t variable) {
  return ((static_cast<cel::Slot>(SlotRecord::first_scope) + scope) << 16) | variable;
}
constexpr std::uint16_t slot_record(cel::Slot slot) {
  return static_cast<std::uint16_t>(slot >> 16);
}
constexpr std::uint16_t slot_number(cel::Slot slot) {
  return static_cast<std::uint16_t>(slot & 0xffff);
}

// Whether a slot has the same value for all rules and boards of an event.
constexpr bool is_fixed_in_event(cel::Slot slot) {
  switch (static_cast<SlotRecord>(slot_record(slot))) {
    case SlotRecord::event_envelope:
    case SlotRecord::event_field: return true;
    case SlotRecord::special: return static_cast<SpecialSlot>(slot_number(slot)) == SpecialSlot::now;
    default: return false;
  }
}

}  // namespace tallyho

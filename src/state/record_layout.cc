#include "state/record_layout.h"

#include "base/symbols.h"
#include "state/packed_time.h"

namespace tallyho {
namespace {

// The alignment and size of a scalar or handle.
struct Shape {
  std::uint32_t alignment = 0;
  std::uint32_t bytes = 0;
};

constexpr Shape time_shape{alignof(PackedTime), sizeof(PackedTime)};
constexpr Shape period_shape{alignof(PackedPeriod), sizeof(PackedPeriod)};
constexpr Shape handle_shape{alignof(std::uint32_t), sizeof(std::uint32_t)};

Shape shape_of(StateType type) {
  switch (type) {
    case StateType::boolean: return {1, 1};
    case StateType::int64:
    case StateType::float64:
    case StateType::duration: return {8, 8};
    case StateType::timestamp: return time_shape;
    case StateType::string: return {alignof(Symbol), sizeof(Symbol)};
    case StateType::set:
    case StateType::window: return handle_shape;
  }
  return {8, 8};
}

}  // namespace

RecordLayout::RecordLayout(const Scope& scope) {
  lay_out(scope, false, 0, 0);
}

RecordLayout::RecordLayout(const Scope& player, std::uint16_t caps, std::uint16_t cooldowns) {
  lay_out(player, true, caps, cooldowns);
}

std::uint32_t RecordLayout::bytes_of(StateType type) {
  return shape_of(type).bytes;
}

void RecordLayout::lay_out(const Scope& scope, bool is_player, std::uint16_t caps, std::uint16_t cooldowns) {
  std::uint32_t next = key_offset;
  const auto take = [&](Shape shape) {
    const std::uint32_t offset = next;
    next += shape.bytes;
    return offset;
  };
  for (const StateVariable& variable : scope.variables) places_.push_back({variable.type, variable.resets, 0, 0});
  const auto take_all = [&](std::uint32_t alignment) {
    for (Place& place : places_) {
      if (shape_of(place.type).alignment == alignment) place.offset = take(shape_of(place.type));
    }
  };

  take({4, sizeof(Symbol)});
  // What is 4 bytes wide fills the gap before the first 8-byte one: the key alone would leave half a word.
  if (is_player) ids_offsets_[1] = take(handle_shape);
  next = (next + 7) & ~7U;
  if (is_player) total_offset_ = take({8, 8});
  take_all(8);
  for (std::uint16_t i = 0; i < caps; ++i) payments_.push_back({.paid_offset = take({8, 8})});
  if (is_player) ids_offsets_[0] = take(handle_shape);
  take_all(4);
  take_all(1);
  for (std::uint16_t i = 0; i < cooldowns; ++i) cooldown_offsets_.push_back(take(time_shape));
  for (Place& place : places_) {
    if (place.resets != Every::never) place.period_offset = take(period_shape);
  }
  for (Payment& payment : payments_) payment.period_offset = take(period_shape);
  record_bytes_ = (next + 7) & ~7U;
}

}  // namespace tallyho

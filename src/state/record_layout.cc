#include "state/record_layout.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/symbols.h"
#include "state/dedupe.h"
#include "state/packed_time.h"

namespace tallyho {
namespace {

constexpr std::uint32_t whole_bytes_max = 128;  // Two cache lines.
constexpr std::uint32_t number_bytes = sizeof(std::uint32_t);
// An annex costs 8 bytes, its number in the record and the key at its beginning, and must be worth them.
constexpr std::uint32_t annex_bytes_min = 12;

// How many bytes a scalar or handle takes, and of which width the numbers are that it consists of.
struct Shape {
  std::uint32_t width = 0;
  std::uint32_t bytes = 0;
};

constexpr Shape word_shape{8, 8};
constexpr Shape moment_shape{1, sizeof(PackedMoment)};
constexpr Shape period_shape{1, sizeof(PackedPeriod)};
constexpr Shape handle_shape{number_bytes, number_bytes};
constexpr Shape pointer_shape{sizeof(RememberedIds), sizeof(RememberedIds)};

Shape shape_of(StateType type) {
  switch (type) {
    case StateType::boolean: return {1, 1};
    case StateType::int64:
    case StateType::float64:
    case StateType::duration: return word_shape;
    case StateType::timestamp: return {1, sizeof(PackedTime)};
    case StateType::string: return {sizeof(Symbol), sizeof(Symbol)};
    case StateType::set:
    case StateType::window: return handle_shape;
  }
  return word_shape;
}

std::uint32_t rounded(std::uint32_t bytes, std::uint32_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Before it has been given a place.
RecordLayout::Place place_of(const StateVariable& variable) {
  const auto bytes = static_cast<std::uint16_t>(shape_of(variable.type).bytes);
  return {.type = variable.type, .resets = variable.resets, .bytes = bytes};
}

}  // namespace

RecordLayout::RecordLayout(const Scope& scope) {
  for (const StateVariable& variable : scope.variables) places_.push_back(place_of(variable));
  fill(0, false);
}

RecordLayout::RecordLayout(const Scope& player, const Writers& writers)
    : firings_(writers.cooldowns.size()), payments_(writers.caps.size()) {
  for (const StateVariable& variable : player.variables) places_.push_back(place_of(variable));
  fill(0, true);
  take_out(writers);
  record_bytes_.clear();
  for (std::uint16_t annex = 0; annex <= annexes(); ++annex) fill(annex, annex == 0);
}

// Decides what goes into which annex.
void RecordLayout::take_out(const Writers& writers) {
  std::map<EventTypeIndex, std::uint32_t> bytes_of_types;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const std::uint32_t period = places_[i].resets == Every::never ? 0 : period_shape.bytes;
    bytes_of_types[writers.variables[i]] += places_[i].bytes + period;
  }
  for (const EventTypeIndex type : writers.cooldowns) bytes_of_types[type] += moment_shape.bytes;
  for (const EventTypeIndex type : writers.caps) bytes_of_types[type] += word_shape.bytes + period_shape.bytes;
  bytes_of_types.erase(Writers::several);

  std::vector<std::pair<EventTypeIndex, std::uint32_t>> by_bytes(bytes_of_types.begin(), bytes_of_types.end());
  std::ranges::sort(by_bytes, {}, [](const auto& type) { return std::pair(~type.second, type.first); });
  std::map<EventTypeIndex, std::uint16_t> annex_of_types;
  std::uint32_t left = record_bytes_[0];
  for (const auto& [type, bytes] : by_bytes) {
    if (left <= whole_bytes_max || bytes < annex_bytes_min) break;
    annex_of_types[type] = ++annexes_;
    left -= bytes - (annexes_ % 2 == 0 ? 2 * number_bytes : 0);  // The first's number fills a gap, and every other one.
  }
  const auto put = [&annex_of_types](auto& places, std::span<const EventTypeIndex> types) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto found = annex_of_types.find(types[i]);
      if (found != annex_of_types.end()) places[i].annex = found->second;
    }
  };
  put(places_, writers.variables);
  put(firings_, writers.cooldowns);
  put(payments_, writers.caps);
}

// Gives what is in an annex, or in the record itself, its offsets.
void RecordLayout::fill(std::uint16_t annex, bool is_player) {
  std::uint32_t next = key_offset;
  const auto take = [&next](Shape shape) {
    const std::uint32_t offset = next;
    next += shape.bytes;
    return offset;
  };
  const auto take_all = [&](std::uint32_t width) {
    for (Place& place : places_) {
      if (place.annex == annex && shape_of(place.type).width == width) place.offset = take(shape_of(place.type));
    }
  };

  take({sizeof(Symbol), sizeof(Symbol)});
  if (is_player) next = annex_offset(static_cast<std::uint16_t>(annexes_ + 1));
  if (annex == 0) next = rounded(next, word_shape.width);
  if (is_player) {
    ids_offsets_[1] = take(pointer_shape);
    total_offset_ = take(word_shape);
    ids_offsets_[0] = take(pointer_shape);
  }
  take_all(word_shape.width);
  for (Payment& payment : payments_) {
    if (payment.annex == annex) payment.paid_offset = take(word_shape);
  }
  take_all(number_bytes);
  take_all(1);
  for (Firing& firing : firings_) {
    if (firing.annex == annex) firing.offset = take(moment_shape);
  }
  for (Place& place : places_) {
    if (place.annex == annex && place.resets != Every::never) place.period_offset = take(period_shape);
  }
  for (Payment& payment : payments_) {
    if (payment.annex == annex) payment.period_offset = take(period_shape);
  }
  record_bytes_.push_back(rounded(next, annex == 0 ? word_shape.width : number_bytes));
}

}  // namespace tallyho

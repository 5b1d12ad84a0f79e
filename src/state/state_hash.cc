// The hash of all state: the sum of its records' hashes, each over names and values, never over where they happen to
// lie. A record counts from when it came into being, even if it holds nothing but initial values.

#include <bit>

#include "state/packed_time.h"
#include "state/state.h"

namespace tallyho {
namespace {

void put_time(HashInput& input, Timestamp time) {
  input.number(time.seconds);
  input.number(std::int64_t{time.nanos});
}

}  // namespace

Hash128 State::hash() const {
  Hash128 sum;
  HashInput input;
  for (std::size_t scope = 0; scope < tables_.size(); ++scope) {
    const auto index = static_cast<ScopeIndex>(scope);
    for (std::size_t number = 0; number < tables_[scope].size(); ++number) {
      const std::byte* record = tables_[scope].record(number);
      input.clear();
      input.text(ruleset_.scopes[scope].name);
      input.text(symbols_.text(RecordTable::key(record)));
      for (std::uint16_t i = 0; i < layouts_[scope].variables(); ++i) put_variable(input, index, record, i);
      if (index == player_scope) put_player(input, record);
      sum += input.hash();
    }
  }
  return sum;
}

void State::put_variable(HashInput& input, ScopeIndex scope, const std::byte* record, std::uint16_t variable) const {
  const RecordLayout::Place& place = layouts_[scope].place(variable);
  const std::byte* const at = annex_or_blank(scope, record, place.annex);
  switch (place.type) {
    case StateType::boolean: input.number(std::uint64_t{load<std::uint8_t>(at, place.offset)}); break;
    case StateType::int64:
    case StateType::float64:
    case StateType::duration: input.number(load<std::uint64_t>(at, place.offset)); break;
    case StateType::timestamp: put_time(input, load<PackedTime>(at, place.offset).unpack()); break;
    case StateType::string: input.text(symbols_.text(load<Symbol>(at, place.offset))); break;
    case StateType::set: {
      const SetMembers set = find_set(scope, record, variable);
      const std::uint32_t size = set.size();
      input.number(std::uint64_t{size});
      for (std::uint32_t i = 0; i < size; ++i) input.text(symbols_.text(set[i]));
      break;
    }
    case StateType::window: {
      const WindowState* window = find_window(scope, record, variable);
      const std::uint32_t size = window == nullptr ? 0 : window->size();
      input.number(std::uint64_t{size});
      for (std::uint32_t i = 0; i < size; ++i) put_time(input, (*window)[i]);
      break;
    }
  }
  if (place.resets != Every::never) input.number(load<PackedPeriod>(at, place.period_offset).unpack());
}

void State::put_player(HashInput& input, const std::byte* record) const {
  const RecordLayout& layout = layouts_[player_scope];
  input.number(load<std::int64_t>(record, layout.total_offset()));
  for (std::uint16_t i = 0; i < ruleset_.cooldowns; ++i) put_time(input, last_fired(record, i));
  for (std::uint16_t i = 0; i < ruleset_.caps; ++i) {
    const RecordLayout::Payment& payment = layout.payment(i);
    const std::byte* const at = annex_or_blank(player_scope, record, payment.annex);
    input.number(load<std::int64_t>(at, payment.paid_offset));
    input.number(load<PackedPeriod>(at, payment.period_offset).unpack());
  }
  for (const bool is_ingest : {false, true}) {
    const auto ids = load<RememberedIds>(record, layout.ids_offset(is_ingest));
    input.number(std::uint64_t{ids.size()});
    ids.hash([&](std::uint64_t word) { input.number(word); });
  }
}

}  // namespace tallyho

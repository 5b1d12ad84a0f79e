#include "state/dedupe.h"

#include "xxhash.h"

namespace tallyho {

RememberedIds::Key RememberedIds::key_of(std::string_view id) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  return {hash.low64, static_cast<std::uint32_t>(hash.high64)};
}

bool RememberedIds::has_expired(const Entry& entry, Timestamp arrival, const Limits& limits) {
  const auto ends = add(Timestamp{entry.seconds, entry.nanos}, limits.window);
  return ends && *ends <= arrival;
}

std::optional<std::int64_t> RememberedIds::find(std::string_view id, Timestamp arrival, const Limits& limits) const {
  if (ids_.empty()) return std::nullopt;
  const Entry* entry = ids_.find(key_of(id));
  if (entry == nullptr || has_expired(*entry, arrival, limits)) return std::nullopt;
  return entry->points;
}

// Those that have expired are in front, because arrival times never go back. They go first: so the ring stays as small
// as the ids that count, and an expired id that comes again is not there twice.
void RememberedIds::remember(std::string_view id, Timestamp arrival, std::int64_t points, const Limits& limits) {
  while (!ids_.empty() && (has_expired(ids_.front(), arrival, limits) || ids_.size() >= limits.per_player)) {
    ids_.pop_front();
  }
  if (limits.per_player == 0 || limits.window <= Duration::zero()) return;
  const Key key = key_of(id);
  ids_.push_back({key.low, key.high, arrival.nanos, arrival.seconds, points});
}

}  // namespace tallyho

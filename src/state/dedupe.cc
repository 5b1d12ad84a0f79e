#include "state/dedupe.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL  // Its header is all it takes.
#include "xxhash.h"

namespace tallyho {
namespace {

constexpr std::uint32_t chunk = 16;  // Tags compared at once: one or two vector instructions, where there are such.

// Whether one of the first `count` tags, at most `chunk`, is `wanted`. No early exit, so that compilers vectorize it.
bool has_tag(const std::uint16_t* tags, std::uint32_t count, std::uint16_t wanted) {
  unsigned found = 0;
  if (count == chunk) {
    for (std::uint32_t i = 0; i < chunk; ++i) found |= static_cast<unsigned>(tags[i] == wanted);
  } else {
    for (std::uint32_t i = 0; i < count; ++i) found |= static_cast<unsigned>(tags[i] == wanted);
  }
  return found != 0;
}

}  // namespace

constexpr std::int64_t seconds_before_epoch = -Timestamp::min().seconds;
constexpr int nanos_bits = 30;
constexpr int seconds_bits = 34;  // That fit beside them.

RememberedIds::HashedId::HashedId(std::string_view id) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  upper = hash.low64 & ~Entry::upper_time_mask;
  tag = static_cast<std::uint16_t>(hash.high64);
}

RememberedIds::Entry::Entry(std::uint64_t upper, Timestamp arrival, std::int64_t the_points) : points(the_points) {
  const auto seconds = static_cast<std::uint64_t>(arrival.seconds + seconds_before_epoch);
  id_and_time = upper | seconds >> seconds_bits;
  time = seconds << nanos_bits | static_cast<std::uint32_t>(arrival.nanos);
}

Timestamp RememberedIds::Entry::arrival() const {
  const std::uint64_t seconds = (id_and_time & upper_time_mask) << seconds_bits | time >> nanos_bits;
  return {static_cast<std::int64_t>(seconds) - seconds_before_epoch,
          static_cast<std::int32_t>(time & ((1U << nanos_bits) - 1))};
}

bool RememberedIds::has_expired(const Entry& entry, Timestamp arrival, const Limits& limits) {
  const auto ends = add(entry.arrival(), limits.window);
  return ends && *ends <= arrival;
}

// An expired id may be there twice: once as it was, once as it came again.
std::optional<std::int64_t> RememberedIds::find(std::string_view id, Timestamp arrival, const Limits& limits) const {
  if (size_ == 0) return std::nullopt;
  const HashedId wanted(id);
  for (std::uint32_t first = 0; first < capacity_; first += chunk) {
    const std::uint32_t count = std::min(chunk, capacity_ - first);
    if (!has_tag(tags() + first, count, wanted.tag)) continue;
    for (std::uint32_t slot = first; slot < first + count; ++slot) {
      if (tags()[slot] != wanted.tag || !is_kept(slot)) continue;
      const Entry& entry = entries()[slot];
      if (entry.upper() == wanted.upper && !has_expired(entry, arrival, limits)) return entry.points;
    }
  }
  return std::nullopt;
}

void RememberedIds::remember(std::string_view id, Timestamp arrival, std::int64_t points, const Limits& limits) {
  if (limits.per_player == 0 || limits.window <= Duration::zero()) return;
  make_room(arrival, limits);
  const HashedId hashed(id);
  const std::uint32_t slot = slot_of(size_);
  tags()[slot] = hashed.tag;
  entries()[slot] = Entry(hashed.upper, arrival, points);
  ++size_;
}

// Only when there is no room: expired ones, which are in front as arrival times never go back, cost nothing till then.
void RememberedIds::make_room(Timestamp arrival, const Limits& limits) {
  if (size_ < capacity_ && size_ < limits.per_player) return;
  while (size_ > 0 && (size_ >= limits.per_player || has_expired(entries()[begin_], arrival, limits))) {
    begin_ = slot_of(1);
    --size_;
  }
  if (size_ == capacity_) grow();
}

void RememberedIds::grow() {
  RememberedIds larger;
  larger.capacity_ = next_capacity(capacity_);
  larger.block_ = std::make_unique<std::byte[]>(block_bytes(larger.capacity_));
  for (std::uint32_t i = 0; i < size_; ++i) {
    larger.tags()[i] = tags()[slot_of(i)];
    larger.entries()[i] = entries()[slot_of(i)];
  }
  larger.size_ = size_;
  *this = std::move(larger);
}

}  // namespace tallyho

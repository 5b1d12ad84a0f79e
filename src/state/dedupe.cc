#include "state/dedupe.h"

#include <algorithm>
#include <cstring>
#include <new>

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

// As in 0.1.0, which kept more bits.
IdHash::IdHash(std::string_view id) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  bits_ = (hash.low64 & ~tag_mask) | (hash.high64 & tag_mask);
}

RememberedIds::Entry::Entry(const Kept& kept) : points(kept.points) {
  const auto seconds = static_cast<std::uint64_t>(kept.arrival.seconds + seconds_before_epoch);
  hash_and_time = kept.hash | seconds >> seconds_bits;
  time = seconds << nanos_bits | static_cast<std::uint32_t>(kept.arrival.nanos);
}

Timestamp RememberedIds::Entry::arrival() const {
  const std::uint64_t seconds = (hash_and_time & IdHash::tag_mask) << seconds_bits | time >> nanos_bits;
  return {static_cast<std::int64_t>(seconds) - seconds_before_epoch,
          static_cast<std::int32_t>(time & ((1U << nanos_bits) - 1))};
}

bool RememberedIds::has_expired(const Kept& kept, Timestamp arrival, const Limits& limits) {
  const auto ends = add(kept.arrival, limits.window);
  return ends && *ends <= arrival;
}

// An empty one with room.
RememberedIds RememberedIds::made(std::uint8_t steps, bool is_wide) {
  RememberedIds ids;
  const std::uint32_t capacity = capacity_after(steps);
  ids.block_ = new std::byte[block_bytes(capacity, is_wide)];
  new (ids.block_) Head{.size = 0, .begin = 0, .steps = steps, .is_wide = is_wide, .base = {}};
  std::fill_n(ids.tags(), capacity, std::uint16_t{0});  // Tags are compared where there are no ids, too.
  return ids;
}

void RememberedIds::drop() {
  delete[] block_;
  block_ = nullptr;
}

// A narrow one's second word begins with the last byte of the first, the highest of the hash, and is written before it.
constexpr std::size_t second_at = 7;
constexpr int time_low_bits = 32;
constexpr int points_bits = 24;

RememberedIds::Kept RememberedIds::kept(std::uint32_t slot) const {
  if (head().is_wide) {
    Entry entry;
    std::memcpy(&entry, entry_at(slot), sizeof(entry));
    return {.hash = entry.hash(), .arrival = entry.arrival(), .points = entry.points};
  }
  std::uint64_t first = 0;
  std::int64_t second = 0;
  std::memcpy(&first, entry_at(slot), sizeof(first));
  std::memcpy(&second, entry_at(slot) + second_at, sizeof(second));
  const std::uint64_t time = (first & IdHash::tag_mask) << time_low_bits | static_cast<std::uint32_t>(second >> 8);
  return {
      .hash = first & ~IdHash::tag_mask, .arrival = head().base.unpack(time), .points = second >> (64 - points_bits)};
}

// Whether a narrow one can keep it with its base.
bool RememberedIds::fits(const Kept& kept) const {
  constexpr std::int64_t points_max = std::int64_t{1} << (points_bits - 1);
  return head().base.fits(kept.arrival) && kept.points >= -points_max && kept.points < points_max;
}

void RememberedIds::put(std::uint32_t slot, const Kept& kept) {
  if (head().is_wide) {
    const Entry entry(kept);
    std::memcpy(entry_at(slot), &entry, sizeof(entry));
    return;
  }
  const auto time = static_cast<std::uint64_t>(head().base.pack(kept.arrival));
  const std::uint64_t first = kept.hash | time >> time_low_bits;
  const std::uint64_t second = static_cast<std::uint64_t>(kept.points) << (64 - points_bits) |
                               std::uint64_t{static_cast<std::uint32_t>(time)} << 8;
  std::memcpy(entry_at(slot) + second_at, &second, sizeof(second));
  std::memcpy(entry_at(slot), &first, sizeof(first));
}

// An expired id may be there twice: once as it was, once as it came again.
std::optional<std::int64_t> RememberedIds::find(const IdHash& id, Timestamp arrival, const Limits& limits) const {
  if (size() == 0) return std::nullopt;
  const std::uint32_t capacity = this->capacity();
  for (std::uint32_t first = 0; first < capacity; first += chunk) {
    const std::uint32_t count = std::min(chunk, capacity - first);
    if (!has_tag(tags() + first, count, id.tag())) continue;
    for (std::uint32_t slot = first; slot < first + count; ++slot) {
      if (tags()[slot] != id.tag() || !is_kept(slot)) continue;
      const Kept entry = kept(slot);
      if (entry.hash == id.rest() && !has_expired(entry, arrival, limits)) return entry.points;
    }
  }
  return std::nullopt;
}

void RememberedIds::remember(const IdHash& id, Timestamp arrival, std::int64_t points, const Limits& limits) {
  if (limits.per_player == 0 || limits.window <= Duration::zero()) return;
  make_room(arrival, limits);
  append(id.tag(), {.hash = id.rest(), .arrival = arrival, .points = points});
}

// There is room for it.
void RememberedIds::append(std::uint16_t tag, const Kept& kept) {
  if (!head().is_wide && head().size == 0) head().base = TimeBase(kept.arrival);
  if (!head().is_wide && !fits(kept)) {
    rebuild(false);  // With the base of the oldest that is kept now.
    if (!fits(kept)) rebuild(true);
  }
  const std::uint32_t slot = slot_of(head().size);
  tags()[slot] = tag;
  put(slot, kept);
  ++head().size;
}

// Only when there is no room: expired ones, which are in front as arrival times never go back, cost nothing till then.
void RememberedIds::make_room(Timestamp arrival, const Limits& limits) {
  if (size() < capacity() && size() < limits.per_player) return;
  while (size() > 0 && (size() >= limits.per_player || has_expired(kept(head().begin), arrival, limits))) {
    head().begin = static_cast<std::uint16_t>(slot_of(1));
    --head().size;
  }
  if (block_ == nullptr) *this = made(1, false);
  if (size() == capacity()) grow(static_cast<std::uint8_t>(head().steps + 1));
}

// The bytes as they are, up to the end of the ring, and then those at its beginning.
void RememberedIds::grow(std::uint8_t steps) {
  const bool is_wide = head().is_wide;
  RememberedIds larger = made(steps, is_wide);
  const std::uint32_t begin = head().begin;
  const std::uint32_t upper = std::min(size(), capacity() - begin);
  const auto copy = [&](std::uint32_t from, std::uint32_t to, std::uint32_t count) {
    if (count == 0) return;
    std::memcpy(larger.entry_at(to), entry_at(from), count * entry_bytes(is_wide));
    std::memcpy(larger.tags() + to, tags() + from, count * sizeof(std::uint16_t));
  };
  copy(begin, 0, upper);
  copy(0, upper, size() - upper);
  larger.head().base = head().base;
  larger.head().size = size();
  drop();
  *this = larger;
}

void RememberedIds::rebuild(bool is_wide) {
  RememberedIds other = made(head().steps, is_wide);
  other.head().base = TimeBase(size() > 0 ? kept(head().begin).arrival : Timestamp{});
  for (std::uint32_t i = 0; i < size(); ++i) {
    other.tags()[i] = tags()[slot_of(i)];
    other.put(i, kept(slot_of(i)));
  }
  other.head().size = size();
  drop();
  *this = other;
}

}  // namespace tallyho

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/position.h"
#include "base/time.h"

namespace tallyho {

// What a rule added.
struct LedgerRule {
  std::string_view rule;
  std::int64_t points = 0;
};

// How a player's points came about, event by event, as bytes in the files of server/ledger.h. All numbers are
// little-endian:
//
//     0 size of the entry (4) · 4 CRC-32C of all behind it (4) · 8 the player's entry before this one (8), 0: none
//     16 position (8) · 24 arrival, seconds (8) · 32 arrival, nanoseconds (4) · 36 kind (1) · 37 zeros (3)
//     40 points (8) · 48 total (8) · 56 rules (4) · 60 player, id, type, and for each rule its points (8) and name
//     and, if it is known who made an adjustment, who
//
// A text is its length (2) and its bytes. Rules and types go by their names, so that an entry says the same whatever
// the ruleset is by then. The CRC begins with the identity of the log, so that no entry of another log is taken for
// one of this.
struct LedgerEntry {
  enum class Kind : std::uint8_t {
    scored = 1,     // Points, by an event or an adjustment.
    forgotten = 2,  // The player's entries so far are nobody's any more.
    erased = 3,     // What such an entry becomes: its size, position and arrival are left.
  };
  Kind kind = Kind::scored;
  std::uint64_t before = 0;  // Where the player's entry before this one is.
  Position position = 0;
  Timestamp at;
  std::int64_t points = 0;
  std::int64_t total = 0;
  std::string_view player, id, type;
  std::span<const LedgerRule> fired = {};  // In order, with what they added.
  std::string_view by = {};                // Of an adjustment: the admin who made it; "": not known. Not for players.
};

inline constexpr std::size_t ledger_entry_bytes_min = 60 + 3 * 2;
// What fired beyond that is left out.
inline constexpr std::size_t ledger_entry_bytes_max = 64 * 1024;

// {"position":…,"at":…,"id":…,"type":…,"points":…,"total":…,"fired":[["find-base",20],…]}, and `by` for who may know.
void append_json(JsonWriter& json, const LedgerEntry& entry, bool is_with_by);

// An entry of `size` bytes, as large as the one it is to be written over, that says only what is left of that one: its
// position and arrival.
std::string erased_entry(Position position, Timestamp at, std::size_t size, std::uint32_t seed);

// Appends the entry. `seed` is ledger_seed().
void append_entry(std::string& out, const LedgerEntry& entry, std::uint32_t seed);
std::uint32_t ledger_seed(std::string_view identity);

// The size of the entry at the front of `bytes`; nothing if no entry has it.
std::optional<std::size_t> ledger_entry_size(std::span<const std::byte> bytes);
// The entry at the front of `bytes`, if there is a whole one. Its views point into them, and into `rules`.
std::optional<LedgerEntry> decode_entry(std::span<const std::byte> bytes, std::uint32_t seed,
                                        std::vector<LedgerRule>& rules);

}  // namespace tallyho

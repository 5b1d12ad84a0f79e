#pragma once

#include <cstdint>
#include <vector>

#include "ruleset/ruleset.h"
#include "state/writers.h"

namespace tallyho {

// Where the variables of a scope lie in the bytes of its records: 8-byte ones first, then 4, then those of single
// bytes, so that nothing is lost to padding.
//
//     bool 1 · int, double, duration 8 · timestamp 9 · string 4 (a Symbol) · set, window 4 (a number in a pool, 0:
//     none; or a set's only member) · with `resets`: 5 more for the start of the period that the value belongs to
//
// A record begins with its key's Symbol. A player's also holds what every player has: the total, when the rules with a
// cooldown fired last, what the rules with a cap have paid, and the remembered ids (RememberedIds, 8 bytes).
//
// If a player's record would be longer than two cache lines, what only one type of event writes is taken out of it, the
// most bytes first, until it is not: into an annex for that type, a record of its own, which a player has from the
// first such write on. Most players send events of few types; and an event whose type does not concern an annex does
// not read its bytes. In the record itself is then the annex's number, 0: none, that is, its values are initial.
//
// Threads: immutable.
class RecordLayout {
 public:
  // Where a variable is.
  struct Place {
    StateType type = StateType::int64;
    Every resets = Every::never;
    std::uint16_t annex = 0;  // 0: in the record itself.
    std::uint16_t bytes = 0;  // Of its value.
    std::uint32_t offset = 0;
    std::uint32_t period_offset = 0;  // If it resets: a PackedPeriod.
  };
  // Where it is kept when a rule fired last, a PackedMoment.
  struct Firing {
    std::uint16_t annex = 0;
    std::uint32_t offset = 0;
  };
  // Where a cap's payments are: an int64 and the start of the period they were paid in, a PackedPeriod.
  struct Payment {
    std::uint16_t annex = 0;
    std::uint32_t paid_offset = 0;
    std::uint32_t period_offset = 0;
  };
  static constexpr std::uint32_t key_offset = 0;

  // The records of a scope other than the player.
  explicit RecordLayout(const Scope& scope);
  // The players' records.
  RecordLayout(const Scope& player, const Writers& writers);

  const Place& place(std::uint16_t variable) const { return places_[variable]; }
  std::uint32_t total_offset() const { return total_offset_; }
  const Firing& last_fired(std::uint16_t cooldown) const { return firings_[cooldown]; }
  const Payment& payment(std::uint16_t cap) const { return payments_[cap]; }
  // Of ids from senders with the role `ingest`, and from others.
  std::uint32_t ids_offset(bool is_ingest) const { return ids_offsets_[is_ingest ? 1 : 0]; }

  // Annexes have the numbers from 1 up to this.
  std::uint16_t annexes() const { return annexes_; }
  // Where in the record the number of a player's annex is: its place among those, from 1.
  static constexpr std::uint32_t annex_offset(std::uint16_t annex) { return 4 * std::uint32_t{annex}; }

  // Of the record itself, a multiple of 8; of those in an annex, a multiple of 4.
  std::uint32_t record_bytes(std::uint16_t annex = 0) const { return record_bytes_[annex]; }
  std::uint16_t variables() const { return static_cast<std::uint16_t>(places_.size()); }

 private:
  void take_out(const Writers& writers);
  void fill(std::uint16_t annex, bool is_player);

  std::vector<Place> places_;
  std::uint32_t total_offset_ = 0;
  std::vector<Firing> firings_;
  std::vector<Payment> payments_;
  std::uint32_t ids_offsets_[2] = {0, 0};
  std::uint16_t annexes_ = 0;
  std::vector<std::uint32_t> record_bytes_;
};

}  // namespace tallyho

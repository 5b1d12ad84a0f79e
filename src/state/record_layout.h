#pragma once

#include <cstdint>
#include <vector>

#include "ruleset/ruleset.h"

namespace tallyho {

// Where the variables of a scope lie in the bytes of its records: 8-byte ones first, then 4, then those of single
// bytes, so that nothing is lost to padding.
//
//     bool 1 · int, double, duration 8 · timestamp 9 · string 4 (a Symbol) · set, window 4 (a number in a pool, 0:
//     none) with `resets`: 5 more for the start of the period that the value belongs to
//
// A record begins with its key's Symbol. A player's also holds what every player has: the total, when the rules with a
// cooldown fired last, what the rules with a cap have paid, and the remembered ids (numbers in a pool).
//
// Threads: immutable.
class RecordLayout {
 public:
  // Where a variable is.
  struct Place {
    StateType type = StateType::int64;
    Every resets = Every::never;
    std::uint32_t offset = 0;
    std::uint32_t period_offset = 0;  // If it resets: a PackedPeriod.
  };
  // Where a cap's payments are: an int64 and the start of the period they were paid in, a PackedPeriod.
  struct Payment {
    std::uint32_t paid_offset = 0;
    std::uint32_t period_offset = 0;
  };
  static constexpr std::uint32_t key_offset = 0;

  // The records of a scope other than the player.
  explicit RecordLayout(const Scope& scope);
  // The players' records.
  RecordLayout(const Scope& player, std::uint16_t caps, std::uint16_t cooldowns);

  const Place& place(std::uint16_t variable) const { return places_[variable]; }
  std::uint32_t total_offset() const { return total_offset_; }
  std::uint32_t last_fired_offset(std::uint16_t cooldown) const { return cooldown_offsets_[cooldown]; }
  const Payment& payment(std::uint16_t cap) const { return payments_[cap]; }
  // Of ids from senders with the role `ingest`, and from others.
  std::uint32_t ids_offset(bool is_ingest) const { return ids_offsets_[is_ingest ? 1 : 0]; }

  // How many bytes the value of a variable takes.
  static std::uint32_t bytes_of(StateType type);

  std::uint32_t record_bytes() const { return record_bytes_; }  // A multiple of 8.
  std::uint16_t variables() const { return static_cast<std::uint16_t>(places_.size()); }

 private:
  void lay_out(const Scope& scope, bool is_player, std::uint16_t caps, std::uint16_t cooldowns);

  std::vector<Place> places_;
  std::uint32_t total_offset_ = 0;
  std::vector<std::uint32_t> cooldown_offsets_;
  std::vector<Payment> payments_;
  std::uint32_t ids_offsets_[2] = {0, 0};
  std::uint32_t record_bytes_ = 0;
};

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <string_view>

#include "base/position.h"
#include "base/time.h"

namespace tallyho {

// What a record is. The numbers are in the files: append, never renumber.
enum class RecordKind : std::uint8_t {
  event = 0,            // An event's JSON as received, from a sender with the role `ingest`.
  event_of_player = 1,  // The same, from another.
  operation = 2,        // What an administrator did.
  ruleset = 3,          // The ruleset's source, which is in force from here on.
};

// A record of a log.
struct LogRecord {
  Position position = 0;
  RecordKind kind = RecordKind::event;
  Timestamp arrival;
  std::string_view bytes;
  bool is_quarantined = false;  // Passed over (log/quarantine.h): only its position counts.

  // Whoever sent it was forgotten (log/erasure.h): only its position and arrival are left. Nobody enters nothing.
  bool is_erased() const { return bytes.empty(); }
};

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "log/file_system.h"
#include "log/recovery.h"

namespace tallyho {

// How much of a log is kept. Without either: all.
struct Retention {
  std::optional<std::uint64_t> bytes_max = {};  // Of all segments together.
  std::optional<Timestamp> oldest = {};         // Records that arrived earlier may go.
};

// What went.
struct RetentionDone {
  std::size_t segments = 0;
  std::uint64_t bytes = 0;
};

// Takes away segments from the front, as long as there are more bytes than are kept, or all of the first one's records
// are older. Only segments go that hold nothing behind `floor`, the position of the older of two snapshots that were
// verified; so never the one that is written. A crash leaves a log that begins later, never one with a gap.
//
// Reads the segments that may go. Errors: of reading; damage.
std::expected<RetentionDone, RecoveryError> retain(LogDirectory& directory, Position floor, const Retention& retention);

}  // namespace tallyho

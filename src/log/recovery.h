#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/position.h"
#include "log/file_system.h"
#include "log/frame.h"

namespace tallyho {

// Damage that recovery does not mend, because it destroyed what was acked: a person has to decide.
struct LogDamage {
  std::string segment;
  std::uint64_t offset = 0;  // Of the frame, or 0: the segment itself.
  Position position = 0;     // The first one that cannot be read.
  std::string reason;
  bool is_other_format = false;  // Nothing is broken: another version of this program wrote it.

  // What, where, and the ways out, in some lines.
  std::string text() const;
};

using RecoveryError = std::variant<IoError, LogDamage>;
std::string text_of(const RecoveryError& error);

// A segment that is whole.
struct SegmentInfo {
  SegmentHeader header;
  std::string name;
  Position last = 0;             // first - 1: it has no records.
  std::uint64_t end = 0;         // Where its frames end.
  Position durable_through = 0;  // The greatest that its frames say.
  std::uint64_t epoch = 0;       // The last.
  bool ends_with_seal = false;
  Position last_erased = 0;  // The last of its records that were erased (log/erasure.h); 0: there are none.
};

struct RecoveredLog {
  std::vector<SegmentInfo> segments;  // By position; empty: a new log.
  std::uint64_t torn_bytes = 0;       // What was cut off, from where it first differed from zeros.
  std::string torn_copy;              // The file it was copied to; "" if nothing was cut.

  Position last() const { return segments.empty() ? 0 : segments.back().last; }
  Position last_erased() const;
};

// Finds out what a log holds, and makes it fit to be written to again.
//
// The rule: at the first frame that is not whole, something is wrong with the position expected there. If anything
// shows that this position was durable - a later frame in the segment, a later segment, or `known_durable`, the
// position of a snapshot - then the disk has lost what was acked, and recovery refuses. If nothing does, it is the end
// of a write that a crash cut short, of which nobody was told: what is left of it is copied to NAME.torn-OFFSET and
// overwritten with zeros, so that it can never be mistaken for anything later.
//
// That works because every frame says what was durable when it was made, a new segment begins only after the one before
// is durable, and a log that falls idle or ends says so with a frame of its own. Nothing is believed before it has been
// made durable and read back from the disk: after a failed fsync, pages that are not on the disk may look as if they
// were.
//
// Reads everything once. Memory: one segment.
std::expected<RecoveredLog, RecoveryError> recover_log(LogDirectory& directory, Position known_durable);

// What is wrong with a segment by its header (nothing: it cannot be read) and its size, behind the one `before` it, if
// there is one.
std::optional<LogDamage> header_damage(const std::optional<SegmentHeader>& header, const std::string& name,
                                       std::uint64_t bytes, const SegmentInfo* before);

// What one segment's bytes hold: up to the first frame that is not whole.
struct SegmentScan {
  SegmentInfo info;
  bool is_clean = true;    // Behind the last frame there is nothing but zeros.
  bool is_proven = false;  // Not clean: a later frame shows that the position after `last` was durable.
};
SegmentScan scan_segment(std::span<const std::byte> bytes, const SegmentHeader& header);
// The same without a look at what is behind that.
SegmentInfo scan_frames(std::span<const std::byte> bytes, const SegmentHeader& header);

}  // namespace tallyho

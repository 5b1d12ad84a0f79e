#pragma once

#include <expected>
#include <functional>
#include <string>

#include "log/log_reader.h"
#include "log/record.h"
#include "log/recovery.h"

namespace tallyho {

// What a log holds for good, read beside the server that goes on writing it, and without changing anything.
//
// Of the segment that is being written, only records up to the position that its frames call durable are believed: what
// comes behind may be lost with the next crash, or half there. All that is in the segments before it is durable,
// because the next one begins only then. Whatever else the server does meanwhile - write, begin segments - is seen or
// not, as it happens.
struct DurableLog {
  std::vector<SegmentInfo> segments;  // From the one with the wanted position on; the last one as far as it is durable.
  std::string identity;               // "" without segments.

  Position first() const { return segments.empty() ? 0 : segments.front().header.first; }
  Position last() const { return segments.empty() ? 0 : segments.back().last; }
};

// Finds what is durable from position `from` on. Reads those segments. Memory: one of them.
// Errors: of reading; damage, if a segment is not whole.
std::expected<DurableLog, RecoveryError> survey_durable(LogDirectory& directory, Position from);

}  // namespace tallyho

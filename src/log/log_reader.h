#pragma once

#include <expected>
#include <functional>
#include <span>

#include "log/record.h"
#include "log/recovery.h"

namespace tallyho {

// Reads the records of a recovered log from position `from` on, in order, until `take` returns false. A record's bytes
// are valid during the call. Reads a segment at a time: memory is one of them.
// Errors: of reading; damage, if the bytes are not those that were recovered.
std::expected<void, RecoveryError> read_log(LogDirectory& directory, std::span<const SegmentInfo> segments,
                                            Position from, const std::function<bool(const LogRecord&)>& take);

}  // namespace tallyho

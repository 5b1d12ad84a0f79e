#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/position.h"
#include "base/time.h"
#include "log/file_system.h"
#include "log/record.h"
#include "log/recovery.h"

namespace tallyho {

// What was taken out of a log, because whoever sent it is to be forgotten. A record that is erased keeps its position,
// its kind and its arrival; its bytes are gone (LogRecord::is_erased()). All others are as they were.

// How far that has come, which the log alone does not say. In the file `erased` of the log's directory, on one line:
// the log's identity, and the members below. Without it everything is looked through once more, and no harm is done.
struct Erased {
  static constexpr std::string_view file_name = "erased";

  Position looked_through = 0;  // Whoever was to be forgotten by a record up to here is.
  Timestamp at = {};            // When records were erased for the last time.

  // Nothing was looked through where the file is not there, says nothing, or is another log's. Errors: of reading.
  static IoResult<Erased> load(LogDirectory& directory, std::string_view identity);
  // Durably. Errors: of writing.
  IoStatus save(LogDirectory& directory, std::string_view identity) const;
  // The log ends with this position now, and those behind it will be given out again. Errors: as of both.
  static IoStatus go_back_to(LogDirectory& directory, std::string_view identity, Position last);
};

struct ErasingOptions {
  Position through = 0;  // Records behind this position stay.
  // The segment that is written last, too: nobody has the log open. If it ends in a torn write, it stays as it is.
  bool with_last_segment = false;
  std::function<void(std::uint64_t segments, std::uint64_t of)> progress = {};
};

// Takes away what an erasing that did not come to its end has left. The directory has to be locked for snapshots.
IoStatus remove_half_erased(LogDirectory& directory);

struct ErasingDone {
  std::uint64_t records = 0;
  std::size_t segments = 0;  // That were written anew.
  Position through = 0;      // It got as far as this.
};

// Erases the records up to `options.through` that `goes` says, in every segment but the last, of which it needs one
// after the other. Each segment that changes is written anew beside itself, made durable, read back, and then put in
// its place at once; so a crash leaves each with the records or without. Whoever reads the log meanwhile sees a segment
// as it was or as it is.
//
// The directory has to be locked for snapshots (log/file_system.h): nobody lets go of segments or copies them.
// O(log). Memory: three segments. Errors: of reading and writing; damage, which is left as it is.
std::expected<ErasingDone, RecoveryError> erase_records(LogDirectory& directory, const ErasingOptions& options,
                                                        const std::function<bool(const LogRecord&)>& goes);

}  // namespace tallyho

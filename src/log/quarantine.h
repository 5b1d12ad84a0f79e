#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log/file_system.h"
#include "log/record.h"

namespace tallyho {

// Which records of a log are passed over, because somebody decided so: what applying them does ends the process.
//
// The decisions are in the file `quarantine` of the log's directory, one a line: position, CRC-32C of the record's
// bytes in 8 hex digits, the log's identity, when it was decided, and why. Whoever reads the log (log_reader.h,
// survey.h) marks those records, so every replay honours them. A record is meant only if its bytes are those that were
// decided about: a position that was given out again is another one's.
struct Quarantined {
  Position position = 0;
  std::uint32_t crc = 0;
  std::string identity;
  Timestamp decided;
  std::string reason;  // On one line; may be "".
};

class Quarantine {
 public:
  static constexpr std::string_view file_name = "quarantine";

  // Nothing was decided where the file is not there. Errors: of reading; EINVAL, a line that is no decision.
  static IoResult<Quarantine> load(LogDirectory& directory);

  // Whether this record of the log `identity` is one of them. O(1) if there are none.
  bool holds(const LogRecord& record, std::string_view identity) const;
  const std::vector<Quarantined>& decisions() const { return decisions_; }

  // Adds a decision, durably. The directory has to be locked.
  static IoStatus add(LogDirectory& directory, const LogRecord& record, std::string_view identity, Timestamp now,
                      std::string_view reason);

 private:
  std::vector<Quarantined> decisions_;  // As decided.
};

}  // namespace tallyho

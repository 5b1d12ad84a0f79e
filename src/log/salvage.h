#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/position.h"
#include "log/file_system.h"
#include "log/recovery.h"

namespace tallyho {

// What became of a damaged log.
struct Salvage {
  Position kept_through = 0;  // The log ends with this position now.
  // Everything behind it is lost; the last one that anything in the directory speaks of. Less than kept_through + 1:
  // the damage does not say, there may have been none.
  Position lost_through = 0;
  std::vector<std::string> kept_aside;  // The files as they were, under their new names.
  LogDamage fault;                      // Why.

  Position lost() const { return lost_through > kept_through ? lost_through - kept_through : 0; }
};

// Makes a log that recovery refuses fit to be opened again, by going back to before its first fault: what was acked
// behind that is lost, and its positions will be given out again. Files that it changes or takes out of the log are
// kept as NAME.damaged. A crash in the middle leaves a log that is refused as before, or already salvaged.
//
// Nothing: there is no fault. Errors: of reading and writing; LogDamage, if the log is of another format, which another
// version of this program can read.
std::expected<std::optional<Salvage>, RecoveryError> salvage_log(LogDirectory& directory);

}  // namespace tallyho

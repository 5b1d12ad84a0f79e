#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "base/time.h"
#include "log/erasure.h"
#include "log/file_system.h"

namespace tallyho {

// Forgetting a player takes it out of state and boards at once; what it sent is taken out of the log here, as soon as
// no kept snapshot has to be brought up by it: events, bans and adjustments of before the record that forgot it. That
// record stays, and with it the name: it is what says why a replay from before comes to something else.

struct Forgetting {
  Position through = 0;  // The oldest kept snapshot's position.
  // The segment that is written last, too: nobody has the log open.
  bool with_last_segment = false;
  // Not before so much time has passed since the last time: reading all of a log costs as much for one as for many.
  Duration interval = Duration(0);
  Timestamp now = {};
  std::function<void(std::uint64_t segments, std::uint64_t of)> progress = {};
};

struct ForgettingDone {
  std::size_t players = 0;
  std::uint64_t records = 0;
  std::size_t segments = 0;  // That were written anew.
};

// Erases what players who were forgotten by a record up to `through` had sent before. Looks for such records only where
// it has not looked before; nothing else is read if there are none.
//
// The directory has to be locked for snapshots (log/file_system.h).
// O(what was logged since), and O(log) if somebody was forgotten. Memory: two segments, and the players' names.
// Errors, as text: of reading and writing; damage. What has been erased then stays so, and is counted the next time.
std::expected<ForgettingDone, std::string> erase_forgotten(LogDirectory& directory, const Forgetting& forgetting);

}  // namespace tallyho

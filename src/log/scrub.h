#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "log/file_system.h"
#include "log/recovery.h"

namespace tallyho {

// Reads segments that are not written any more again and again, from the disk, and checks every frame: so that damage
// is found while there are snapshots and backups to mend it from, and not when the log is needed.
//
// Threads: one owner, beside whoever writes the log. Memory: two steps' bytes.
class Scrubber {
 public:
  static constexpr std::size_t step_bytes = 1 << 20;

  // The directory outlives it.
  explicit Scrubber(LogDirectory& directory) : directory_(directory) {}

  // Reads the next `step_bytes` or fewer; returns how many, 0 if there is no such segment yet. After the last segment
  // comes the first again. Errors: of reading; damage, after which it goes on with the next segment.
  std::expected<std::size_t, RecoveryError> step();

 private:
  std::expected<bool, RecoveryError> open_next();
  std::expected<std::size_t, RecoveryError> check(std::size_t count);
  std::unexpected<RecoveryError> damage(std::string reason);

  LogDirectory& directory_;
  Position done_ = 0;  // The first position of the segment that was looked at last.

  std::unique_ptr<LogFile> file_;  // The one at hand; null: none.
  std::string name_;
  Position next_ = 0;  // That its next frame begins with,
  Position end_ = 0;   // and that the segment behind it begins with.
  std::uint32_t seed_ = 0;
  std::uint64_t offset_ = 0;      // Up to which was read,
  std::vector<std::byte> bytes_;  // and what of it was not checked yet.
};

}  // namespace tallyho

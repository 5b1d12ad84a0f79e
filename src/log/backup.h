#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string_view>

#include "log/file_system.h"
#include "log/recovery.h"

namespace tallyho {

// The file in a backup's directory while it is not whole: nobody may take that for a log.
inline constexpr std::string_view unfinished_backup_name = "unfinished-backup";

struct BackupDone {
  Position position = 0;  // Everything up to here is in it.
  std::size_t segments = 0;
  std::size_t snapshots = 0;
  std::uint64_t bytes = 0;
};

// Copies a log, its snapshots, and what is known of quarantine and erasure to an empty directory, where a server can
// begin with them, and makes the copy durable. Beside whoever writes the log: what is taken is what is durable when it
// begins (log/durable_reader.h), the last segment as far as it is, with zeros behind. `from` has to be locked for
// snapshots, so that nobody takes away or rewrites any of it meanwhile.
//
// `progress` is told bytes done, and all of them. Reads everything twice. Memory: one segment.
// Errors, leaving an unfinished backup: of reading and writing (ENOTEMPTY: `to` holds something; ENOENT: there is no
// log); damage, where the log is not whole.
std::expected<BackupDone, RecoveryError> back_up_log(LogDirectory& from, LogDirectory& to,
                                                     const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace tallyho

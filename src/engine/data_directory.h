#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/erasure.h"
#include "engine/open_game.h"
#include "log/file_system.h"
#include "log/retention.h"
#include "log/segment_log.h"

namespace tallyho {

// A data directory: the log's segments, and snapshots beside them. What a server does with it when it starts, and what
// makes a snapshot while it runs; over any disk (log/file_system.h), so that tests can crash it.

// What a game goes on from.
struct KeptGame {
  std::unique_ptr<SegmentLog> log;
  std::vector<OpenGame::Snapshot> snapshots;  // Newest first.
  std::uint64_t torn_bytes = 0;               // What recovery cut off (log/recovery.h),
  std::string torn_copy;                      // and the file it was copied to.
};

// Recovers the log and opens it for writing. `identity` is a new log's; "": any. Reads all segments.
// Errors, as text: of reading and writing; damage; snapshots without a log.
std::expected<KeptGame, std::string> open_kept_game(std::unique_ptr<LogDirectory> directory,
                                                    SegmentLog::Options options, std::string identity = {});

// Its snapshots, as open_game() takes them, newest first. Errors, as text: of listing and opening.
std::expected<std::vector<OpenGame::Snapshot>, std::string> open_snapshots(LogDirectory& directory);

struct SnapshotMade {
  std::string name;
  Position position = 0;
  std::size_t players = 0;
  bool is_new = true;  // False: nothing has come since the last one.
  RetentionDone let_go = {};
  ForgettingDone forgotten = {};
};

struct SnapshotWork {
  Retention retention = {};  // What is let go of once there are two.
  // Players who were forgotten are erased from what both hold; when last, see engine/erasure.h.
  Duration erase_interval = Duration(0);
  Timestamp now = {};
  std::function<void(Position position, Position last)> progress = {};
  std::function<void(std::string_view)> tell = {};  // Told what an operator should know.
};

// Brings the last snapshot up to what the log has durable, beside whoever writes the log (log/durable_reader.h): loads
// it, applies what comes behind it, writes the next one, loads that from the disk as the next start will; and only then
// lets go of all older ones but the one it was made from, and of segments that both hold; and erases from the log, as
// far as both hold it, what players had sent who are forgotten.
//
// O(state + records since). Memory: an engine.
// Errors, as text: of reading and writing; damage; the new one does not read back. Those before are still there then.
std::expected<SnapshotMade, std::string> make_snapshot(LogDirectory& directory, const SnapshotWork& work);

// What a directory holds, read from the disk as a start would.
struct VerifiedDirectory {
  Position position = 0;  // Of the last record.
  std::uint64_t records = 0;
  std::string snapshot;  // The newest; "": none.
};

// Erases from a log that nobody has open what players had sent who are forgotten, as far as the older of two snapshots
// holds it: also from the segment that was written last. Nothing where this program cannot go on from both. The
// directory has to be locked for snapshots.
// O(log written since the last time); O(log) if somebody was forgotten. Errors, as text: of reading and writing;
// damage.
std::expected<ForgettingDone, std::string> erase_forgotten_at_start(LogDirectory& directory, Timestamp now);

// Reads all segments, and loads the newest snapshot. The directory has to be locked, and not yet in use.
// O(log + state). Errors, as text: of reading; damage.
std::expected<VerifiedDirectory, std::string> verify_data_directory(LogDirectory& directory);

}  // namespace tallyho

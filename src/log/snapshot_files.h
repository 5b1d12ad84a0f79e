#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/position.h"
#include "log/file_system.h"
#include "log/snapshot_frames.h"

namespace tallyho {

// The snapshots in a log's directory: files named by their position in 20 digits, with ".snapshot" behind.
//
// One is written under another name, made durable, and only then gets its own, so that a file of that name is whole.
// Two are kept: should the newer one turn out to be damaged, there is the one that it was made from.

std::string snapshot_name(Position position);
std::optional<Position> snapshot_position_of(std::string_view name);

// Their names, newest first.
IoResult<std::vector<std::string>> list_snapshots(LogDirectory& directory);

// The bytes of a file from its beginning. Owns the file.
ByteSource source_of(std::unique_ptr<LogFile> file);

// The greatest position that a snapshot of the directory says it is of: everything up to there was durable. A file that
// says nothing valid says nothing.
IoResult<Position> known_durable(LogDirectory& directory);

// Writes the snapshot of a position with `save`, which answers whether it could write all of it.
// Errors: of writing. Then it is not there.
IoStatus write_snapshot(LogDirectory& directory, Position position, const std::function<bool(ByteSink)>& save);

// The same as a file of any name.
IoStatus write_snapshot_as(LogDirectory& directory, const std::string& name, const std::function<bool(ByteSink)>& save);

// Takes away all but those of these names.
IoStatus keep_snapshots(LogDirectory& directory, std::span<const std::string> kept);

// Renames those of positions from `from` on to NAME.outdated, for whoever decides that what they hold did not happen.
// Returns their new names.
IoResult<std::vector<std::string>> set_aside_snapshots(LogDirectory& directory, Position from);

}  // namespace tallyho

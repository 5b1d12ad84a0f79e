#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/open_game.h"
#include "log/file_system.h"

namespace tallyho::cli {

// The snapshots of a data directory as open_game() takes them, newest first.
// Errors, as text: of listing and opening.
std::expected<std::vector<OpenGame::Snapshot>, std::string> open_snapshots(LogDirectory& directory);

}  // namespace tallyho::cli

#include "cli/snapshots.h"

#include <utility>

#include "log/snapshot_files.h"

namespace tallyho::cli {

std::expected<std::vector<OpenGame::Snapshot>, std::string> open_snapshots(LogDirectory& directory) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error().text());
  std::vector<OpenGame::Snapshot> snapshots;
  for (const std::string& name : *names) {
    auto file = directory.open(name);
    if (!file) return std::unexpected(file.error().text());
    snapshots.push_back({.name = name, .bytes = source_of(std::move(*file))});
  }
  return snapshots;
}

}  // namespace tallyho::cli

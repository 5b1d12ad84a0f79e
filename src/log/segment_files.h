#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/position.h"
#include "log/file_system.h"

namespace tallyho {

// A segment, by its file's name.
struct SegmentFile {
  std::string name;
  Position first = 0;
  std::optional<Position> next = {};  // Where the one behind it begins; nothing: it is the last one.
};

// Those of a directory, by position, whatever else is in it. Errors: of listing.
IoResult<std::vector<SegmentFile>> list_segments(LogDirectory& directory);

}  // namespace tallyho

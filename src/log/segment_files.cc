#include "log/segment_files.h"

#include "log/frame.h"

namespace tallyho {

IoResult<std::vector<SegmentFile>> list_segments(LogDirectory& directory) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  std::vector<SegmentFile> segments;
  for (const std::string& name : *names) {
    const auto first = first_position_of(name);
    if (!first) continue;
    if (!segments.empty()) segments.back().next = first;
    segments.push_back({.name = name, .first = *first});
  }
  return segments;
}

}  // namespace tallyho

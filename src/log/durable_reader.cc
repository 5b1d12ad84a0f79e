#include "log/durable_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fmt/format.h"
#include "log/segment_files.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

using Found = std::expected<SegmentInfo, RecoveryError>;

// `next`: where the segment behind it begins, if there is one.
Found survey_segment(LogDirectory& directory, const std::string& name, std::optional<Position> next) {
  const auto damage = [&name](std::uint64_t offset, Position position, std::string reason) {
    return std::unexpected(RecoveryError(LogDamage{name, offset, position, std::move(reason)}));
  };
  const auto bytes = read_file(directory, name);
  if (!bytes) return std::unexpected(bytes.error());
  const Position first = *first_position_of(name);
  const auto header = decode_segment_header(*bytes);
  if (!header || header->first != first) return damage(0, first, "its header is damaged");
  if (header->version != log_format_version) {
    return damage(0, first,
                  fmt::format("it has format {}, and this program knows {}", header->version, log_format_version));
  }
  SegmentInfo info = scan_frames(*bytes, *header);
  info.name = name;
  if (!next) {
    info.last = std::min(info.last, std::max(info.durable_through, first - 1));
  } else if (*next != info.last + 1) {
    return damage(info.end, info.last + 1, "a frame is damaged that was durable");
  }
  return info;
}

}  // namespace

std::expected<DurableLog, RecoveryError> survey_durable(LogDirectory& directory, Position from) {
  const auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  DurableLog log;
  for (const SegmentFile& segment : *segments) {
    if (segment.next && *segment.next <= from) continue;
    auto info = survey_segment(directory, segment.name, segment.next);
    if (!info) return std::unexpected(info.error());
    if (log.segments.empty()) log.identity = info->header.identity;
    if (info->header.identity != log.identity) {
      return std::unexpected(LogDamage{segment.name, 0, info->header.first, "it belongs to another log"});
    }
    log.segments.push_back(std::move(*info));
  }
  return log;
}

}  // namespace tallyho

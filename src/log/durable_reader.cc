#include "log/durable_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fmt/format.h"
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
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  std::vector<std::string> segments;
  std::ranges::copy_if(*names, std::back_inserter(segments),
                       [](const auto& name) { return first_position_of(name).has_value(); });
  DurableLog log;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto next = i + 1 < segments.size() ? first_position_of(segments[i + 1]) : std::nullopt;
    if (next && *next <= from) continue;
    auto info = survey_segment(directory, segments[i], next);
    if (!info) return std::unexpected(info.error());
    if (log.segments.empty()) log.identity = info->header.identity;
    if (info->header.identity != log.identity) {
      return std::unexpected(LogDamage{segments[i], 0, info->header.first, "it belongs to another log"});
    }
    log.segments.push_back(std::move(*info));
  }
  return log;
}

}  // namespace tallyho

#include "log/retention.h"

#include <span>
#include <string>
#include <vector>

#include "log/log_reader.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

struct Segment {
  std::string name;
  Position first = 0;
  std::uint64_t bytes = 0;
};

IoResult<std::vector<Segment>> list_segments(LogDirectory& directory) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  std::vector<Segment> segments;
  for (const std::string& name : *names) {
    const auto first = first_position_of(name);
    if (!first) continue;
    const auto file = directory.open(name);
    if (!file) return std::unexpected(file.error());
    const auto bytes = (*file)->size();
    if (!bytes) return std::unexpected(bytes.error());
    segments.push_back({name, *first, *bytes});
  }
  return segments;
}

// When the last record of a segment arrived.
std::expected<Timestamp, RecoveryError> last_arrival(LogDirectory& directory, const Segment& segment, Position next) {
  const auto bytes = read_file(directory, segment.name);
  if (!bytes) return std::unexpected(bytes.error());
  const auto header = decode_segment_header(*bytes);
  if (!header) return std::unexpected(LogDamage{segment.name, 0, segment.first, "its header is damaged"});
  SegmentInfo info = scan_frames(*bytes, *header);
  info.name = segment.name;
  if (info.last + 1 != next) {
    return std::unexpected(LogDamage{segment.name, info.end, info.last + 1, "a frame is damaged that was durable"});
  }
  Timestamp last = Timestamp::min();
  const auto passed = read_log(directory, std::span(&info, 1), info.last, [&last](const LogRecord& record) {
    last = record.arrival;
    return true;
  });
  if (!passed) return std::unexpected(passed.error());
  return last;
}

}  // namespace

std::expected<RetentionDone, RecoveryError> retain(LogDirectory& directory, Position floor,
                                                   const Retention& retention) {
  const auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  std::uint64_t total = 0;
  for (const Segment& segment : *segments) total += segment.bytes;
  RetentionDone done;
  for (std::size_t i = 0; i + 1 < segments->size(); ++i) {
    const Segment& segment = (*segments)[i];
    const Position next = (*segments)[i + 1].first;
    if (next > floor + 1) break;
    bool goes = retention.bytes_max && total - done.bytes > *retention.bytes_max;
    if (!goes && retention.oldest) {
      const auto arrived = last_arrival(directory, segment, next);
      if (!arrived) return std::unexpected(arrived.error());
      goes = *arrived < *retention.oldest;
    }
    if (!goes) break;
    if (const IoStatus removed = directory.remove(segment.name); !removed) return std::unexpected(removed.error());
    // One name at a time: were two on their way to the disk, a crash might take the later one only.
    if (const IoStatus synced = directory.sync_names(); !synced) return std::unexpected(synced.error());
    ++done.segments;
    done.bytes += segment.bytes;
  }
  return done;
}

}  // namespace tallyho

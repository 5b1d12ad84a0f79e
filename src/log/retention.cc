#include "log/retention.h"

#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "log/log_reader.h"
#include "log/segment_files.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

// What they take, in their order.
IoResult<std::vector<std::uint64_t>> sizes_of(LogDirectory& directory, std::span<const SegmentFile> segments) {
  std::vector<std::uint64_t> sizes;
  for (const SegmentFile& segment : segments) {
    const auto file = directory.open(segment.name);
    if (!file) return std::unexpected(file.error());
    const auto bytes = (*file)->size();
    if (!bytes) return std::unexpected(bytes.error());
    sizes.push_back(*bytes);
  }
  return sizes;
}

// When the last record of a segment arrived.
std::expected<Timestamp, RecoveryError> last_arrival(LogDirectory& directory, const SegmentFile& segment) {
  const auto bytes = read_file(directory, segment.name);
  if (!bytes) return std::unexpected(bytes.error());
  const auto header = decode_segment_header(*bytes);
  if (!header) return std::unexpected(LogDamage{segment.name, 0, segment.first, "its header is damaged"});
  SegmentInfo info = scan_frames(*bytes, *header);
  info.name = segment.name;
  if (info.last + 1 != segment.next) {
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
  const auto sizes = sizes_of(directory, *segments);
  if (!sizes) return std::unexpected(sizes.error());
  const std::uint64_t total = std::reduce(sizes->begin(), sizes->end());
  RetentionDone done;
  for (std::size_t i = 0; i < segments->size(); ++i) {
    const SegmentFile& segment = (*segments)[i];
    if (!segment.next || *segment.next > floor + 1) break;
    bool goes = retention.bytes_max && total - done.bytes > *retention.bytes_max;
    if (!goes && retention.oldest) {
      const auto arrived = last_arrival(directory, segment);
      if (!arrived) return std::unexpected(arrived.error());
      goes = *arrived < *retention.oldest;
    }
    if (!goes) break;
    if (const IoStatus removed = directory.remove(segment.name); !removed) return std::unexpected(removed.error());
    // One name at a time: were two on their way to the disk, a crash might take the later one only.
    if (const IoStatus synced = directory.sync_names(); !synced) return std::unexpected(synced.error());
    ++done.segments;
    done.bytes += (*sizes)[i];
  }
  return done;
}

}  // namespace tallyho

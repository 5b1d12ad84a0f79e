#include "log/log_reader.h"

#include <algorithm>
#include <vector>

#include "log/quarantine.h"

namespace tallyho {
namespace {

IoResult<std::vector<std::byte>> read_segment(LogDirectory& directory, const SegmentInfo& segment) {
  const auto file = directory.open(segment.name);
  if (!file) return std::unexpected(file.error());
  std::vector<std::byte> bytes(segment.end);
  const auto read = (*file)->read(0, bytes);
  if (!read) return std::unexpected(read.error());
  bytes.resize(*read);
  return bytes;
}

}  // namespace

std::expected<void, RecoveryError> read_log(LogDirectory& directory, std::span<const SegmentInfo> segments,
                                            Position from, const std::function<bool(const LogRecord&)>& take) {
  const auto quarantine = Quarantine::load(directory);
  if (!quarantine) return std::unexpected(quarantine.error());
  for (const SegmentInfo& segment : segments) {
    if (segment.last < from) continue;
    const auto bytes = read_segment(directory, segment);
    if (!bytes) return std::unexpected(bytes.error());
    const std::uint32_t seed = segment.header.seed();
    Position next = segment.header.first;
    bool wants_more = true;
    for (std::uint64_t at = segment_header_bytes; wants_more && next <= segment.last;) {
      const std::span<const std::byte> rest = std::span(*bytes).subspan(std::min<std::uint64_t>(at, bytes->size()));
      const auto frame = decode_frame(rest, seed);
      const auto pass_on = [&](LogRecord record) {
        if (!wants_more || record.position < from) return;
        record.is_quarantined = quarantine->holds(record, segment.header.identity);
        wants_more = take(record);
      };
      if (!frame || frame->first != next || !for_each_record(rest, *frame, pass_on)) {
        return std::unexpected(LogDamage{segment.name, at, next, "a frame is not what it was when the log was opened"});
      }
      next += frame->count;
      at += frame->bytes();
    }
    if (!wants_more) return {};
  }
  return {};
}

}  // namespace tallyho

#include "log/recovery.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "log/segment_files.h"

namespace tallyho {
namespace {

bool is_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// The bytes of a file as they are on the disk.
IoResult<std::vector<std::byte>> read_durable(LogFile& file) {
  if (const auto synced = file.sync(); !synced) return std::unexpected(synced.error());
  file.drop_cache();
  const auto size = file.size();
  if (!size) return std::unexpected(size.error());
  std::vector<std::byte> bytes(*size);
  const auto read = file.read(0, bytes);
  if (!read) return std::unexpected(read.error());
  bytes.resize(*read);
  return bytes;
}

class Recovery {
 public:
  Recovery(LogDirectory& directory, Position known_durable) : directory_(directory), known_durable_(known_durable) {}

  std::expected<RecoveredLog, RecoveryError> run();

 private:
  using Step = std::expected<void, RecoveryError>;
  // `next`: where the segment after it begins, if there is one.
  Step take(const std::string& name, std::optional<Position> next);
  Step cut(LogFile& file, const SegmentInfo& info, std::span<const std::byte> tail);
  Step finish() const;
  static std::unexpected<RecoveryError> damage(LogDamage found) { return std::unexpected(RecoveryError(found)); }

  LogDirectory& directory_;
  const Position known_durable_;
  RecoveredLog log_;
};

std::expected<RecoveredLog, RecoveryError> Recovery::run() {
  const auto segments = list_segments(directory_);
  if (!segments) return std::unexpected(segments.error());
  for (const SegmentFile& segment : *segments) {
    if (const Step taken = take(segment.name, segment.next); !taken) return std::unexpected(taken.error());
  }
  if (const Step finished = finish(); !finished) return std::unexpected(finished.error());
  return std::move(log_);
}

Recovery::Step Recovery::take(const std::string& name, std::optional<Position> next) {
  const auto file = directory_.open(name);
  if (!file) return std::unexpected(file.error());
  const auto bytes = read_durable(**file);
  if (!bytes) return std::unexpected(bytes.error());
  const std::optional<SegmentHeader> header = decode_segment_header(*bytes);
  const SegmentInfo* before = log_.segments.empty() ? nullptr : &log_.segments.back();
  if (const auto found = header_damage(header, name, bytes->size(), before)) return damage(*found);
  SegmentScan scan = scan_segment(*bytes, *header);
  scan.info.name = name;
  const Position missing = scan.info.last + 1;
  const bool was_durable = scan.is_proven || (next && *next > missing) || known_durable_ >= missing;
  if (!scan.is_clean && was_durable)
    return damage({name, scan.info.end, missing, "a frame is damaged that was durable"});
  if (!scan.is_clean && !next) {
    const std::span<const std::byte> tail = std::span(*bytes).subspan(scan.info.end);
    if (const Step done = cut(**file, scan.info, tail); !done) return done;
  }
  log_.segments.push_back(std::move(scan.info));
  return {};
}

// Until the zeros are durable the tail is as it was, or partly: a crash here begins the same recovery again.
Recovery::Step Recovery::cut(LogFile& file, const SegmentInfo& info, std::span<const std::byte> tail) {
  std::size_t end = tail.size();
  while (end > 0 && tail[end - 1] == std::byte{0}) --end;
  const std::span<const std::byte> torn = tail.first(end);
  log_.torn_bytes = torn.size();
  log_.torn_copy = fmt::format("{}.torn-{}", info.name, info.end);
  const auto copy = directory_.create(log_.torn_copy);
  if (!copy) return std::unexpected(copy.error());
  const std::vector<std::byte> zeros(torn.size());
  for (const IoStatus& status : {(*copy)->write(0, torn), (*copy)->sync(), directory_.sync_names()}) {
    if (!status) return std::unexpected(status.error());
  }
  if (const auto written = file.write(info.end, zeros); !written) return std::unexpected(written.error());
  if (const auto synced = file.sync(); !synced) return std::unexpected(synced.error());
  return {};
}

// What a snapshot holds was durable, so the log must reach it.
Recovery::Step Recovery::finish() const {
  if (log_.segments.empty() || log_.last() >= known_durable_) return {};
  const SegmentInfo& last = log_.segments.back();
  return damage({last.name, last.end, last.last + 1,
                 fmt::format("a snapshot holds everything up to {}, but the log ends before", known_durable_)});
}

// A frame that could be one's next: it counts on where the one before ended.
bool follows(const FrameHeader& frame, const SegmentInfo& info) {
  return frame.first == info.last + 1 && frame.epoch >= info.epoch;
}

}  // namespace

std::optional<LogDamage> header_damage(const std::optional<SegmentHeader>& header, const std::string& name,
                                       std::uint64_t bytes, const SegmentInfo* before) {
  const Position first = *first_position_of(name);
  if (!header) return LogDamage{name, 0, first, "its header is damaged"};
  if (header->version != log_format_version) {
    return LogDamage{name, 0, first,
                     fmt::format("it has format {}, and this program knows {}", header->version, log_format_version),
                     true};
  }
  if (header->first != first) return LogDamage{name, 0, first, "its name is not that of its first position"};
  if (before != nullptr && header->identity != before->header.identity) {
    return LogDamage{name, 0, first, "it belongs to another log"};
  }
  if (before != nullptr && first != before->last + 1) {
    return LogDamage{before->name, before->end, before->last + 1,
                     fmt::format("records up to {} are missing before segment {}", first - 1, name)};
  }
  if (bytes == header->segment_bytes) return std::nullopt;
  return LogDamage{name, bytes, first,
                   fmt::format("it has {} bytes and was made with {}", bytes, header->segment_bytes)};
}

SegmentInfo scan_frames(std::span<const std::byte> bytes, const SegmentHeader& header) {
  SegmentInfo info;
  info.header = header;
  info.last = header.first - 1;
  info.end = segment_header_bytes;
  const std::uint32_t seed = header.seed();
  while (info.end < bytes.size()) {
    const auto frame = decode_frame(bytes.subspan(info.end), seed);
    if (!frame || !follows(*frame, info)) break;
    for_each_record(bytes.subspan(info.end), *frame, [&info](const LogRecord& record) {
      if (record.is_erased()) info.last_erased = record.position;
    });
    info.last += frame->count;
    info.end += frame->bytes();
    info.durable_through = std::max(info.durable_through, frame->durable_through);
    info.epoch = frame->epoch;
    info.ends_with_seal = frame->type == FrameType::seal;
  }
  info.end = std::min<std::uint64_t>(info.end, bytes.size());
  return info;
}

SegmentScan scan_segment(std::span<const std::byte> bytes, const SegmentHeader& header) {
  SegmentScan scan{.info = scan_frames(bytes, header)};
  const SegmentInfo& info = scan.info;
  const std::uint32_t seed = header.seed();
  scan.is_clean = is_zero(bytes.subspan(info.end));
  for (std::uint64_t at = info.end; !scan.is_clean && !scan.is_proven && at < bytes.size(); at += sector_bytes) {
    const auto later = decode_frame(bytes.subspan(at), seed);
    scan.is_proven = later && later->durable_through > info.last;
  }
  return scan;
}

Position RecoveredLog::last_erased() const {
  Position last = 0;
  for (const SegmentInfo& segment : segments) last = std::max(last, segment.last_erased);
  return last;
}

std::expected<RecoveredLog, RecoveryError> recover_log(LogDirectory& directory, Position known_durable) {
  return Recovery(directory, known_durable).run();
}

std::string LogDamage::text() const {
  return fmt::format(
      "the log is damaged: segment {}, offset {}, from position {} on: {}\n"
      "What was acked there cannot be read, so nothing was changed. The ways out:\n"
      "  - put back the damaged file from a backup or another copy of the disk;\n"
      "  - `tallyho log verify --data DIR` says all that is wrong, `tallyho log dump` prints what can still be read;\n"
      "  - `tallyho log salvage --data DIR --accept-loss` goes back to before the damage and says what is lost;\n"
      "  - begin a new game in another directory, and keep this one for whoever may read it.",
      segment, offset, position, reason);
}

std::string text_of(const RecoveryError& error) {
  return std::visit([](const auto& what) { return what.text(); }, error);
}

}  // namespace tallyho

#include "log/erasure.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "log/frame.h"
#include "log/segment_files.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

constexpr std::string_view new_state_name = "erased.new";
constexpr std::string_view new_segment_name = "erased.segment";
constexpr std::size_t step_bytes = std::size_t{64} * 1024;

using Bytes = std::vector<std::byte>;
using Goes = std::function<bool(const LogRecord&)>;

std::unexpected<RecoveryError> damaged(const std::string& name, std::uint64_t offset, Position position,
                                       std::string reason) {
  return std::unexpected(RecoveryError(LogDamage{name, offset, position, std::move(reason)}));
}

// A segment without some of its records: the same frames, with the same things to say of positions and durability.
class Rewriting {
 public:
  Rewriting(std::span<const std::byte> bytes, const SegmentInfo& segment, Position through, const Goes& goes)
      : bytes_(bytes), segment_(segment), through_(through), goes_(goes) {}

  // Nothing: no record goes. So many bytes as before, zeros behind the frames.
  std::optional<Bytes> run() {
    out_.resize(bytes_.size());
    std::ranges::copy(bytes_.first(segment_header_bytes), out_.begin());
    for (std::uint64_t at = segment_header_bytes; at < segment_.end;) {
      const auto rest = bytes_.subspan(at);
      const auto frame = decode_frame(rest, segment_.header.seed());
      if (!frame || !add(rest, *frame)) return std::nullopt;  // It was whole a moment ago, in the same memory.
      at += frame->bytes();
    }
    if (records_ == 0) return std::nullopt;
    return std::move(out_);
  }

  std::uint64_t records() const { return records_; }

 private:
  bool add(std::span<const std::byte> bytes, const FrameHeader& frame) {
    frames_.clear();
    if (frame.count == 0) frames_.add(frame.type, frame.first);
    const bool is_sound = for_each_record(bytes, frame, [&](LogRecord record) {
      if (record.position <= through_ && !record.is_erased() && goes_(record)) {
        record.bytes = {};
        ++records_;
      }
      frames_.add(record.position, record.kind, record.arrival, record.bytes);
    });
    const auto written = frames_.finish(segment_.header.seed(), frame.durable_through, frame.epoch);
    if (!is_sound || written.size() > out_.size() - end_) return false;
    std::ranges::copy(written, out_.begin() + static_cast<std::ptrdiff_t>(end_));
    end_ += written.size();
    return true;
  }

  const std::span<const std::byte> bytes_;
  const SegmentInfo& segment_;
  const Position through_;
  const Goes& goes_;
  FrameBuffer frames_;
  Bytes out_;
  std::uint64_t end_ = segment_header_bytes;
  std::uint64_t records_ = 0;
};

class Erasing {
 public:
  Erasing(LogDirectory& directory, const ErasingOptions& options, const Goes& goes)
      : directory_(directory), options_(options), goes_(goes) {}

  std::expected<ErasingDone, RecoveryError> run() {
    const auto segments = list_segments(directory_);
    if (!segments) return std::unexpected(segments.error());
    for (std::size_t i = 0; i < segments->size(); ++i) {
      const auto& [name, first, next] = (*segments)[i];
      if (first > options_.through || (!next && !options_.with_last_segment)) break;
      const auto taken = take(name, next);
      if (!taken) {
        (void)remove_half_erased(directory_);  // Its room is needed, if the disk is full.
        return std::unexpected(taken.error());
      }
      if (options_.progress) options_.progress(i + 1, segments->size());
    }
    return done_;
  }

 private:
  using Step = std::expected<void, RecoveryError>;

  // `next`: where the segment after it begins, if there is one.
  Step take(const std::string& name, std::optional<Position> next) {
    const auto bytes = read_file(directory_, name);
    if (!bytes) return std::unexpected(bytes.error());
    const auto header = decode_segment_header(*bytes);
    if (const auto wrong = header_damage(header, name, bytes->size(), nullptr)) return std::unexpected(*wrong);
    SegmentScan scan = scan_segment(*bytes, *header);
    scan.info.name = name;
    if (next && *next != scan.info.last + 1) {
      return damaged(name, scan.info.end, scan.info.last + 1, "a frame is damaged that was durable");
    }
    if (!next && !scan.is_clean) return {};
    Rewriting rewriting(*bytes, scan.info, options_.through, goes_);
    const auto anew = rewriting.run();
    if (anew) {
      if (const Step replaced = replace(name, *anew, scan.info); !replaced) return replaced;
      done_.records += rewriting.records();
      ++done_.segments;
    }
    done_.through = std::min(options_.through, scan.info.last);
    return {};
  }

  // What other players were promised is in it, too, and this is all there will be of it: so it is looked at before.
  Step replace(const std::string& name, const Bytes& bytes, const SegmentInfo& before) {
    IoStatus status = write(bytes);
    if (!status) return std::unexpected(status.error());
    const auto file = directory_.open(new_segment_name);
    if (!file) return std::unexpected(file.error());
    (*file)->drop_cache();
    Bytes read_back(bytes.size());
    const auto count = (*file)->read(0, read_back);
    if (!count) return std::unexpected(count.error());
    const SegmentInfo after = scan_frames(read_back, before.header);
    if (*count != bytes.size() || read_back != bytes || after.last != before.last || after.epoch != before.epoch) {
      return damaged(std::string(new_segment_name), after.end, after.last + 1, "what was written does not read back");
    }
    status = directory_.rename(new_segment_name, name);
    if (status) status = directory_.sync_names();
    if (!status) return std::unexpected(status.error());
    return {};
  }

  // In steps, each of which is given to the disk before the next: a commit would else wait behind all of it.
  IoStatus write(const Bytes& bytes) {
    const auto file = directory_.create(new_segment_name);
    if (!file) return std::unexpected(file.error());
    for (std::size_t at = 0; at < bytes.size(); at += step_bytes) {
      const auto step = std::span(bytes).subspan(at, std::min(step_bytes, bytes.size() - at));
      if (const IoStatus written = (*file)->write(at, step); !written) return written;
      if (const IoStatus given = (*file)->write_back(at, step.size()); !given) return given;
    }
    return (*file)->sync();
  }

  LogDirectory& directory_;
  const ErasingOptions& options_;
  const Goes& goes_;
  ErasingDone done_;
};

}  // namespace

IoResult<Erased> Erased::load(LogDirectory& directory, std::string_view identity) {
  const auto bytes = read_file(directory, file_name);
  if (!bytes && bytes.error().number == ENOENT) return Erased{};
  if (!bytes) return std::unexpected(bytes.error());
  std::istringstream line(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  std::string log, at;
  Erased erased;
  line >> log >> erased.looked_through >> at;
  const auto time = parse_timestamp(at);
  if (!line || !time || log != identity) return Erased{};
  erased.at = *time;
  return erased;
}

IoStatus Erased::save(LogDirectory& directory, std::string_view identity) const {
  const std::string line = fmt::format("{} {} {}\n", identity, looked_through, format_timestamp(at));
  return replace_file(directory, file_name, new_state_name, std::as_bytes(std::span(line)));
}

IoStatus Erased::go_back_to(LogDirectory& directory, std::string_view identity, Position last) {
  auto erased = load(directory, identity);
  if (!erased) return std::unexpected(erased.error());
  if (erased->looked_through <= last) return {};
  erased->looked_through = last;
  return erased->save(directory, identity);
}

IoStatus remove_half_erased(LogDirectory& directory) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  if (std::ranges::find(*names, new_segment_name) == names->end()) return {};
  return directory.remove(new_segment_name);
}

std::expected<ErasingDone, RecoveryError> erase_records(LogDirectory& directory, const ErasingOptions& options,
                                                        const Goes& goes) {
  return Erasing(directory, options, goes).run();
}

}  // namespace tallyho

#include "log/segment_writer.h"

#include <algorithm>
#include <cerrno>
#include <vector>

namespace tallyho {
namespace {

constexpr std::string_view spare_name = "spare.segment";
constexpr std::size_t zeros_at_once = 1 << 20;
constexpr std::uint64_t read_at_once = 64 << 10;

// Stops at the first that fails.
template <typename... Steps>
IoStatus in_order(Steps... steps) {
  IoStatus status;
  (void)((status = steps(), status.has_value()) && ...);
  return status;
}

}  // namespace

IoStatus SegmentWriter::open(const RecoveredLog& log, const std::string& new_identity) {
  if (log.segments.empty()) {
    identity_ = new_identity;
    epoch_ = 1;
    return in_order([this] { return make_spare(); },
                    [this] {
                      take_over_spare();
                      return begin_segment();
                    });
  }
  const SegmentInfo& segment = log.segments.back();
  identity_ = segment.header.identity;
  epoch_ = segment.epoch + 1;
  last_ = durable_ = segment.last;
  end_ = segment.end;
  seed_ = segment.header.seed();
  auto file = directory_.open(segment.name);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  // A segment made with another size goes on to its end only if that is the size of this run.
  const bool is_full = segment.header.segment_bytes != segment_bytes_ || end_ + 2 * sector_bytes > segment_bytes_;
  if (!is_full) return put(FrameType::open);
  return in_order([this] { return make_spare(); },
                  [this] {
                    take_over_spare();
                    return begin_segment();
                  },
                  [this] { return put(FrameType::open); });
}

// Named only once its header is durable, and used only once its name is: where a segment is, all before it is durable.
IoStatus SegmentWriter::begin_segment() {
  const SegmentHeader header{
      .identity = identity_, .version = log_format_version, .first = last_ + 1, .segment_bytes = segment_bytes_};
  if (file_ != nullptr && durable_ < last_) {
    if (const IoStatus synced = file_->sync(); !synced) return synced;
    durable_ = last_;
  }
  auto file = directory_.open(spare_name);
  if (!file) return std::unexpected(file.error());
  const IoStatus begun = in_order([&] { return (*file)->write(0, encode(header)); }, [&] { return (*file)->sync(); },
                                  [&] { return directory_.rename(spare_name, segment_name(header.first)); },
                                  [&] { return directory_.sync_names(); });
  if (!begun) return begun;
  file_ = std::move(*file);
  seed_ = header.seed();
  end_ = segment_header_bytes;
  read_ahead_ = 0;
  read_ahead();
  has_spare_ = false;
  return {};
}

IoStatus SegmentWriter::make_spare() {
  const auto made = grow_spare(segment_bytes_);
  if (!made) return std::unexpected(made.error());
  return {};
}

IoResult<std::uint64_t> SegmentWriter::grow_spare(std::uint64_t step_bytes) {
  const auto end_step = [&, begin = spare_ == nullptr ? 0 : spare_bytes_] {
    return spare_bytes_ < segment_bytes_ ? spare_->write_back(begin, spare_bytes_ - begin) : end_spare();
  };
  const IoStatus grown = in_order([this] { return begin_spare(); }, [&] { return add_zeros(step_bytes); }, end_step);
  if (grown) return spare_bytes_;
  spare_.reset();
  (void)directory_.remove(spare_name);  // What it took of a full disk is needed.
  return std::unexpected(grown.error());
}

IoStatus SegmentWriter::begin_spare() {
  if (spare_ != nullptr) return {};
  auto file = directory_.create(spare_name);
  if (!file) return std::unexpected(file.error());
  spare_ = std::move(*file);
  spare_bytes_ = 0;
  return {};
}

IoStatus SegmentWriter::add_zeros(std::uint64_t bytes) {
  const std::uint64_t end = std::min(spare_bytes_ + bytes, segment_bytes_);
  const std::vector<std::byte> zeros(std::min<std::uint64_t>(bytes, zeros_at_once));
  while (spare_bytes_ < end) {
    const std::size_t count = std::min<std::uint64_t>(zeros.size(), end - spare_bytes_);
    const IoStatus written = spare_->write(spare_bytes_, std::span(zeros).first(count));
    if (!written) return written;
    spare_bytes_ += count;
  }
  return {};
}

IoStatus SegmentWriter::end_spare() {
  if (const IoStatus synced = spare_->sync(); !synced) return synced;
  spare_.reset();
  return directory_.sync_names();
}

IoStatus SegmentWriter::write(FrameBuffer& frames, bool syncs) {
  if (!fits(frames.bytes())) return std::unexpected(IoError{"write", segment_name(last_ + 1), ENOSPC});
  if (frames.bytes() > left()) {
    if (const IoStatus begun = begin_segment(); !begun) return begun;
  }
  const IoStatus written = put(frames, syncs);
  if (written) read_ahead();
  return written;
}

IoStatus SegmentWriter::seal() {
  if (const IoStatus synced = file_->sync(); !synced) return synced;
  durable_ = last_;
  if (const IoStatus put_down = put(FrameType::seal); !put_down) return put_down;
  is_sealed_ = true;
  return {};
}

IoStatus SegmentWriter::put(FrameType type) {
  own_.clear();
  own_.add(type, last_ + 1);
  return put(own_, true);
}

IoStatus SegmentWriter::put(FrameBuffer& frames, bool syncs) {
  const std::span<const std::byte> bytes = frames.finish(seed_, durable_, epoch_);
  if (const IoStatus written = file_->write(end_, bytes); !written) return written;
  end_ += bytes.size();
  last_ = std::max(last_, frames.last());
  is_sealed_ = false;
  if (!syncs) return {};
  if (const IoStatus synced = file_->sync(); !synced) return synced;
  durable_ = last_;
  return {};
}

// A segment is made long before it is used, and the system's cache may have dropped it meanwhile. A commit that ends in
// the middle of a page would then wait until that was read.
void SegmentWriter::read_ahead() {
  if (end_ + read_at_once < read_ahead_) return;
  read_ahead_ = std::max(read_ahead_, end_);
  file_->read_ahead(read_ahead_, 2 * read_at_once);
  read_ahead_ += 2 * read_at_once;
}

}  // namespace tallyho

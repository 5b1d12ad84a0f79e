#include "log/scrub.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tallyho {
namespace {

// More than the largest frame: one that is ended late by the largest record.
constexpr std::size_t frame_bytes_max =
    frame_header_bytes + frame_bytes_target + record_header_bytes + record_bytes_max + sector_bytes;

}  // namespace

std::unexpected<RecoveryError> Scrubber::damage(std::string reason) {
  const std::uint64_t at = offset_ - bytes_.size();
  file_.reset();
  return std::unexpected(RecoveryError(LogDamage{name_, at, next_, std::move(reason)}));
}

// False: there is none.
std::expected<bool, RecoveryError> Scrubber::open_next() {
  const auto names = directory_.list();
  if (!names) return std::unexpected(names.error());
  std::vector<Position> firsts;
  for (const std::string& name : *names) {
    if (const auto first = first_position_of(name)) firsts.push_back(*first);
  }
  if (firsts.size() < 2) return false;  // The last one is being written.
  auto found = std::ranges::upper_bound(firsts, done_);
  if (firsts.end() - found < 2) found = firsts.begin();
  done_ = next_ = *found;
  end_ = *std::next(found);
  name_ = segment_name(next_);
  auto file = directory_.open(name_);
  if (!file) {
    // Retention took it away meanwhile.
    if (file.error().number == ENOENT) return false;
    return std::unexpected(file.error());
  }
  file_ = std::move(*file);
  file_->drop_cache();
  offset_ = 0;
  bytes_.resize(segment_header_bytes);
  const auto read = file_->read(0, bytes_);
  if (!read) return std::unexpected(read.error());
  const auto header = decode_segment_header(bytes_);
  if (!header || header->first != next_) return damage("its header is damaged");
  seed_ = header->seed();
  offset_ = segment_header_bytes;
  bytes_.clear();
  return true;
}

std::expected<std::size_t, RecoveryError> Scrubber::step() {
  if (file_ == nullptr) {
    const auto opened = open_next();
    if (!opened) return std::unexpected(opened.error());
    if (!*opened) return 0;
  }
  const std::size_t kept = bytes_.size();
  bytes_.resize(kept + step_bytes);
  const auto read = file_->read(offset_, std::span(bytes_).subspan(kept));
  if (!read) {
    file_.reset();
    return std::unexpected(read.error());
  }
  offset_ += *read;
  bytes_.resize(kept + *read);
  return check(*read);
}

std::expected<std::size_t, RecoveryError> Scrubber::check(std::size_t count) {
  std::size_t at = 0;
  while (next_ < end_) {
    const auto rest = std::span(bytes_).subspan(std::min(at, bytes_.size()));
    const auto frame = decode_frame(rest, seed_);
    if (!frame || frame->bytes() > rest.size()) break;
    if (frame->first != next_) return damage("a frame is not the one that belongs there");
    next_ += frame->count;
    at += frame->bytes();
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  if (next_ == end_) {
    file_.reset();
    bytes_.clear();
  } else if (bytes_.size() > frame_bytes_max || count == 0) {
    return damage("a frame is damaged that was durable");
  }
  return count;
}

}  // namespace tallyho

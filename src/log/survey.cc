#include "log/survey.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "log/quarantine.h"
#include "log/segment_files.h"

namespace tallyho {
namespace {

using Bytes = std::vector<std::byte>;

// What one segment's frames come to.
struct Walk {
  SegmentInfo info;                   // Up to the first fault.
  std::vector<std::uint64_t> frames;  // Where those with records are.
  std::vector<LogDamage> faults;
  Position next = 0;  // The position after the last that can be read.
  Position spoken_of = 0;
  std::uint64_t tail_bytes = 0;
};

// Goes from frame to frame, and where there is none to the next that follows.
class Walker {
 public:
  Walker(std::span<const std::byte> bytes, const SegmentHeader& header, const std::string& name)
      : bytes_(bytes), seed_(header.seed()) {
    walk_.info.header = header;
    walk_.info.name = name;
    walk_.next = header.first;
    walk_.spoken_of = header.first - 1;
    stay();
  }

  Walk run() {
    while (at_ < bytes_.size()) {
      const auto frame = decode_frame(bytes_.subspan(at_), seed_);
      if (frame && frame->first == walk_.next && frame->epoch >= epoch_) {
        enter(*frame);
      } else if (!resume()) {
        break;
      }
    }
    return std::move(walk_);
  }

 private:
  void enter(const FrameHeader& frame) {
    if (frame.count > 0) walk_.frames.push_back(at_);
    walk_.next += frame.count;
    walk_.spoken_of = std::max({walk_.spoken_of, walk_.next - 1, frame.durable_through});
    at_ += frame.bytes();
    epoch_ = frame.epoch;
    if (!walk_.faults.empty()) return;
    walk_.info.durable_through = std::max(walk_.info.durable_through, frame.durable_through);
    walk_.info.ends_with_seal = frame.type == FrameType::seal;
    stay();
  }

  // The segment is whole up to here.
  void stay() {
    walk_.info.end = std::min<std::uint64_t>(at_, bytes_.size());
    walk_.info.last = walk_.next - 1;
    walk_.info.epoch = epoch_;
  }

  // Here is no frame that follows. Finds out whether that is a fault, and where it goes on. False: nowhere.
  bool resume() {
    std::size_t end = bytes_.size();
    while (end > at_ && bytes_[end - 1] == std::byte{0}) --end;
    walk_.tail_bytes = end - at_;
    bool was_durable = false;
    std::optional<std::uint64_t> onwards;
    for (std::uint64_t at = at_; at < end && !(was_durable && onwards); at += sector_bytes) {
      const auto later = decode_frame(bytes_.subspan(at), seed_);
      if (!later) continue;
      was_durable = was_durable || later->durable_through >= walk_.next;
      if (!onwards && later->first >= walk_.next) {
        onwards = at;
        resumed_ = *later;
      }
    }
    if (!was_durable) return false;
    walk_.faults.push_back({walk_.info.name, at_, walk_.next, "a frame is damaged that was durable"});
    if (!onwards) return false;
    at_ = *onwards;
    walk_.next = resumed_.first;
    epoch_ = resumed_.epoch;
    walk_.tail_bytes = 0;
    return true;
  }

  const std::span<const std::byte> bytes_;
  const std::uint32_t seed_;
  std::uint64_t at_ = segment_header_bytes;
  std::uint64_t epoch_ = 0;
  FrameHeader resumed_;
  Walk walk_;
};

class Surveyor {
 public:
  Surveyor(LogDirectory& directory, const SurveyOptions& options) : directory_(directory), options_(options) {}

  IoResult<LogSurvey> run() {
    auto quarantine = Quarantine::load(directory_);
    if (!quarantine) return std::unexpected(quarantine.error());
    quarantine_ = std::move(*quarantine);
    const auto segments = list_segments(directory_);
    if (!segments) return std::unexpected(segments.error());
    for (std::size_t i = 0; i < segments->size() && !is_done_; ++i) {
      const auto& [name, first, next] = (*segments)[i];
      if (const IoStatus taken = take(name, next); !taken) return std::unexpected(taken.error());
      if (options_.progress) options_.progress(i + 1, segments->size());
    }
    return std::move(survey_);
  }

 private:
  IoStatus take(const std::string& name, std::optional<Position> next);
  IoStatus read(const std::string& name);
  IoResult<Walk> walk(const std::string& name, const SegmentHeader& header, bool is_last);
  void add(Walk walk, std::optional<Position> next);
  void pass_on(const Walk& walk);
  void blame(LogDamage damage);

  LogDirectory& directory_;
  const SurveyOptions& options_;
  Quarantine quarantine_;
  LogSurvey survey_;
  Bytes bytes_;
  SegmentInfo before_;  // What the next segment has to follow.
  bool has_before_ = false;
  bool is_done_ = false;
};

IoStatus Surveyor::read(const std::string& name) {
  const auto file = directory_.open(name);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  bytes_.resize(*size);
  const auto count = (*file)->read(0, bytes_);
  if (!count) return std::unexpected(count.error());
  bytes_.resize(*count);
  return {};
}

// A running server may write behind the reader's back, so that it sees a later frame and not the one before. That one
// is there by the time it looks again; a damaged one is not.
IoResult<Walk> Surveyor::walk(const std::string& name, const SegmentHeader& header, bool is_last) {
  Walk seen = Walker(bytes_, header, name).run();
  while (is_last && !seen.faults.empty()) {
    const std::uint64_t offset = seen.faults.front().offset;
    if (const IoStatus again = read(name); !again) return std::unexpected(again.error());
    seen = Walker(bytes_, header, name).run();
    if (!seen.faults.empty() && seen.faults.front().offset == offset) break;
  }
  return seen;
}

IoStatus Surveyor::take(const std::string& name, std::optional<Position> next) {
  if (const IoStatus done = read(name); !done) {
    // Retention removes the oldest segments while the server runs.
    if (done.error().number == ENOENT && !has_before_) return {};
    return done;
  }
  const auto header = decode_segment_header(bytes_);
  const auto wrong = header_damage(header, name, bytes_.size(), has_before_ ? &before_ : nullptr);
  if (wrong) blame(*wrong);
  const Position first = *first_position_of(name);
  const bool is_readable = header && header->version == log_format_version && header->first == first &&
                           (survey_.identity.empty() || header->identity == survey_.identity);
  survey_.spoken_of = std::max(survey_.spoken_of, first - 1);
  if (is_done_) return {};
  if (!is_readable) {
    if (next) before_.last = *next - 1;  // It has been said that these are missing.
    return {};
  }
  survey_.identity = header->identity;
  auto walked = walk(name, *header, !next);
  if (!walked) return std::unexpected(walked.error());
  add(std::move(*walked), next);
  return {};
}

void Surveyor::add(Walk walk, std::optional<Position> next) {
  if (walk.tail_bytes > 0 && next && *next > walk.next && walk.faults.empty()) {
    walk.faults.push_back({walk.info.name, walk.info.end, walk.next, "a frame is damaged that was durable"});
    walk.next = *next;  // It has been said that those are missing.
  }
  survey_.spoken_of = std::max(survey_.spoken_of, walk.spoken_of);
  survey_.tail_bytes = walk.tail_bytes;
  before_ = walk.info;
  before_.last = walk.next - 1;
  has_before_ = true;
  const bool is_sound_so_far = survey_.faults.empty() || survey_.faults.front().segment == walk.info.name;
  if (is_sound_so_far) survey_.segments.push_back(walk.info);
  for (const LogDamage& fault : walk.faults) blame(fault);
  pass_on(walk);
}

void Surveyor::blame(LogDamage damage) {
  survey_.faults.push_back(std::move(damage));
  is_done_ = is_done_ || options_.stops_at_fault;
}

void Surveyor::pass_on(const Walk& walk) {
  const std::uint32_t seed = walk.info.header.seed();
  bool wants_more = true;
  for (const std::uint64_t at : walk.frames) {
    if (options_.stops_at_fault && !walk.faults.empty() && at >= walk.faults.front().offset) break;
    const auto rest = std::span<const std::byte>(bytes_).subspan(at);
    const auto frame = decode_frame(rest, seed);
    if (!frame) continue;  // It was whole a moment ago, in the same memory.
    for_each_record(rest, *frame, [&](LogRecord record) {
      if (!wants_more) return;
      record.is_quarantined = quarantine_.holds(record, survey_.identity);
      if (survey_.records++ == 0) survey_.first = record.position;
      survey_.last = record.position;
      if (record.is_erased()) ++survey_.erased;
      if (options_.take) wants_more = options_.take(record);
    });
  }
  is_done_ = is_done_ || !wants_more;
}

}  // namespace

IoResult<LogSurvey> survey_log(LogDirectory& directory, const SurveyOptions& options) {
  return Surveyor(directory, options).run();
}

}  // namespace tallyho

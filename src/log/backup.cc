#include "log/backup.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "log/durable_reader.h"
#include "log/erasure.h"
#include "log/quarantine.h"
#include "log/snapshot_files.h"

namespace tallyho {
namespace {

constexpr std::size_t step_bytes = 1 << 20;

// A file, and how much of it is taken.
struct Part {
  std::string name;
  std::uint64_t taken = 0;
  std::uint64_t bytes = 0;  // With the zeros behind that.
};

// Where in the segment the frames end that hold nothing behind its `last`.
IoResult<std::uint64_t> durable_end(LogDirectory& directory, const SegmentInfo& segment) {
  const auto file = directory.open(segment.name);
  if (!file) return std::unexpected(file.error());
  std::vector<std::byte> bytes(segment.end);
  const auto read = (*file)->read(0, bytes);
  if (!read) return std::unexpected(read.error());
  std::uint64_t at = segment_header_bytes;
  while (at < *read) {
    const auto frame = decode_frame(std::span<const std::byte>(bytes).subspan(at), segment.header.seed());
    if (!frame || frame->first + frame->count > segment.last + 1) break;
    at += frame->bytes();
  }
  return at;
}

class Backup {
 public:
  Backup(LogDirectory& from, LogDirectory& to, const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : from_(from), to_(to), progress_(progress) {}

  std::expected<BackupDone, RecoveryError> run() {
    const auto log = survey_durable(from_, 0);
    if (!log) return std::unexpected(log.error());
    if (log->segments.empty()) return std::unexpected(IoError{"open", "the log", ENOENT});
    if (const IoStatus listed = list(*log); !listed) return std::unexpected(listed.error());
    if (const IoStatus copied = copy_all(); !copied) return std::unexpected(copied.error());
    done_.position = log->last();
    done_.segments = log->segments.size();
    return done_;
  }

 private:
  IoResult<std::uint64_t> size_of(const std::string& name) {
    const auto file = from_.open(name);
    if (!file) return std::unexpected(file.error());
    return (*file)->size();
  }

  IoStatus add(const std::string& name) {
    const auto size = size_of(name);
    if (!size) return std::unexpected(size.error());
    parts_.push_back({name, *size, *size});
    done_.bytes += *size;
    return {};
  }

  // What is to be copied.
  IoStatus list(const DurableLog& log) {
    const auto snapshots = list_snapshots(from_);
    if (!snapshots) return std::unexpected(snapshots.error());
    done_.snapshots = snapshots->size();
    std::vector<std::string> names = *snapshots;
    for (const SegmentInfo& segment : log.segments) names.push_back(segment.name);
    const auto all = from_.list();
    if (!all) return std::unexpected(all.error());
    for (const std::string_view name : {Quarantine::file_name, Erased::file_name}) {
      if (std::ranges::find(*all, name) != all->end()) names.emplace_back(name);
    }
    for (const std::string& name : names) {
      if (const IoStatus added = add(name); !added) return added;
    }
    const auto end = durable_end(from_, log.segments.back());
    if (!end) return std::unexpected(end.error());
    std::ranges::find(parts_, log.segments.back().name, &Part::name)->taken = *end;
    return {};
  }

  IoStatus copy_all() {
    const auto there = to_.list();
    if (!there) return std::unexpected(there.error());
    if (!there->empty()) return std::unexpected(IoError{"backup", there->front(), ENOTEMPTY});
    const auto unfinished = to_.create(unfinished_backup_name);
    if (!unfinished) return std::unexpected(unfinished.error());
    if (const IoStatus synced = to_.sync_names(); !synced) return synced;
    for (const Part& part : parts_) {
      if (const IoStatus copied = copy(part); !copied) return copied;
    }
    if (const IoStatus synced = to_.sync_names(); !synced) return synced;
    if (const IoStatus removed = to_.remove(unfinished_backup_name); !removed) return removed;
    return to_.sync_names();
  }

  IoStatus copy(const Part& part) {
    const auto source = from_.open(part.name);
    if (!source) return std::unexpected(source.error());
    const auto copy = to_.create(part.name);
    if (!copy) return std::unexpected(copy.error());
    for (std::uint64_t at = 0; at < part.bytes; at += step_bytes) {
      std::vector<std::byte> bytes(std::min<std::uint64_t>(step_bytes, part.bytes - at));
      const std::uint64_t taken = part.taken > at ? std::min<std::uint64_t>(bytes.size(), part.taken - at) : 0;
      const auto read = (*source)->read(at, std::span(bytes).first(taken));
      if (!read) return std::unexpected(read.error());
      if (*read < taken) return std::unexpected(IoError{"pread", part.name, EIO});
      if (const IoStatus written = (*copy)->write(at, bytes); !written) return written;
      copied_ += bytes.size();
      if (progress_) progress_(copied_, done_.bytes);
    }
    return (*copy)->sync();
  }

  LogDirectory& from_;
  LogDirectory& to_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  std::vector<Part> parts_;
  std::uint64_t copied_ = 0;
  BackupDone done_;
};

}  // namespace

std::expected<BackupDone, RecoveryError> back_up_log(
    LogDirectory& from, LogDirectory& to, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Backup(from, to, progress).run();
}

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "log/file_system.h"
#include "log/frame.h"
#include "log/recovery.h"

namespace tallyho {

// Writes frames to segments, one write and one sync at a time: what is below the log's threads.
//
// Segments are made ahead of need, filled with zeros and durable under the name of a spare: the disk can be full only
// while one is made, never in the middle of a commit, and a write into a file that has its size and its blocks costs no
// journal of the file system. Once the log is running they are made in small steps, each of them given to the disk
// before the next: a commit would else wait behind all the zeros that are on their way there. All of it is made durable
// once, at the end: each sync of a file that grows would be one of the file system's journal, too.
//
// Threads: one at a time, except make_spare() and grow_spare(), which may run beside write().
class SegmentWriter {
 public:
  // Both outlive it.
  SegmentWriter(LogDirectory& directory, std::uint64_t segment_bytes)
      : directory_(directory), segment_bytes_(segment_bytes) {}

  // Goes on where recovery ended, in a new epoch; a new log gets this identity. Makes a spare if it needs one.
  IoStatus open(const RecoveredLog& log, const std::string& new_identity);

  // Writes the frames, which hold positions from last() + 1 on; with `syncs`, returns once they are durable. Begins the
  // next segment where they don't fit: fits() must be true, as a spare that is still being made is no segment. An error
  // is the end: nobody knows what is on the disk.
  IoStatus write(FrameBuffer& frames, bool syncs);
  // Says on the disk that all of it is durable, and makes it so.
  IoStatus seal();

  bool fits(std::uint64_t bytes) const { return bytes <= left() || has_spare_; }
  // Bytes of frames that the segment still takes; room for a seal is kept back.
  std::uint64_t left() const {
    const std::uint64_t used = end_ + sector_bytes;
    return used < segment_bytes_ ? segment_bytes_ - used : 0;
  }
  bool is_sealed() const { return is_sealed_; }
  bool has_spare() const { return has_spare_; }

  // Makes a spare, at once. An error (most likely ENOSPC) leaves things as they were.
  IoStatus make_spare();
  // Makes it, or goes on making it, by so many bytes. Returns how many it has; it is there when these are all. An error
  // as above: the next call begins anew.
  IoResult<std::uint64_t> grow_spare(std::uint64_t step_bytes);
  // Only the thread that calls write(): the spare made since is there to be taken.
  void take_over_spare() { has_spare_ = true; }

  Position last() const { return last_; }
  Position durable() const { return durable_; }
  std::uint64_t epoch() const { return epoch_; }
  const std::string& identity() const { return identity_; }

 private:
  IoStatus begin_segment();
  IoStatus begin_spare();
  IoStatus add_zeros(std::uint64_t bytes);
  IoStatus end_spare();
  IoStatus put(FrameBuffer& frames, bool syncs);
  IoStatus put(FrameType type);
  void read_ahead();

  LogDirectory& directory_;
  const std::uint64_t segment_bytes_;
  std::string identity_;
  std::unique_ptr<LogFile> file_;
  std::uint32_t seed_ = 0;
  std::uint64_t end_ = 0;         // Where the next frame goes.
  std::uint64_t read_ahead_ = 0;  // Up to here the segment was asked for.
  Position last_ = 0;
  Position durable_ = 0;
  std::uint64_t epoch_ = 0;
  bool is_sealed_ = false;
  bool has_spare_ = false;
  FrameBuffer own_;  // Frames without records.

  // Whoever makes spares.
  std::unique_ptr<LogFile> spare_;  // That is being made.
  std::uint64_t spare_bytes_ = 0;   // Of it.
};

}  // namespace tallyho

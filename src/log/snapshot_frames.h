#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/position.h"

namespace tallyho {

// How a snapshot's bytes look, whatever it is of. All numbers are little-endian.
//
//     0 "TALLYSNP" · 8 version (4) · 12 zeros (4) · 16 the log's identity (16) · 32 position (8) · 40 zeros (4)
//     44 CRC-32C of the 44 bytes before it
//
// Frames follow, the last one without bytes, and then nothing:
//
//     0 CRC-32C (4) · 4 size (4) · 8 the bytes
//
// A frame's CRC begins with the header's and the frame's number, so that none can be missing, come twice, or come from
// another snapshot.
inline constexpr std::uint32_t snapshot_format_version = 1;
inline constexpr std::size_t snapshot_header_bytes = 48;
inline constexpr std::size_t snapshot_frame_bytes_max = 1 << 20;

// What a snapshot is of: everything up to a position of a log.
struct SnapshotHead {
  std::string identity;  // 32 hex digits.
  Position position = 0;
};

// Where bytes go; false: they cannot be written.
using ByteSink = std::function<bool(std::span<const std::byte>)>;
// Where bytes come from: fills as much as there is, so fewer than asked for are the last; nothing: it cannot be read.
using ByteSource = std::function<std::optional<std::size_t>(std::span<std::byte>)>;

// Writes a snapshot.
//
// Threads: one owner.
class SnapshotFrameWriter {
 public:
  SnapshotFrameWriter(ByteSink sink, const SnapshotHead& head);
  // Nothing happens any more once the sink has failed.
  void write(std::span<const std::byte> bytes);
  // Ends it. False: not all of it could be written.
  bool finish();

 private:
  void write_frame(std::span<const std::byte> bytes);
  void put(std::span<const std::byte> bytes);

  ByteSink sink_;
  std::uint32_t seed_ = 0;
  std::uint64_t frames_ = 0;
  bool has_failed_ = false;
};

// Reads a snapshot, believing nothing that its CRCs do not cover.
//
// Threads: one owner. Memory: a frame.
class SnapshotFrameReader {
 public:
  // Errors, as text: it cannot be read, is no snapshot, is damaged, is of another version.
  static std::expected<SnapshotFrameReader, std::string> open(ByteSource source);

  const SnapshotHead& head() const { return head_; }
  // The bytes of the next frame, valid until the next call; none at the end, or once problem() says something.
  std::span<const std::byte> next();
  const std::string& problem() const { return problem_; }

 private:
  explicit SnapshotFrameReader(ByteSource source) : source_(std::move(source)) {}
  bool fill(std::span<std::byte> bytes);
  std::span<const std::byte> fail(std::string_view problem);

  ByteSource source_;
  SnapshotHead head_;
  std::uint32_t seed_ = 0;
  std::uint64_t frames_ = 0;
  bool is_at_end_ = false;
  std::vector<std::byte> frame_;
  std::string problem_;
};

}  // namespace tallyho

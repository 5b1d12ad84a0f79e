#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/position.h"
#include "base/time.h"
#include "log/record.h"

namespace tallyho {

// How the log's bytes look. All numbers are little-endian.
//
// A segment is a file named by the position of its first record in 20 digits, with ".log" behind. It begins with a
// header of one block:
//
//     0 "TALLYLOG" · 8 version (4 bytes) · 12 partition (4) · 16 identity (16) · 32 first position (8)
//     40 segment's size (8) · 48 CRC-32C of all of the block before it · zeros
//
// Frames follow, each at a multiple of `sector_bytes`, so that no two commits share a sector: a disk that spoils a
// sector while it is rewritten spoils nothing that was acked. Behind the last one the file is zeros.
//
//     0 CRC-32C of all behind it (4) · 4 size of the records (4) · 8 first position (8) · 16 records (4) · 20 type (1)
//     21 zeros (3) · 24 durable through (8) · 32 epoch (8) · 40 records
//
// The CRC begins with the identity and the segment's first position, so that frames of another log, or of the file's
// former life, are none of this one. `durable through` is the last position that was on the disk when the frame was
// made: what recovery tells a torn end from damage by (log/recovery.h).
//
// A record:
//
//     0 size (4) · 4 kind (1) · 5 zeros (3) · 8 arrival, seconds (8) · 16 arrival, nanoseconds (4) · 20 its bytes
inline constexpr std::uint32_t log_format_version = 1;
inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t segment_header_bytes = 4096;
inline constexpr std::size_t frame_header_bytes = 40;
inline constexpr std::size_t record_header_bytes = 20;
inline constexpr std::size_t record_bytes_max = std::size_t{1} << 20;
// A frame is ended once it has so many bytes of records.
inline constexpr std::size_t frame_bytes_target = std::size_t{256} * 1024;

constexpr std::uint64_t round_up_to_sector(std::uint64_t bytes) {
  return (bytes + sector_bytes - 1) / sector_bytes * sector_bytes;
}

// CRC-32C (Castagnoli) of `bytes`, continuing from `crc`. Source: RFC 3720, appendix B.4, without the inversions.
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes);

struct SegmentHeader {
  std::string identity;  // 32 hex digits.
  std::uint32_t version = log_format_version;
  Position first = 1;
  std::uint64_t segment_bytes = 0;

  // What the CRCs of this segment's frames begin with.
  std::uint32_t seed() const;
};
std::vector<std::byte> encode(const SegmentHeader& header);  // segment_header_bytes of them.
// Nothing: not a header, or damaged. Of another version only `version` is set.
std::optional<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes);
std::string segment_name(Position first);
std::optional<Position> first_position_of(std::string_view segment_name);

enum class FrameType : std::uint8_t {
  records = 1,
  seal = 2,  // Written when the log falls idle or ends, to say that everything before it is durable.
  open = 3,  // The log was opened again: a new epoch.
};

struct FrameHeader {
  FrameType type = FrameType::records;
  Position first = 0;  // Of its records; of a frame without any, the position after the last.
  std::uint32_t count = 0;
  std::uint32_t records_bytes = 0;
  Position durable_through = 0;
  std::uint64_t epoch = 0;

  std::uint64_t bytes() const { return round_up_to_sector(frame_header_bytes + records_bytes); }
};

// The frame at the front of `bytes`, if there is a whole and valid one.
std::optional<FrameHeader> decode_frame(std::span<const std::byte> bytes, std::uint32_t seed);

// Calls `take(position, record)` for each record of a frame that decode_frame() accepted. False: it says other things
// of its records than they are, which no damage does.
template <typename Take>
bool for_each_record(std::span<const std::byte> frame, const FrameHeader& header, Take take);

// Frames being filled: what is written with one write. Reused.
class FrameBuffer {
 public:
  // Adds a record of at most record_bytes_max. The first one's position is that of the frame.
  void add(Position position, RecordKind kind, Timestamp arrival, std::string_view bytes);
  // Adds a frame without records.
  void add(FrameType type, Position next);
  // Ends the last frame, and completes all of them for the segment with this seed.
  std::span<const std::byte> finish(std::uint32_t seed, Position durable_through, std::uint64_t epoch);
  void clear();

  // How many bytes finish() would give, and what a record of so many bytes adds to them at most.
  std::size_t bytes() const { return round_up_to_sector(bytes_.size()); }
  static std::size_t bytes_of_record(std::size_t bytes) {
    return round_up_to_sector(frame_header_bytes + record_header_bytes + bytes);
  }
  bool is_empty() const { return frames_.empty(); }
  Position last() const { return last_; }

 private:
  void begin(FrameType type, Position first);
  void pad();

  std::vector<std::byte> bytes_;
  std::vector<std::size_t> frames_;  // Where they begin.
  Position last_ = 0;                // Of the last record.
};

// Reads little-endian numbers.
template <typename T>
T read_number(std::span<const std::byte> bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<T>(std::to_integer<std::uint8_t>(bytes[offset + i])) << (8 * i));
  }
  return value;
}

template <typename Take>
bool for_each_record(std::span<const std::byte> frame, const FrameHeader& header, Take take) {
  std::span<const std::byte> rest = frame.subspan(frame_header_bytes, header.records_bytes);
  for (std::uint32_t i = 0; i < header.count; ++i) {
    if (rest.size() < record_header_bytes) return false;
    const auto size = read_number<std::uint32_t>(rest, 0);
    if (size > rest.size() - record_header_bytes) return false;
    const Timestamp arrival{static_cast<std::int64_t>(read_number<std::uint64_t>(rest, 8)),
                            static_cast<std::int32_t>(read_number<std::uint32_t>(rest, 16))};
    const auto kind = static_cast<RecordKind>(rest[4]);
    const auto* text = reinterpret_cast<const char*>(rest.data() + record_header_bytes);
    take(LogRecord{header.first + i, kind, arrival, std::string_view(text, size)});
    rest = rest.subspan(record_header_bytes + size);
  }
  return rest.empty();
}

}  // namespace tallyho

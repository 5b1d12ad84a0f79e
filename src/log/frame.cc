#include "log/frame.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "fmt/format.h"
#include "isa-l/crc.h"

namespace tallyho {
namespace {

constexpr std::string_view magic = "TALLYLOG";

template <typename T>
void write_number(std::span<std::byte> bytes, std::size_t offset, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
  // The library takes an int and, though it changes nothing, a pointer to what could be changed.
  constexpr std::size_t step = 1 << 30;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(std::min(step, bytes.size())), crc);
  }
  return crc;
}

std::uint32_t SegmentHeader::seed() const {
  std::array<std::byte, 8> number{};
  write_number(number, 0, first);
  return crc32c(crc32c(0xffffffff, bytes_of(identity)), number);
}

std::vector<std::byte> encode(const SegmentHeader& header) {
  std::vector<std::byte> bytes(segment_header_bytes);
  std::ranges::copy(bytes_of(magic), bytes.begin());
  write_number(bytes, 8, header.version);
  for (std::size_t i = 0; i < 16; ++i) {
    std::uint8_t byte = 0;
    std::from_chars(header.identity.data() + 2 * i, header.identity.data() + 2 * i + 2, byte, 16);
    bytes[16 + i] = static_cast<std::byte>(byte);
  }
  write_number(bytes, 32, header.first);
  write_number(bytes, 40, header.segment_bytes);
  write_number(bytes, 48, crc32c(0xffffffff, std::span(bytes).first(48)));
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(std::span<const std::byte> bytes) {
  if (bytes.size() < segment_header_bytes || !std::ranges::equal(bytes.first(magic.size()), bytes_of(magic))) {
    return std::nullopt;
  }
  if (read_number<std::uint32_t>(bytes, 48) != crc32c(0xffffffff, bytes.first(48))) return std::nullopt;
  SegmentHeader header;
  header.version = read_number<std::uint32_t>(bytes, 8);
  if (header.version != log_format_version) return header;
  for (std::size_t i = 0; i < 16; ++i) {
    fmt::format_to(std::back_inserter(header.identity), "{:02x}", std::to_integer<unsigned>(bytes[16 + i]));
  }
  header.first = read_number<std::uint64_t>(bytes, 32);
  header.segment_bytes = read_number<std::uint64_t>(bytes, 40);
  return header;
}

std::string segment_name(Position first) {
  return fmt::format("{:020}.log", first);
}

std::optional<Position> first_position_of(std::string_view name) {
  constexpr std::size_t digits = 20;
  if (name.size() != digits + 4 || !name.ends_with(".log")) return std::nullopt;
  Position first = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + digits, first);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return first;
}

std::optional<FrameHeader> decode_frame(std::span<const std::byte> bytes, std::uint32_t seed) {
  if (bytes.size() < frame_header_bytes) return std::nullopt;
  FrameHeader header;
  header.records_bytes = read_number<std::uint32_t>(bytes, 4);
  if (header.records_bytes > bytes.size() - frame_header_bytes) return std::nullopt;
  const auto type = std::to_integer<std::uint8_t>(bytes[20]);
  if (type < 1 || type > 3) return std::nullopt;
  const auto checked = bytes.subspan(4, frame_header_bytes - 4 + header.records_bytes);
  if (read_number<std::uint32_t>(bytes, 0) != crc32c(seed, checked)) return std::nullopt;
  header.first = read_number<std::uint64_t>(bytes, 8);
  header.count = read_number<std::uint32_t>(bytes, 16);
  header.type = static_cast<FrameType>(type);
  header.durable_through = read_number<std::uint64_t>(bytes, 24);
  header.epoch = read_number<std::uint64_t>(bytes, 32);
  return header;
}

void FrameBuffer::begin(FrameType type, Position first) {
  pad();
  frames_.push_back(bytes_.size());
  bytes_.resize(bytes_.size() + frame_header_bytes);
  const std::span<std::byte> frame = std::span(bytes_).subspan(frames_.back());
  write_number(frame, 8, first);
  frame[20] = static_cast<std::byte>(type);
}

void FrameBuffer::pad() {
  bytes_.resize(round_up_to_sector(bytes_.size()));
}

void FrameBuffer::add(Position position, RecordKind kind, Timestamp arrival, std::string_view bytes) {
  if (frames_.empty() || bytes_.size() - frames_.back() >= frame_bytes_target) begin(FrameType::records, position);
  const std::size_t offset = bytes_.size();
  bytes_.resize(offset + record_header_bytes + bytes.size());
  const std::span<std::byte> record = std::span(bytes_).subspan(offset);
  write_number(record, 0, static_cast<std::uint32_t>(bytes.size()));
  record[4] = static_cast<std::byte>(kind);
  write_number(record, 8, static_cast<std::uint64_t>(arrival.seconds));
  write_number(record, 16, static_cast<std::uint32_t>(arrival.nanos));
  std::ranges::copy(bytes_of(bytes), record.begin() + record_header_bytes);
  const std::span<std::byte> frame = std::span(bytes_).subspan(frames_.back());
  write_number(frame, 4, static_cast<std::uint32_t>(frame.size() - frame_header_bytes));
  write_number(frame, 16, read_number<std::uint32_t>(frame, 16) + 1);
  last_ = position;
}

void FrameBuffer::add(FrameType type, Position next) {
  begin(type, next);
}

std::span<const std::byte> FrameBuffer::finish(std::uint32_t seed, Position durable_through, std::uint64_t epoch) {
  pad();
  for (const std::size_t offset : frames_) {
    const std::span<std::byte> frame = std::span(bytes_).subspan(offset);
    write_number(frame, 24, durable_through);
    write_number(frame, 32, epoch);
    const auto size = read_number<std::uint32_t>(frame, 4);
    write_number(frame, 0, crc32c(seed, frame.subspan(4, frame_header_bytes - 4 + size)));
  }
  return bytes_;
}

void FrameBuffer::clear() {
  bytes_.clear();
  frames_.clear();
}

}  // namespace tallyho

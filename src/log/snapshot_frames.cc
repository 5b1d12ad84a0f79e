#include "log/snapshot_frames.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "log/frame.h"

namespace tallyho {
namespace {

constexpr std::string_view magic = "TALLYSNP";
constexpr std::size_t crc_offset = 44;
constexpr std::size_t identity_bytes = 16;

template <typename T>
void write_number(std::span<std::byte> bytes, std::size_t offset, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

using Header = std::array<std::byte, snapshot_header_bytes>;

Header encode(const SnapshotHead& head) {
  Header bytes{};
  std::ranges::copy(std::as_bytes(std::span(magic)), bytes.begin());
  write_number(bytes, 8, snapshot_format_version);
  for (std::size_t i = 0; i < identity_bytes && 2 * i + 2 <= head.identity.size(); ++i) {
    std::uint8_t byte = 0;
    std::from_chars(head.identity.data() + 2 * i, head.identity.data() + 2 * i + 2, byte, 16);
    bytes[16 + i] = static_cast<std::byte>(byte);
  }
  write_number(bytes, 32, head.position);
  write_number(bytes, crc_offset, crc32c(0xffffffff, std::span(bytes).first(crc_offset)));
  return bytes;
}

std::uint32_t crc_of(std::uint32_t seed, std::uint64_t number, std::span<const std::byte> size_and_bytes) {
  std::array<std::byte, 8> counted{};
  write_number(counted, 0, number);
  return crc32c(crc32c(seed, counted), size_and_bytes);
}

}  // namespace

SnapshotFrameWriter::SnapshotFrameWriter(ByteSink sink, const SnapshotHead& head) : sink_(std::move(sink)) {
  const Header header = encode(head);
  seed_ = read_number<std::uint32_t>(header, crc_offset);
  put(header);
}

void SnapshotFrameWriter::put(std::span<const std::byte> bytes) {
  has_failed_ = has_failed_ || !sink_(bytes);
}

void SnapshotFrameWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), snapshot_frame_bytes_max);
    write_frame(bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

void SnapshotFrameWriter::write_frame(std::span<const std::byte> bytes) {
  std::array<std::byte, 8> head{};
  write_number(head, 4, static_cast<std::uint32_t>(bytes.size()));
  const std::uint32_t crc = crc32c(crc_of(seed_, frames_++, std::span(head).subspan(4)), bytes);
  write_number(head, 0, crc);
  put(head);
  if (!bytes.empty()) put(bytes);
}

bool SnapshotFrameWriter::finish() {
  write_frame({});
  return !has_failed_;
}

std::expected<SnapshotFrameReader, std::string> SnapshotFrameReader::open(ByteSource source) {
  SnapshotFrameReader reader(std::move(source));
  Header header{};
  if (!reader.fill(header)) return std::unexpected("it ends before its header does, or cannot be read");
  if (!std::ranges::equal(std::span(header).first(magic.size()), std::as_bytes(std::span(magic)))) {
    return std::unexpected("it is no snapshot");
  }
  reader.seed_ = read_number<std::uint32_t>(header, crc_offset);
  if (reader.seed_ != crc32c(0xffffffff, std::span(header).first(crc_offset))) {
    return std::unexpected("its header is damaged");
  }
  const auto version = read_number<std::uint32_t>(header, 8);
  if (version != snapshot_format_version) {
    return std::unexpected(
        fmt::format("it has format {}, and this program knows {}", version, snapshot_format_version));
  }
  for (std::size_t i = 0; i < identity_bytes; ++i) {
    fmt::format_to(std::back_inserter(reader.head_.identity), "{:02x}", std::to_integer<unsigned>(header[16 + i]));
  }
  reader.head_.position = read_number<std::uint64_t>(header, 32);
  return reader;
}

bool SnapshotFrameReader::fill(std::span<std::byte> bytes) {
  const auto count = source_(bytes);
  return count && *count == bytes.size();
}

std::span<const std::byte> SnapshotFrameReader::fail(std::string_view problem) {
  problem_ = problem;
  return {};
}

std::span<const std::byte> SnapshotFrameReader::next() {
  if (is_at_end_ || !problem_.empty()) return {};
  std::array<std::byte, 8> head{};
  if (!fill(head)) return fail("it ends in the middle, or cannot be read");
  const auto size = read_number<std::uint32_t>(head, 4);
  if (size > snapshot_frame_bytes_max) return fail(fmt::format("frame {} is damaged", frames_));
  frame_.resize(size);
  if (!fill(frame_)) return fail("it ends in the middle, or cannot be read");
  const std::uint32_t crc = crc32c(crc_of(seed_, frames_, std::span(head).subspan(4)), frame_);
  if (crc != read_number<std::uint32_t>(head, 0)) return fail(fmt::format("frame {} is damaged", frames_));
  ++frames_;
  if (size > 0) return frame_;
  is_at_end_ = true;
  std::array<std::byte, 1> more{};
  if (const auto count = source_(more); !count || *count != 0) return fail("something follows its end");
  return {};
}

}  // namespace tallyho

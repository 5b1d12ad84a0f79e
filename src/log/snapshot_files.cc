#include "log/snapshot_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::string_view suffix = ".snapshot";
constexpr std::string_view unfinished = "unfinished";
constexpr std::size_t digits = 20;

// Writes a file from its beginning to its end, and gives it to the disk step by step: were it all given at the end,
// commits of the log would wait behind it, for 300 ms with two million players.
class SteadyWriter {
 public:
  explicit SteadyWriter(LogFile& file) : file_(file) {}

  IoStatus write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), step_bytes - (end_ - given_)));
      if (const IoStatus written = file_.write(end_, piece); !written) return written;
      end_ += piece.size();
      bytes = bytes.subspan(piece.size());
      if (end_ - given_ < step_bytes) continue;
      if (const IoStatus given = file_.write_back(given_, step_bytes); !given) return given;
      given_ = end_;
    }
    return {};
  }

 private:
  static constexpr std::uint64_t step_bytes = 64 << 10;

  LogFile& file_;
  std::uint64_t end_ = 0;
  std::uint64_t given_ = 0;  // To the disk.
};

IoStatus write_snapshot_under(LogDirectory& directory, const std::string& unfinished_name, const std::string& name,
                              const std::function<bool(ByteSink)>& save) {
  const auto file = directory.create(unfinished_name);
  if (!file) return std::unexpected(file.error());
  SteadyWriter writer(**file);
  IoStatus status;
  const bool is_saved = save([&](std::span<const std::byte> bytes) {
    status = writer.write(bytes);
    return status.has_value();
  });
  if (status && !is_saved) status = std::unexpected(IoError{"write", unfinished_name, EIO});
  if (status) status = (*file)->sync();
  if (status) status = directory.rename(unfinished_name, name);
  if (status) status = directory.sync_names();
  if (!status) (void)directory.remove(unfinished_name);  // What it took of a full disk is needed.
  return status;
}

}  // namespace

std::string snapshot_name(Position position) {
  return fmt::format("{:020}{}", position, suffix);
}

std::optional<Position> snapshot_position_of(std::string_view name) {
  if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  Position position = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + digits, position);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return position;
}

IoResult<std::vector<std::string>> list_snapshots(LogDirectory& directory) {
  auto names = directory.list();
  if (!names) return names;
  std::erase_if(*names, [](const std::string& name) { return !snapshot_position_of(name); });
  std::ranges::reverse(*names);
  return names;
}

ByteSource source_of(std::unique_ptr<LogFile> file) {
  return [owned = std::shared_ptr(std::move(file)),
          at = std::uint64_t{0}](std::span<std::byte> into) mutable -> std::optional<std::size_t> {
    const auto count = owned->read(at, into);
    if (!count) return std::nullopt;
    at += *count;
    return *count;
  };
}

IoResult<Position> known_durable(LogDirectory& directory) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    auto file = directory.open(name);
    if (!file) return std::unexpected(file.error());
    const auto reader = SnapshotFrameReader::open(source_of(std::move(*file)));
    if (reader) return reader->head().position;
  }
  return Position{0};
}

IoStatus write_snapshot(LogDirectory& directory, Position position, const std::function<bool(ByteSink)>& save) {
  return write_snapshot_under(directory, std::string(unfinished).append(suffix), snapshot_name(position), save);
}

IoStatus write_snapshot_as(LogDirectory& directory, const std::string& name,
                           const std::function<bool(ByteSink)>& save) {
  return write_snapshot_under(directory, fmt::format("{}.{}", name, unfinished), name, save);
}

IoStatus keep_snapshots(LogDirectory& directory, std::span<const std::string> kept) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (std::ranges::find(kept, name) != kept.end()) continue;
    if (const IoStatus removed = directory.remove(name); !removed) return removed;
  }
  return directory.sync_names();
}

IoResult<std::vector<std::string>> set_aside_snapshots(LogDirectory& directory, Position from) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error());
  std::vector<std::string> renamed;
  for (const std::string& name : *names) {
    if (snapshot_position_of(name).value_or(0) < from) continue;
    renamed.push_back(name + ".outdated");
    if (const IoStatus moved = directory.rename(name, renamed.back()); !moved) return std::unexpected(moved.error());
  }
  if (const IoStatus synced = directory.sync_names(); !synced) return std::unexpected(synced.error());
  return renamed;
}

}  // namespace tallyho

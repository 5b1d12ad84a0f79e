#include "outbox/cursor.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <span>

#include "fmt/format.h"
#include "log/frame.h"

namespace tallyho {
namespace {

constexpr std::string_view name = "outbox.cursor";
constexpr std::string_view new_name = "outbox.cursor.new";
constexpr std::string_view magic = "tallyho-outbox";

// "tallyho-outbox IDENTITY OFFSET POSITION", and a checksum of that.
std::string line(std::string_view identity, SpoolMark mark) {
  std::string text = fmt::format("{} {} {} {}", magic, identity, mark.offset, mark.position);
  return fmt::format("{} {:08x}\n", text, crc32c(0xffffffff, std::as_bytes(std::span(std::string_view(text)))));
}

// Takes a word from the front.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

IoResult<std::optional<SpoolMark>> read_cursor(LogDirectory& directory, std::string_view identity) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  if (std::ranges::find(*names, name) == names->end()) return std::nullopt;
  const auto file = directory.open(name);
  if (!file) return std::unexpected(file.error());
  std::string text(256, '\0');
  const auto count = (*file)->read(0, std::as_writable_bytes(std::span(text)));
  if (!count) return std::unexpected(count.error());
  text.resize(*count);
  std::string_view rest = text;
  const bool is_ours = take_word(rest) == magic;
  const std::string log(take_word(rest));
  const auto offset = number(take_word(rest));
  const auto position = number(take_word(rest));
  if (!is_ours || !offset || !position || text != line(log, {*offset, *position})) {
    return std::unexpected(IoError{.operation = "read", .file = std::string(name), .number = EILSEQ});
  }
  if (log != identity) return std::nullopt;
  return SpoolMark{.offset = *offset, .position = *position};
}

IoStatus write_cursor(LogDirectory& directory, std::string_view identity, SpoolMark mark) {
  const auto file = directory.create(new_name);
  if (!file) return std::unexpected(file.error());
  const std::string text = line(identity, mark);
  if (IoStatus written = (*file)->write(0, std::as_bytes(std::span(text))); !written) return written;
  if (IoStatus synced = (*file)->sync(); !synced) return synced;
  if (IoStatus renamed = directory.rename(new_name, name); !renamed) return renamed;
  return directory.sync_names();
}

}  // namespace tallyho

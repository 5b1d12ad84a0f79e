#include "log/quarantine.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <span>

#include "fmt/format.h"
#include "log/frame.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

constexpr std::string_view new_file_name = "quarantine.new";

std::uint32_t crc_of(const LogRecord& record) {
  return crc32c(0xffffffff, std::as_bytes(std::span(record.bytes)));
}

// Takes what is before the next blank, or all.
std::string_view take_word(std::string_view& line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

template <typename Number>
bool parse(std::string_view word, Number& number, int base) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size();
}

std::optional<Quarantined> parse_line(std::string_view line) {
  Quarantined decision;
  if (!parse(take_word(line), decision.position, 10) || !parse(take_word(line), decision.crc, 16)) return std::nullopt;
  decision.identity = take_word(line);
  const auto decided = parse_timestamp(take_word(line));
  if (!decided || decision.identity.empty()) return std::nullopt;
  decision.decided = *decided;
  decision.reason = line;
  return decision;
}

IoResult<std::string> read_text(LogDirectory& directory) {
  const auto bytes = read_file(directory, Quarantine::file_name);
  if (!bytes && bytes.error().number == ENOENT) return std::string();
  if (!bytes) return std::unexpected(bytes.error());
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace

IoResult<Quarantine> Quarantine::load(LogDirectory& directory) {
  const auto text = read_text(directory);
  if (!text) return std::unexpected(text.error());
  Quarantine quarantine;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    auto decision = parse_line(rest.substr(0, end));
    if (!decision) return std::unexpected(IoError{"reading", std::string(file_name), EINVAL});
    quarantine.decisions_.push_back(std::move(*decision));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return quarantine;
}

bool Quarantine::holds(const LogRecord& record, std::string_view identity) const {
  return std::ranges::any_of(decisions_, [&](const Quarantined& one) {
    return one.position == record.position && one.identity == identity && one.crc == crc_of(record);
  });
}

IoStatus Quarantine::add(LogDirectory& directory, const LogRecord& record, std::string_view identity, Timestamp now,
                         std::string_view reason) {
  auto text = read_text(directory);
  if (!text) return std::unexpected(text.error());
  std::string line(reason);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  *text += fmt::format("{} {:08x} {} {} {}\n", record.position, crc_of(record), identity, format_timestamp(now), line);
  return replace_file(directory, file_name, new_file_name, std::as_bytes(std::span(*text)));
}

}  // namespace tallyho

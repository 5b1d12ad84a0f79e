#include "server/ledger_entry.h"

#include <algorithm>

#include "log/frame.h"

namespace tallyho {
namespace {

constexpr std::size_t header_bytes = 60;

template <typename T>
void put_number(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
}

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, UINT16_MAX);
  put_number(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Takes numbers and texts off the front; what is not there is 0 or "", and `is_whole` false from then on.
struct Reader {
  std::span<const std::byte> rest;
  bool is_whole = true;

  template <typename T>
  T number() {
    if (rest.size() < sizeof(T)) is_whole = false;
    if (!is_whole) return 0;
    const T value = read_number<T>(rest, 0);
    rest = rest.subspan(sizeof(T));
    return value;
  }
  std::string_view text() {
    const auto size = number<std::uint16_t>();
    if (rest.size() < size) is_whole = false;
    if (!is_whole) return {};
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), size);
    rest = rest.subspan(size);
    return text;
  }
};

void overwrite(std::string& out, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < sizeof(value); ++i) out[offset + i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

std::uint32_t ledger_seed(std::string_view identity) {
  return crc32c(0xffffffff, bytes_of(identity));
}

void append_entry(std::string& out, const LedgerEntry& entry, std::uint32_t seed) {
  const std::size_t begin = out.size();
  put_number(out, std::uint64_t{0});  // Size and CRC, once they are known.
  put_number(out, entry.before);
  put_number(out, entry.position);
  put_number(out, static_cast<std::uint64_t>(entry.at.seconds));
  put_number(out, static_cast<std::uint32_t>(entry.at.nanos));
  put_number(out, static_cast<std::uint32_t>(entry.kind));
  put_number(out, static_cast<std::uint64_t>(entry.points));
  put_number(out, static_cast<std::uint64_t>(entry.total));
  put_number(out, std::uint32_t{0});
  put_text(out, entry.player);
  put_text(out, entry.id);
  put_text(out, entry.type);
  std::uint32_t rules = 0;
  for (const auto& [rule, points] : entry.fired) {
    if (out.size() - begin + sizeof(points) + sizeof(std::uint16_t) + rule.size() > ledger_entry_bytes_max) break;
    put_number(out, static_cast<std::uint64_t>(points));
    put_text(out, rule);
    ++rules;
  }
  if (!entry.by.empty()) put_text(out, entry.by);
  overwrite(out, begin, static_cast<std::uint32_t>(out.size() - begin));
  overwrite(out, begin + header_bytes - sizeof(rules), rules);
  overwrite(out, begin + 4, crc32c(seed, bytes_of(std::string_view(out).substr(begin + 8))));
}

std::string erased_entry(Position position, Timestamp at, std::size_t size, std::uint32_t seed) {
  const std::string filling(size - ledger_entry_bytes_min, '\0');
  std::string out;
  append_entry(
      out, {.kind = LedgerEntry::Kind::erased, .position = position, .at = at, .player = filling, .id = {}, .type = {}},
      seed);
  return out;
}

std::optional<std::size_t> ledger_entry_size(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  const auto size = read_number<std::uint32_t>(bytes, 0);
  if (size < ledger_entry_bytes_min || size > ledger_entry_bytes_max) return std::nullopt;
  return size;
}

std::optional<LedgerEntry> decode_entry(std::span<const std::byte> bytes, std::uint32_t seed,
                                        std::vector<LedgerRule>& rules) {
  const auto size = ledger_entry_size(bytes);
  if (!size || *size > bytes.size()) return std::nullopt;
  if (read_number<std::uint32_t>(bytes, 4) != crc32c(seed, bytes.subspan(8, *size - 8))) return std::nullopt;
  Reader reader{bytes.subspan(8, *size - 8)};
  LedgerEntry entry;
  entry.before = reader.number<std::uint64_t>();
  entry.position = reader.number<std::uint64_t>();
  entry.at.seconds = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  entry.at.nanos = static_cast<std::int32_t>(reader.number<std::uint32_t>());
  const auto kind = reader.number<std::uint32_t>();
  entry.points = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  entry.total = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  const auto count = reader.number<std::uint32_t>();
  entry.player = reader.text();
  entry.id = reader.text();
  entry.type = reader.text();
  rules.clear();
  for (std::uint32_t i = 0; i < count && reader.is_whole; ++i) {
    const auto points = static_cast<std::int64_t>(reader.number<std::uint64_t>());
    rules.push_back({reader.text(), points});
  }
  entry.fired = rules;
  if (reader.is_whole && !reader.rest.empty()) entry.by = reader.text();
  if (!reader.is_whole || !reader.rest.empty() || kind < 1 || kind > 3) return std::nullopt;
  entry.kind = static_cast<LedgerEntry::Kind>(kind);
  return entry;
}

void append_json(JsonWriter& json, const LedgerEntry& entry, bool is_with_by) {
  json.object();
  json.key("position").number(static_cast<std::int64_t>(entry.position));
  json.key("at").text(format_timestamp(entry.at));
  if (!entry.id.empty()) json.key("id").text(entry.id);
  json.key("type").text(entry.type);
  json.key("points").number(entry.points);
  json.key("total").number(entry.total);
  if (is_with_by && !entry.by.empty()) json.key("by").text(entry.by);
  json.key("fired").array();
  for (const auto& [rule, points] : entry.fired) json.array().text(rule).number(points).end();
  json.end().end();
}

}  // namespace tallyho

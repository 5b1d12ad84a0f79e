#include "ruleset/yaml_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <ranges>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace tallyho {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_sign(std::string_view text) {
  return text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  text = without_sign(text);
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos && !is_digits(without_sign(text.substr(exponent + 1)))) return false;
  const std::string_view mantissa = text.substr(0, exponent);
  const std::size_t point = mantissa.find('.');
  if (point == std::string_view::npos) return is_digits(mantissa);
  const std::string_view before = mantissa.substr(0, point);
  const std::string_view after = mantissa.substr(point + 1);
  if (before.empty()) return is_digits(after);
  return is_digits(before) && (after.empty() || is_digits(after));
}

std::optional<YamlScalar> parse_integer(std::string_view text, int base) {
  std::int64_t value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Smaller than the least double is 0, larger than the greatest is nothing.
std::optional<YamlScalar> parse_float(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    const std::size_t exponent = text.find_first_of("eE");
    const bool is_small = exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
    if (is_small) return text.starts_with('-') ? -0.0 : 0.0;
    return std::nullopt;
  }
  return value;
}

bool is_based(std::string_view text, std::string_view prefix, std::string_view digits) {
  return text.starts_with(prefix) && text.size() > prefix.size() &&
         text.find_first_not_of(digits, prefix.size()) == std::string_view::npos;
}

// A scalar as messages show it.
std::string shown(const YamlNode& node) {
  if (!node.is_scalar()) return std::string(node.kind_name());
  constexpr std::size_t shown_bytes_max = 40;
  if (node.text.size() <= shown_bytes_max) return fmt::format("'{}'", node.text);
  std::size_t end = shown_bytes_max;
  while (is_continuation_byte(node.text[end])) --end;
  return fmt::format("'{}…'", std::string_view(node.text).substr(0, end));
}

}  // namespace

std::optional<YamlScalar> resolve(const YamlNode& node) {
  const std::string_view text = node.text;
  if (node.is_null()) return YamlScalar();
  if (!node.is_plain) return text;
  if (is_one_of(text, {"null", "Null", "NULL", "~", ""})) return YamlScalar();
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (is_digits(without_sign(text))) return parse_integer(text, 10);
  if (is_based(text, "0o", "01234567")) return parse_integer(text.substr(2), 8);
  if (is_based(text, "0x", "0123456789abcdefABCDEF")) return parse_integer(text.substr(2), 16);
  if (is_float(text)) return parse_float(text);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (is_one_of(without_sign(text), {".inf", ".Inf", ".INF"})) return text.starts_with('-') ? -infinity : infinity;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  return text;
}

std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Report& report) {
  const std::optional<YamlScalar> value = resolve(node);
  if ((node.is_scalar() || node.is_null()) && value) {
    if (const bool* truth = std::get_if<bool>(&*value)) return *truth;
  }
  report.error(node.begin, node.end, fmt::format("{} must be true or false, not {}", what, shown(node)));
  return std::nullopt;
}

std::optional<std::int64_t> read_int(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max,
                                     Report& report) {
  const std::optional<YamlScalar> value = resolve(node);
  const std::int64_t* number = node.is_scalar() && value ? std::get_if<std::int64_t>(&*value) : nullptr;
  if (number != nullptr && *number >= min && *number <= max) return *number;
  constexpr std::int64_t none_min = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t none_max = std::numeric_limits<std::int64_t>::max();
  std::string range;
  if (min != none_min && max != none_max) {
    range = fmt::format(" from {} to {}", min, max);
  } else if (min != none_min) {
    range = fmt::format(" of at least {}", min);
  }
  if (number == nullptr && node.is_scalar() && !value) range += " within 64 bits";
  report.error(node.begin, node.end, fmt::format("{} must be an integer{}, not {}", what, range, shown(node)));
  return std::nullopt;
}

std::optional<double> read_double(const YamlNode& node, std::string_view what, Report& report) {
  const std::optional<YamlScalar> value = resolve(node);
  if (node.is_scalar() && value) {
    if (const double* number = std::get_if<double>(&*value); number != nullptr && std::isfinite(*number))
      return *number;
    if (const std::int64_t* number = std::get_if<std::int64_t>(&*value)) return static_cast<double>(*number);
  }
  report.error(node.begin, node.end, fmt::format("{} must be a number, not {}", what, shown(node)));
  return std::nullopt;
}

std::optional<std::string_view> read_text(const YamlNode& node, std::string_view what, Report& report) {
  if (node.is_scalar()) return node.text;
  report.error(node.begin, node.end, fmt::format("{} must be a text, not {}", what, shown(node)));
  return std::nullopt;
}

std::optional<Duration> read_duration(const YamlNode& node, std::string_view what, Report& report) {
  if (node.is_scalar()) {
    if (const std::optional<Duration> duration = parse_duration(node.text)) return duration;
  }
  report.error(
      node.begin, node.end,
      fmt::format("{} must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not {}", what, shown(node)));
  return std::nullopt;
}

std::optional<Timestamp> read_timestamp(const YamlNode& node, std::string_view what, Report& report) {
  const std::optional<YamlScalar> value = resolve(node);
  if (node.is_scalar() && value) {
    if (const std::int64_t* millis = std::get_if<std::int64_t>(&*value)) {
      const bool is_in_range = *millis >= Timestamp::min().to_millis() && *millis <= Timestamp::max().to_millis();
      if (is_in_range) return Timestamp::from_millis(*millis);
    } else if (const std::optional<Timestamp> time = parse_timestamp(node.text)) {
      return time;
    }
  }
  report.error(node.begin, node.end,
               fmt::format("{} must be a time such as 2026-07-19T19:00:00Z, not {}", what, shown(node)));
  return std::nullopt;
}

std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       std::initializer_list<std::string_view> choices, Report& report) {
  if (node.is_scalar()) {
    const auto* found = std::ranges::find(choices, node.text);
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  }
  const std::string near = node.is_scalar() ? nearest(node.text, choices) : "";
  report.error(node.begin, node.end,
               fmt::format("{} must be one of {}, not {}{}", what, fmt::join(choices, ", "), shown(node),
                           near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  return std::nullopt;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  if (const std::string near = nearest(name, known); !near.empty()) return fmt::format("; did you mean '{}'?", near);
  constexpr std::size_t listed_max = 24;
  if (known.empty()) return "";
  if (known.size() <= listed_max) return fmt::format("; known are {}", fmt::join(known, ", "));
  return fmt::format("; known are {} and {} more", fmt::join(known | std::views::take(listed_max), ", "),
                     known.size() - listed_max);
}

std::vector<YamlEntry> read_entries(const YamlNode& node, std::string_view what, Report& report) {
  std::vector<YamlEntry> entries;
  if (!node.is_map()) {
    if (!node.is_null()) {
      report.error(node.begin, node.end, fmt::format("{} must be a map, not {}", what, shown(node)));
    }
    return entries;
  }
  absl::flat_hash_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const YamlNode& key = node.keys[i];
    const auto [known, is_new] = first.emplace(key.text, key.begin);
    if (is_new) {
      entries.push_back({&key, &node.items[i]});
    } else {
      report.error(key.begin, key.end,
                   fmt::format("duplicate key '{}'; the first is on line {}", key.text,
                               report.source().place(known->second).line));
    }
  }
  return entries;
}

std::vector<const YamlNode*> read_list_or_one(const YamlNode& node, std::string_view what, Report& report) {
  std::vector<const YamlNode*> items;
  if (node.is_scalar()) {
    items.push_back(&node);
  } else if (node.is_list()) {
    for (const YamlNode& item : node.items) items.push_back(&item);
  } else {
    report.error(node.begin, node.end, fmt::format("{} must be a list, not {}", what, shown(node)));
  }
  return items;
}

MapReader::MapReader(const YamlNode& node, std::string_view what, Report& report)
    : node_(node), what_(what), report_(report) {
  read_entries(node, what, report);
}

const YamlNode* MapReader::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  for (std::size_t i = 0; i < node_.keys.size(); ++i) {
    if (node_.keys[i].text == key) return &node_.items[i];
  }
  return nullptr;
}

const YamlNode* MapReader::require(std::string_view key) {
  const YamlNode* value = find(key);
  const bool may_have_it = node_.is_map() || node_.is_null();  // Else it is reported already.
  if (value == nullptr && may_have_it)
    report_.error(node_.begin, node_.end, fmt::format("{} needs the key '{}'", what_, key));
  return value;
}

void MapReader::forbid(std::string_view key, std::string_view message) {
  forbidden_.emplace_back(key, message);
}

void MapReader::finish() {
  for (const YamlNode& key : node_.keys) {
    if (std::ranges::find(known_, key.text) != known_.end()) continue;
    const auto forbidden =
        std::ranges::find(forbidden_, key.text, &std::pair<std::string_view, std::string_view>::first);
    report_.error(key.begin, key.end,
                  forbidden != forbidden_.end()
                      ? std::string(forbidden->second)
                      : fmt::format("unknown key '{}' in {}{}", key.text, what_, suggestion(key.text, known_)));
  }
}

}  // namespace tallyho

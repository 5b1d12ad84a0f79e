#include "server/request_target.h"

#include <algorithm>
#include <string>

#include "simdjson.h"

namespace tallyho {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `plus_is_space` as in forms, which is how browsers write queries.
Answered<std::string_view> decode(std::string_view text, bool plus_is_space, Arena& arena) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return refuse(Code::invalid_argument, "the path or query has a '%' without two hex digits");
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!simdjson::validate_utf8(decoded)) return refuse(Code::invalid_argument, "the path or query is not UTF-8");
  return decoded == text ? text : arena.copy(decoded);
}

// Proxies send "http://host/path".
std::string_view without_authority(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

Answered<RequestTarget> parse_target(std::string_view target, Arena& arena) {
  target = without_authority(target);
  if (!target.starts_with('/')) return refuse(Code::invalid_argument, "a path begins with '/'");
  target.remove_prefix(1);
  const std::size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);

  RequestTarget parsed;
  while (true) {
    const std::size_t slash = path.find('/');
    const auto segment = decode(path.substr(0, slash), false, arena);
    if (!segment) return std::unexpected(segment.error());
    parsed.segments.push_back(*segment);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = decode(pair.substr(0, equals), true, arena);
    if (!name) return std::unexpected(name.error());
    const auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true, arena);
    if (!value) return std::unexpected(value.error());
    if (std::ranges::any_of(parsed.parameters, [&](const auto& other) { return other.first == *name; })) {
      return refuse(Code::invalid_argument, "the parameter '" + std::string(*name) + "' is given twice");
    }
    parsed.parameters.emplace_back(*name, *value);
  }
  return parsed;
}

}  // namespace tallyho

#include "server/auth.h"

#include <algorithm>
#include <charconv>

namespace tallyho {
namespace {

// "[::1]:7070" → "::1", "localhost:80" → "localhost", "::1" → "::1".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  const std::size_t colon = host.find(':');
  const bool is_bare_ipv6 = colon != std::string_view::npos && host.find(':', colon + 1) != std::string_view::npos;
  return is_bare_ipv6 ? host : host.substr(0, colon);
}

// Four decimal numbers, the first 127: a name such as 127.example.com is not an address.
bool is_loopback_ipv4(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  int parts = 0;
  const char* at = host.data();
  const char* const end = at + host.size();
  while (true) {
    unsigned part = 256;
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part > 255) return false;
    ++parts;
    if (next == end) return parts == 4;
    if (*next != '.') return false;
    at = next + 1;
  }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

}  // namespace

bool is_loopback(std::string_view host) {
  const std::string_view name = without_port(host);
  return is_loopback_ipv4(name) || name == "::1" || equal_ignoring_case(name, "localhost");
}

std::expected<Authority, std::string> Authority::create(bool dev, std::string_view listen_host,
                                                        std::string_view admin_host) {
  if (!dev) {
    return std::unexpected(
        "there is no token key, so nobody could be told from anybody: start with --dev to serve "
        "this machine only, without tokens");
  }
  for (const std::string_view host : {listen_host, admin_host}) {
    if (is_loopback(host)) continue;
    return std::unexpected("--dev asks for no tokens and so serves loopback addresses only, not " + std::string(host));
  }
  return Authority();
}

bool Authority::allows(std::string_view host, std::string_view origin) const {
  if (!is_loopback(host)) return false;
  if (origin.empty()) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback(origin.substr(scheme.size()));
  }
  return false;  // "null": a file, a sandboxed frame.
}

bool Authority::allows_admin(std::string_view host, std::string_view origin) const {
  return is_loopback(host) && origin.empty();
}

}  // namespace tallyho

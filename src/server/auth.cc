#include "server/auth.h"

#include <algorithm>
#include <charconv>

#include "server/token_cache.h"

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

std::string_view token_in_protocols(std::string_view offered) {
  constexpr std::string_view prefix = "bearer.";
  while (!offered.empty()) {
    const std::size_t comma = std::min(offered.find(','), offered.size());
    std::string_view name = offered.substr(0, comma);
    offered.remove_prefix(std::min(comma + 1, offered.size()));
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    name = name.substr(0, name.find_last_not_of(" \t") + 1);
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return {};
}

std::expected<Authority, std::string> Authority::create(Options options) {
  if (options.dev) {
    for (const std::string& host : {options.listen_host, options.admin_host}) {
      if (is_loopback(host)) continue;
      return std::unexpected("--dev asks for no tokens and so serves loopback addresses only, not " + host);
    }
    return Authority(std::move(options));
  }
  const bool is_private = is_loopback(options.listen_host) && is_loopback(options.admin_host);
  if (is_private && options.tokens == nullptr) {
    return std::unexpected(
        "there is no token key, so nobody could be told from anybody: give --token-key FILE (`tallyho token "
        "--new-secret FILE` makes one), or start with --dev to serve this machine only, without tokens");
  }
  if (is_private) return Authority(std::move(options));
  const std::string& host = is_loopback(options.listen_host) ? options.admin_host : options.listen_host;
  std::string missing;
  if (!options.has_tls && !options.is_behind_proxy) {
    missing +=
        "\n  - nothing encrypts what clients send: give --tls-certificate FILE and --tls-key FILE, or --behind-proxy "
        "if "
        "something in front of it speaks TLS";
  }
  if (options.tokens == nullptr) {
    missing +=
        "\n  - nobody can be told from anybody: give --token-key FILE (`tallyho token --new-secret FILE` makes one)";
  }
  if (options.origins.empty()) {
    missing +=
        "\n  - any page could use it through its visitors' browsers: name those that may with --origin "
        "https://game.example, or say --origin none";
  }
  if (!is_loopback(options.admin_host) && options.admin_hosts.empty()) {
    missing += "\n  - the admin listener does not know its name: give --admin-host NAME";
  }
  if (missing.empty()) return Authority(std::move(options));
  return std::unexpected("other machines can reach " + host + ", and that is not safe yet:" + missing);
}

Authority::Authority(Options options) : options_(std::move(options)), known_(std::make_shared<TokenCache>()) {}

Answered<Caller> Authority::caller(std::string_view authorization, std::string_view protocols, Timestamp now) const {
  if (options_.dev) return Caller{.roles = {.ingest = true, .read = true}};
  if (authorization.empty()) {
    const std::string_view token = token_in_protocols(protocols);
    return token.empty() ? Caller{} : caller_with(token, now);
  }
  constexpr std::string_view scheme = "Bearer ";
  if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
    return refuse(Code::unauthorized, "'Authorization' is 'Bearer' and a token");
  }
  return caller_with(authorization.substr(scheme.size()), now);
}

Answered<Caller> Authority::caller_with(std::string_view token, Timestamp now) const {
  if (options_.dev) return Caller{.roles = {.ingest = true, .read = true}};
  const std::uint64_t version = options_.tokens->version();  // Before: keys that change meanwhile are looked at again.
  if (auto known = known_->find(token, version, now)) return std::move(*known);
  auto claims = options_.tokens->verify(token, now);
  if (!claims) return refuse(Code::unauthorized, std::string(describe(claims.error())));
  Caller caller;
  caller.roles = {.ingest = claims->roles.ingest,
                  .read = claims->roles.read || claims->roles.admin,
                  .admin = claims->roles.admin,
                  .player = claims->roles.player ? claims->subject : ""};
  caller.grant = {.subject = std::move(claims->subject),
                  .thumbprint = std::move(claims->thumbprint),
                  .ends = claims->ends,
                  .keys_version = version};
  known_->enter(token, caller);
  return caller;
}

Answered<Caller> Authority::admin_caller(std::string_view authorization, Timestamp now) const {
  if (options_.dev) return Caller{.roles = {.read = true, .admin = true}};
  return caller(authorization, "", now);
}

bool Authority::holds(Grant& grant, Timestamp now) const {
  if (!grant.has_token()) return true;
  if (now >= grant.ends) return false;
  const std::uint64_t version = options_.tokens->version();
  if (version == grant.keys_version) return true;
  if (!options_.tokens->has(grant.thumbprint)) return false;
  grant.keys_version = version;
  return true;
}

bool Authority::allows(std::string_view host, std::string_view origin) const {
  if (options_.dev && !is_loopback(host)) return false;
  if (origin.empty()) return true;
  for (const std::string& allowed : options_.origins) {
    if (allowed == "*" || (allowed != "none" && equal_ignoring_case(allowed, origin))) return true;
  }
  if (!options_.origins.empty() || !is_listener_private()) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback(origin.substr(scheme.size()));
  }
  return false;  // "null": a file, a sandboxed frame.
}

bool Authority::allows_admin(std::string_view host, std::string_view origin) const {
  if (!origin.empty()) return false;
  if (is_loopback(options_.admin_host) && is_loopback(host)) return true;
  return std::ranges::any_of(options_.admin_hosts, [&](const std::string& name) {
    return !name.empty() && equal_ignoring_case(without_port(host), without_port(name));
  });
}

bool Authority::is_listener_private() const {
  return is_loopback(options_.listen_host) && !options_.is_behind_proxy;
}

bool Authority::is_admin_listener_private() const {
  return is_loopback(options_.admin_host);
}

}  // namespace tallyho

#include "token/token_verifier.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/json.h"
#include "simdjson.h"
#include "token/base64url.h"

namespace tallyho {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t depth_max = 32;
constexpr std::size_t player_bytes_max = 128;

struct Parts {
  std::string_view header, payload, signature;
  std::string_view signed_text;  // The first two and the point between them.
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{.header = token.substr(0, first),
               .payload = token.substr(first + 1, second - first - 1),
               .signature = token.substr(second + 1),
               .signed_text = token.substr(0, second)};
}

// Of two members with one name, readers disagree which counts: there must be none.
bool has_member_twice(const object& json) {
  std::vector<std::string_view> names;
  for (const auto member : json) names.push_back(member.key);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

// A part of a token as the JSON object that it is.
class Part {
 public:
  static std::optional<Part> read(std::string_view base64url) {
    Part part;
    auto bytes = decode_base64url(base64url);
    if (!bytes) return std::nullopt;
    part.bytes_ = std::move(*bytes);
    if (part.bytes_.empty() || part.parser_->allocate(TokenVerifier::token_bytes_max, depth_max) != simdjson::SUCCESS ||
        part.parser_->parse(part.bytes_).get(part.json_) != simdjson::SUCCESS || has_member_twice(part.json_)) {
      return std::nullopt;
    }
    return part;
  }

  bool has(std::string_view name) const { return json_.at_key(name).error() == simdjson::SUCCESS; }
  std::optional<element> find(std::string_view name) const {
    element value;
    if (json_.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  // Nothing also if it is not a string.
  std::optional<std::string_view> text(std::string_view name) const {
    std::string_view text;
    if (json_.at_key(name).get(text) != simdjson::SUCCESS) return std::nullopt;
    return text;
  }

 private:
  Part() : parser_(std::make_unique<simdjson::dom::parser>()) {}

  std::string bytes_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  object json_;
};

// A NumericDate of RFC 7519: seconds, perhaps with a fraction, which is cut. Nothing: not one, or not before the year
// 10000.
std::optional<Timestamp> date(const element& value) {
  std::int64_t whole = 0;
  if (value.is_int64()) {
    if (value.get(whole) != simdjson::SUCCESS) return std::nullopt;
  } else {
    double seconds = 0;
    if (!value.is_double() || value.get(seconds) != simdjson::SUCCESS) return std::nullopt;
    if (!(std::abs(seconds) < 1e12)) return std::nullopt;
    whole = static_cast<std::int64_t>(std::floor(seconds));
  }
  const Timestamp time{whole, 0};
  if (time < Timestamp{} || !time.is_valid()) return std::nullopt;
  return time;
}

Timestamp later(Timestamp time, std::chrono::seconds seconds) {
  time.seconds += seconds.count();
  return std::min(time, Timestamp::max());
}

bool can_be_player(std::string_view name) {
  return !name.empty() && name.size() <= player_bytes_max &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// When it ends, or why it is not valid now.
std::expected<Timestamp, TokenFault> check_times(const Part& payload, Timestamp now, std::chrono::seconds leeway) {
  const auto exp = payload.find("exp");
  if (!exp) return std::unexpected(TokenFault::no_expiry);
  const auto expires = date(*exp);
  if (!expires) return std::unexpected(TokenFault::no_expiry);
  const Timestamp ends = later(*expires, leeway);
  if (now >= ends) return std::unexpected(TokenFault::expired);
  for (const std::string_view name : {"nbf", "iat"}) {
    const auto claim = payload.find(name);
    if (!claim) continue;
    const auto begins = date(*claim);
    if (!begins) return std::unexpected(TokenFault::bad_claim);
    if (*begins > later(now, leeway)) return std::unexpected(TokenFault::not_yet_valid);
  }
  return ends;
}

// RFC 7519 section 4.1.3: one string, or a list of them. Who is not named must not take it.
bool names_audience(const Part& payload, std::string_view audience) {
  const auto claim = payload.find("aud");
  if (!claim) return audience.empty();
  if (audience.empty()) return false;
  std::string_view text;
  if (claim->get(text) == simdjson::SUCCESS) return text == audience;
  simdjson::dom::array list;
  if (claim->get(list) != simdjson::SUCCESS) return false;
  return std::ranges::any_of(list, [&](element one) { return one.get(text) == simdjson::SUCCESS && text == audience; });
}

// Words that are no roles of ours are somebody else's. Nothing: not a list of strings.
std::optional<TokenRoles> read_roles(const Part& payload) {
  TokenRoles roles;
  const auto claim = payload.find("roles");
  if (!claim) return roles;
  simdjson::dom::array list;
  if (claim->get(list) != simdjson::SUCCESS) return std::nullopt;
  for (const element one : list) {
    std::string_view name;
    if (one.get(name) != simdjson::SUCCESS) return std::nullopt;
    set_role(roles, name);
  }
  return roles;
}

std::expected<TokenClaims, TokenFault> read_claims(const Part& payload, const TokenVerifier::Options& options,
                                                   Timestamp now) {
  TokenClaims claims;
  const auto ends = check_times(payload, now, options.leeway);
  if (!ends) return std::unexpected(ends.error());
  claims.ends = *ends;
  if (!names_audience(payload, options.audience)) return std::unexpected(TokenFault::wrong_audience);
  if (!options.issuer.empty() && payload.text("iss") != options.issuer) {
    return std::unexpected(TokenFault::wrong_issuer);
  }
  const auto roles = read_roles(payload);
  const auto subject = payload.text("sub");
  if (!roles || (payload.has("sub") && !subject)) return std::unexpected(TokenFault::bad_claim);
  claims.roles = *roles;
  claims.subject = subject.value_or("");
  if (claims.roles.player && !can_be_player(claims.subject)) return std::unexpected(TokenFault::no_player);
  return claims;
}

}  // namespace

std::string_view describe(TokenFault fault) {
  switch (fault) {
    case TokenFault::too_large: return "the token is larger than 4096 bytes";
    case TokenFault::malformed: return "the token is not a signed JSON Web Token";
    case TokenFault::unknown_key: return "the token is signed with a key that is not known here";
    case TokenFault::wrong_algorithm: return "the token is signed with another algorithm than its key is for";
    case TokenFault::critical: return "the token asks for an extension that is not known here";
    case TokenFault::bad_signature: return "the token's signature is wrong";
    case TokenFault::no_expiry: return "the token has no 'exp' that is a number of seconds";
    case TokenFault::bad_claim: return "a claim of the token is of the wrong type or out of range";
    case TokenFault::expired: return "the token has expired";
    case TokenFault::not_yet_valid: return "the token is not valid yet";
    case TokenFault::wrong_audience: return "the token is not meant for this server";
    case TokenFault::wrong_issuer: return "the token is not from the issuer that is trusted here";
    case TokenFault::no_player: return "the token has the role player, but no 'sub' that can be a player's name";
  }
  return "the token is not taken";
}

TokenVerifier::TokenVerifier(Options options, TokenKeySet keys)
    : options_(std::move(options)), keys_(std::make_shared<const TokenKeySet>(std::move(keys))) {}

std::shared_ptr<const TokenKeySet> TokenVerifier::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void TokenVerifier::replace(TokenKeySet keys) {
  auto replaced = std::make_shared<const TokenKeySet>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_.swap(replaced);
  version_.fetch_add(1, std::memory_order_release);
}

std::expected<TokenClaims, TokenFault> TokenVerifier::verify(std::string_view token, Timestamp now) const {
  if (token.size() > token_bytes_max) return std::unexpected(TokenFault::too_large);
  const auto parts = split(token);
  if (!parts) return std::unexpected(TokenFault::malformed);
  const auto header = Part::read(parts->header);
  const auto signature = decode_base64url(parts->signature);
  if (!header || !signature) return std::unexpected(TokenFault::malformed);
  const auto algorithm = header->text("alg");
  if (!algorithm || (header->has("kid") && !header->text("kid"))) return std::unexpected(TokenFault::malformed);
  if (header->has("crit")) return std::unexpected(TokenFault::critical);
  const auto keys = this->keys();
  auto candidates = keys->candidates(header->text("kid").value_or(""));
  if (candidates.empty()) return std::unexpected(TokenFault::unknown_key);
  const auto wanted = find_token_algorithm(*algorithm);
  std::erase_if(candidates, [&](const TokenKey* key) { return key->algorithm() != wanted; });
  if (candidates.empty()) return std::unexpected(TokenFault::wrong_algorithm);
  const auto key = std::ranges::find_if(
      candidates, [&](const TokenKey* one) { return one->verifies(parts->signed_text, *signature); });
  if (key == candidates.end()) return std::unexpected(TokenFault::bad_signature);
  const auto payload = Part::read(parts->payload);
  if (!payload) return std::unexpected(TokenFault::malformed);
  auto claims = read_claims(*payload, options_, now);
  if (claims) claims->thumbprint = (*key)->thumbprint();
  return claims;
}

std::expected<std::string, std::string> sign_token(const TokenDraft& draft, const TokenKey& key) {
  std::string header;
  JsonWriter json(header);
  json.object().key("alg").text(name_of(key.algorithm())).key("typ").text("JWT");
  if (!key.id().empty()) json.key("kid").text(key.id());
  json.end();
  std::string token = encode_base64url(header) + "." + encode_base64url(to_json(draft));
  const auto signature = key.sign(token);
  if (!signature) return std::unexpected(signature.error());
  return token + "." + encode_base64url(*signature);
}

}  // namespace tallyho

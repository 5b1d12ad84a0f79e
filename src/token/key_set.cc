#include "token/key_set.h"

#include <algorithm>

#include "simdjson.h"
#include "token/base64url.h"

namespace tallyho {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// A member of a JWK that is a string, or "".
std::string_view text_member(const object& jwk, std::string_view name) {
  std::string_view text;
  return jwk.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// The same as bytes; "" also if it is not base64url.
std::string bytes_member(const object& jwk, std::string_view name) {
  return decode_base64url(text_member(jwk, name)).value_or("");
}

struct Kind {
  std::string_view type;   // kty
  std::string_view curve;  // crv, "" where there is none.
  TokenAlgorithm algorithm;
};
constexpr Kind kinds[] = {{"oct", "", TokenAlgorithm::hs256},
                          {"RSA", "", TokenAlgorithm::rs256},
                          {"EC", "P-256", TokenAlgorithm::es256},
                          {"OKP", "Ed25519", TokenAlgorithm::eddsa}};

std::expected<TokenKey, std::string> read_jwk(const object& jwk) {
  const std::string_view type = text_member(jwk, "kty");
  const std::string_view curve = text_member(jwk, "crv");
  const std::string_view algorithm = text_member(jwk, "alg");
  const auto* const kind = std::ranges::find_if(kinds, [&](const Kind& known) {
    return known.type == type && known.curve == curve && (algorithm.empty() || algorithm == name_of(known.algorithm));
  });
  if (kind == std::end(kinds)) {
    return std::unexpected("only HS256 (kty oct), RS256 (RSA), ES256 (EC, P-256) and EdDSA (OKP, Ed25519) are taken");
  }
  std::string id(text_member(jwk, "kid"));
  const std::string d = bytes_member(jwk, "d");
  const std::string x = bytes_member(jwk, "x");
  switch (kind->algorithm) {
    case TokenAlgorithm::hs256: return TokenKey::from_secret(std::move(id), bytes_member(jwk, "k"));
    case TokenAlgorithm::es256:
      return TokenKey::from(std::move(id), TokenKey::Ec{.x = x, .y = bytes_member(jwk, "y"), .d = d});
    case TokenAlgorithm::eddsa: return TokenKey::from(std::move(id), TokenKey::Ed25519{.x = x, .d = d});
    case TokenAlgorithm::rs256: break;
  }
  return TokenKey::from(std::move(id), TokenKey::Rsa{.n = bytes_member(jwk, "n"), .e = bytes_member(jwk, "e"), .d = d});
}

bool looks_like_json(std::string_view file) {
  const std::size_t first = file.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && file[first] == '{';
}

std::string_view without_line_break(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::expected<void, std::string> TokenKeySet::add(std::string_view file) {
  std::vector<TokenKey> keys;
  if (!looks_like_json(file)) {
    auto key = TokenKey::from_secret("", without_line_break(file));
    if (!key) return std::unexpected(key.error());
    keys.push_back(std::move(*key));
    return take(std::move(keys));
  }
  simdjson::dom::parser parser;
  object whole;
  if (parser.parse(file.data(), file.size()).get(whole) != simdjson::SUCCESS) return std::unexpected("it is not JSON");
  std::vector<object> jwks;
  simdjson::dom::array array;
  if (whole.at_key("keys").get(array) != simdjson::SUCCESS) {
    jwks.push_back(whole);
  } else {
    for (const element one : array) {
      object jwk;
      if (one.get(jwk) != simdjson::SUCCESS) return std::unexpected("'keys' lists objects");
      if (text_member(jwk, "use") != "enc") jwks.push_back(jwk);
    }
  }
  for (std::size_t i = 0; i < jwks.size(); ++i) {
    auto key = read_jwk(jwks[i]);
    if (!key) return std::unexpected("key " + std::to_string(i + 1) + ": " + key.error());
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return std::unexpected("it has no key");
  return take(std::move(keys));
}

std::expected<void, std::string> TokenKeySet::take(std::vector<TokenKey> keys) {
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    const auto is_same = [&](const TokenKey& other) { return !key->id().empty() && other.id() == key->id(); };
    if (std::any_of(keys.begin(), key, is_same) || std::ranges::any_of(keys_, is_same)) {
      return std::unexpected("two keys have the same 'kid'");
    }
  }
  std::ranges::move(keys, std::back_inserter(keys_));
  return {};
}

std::vector<const TokenKey*> TokenKeySet::candidates(std::string_view id) const {
  std::vector<const TokenKey*> found;
  for (const TokenKey& key : keys_) {
    if (key.id() == id) found.push_back(&key);
  }
  if (found.empty() && id.empty() && keys_.size() == 1) found.push_back(&keys_.front());
  return found;
}

bool TokenKeySet::has(std::string_view thumbprint) const {
  return std::ranges::any_of(keys_, [&](const TokenKey& key) { return key.thumbprint() == thumbprint; });
}

bool TokenKeySet::has_private_parts() const {
  return std::ranges::any_of(
      keys_, [](const TokenKey& key) { return key.algorithm() != TokenAlgorithm::hs256 && key.is_private(); });
}

bool TokenKeySet::has_public_keys() const {
  return std::ranges::any_of(keys_, [](const TokenKey& key) { return key.algorithm() != TokenAlgorithm::hs256; });
}

}  // namespace tallyho

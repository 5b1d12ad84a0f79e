// Any bytes as a token, and as a key file: nothing crashes; no token is taken whose signature was not made with the
// key, whatever its header and claims are; and of one that was, the claims that are taken hold what they promise. The
// corpus has tokens signed with the secret below.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "token/base64url.h"
#include "token/token_verifier.h"

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};
const std::string_view secret = "the secret of the fuzzer, 32 byt";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

TokenKeySet keys() {
  TokenKeySet keys;
  require(keys.add(secret).has_value(), "the fuzzer's key is one");
  return keys;
}

void check_claims(const TokenClaims& claims) {
  require(now < claims.ends, "a token that is taken has not expired");
  require(claims.ends.is_valid(), "it ends at some time");
  require(!claims.roles.player || !claims.subject.empty(), "a player has a name");
}

void check(std::string_view bytes, const TokenVerifier& verifier, const TokenKey& key) {
  const auto claims = verifier.verify(bytes, now);
  if (claims) {
    check_claims(*claims);
    const std::size_t dot = bytes.rfind('.');
    require(bytes.substr(dot + 1) == encode_base64url(*key.sign(bytes.substr(0, dot))), "it was signed");
  }
  // The same bytes as header and payload, divided at the first line break, and signed: so that what lies behind the
  // signature is reached, too.
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return;
  std::string token = encode_base64url(bytes.substr(0, end)) + "." + encode_base64url(bytes.substr(end + 1));
  token += "." + encode_base64url(*key.sign(token));
  const auto signed_claims = verifier.verify(token, now);
  if (signed_claims) check_claims(*signed_claims);
  if (!signed_claims) require(signed_claims.error() != TokenFault::bad_signature, "the signature is right");
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tallyho::TokenKeySet keys = tallyho::keys();
  static const tallyho::TokenVerifier verifier({}, tallyho::keys());
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tallyho::check(bytes, verifier, keys.keys().front());
  tallyho::TokenKeySet any;
  (void)any.add(bytes);
  return 0;
}

// Any bytes as a key file; and as header, payload and damage to the signature of a token that was signed with a key of
// each kind: the first byte says which. token_fuzz has what concerns HS256 alone.
//
// Nothing crashes. A key that is taken signs what it verifies, if it signs, and has what it is found by. A token is
// taken only if its signature is whole and its header names the very key, and algorithm, that it was signed with.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "simdjson.h"
#include "token/base64url.h"
#include "token/keys_for_test.h"
#include "token/token_verifier.h"

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_key(const TokenKey& key, const TokenKeySet& keys) {
  require(key.thumbprint().size() == 32, "a key has a hash that stands for it");
  require(keys.has(key.thumbprint()), "it is found by that");
  require(std::ranges::count(keys.candidates(key.id()), &key) == 1, "and by its id");
  require(!key.verifies("text", "") && !key.verifies("text", std::string(64, '\0')), "nothing is no signature");
  const auto signature = key.sign("text");
  require(key.is_private() || !signature, "a public key signs nothing");
  if (!key.is_private()) return;
  require(signature.has_value(), "a private key signs");
  require(key.verifies("text", *signature), "what it has signed it verifies");
  require(!key.verifies("texts", *signature), "and nothing else");
}

void check_file(std::string_view bytes) {
  TokenKeySet keys;
  const auto added = keys.add(bytes);
  require(added || !added.error().empty(), "what is not taken is told why");
  require(added || keys.keys().empty(), "of what is not taken nothing is");
  for (const TokenKey& key : keys.keys()) check_key(key, keys);
  const bool has_ids = std::ranges::any_of(keys.keys(), [](const TokenKey& key) { return !key.id().empty(); });
  const std::size_t count = keys.keys().size();
  if (added && has_ids) require(!keys.add(bytes) && keys.keys().size() == count, "an id is a key's own");
}

// Takes what comes before the next line break.
std::string_view take_part(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view part = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return part;
}

// Whether the header says so, in somebody else's opinion.
bool says(std::string_view header, std::string_view name, std::string_view value) {
  simdjson::dom::parser parser;
  std::string_view said;
  return !header.empty() && parser.parse(header.data(), header.size())[name].get(said) == simdjson::SUCCESS &&
         said == value;
}

void check_token(std::string_view bytes, bool is_replaced, const TokenKey& key, const TokenVerifier& verifier) {
  const std::string_view header = take_part(bytes);
  const std::string_view payload = take_part(bytes);
  const std::string text = encode_base64url(header) + "." + encode_base64url(payload);
  const std::string right = key.sign(text).value();
  std::string signature = is_replaced ? std::string(bytes) : right;
  for (std::size_t i = 0; !is_replaced && i < std::min(bytes.size(), signature.size()); ++i) {
    signature[i] = static_cast<char>(signature[i] ^ bytes[i]);
  }
  const auto claims = verifier.verify(text + "." + encode_base64url(signature), now);
  const bool names_key = says(header, "kid", key.id()) && says(header, "alg", name_of(key.algorithm()));
  if (claims) {
    require(names_key, "a token is taken for another key's, or another algorithm's");
    require(signature == right, "a token is taken whose signature is damaged");
    require(now < claims->ends && claims->ends.is_valid(), "a token is taken that has expired");
    require(claims->thumbprint == key.thumbprint(), "a token is another key's in what it grants");
    require(!claims->roles.player || !claims->subject.empty(), "a player has no name");
  } else if (names_key && signature == right) {
    require(claims.error() != TokenFault::bad_signature && claims.error() != TokenFault::wrong_algorithm &&
                claims.error() != TokenFault::unknown_key,
            "the key and the signature are right");
  }
}

// As a file.
std::string keys_of_each_kind() {
  return R"({"keys":[)" + make_secret_key_for_test("h", 's') + "," + make_rsa_key_for_test("r").private_jwk + "," +
         make_ec_key_for_test("e").private_jwk + "," + make_ed25519_key_for_test("d").private_jwk + "]}";
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string file = tallyho::keys_of_each_kind();
  static const tallyho::TokenKeySet keys = tallyho::key_set_for_test({file});
  static const tallyho::TokenVerifier verifier({}, tallyho::key_set_for_test({file}));
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t kind = data[0] & 7;
  if (kind < keys.keys().size()) {
    tallyho::check_token(bytes, (data[0] & 8) != 0, keys.keys()[kind], verifier);
  } else {
    tallyho::check_file(bytes);
  }
  return 0;
}

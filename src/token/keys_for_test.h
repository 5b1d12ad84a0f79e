#pragma once

#include <string>
#include <string_view>

#include "token/key_set.h"

namespace tallyho {

// For tests: new keys as JSON Web Keys, made by OpenSSL and not by what is under test.
struct JwkForTest {
  std::string public_jwk;
  std::string private_jwk;
};
JwkForTest make_rsa_key_for_test(std::string_view id, int bits = 2048);
JwkForTest make_ec_key_for_test(std::string_view id, const char* curve = "P-256");
JwkForTest make_ed25519_key_for_test(std::string_view id);
// A secret of 32 bytes as a JSON Web Key.
std::string make_secret_key_for_test(std::string_view id, char filled_with);

// The keys of these JSON Web Keys. They must be well-formed.
TokenKeySet key_set_for_test(std::initializer_list<std::string> jwks);

// A token of any header and payload, signed with `key` whatever the header says. The two are JSON, or what a test wants
// there.
std::string sign_for_test(std::string_view header, std::string_view payload, const TokenKey& key);

}  // namespace tallyho

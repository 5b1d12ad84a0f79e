#include "token/keys_for_test.h"

#include <memory>
#include <stdexcept>

#include "openssl/bn.h"
#include "openssl/core_names.h"
#include "openssl/evp.h"
#include "token/base64url.h"

namespace tallyho {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pair = std::unique_ptr<EVP_PKEY, FreeKey>;

std::string number_of(const Pair& key, const char* name, int bytes = 0) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), name, &number) != 1) throw std::runtime_error(name);
  std::string out(static_cast<std::size_t>(bytes > 0 ? bytes : BN_num_bytes(number)), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  BN_free(number);
  return encode_base64url(out);
}

std::string octets_of(const Pair& key, const char* name) {
  std::string out(32, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key.get(), name, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                      &size) != 1) {
    throw std::runtime_error(name);
  }
  return encode_base64url(out.substr(0, size));
}

JwkForTest with_private_part(const std::string& jwk, const std::string& d) {
  return {.public_jwk = jwk + "}", .private_jwk = jwk + R"(,"d":")" + d + R"("})"};
}

}  // namespace

JwkForTest make_rsa_key_for_test(std::string_view id, int bits) {
  const Pair key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  return with_private_part(R"({"kty":"RSA","kid":")" + std::string(id) + R"(","n":")" + number_of(key, "n") +
                               R"(","e":")" + number_of(key, "e") + R"(")",
                           number_of(key, "d"));
}

JwkForTest make_ec_key_for_test(std::string_view id, const char* curve) {
  const Pair key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  return with_private_part(R"({"kty":"EC","kid":")" + std::string(id) + R"(","crv":")" + curve + R"(","x":")" +
                               number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
                               number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + R"(")",
                           number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, 32));
}

JwkForTest make_ed25519_key_for_test(std::string_view id) {
  const Pair key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return with_private_part(R"({"kty":"OKP","kid":")" + std::string(id) + R"(","crv":"Ed25519","x":")" +
                               octets_of(key, OSSL_PKEY_PARAM_PUB_KEY) + R"(")",
                           octets_of(key, OSSL_PKEY_PARAM_PRIV_KEY));
}

std::string make_secret_key_for_test(std::string_view id, char filled_with) {
  return R"({"kty":"oct","kid":")" + std::string(id) + R"(","k":")" + encode_base64url(std::string(32, filled_with)) +
         R"("})";
}

TokenKeySet key_set_for_test(std::initializer_list<std::string> jwks) {
  TokenKeySet keys;
  for (const std::string& jwk : jwks) {
    if (const auto added = keys.add(jwk); !added) throw std::runtime_error(added.error());
  }
  return keys;
}

std::string sign_for_test(std::string_view header, std::string_view payload, const TokenKey& key) {
  const std::string text = encode_base64url(header) + "." + encode_base64url(payload);
  return text + "." + encode_base64url(key.sign(text).value());
}

}  // namespace tallyho

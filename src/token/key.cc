#include "token/key.h"

#include <array>
#include <utility>

#include "openssl/bn.h"
#include "openssl/core_names.h"
#include "openssl/crypto.h"
#include "openssl/ecdsa.h"
#include "openssl/evp.h"
#include "openssl/hmac.h"
#include "openssl/param_build.h"

namespace tallyho {
namespace {

constexpr std::size_t curve_bytes = 32;  // Of a coordinate on P-256, and of either half of its signatures.

template <typename T, void (*release)(T*)>
struct Free {
  void operator()(T* what) const { release(what); }
};
using Number = std::unique_ptr<BIGNUM, Free<BIGNUM, BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM, OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX, EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG, ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Number number(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

EVP_PKEY* build(const char* type, OSSL_PARAM_BLD* builder, bool is_private) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  const int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1) {
    return nullptr;
  }
  const KeyContext checking(EVP_PKEY_CTX_new(key, nullptr));
  if (EVP_PKEY_public_check(checking.get()) == 1) return key;  // A point off its curve is no key.
  EVP_PKEY_free(key);
  return nullptr;
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// JWS has the two numbers side by side (RFC 7518 section 3.4), OpenSSL has them in DER.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * curve_bytes) return {};
  const EcdsaSignature pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), number(signature.substr(0, curve_bytes)).release(),
                 number(signature.substr(curve_bytes)).release());
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
  unsigned char* at = bytes_of(der);
  i2d_ECDSA_SIG(pair.get(), &at);
  return der;
}

std::string from_der(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string signature(2 * curve_bytes, '\0');
  if (pair == nullptr) return {};
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes_of(signature), curve_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes_of(signature) + curve_bytes, curve_bytes);
  return signature;
}

const EVP_MD* digest_of(TokenAlgorithm algorithm) {
  return algorithm == TokenAlgorithm::eddsa ? nullptr : EVP_sha256();  // EdDSA brings its own.
}

// Whether this is the public part that belongs to the pair's private one.
bool has_public_part(EVP_PKEY* pair, std::string_view bytes) {
  std::array<unsigned char, curve_bytes> own{};
  std::size_t size = own.size();
  return EVP_PKEY_get_raw_public_key(pair, own.data(), &size) == 1 &&
         bytes == std::string_view(reinterpret_cast<const char*>(own.data()), size);
}

constexpr std::array<std::pair<std::string_view, TokenAlgorithm>, 4> algorithms{{{"HS256", TokenAlgorithm::hs256},
                                                                                 {"RS256", TokenAlgorithm::rs256},
                                                                                 {"ES256", TokenAlgorithm::es256},
                                                                                 {"EdDSA", TokenAlgorithm::eddsa}}};

}  // namespace

std::optional<TokenAlgorithm> find_token_algorithm(std::string_view name) {
  for (const auto& [known, algorithm] : algorithms) {
    if (name == known) return algorithm;
  }
  return std::nullopt;
}

std::string_view name_of(TokenAlgorithm algorithm) {
  return algorithms[static_cast<std::size_t>(algorithm)].first;
}

void TokenKey::FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

TokenKey::~TokenKey() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

std::expected<TokenKey, std::string> TokenKey::from_secret(std::string id, std::string_view secret) {
  if (secret.size() < secret_bytes_min) {
    return std::unexpected("a secret has at least " + std::to_string(secret_bytes_min) + " bytes, and this one has " +
                           std::to_string(secret.size()));
  }
  TokenKey key(std::move(id), TokenAlgorithm::hs256);
  key.secret_ = secret;
  key.is_private_ = true;
  key.thumbprint_ = sha256("HS256:" + key.secret_);
  return key;
}

std::expected<TokenKey, std::string> TokenKey::from(std::string id, const Rsa& rsa) {
  TokenKey key(std::move(id), TokenAlgorithm::rs256);
  const Number n = number(rsa.n);
  const Number e = number(rsa.e);
  const Number d = number(rsa.d);
  if (BN_num_bits(n.get()) < rsa_bits_min) {
    return std::unexpected("an RSA key has at least " + std::to_string(rsa_bits_min) + " bits, and this one has " +
                           std::to_string(BN_num_bits(n.get())));
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  key.is_private_ = !rsa.d.empty();
  if (key.is_private_) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_D, d.get());
  key.pair_.reset(build("RSA", builder.get(), key.is_private_));
  if (key.pair_ == nullptr || !key.is_whole()) return std::unexpected("this is no RSA key");
  key.thumbprint_ = sha256("RS256:" + std::string(rsa.n) + ":" + std::string(rsa.e));
  return key;
}

std::expected<TokenKey, std::string> TokenKey::from(std::string id, const Ec& ec) {
  TokenKey key(std::move(id), TokenAlgorithm::es256);
  if (ec.x.size() != curve_bytes || ec.y.size() != curve_bytes) return std::unexpected("this is no key on P-256");
  const std::string point = '\x04' + std::string(ec.x) + std::string(ec.y);  // Uncompressed.
  const Number d = number(ec.d);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  key.is_private_ = !ec.d.empty();
  if (key.is_private_) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get());
  key.pair_.reset(build("EC", builder.get(), key.is_private_));
  if (key.pair_ == nullptr || !key.is_whole()) return std::unexpected("this is no key on P-256");
  key.thumbprint_ = sha256("ES256:" + point);
  return key;
}

std::expected<TokenKey, std::string> TokenKey::from(std::string id, const Ed25519& ed) {
  TokenKey key(std::move(id), TokenAlgorithm::eddsa);
  key.is_private_ = !ed.d.empty();
  if (ed.x.size() == curve_bytes && (ed.d.empty() || ed.d.size() == curve_bytes)) {
    key.pair_.reset(key.is_private_
                        ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(ed.d), ed.d.size())
                        : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(ed.x), ed.x.size()));
  }
  const bool is_whole = key.pair_ != nullptr && (ed.d.empty() || has_public_part(key.pair_.get(), ed.x));
  if (!is_whole) return std::unexpected("this is no key for Ed25519");
  key.thumbprint_ = sha256("EdDSA:" + std::string(ed.x));
  return key;
}

std::string TokenKey::mac(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes_of(text), text.size(), code.data(), &size);
  return {reinterpret_cast<const char*>(code.data()), size};
}

bool TokenKey::verifies(std::string_view text, std::string_view signature) const {
  if (algorithm_ == TokenAlgorithm::hs256) {
    const std::string expected = mac(text);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;  // In constant time.
  }
  std::string der;
  if (algorithm_ == TokenAlgorithm::es256) signature = der = to_der(signature);
  if (signature.empty()) return false;
  const DigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr, pair_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

bool TokenKey::is_whole() const {
  static constexpr std::string_view text = "two parts of one key";
  if (!is_private_) return true;
  const auto signature = sign(text);
  return signature && verifies(text, *signature);
}

std::expected<std::string, std::string> TokenKey::sign(std::string_view text) const {
  if (!is_private_) return std::unexpected("the key is public: it checks tokens, and signs none");
  if (algorithm_ == TokenAlgorithm::hs256) return mac(text);
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  std::string signature;
  if (EVP_DigestSignInit(context.get(), nullptr, digest_of(algorithm_), nullptr, pair_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1) {
    return std::unexpected("OpenSSL does not sign with this key");
  }
  signature.resize(size);
  if (EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) != 1) {
    return std::unexpected("OpenSSL does not sign with this key");
  }
  signature.resize(size);
  return algorithm_ == TokenAlgorithm::es256 ? from_der(signature) : signature;
}

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace tallyho {

// How a token is signed: the four that are taken. There is no `none`.
enum class TokenAlgorithm : std::uint8_t { hs256, rs256, es256, eddsa };

// "HS256" as in a token's header, or nothing for any other spelling.
std::optional<TokenAlgorithm> find_token_algorithm(std::string_view name);
std::string_view name_of(TokenAlgorithm algorithm);

// A key that tokens are signed with or checked by. Its algorithm is the key's, whatever a token says: a token that asks
// for another one is not looked at any further (RFC 8725 section 3.1), so that nobody signs with a public key as if it
// were a secret.
//
// Threads: const functions from any. Memory: OpenSSL's; the secret is wiped when the key goes.
class TokenKey {
 public:
  static constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 section 3.2: as many as the hash has.
  static constexpr int rsa_bits_min = 2048;            // RFC 7518 section 3.3.

  // As a JWK has them, decoded. Errors: a sentence; a private part that is another key's makes no key.
  struct Rsa {
    std::string_view n, e, d = {};  // Big-endian. `d` is the private part, or "".
  };
  struct Ec {
    std::string_view x, y, d = {};  // 32 bytes each, on P-256.
  };
  struct Ed25519 {
    std::string_view x, d = {};  // 32 bytes each.
  };
  static std::expected<TokenKey, std::string> from_secret(std::string id, std::string_view secret);
  static std::expected<TokenKey, std::string> from(std::string id, const Rsa& key);
  static std::expected<TokenKey, std::string> from(std::string id, const Ec& key);
  static std::expected<TokenKey, std::string> from(std::string id, const Ed25519& key);

  TokenKey(TokenKey&&) = default;
  TokenKey& operator=(TokenKey&&) = default;
  ~TokenKey();

  const std::string& id() const { return id_; }  // Its `kid`; "": it has none.
  TokenAlgorithm algorithm() const { return algorithm_; }
  bool is_private() const { return is_private_; }  // It can sign, and is not meant for servers, if asymmetric.
  // Stands for the key, and tells nothing about it: a hash of what checks signatures.
  const std::string& thumbprint() const { return thumbprint_; }

  // Whether `signature` is this key's of `text`.
  bool verifies(std::string_view text, std::string_view signature) const;

  // Errors: a sentence; the key is public, or OpenSSL does not do it.
  std::expected<std::string, std::string> sign(std::string_view text) const;

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const;
  };
  TokenKey(std::string id, TokenAlgorithm algorithm) : id_(std::move(id)), algorithm_(algorithm) {}
  std::string mac(std::string_view text) const;
  // Whether its private part, if it has one, belongs to its public part: what one signs the other verifies.
  bool is_whole() const;

  std::string id_;
  TokenAlgorithm algorithm_;
  bool is_private_ = false;
  std::string secret_;                          // hs256
  std::unique_ptr<evp_pkey_st, FreeKey> pair_;  // The others.
  std::string thumbprint_;
};

}  // namespace tallyho

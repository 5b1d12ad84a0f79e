#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.h"
#include "token/claims.h"
#include "token/key_set.h"

namespace tallyho {

// Why a token is not taken.
enum class TokenFault : std::uint8_t {
  too_large,        // Over token_bytes_max.
  malformed,        // Not three parts of canonical base64url, the first two JSON objects without a member twice.
  unknown_key,      // No key has its `kid`.
  wrong_algorithm,  // Its `alg` is not the key's.
  critical,         // Its header has `crit`: an extension that must be understood, and there is none that is.
  bad_signature,    //
  no_expiry,        // No `exp` that is a number of seconds.
  bad_claim,        // A claim of the wrong type, or out of range.
  expired,          // `exp` is over, leeway included.
  not_yet_valid,    // `nbf` or `iat` lies ahead.
  wrong_audience,   // `aud` does not name this server; or names somebody, and no audience is configured.
  wrong_issuer,     // `iss` is not the configured one.
  no_player,        // The role player without a `sub` that can be a player's name.
};

// A sentence without a full stop, and without any part of the token.
std::string_view describe(TokenFault fault);

// Checks tokens (JWT, RFC 7519, signed as RFC 7515 says) the way RFC 8725 asks for.
//
//     TokenVerifier verifier({.audience = "hunt"}, std::move(keys));
//     const auto claims = verifier.verify(token, Timestamp::system_now());
//     if (!claims) return refuse(describe(claims.error()));
//
// The signature is checked before anything of the payload is believed, or read. The header is used for two things: its
// `kid` finds the key, its `alg` must be the key's. Whatever else it offers (keys, addresses of keys) is not looked at.
//
// Threads: any. The lock is held to copy a pointer.
class TokenVerifier {
 public:
  static constexpr std::size_t token_bytes_max = 4096;

  struct Options {
    std::string audience = {};  // "": none; then tokens must name none.
    std::string issuer = {};    // "": whoever holds a key.
    std::chrono::seconds leeway{30};
  };

  TokenVerifier(Options options, TokenKeySet keys);

  // O(token); allocates. A signature is some 30 to 100 µs of work, but for HS256.
  std::expected<TokenClaims, TokenFault> verify(std::string_view token, Timestamp now) const;

  // Other keys from now on. Who was let in with one that is not among them any more has no rights left: has().
  void replace(TokenKeySet keys);
  bool has(std::string_view thumbprint) const { return keys()->has(thumbprint); }
  // Another number: other keys. Cheap.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }  // Partner: replace().

 private:
  std::shared_ptr<const TokenKeySet> keys() const;

  const Options options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenKeySet> keys_;
  std::atomic<std::uint64_t> version_{1};
};

// A token that says this, signed. Errors: a sentence.
std::expected<std::string, std::string> sign_token(const TokenDraft& draft, const TokenKey& key);

}  // namespace tallyho

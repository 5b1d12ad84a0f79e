#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "token/key.h"

namespace tallyho {

// The keys that tokens may be signed with, as an operator names them in files. Two at a time is how keys are changed:
// the new one is added, who signs begins to use it, the old one is taken out. What was signed with it ends there.
//
// A file is one of two things: a JSON Web Key Set (RFC 7517; also a single key), `{"keys":[{"kty":"OKP",…}]}`; or a
// secret for HS256, which is every byte of it but a line break at its end.
//
// Immutable. Threads: any.
class TokenKeySet {
 public:
  TokenKeySet() = default;

  // Adds what the bytes of a file hold. Of a JSON Web Key Set: keys for signatures, of the kinds HS256, RS256, ES256
  // and EdDSA; those for encryption ("use":"enc") are left out.
  // Errors, as a sentence that holds no part of a key, nothing added: not such a file; a key of another kind, too
  // short or not whole; an id twice.
  std::expected<void, std::string> add(std::string_view file);

  // The keys that may have signed a token with this `kid`. One without (""): the keys without an id, or else the only
  // key there is. An id is compared, and nothing else is done with it.
  std::vector<const TokenKey*> candidates(std::string_view id) const;

  // Whether the key is (still) one of them.
  bool has(std::string_view thumbprint) const;
  std::span<const TokenKey> keys() const { return keys_; }
  // Whether one that checks signatures only has its private part in here: it should be with who signs, nowhere else.
  bool has_private_parts() const;
  // Whether somebody else than who runs the server may sign: then tokens must say for whom they are.
  bool has_public_keys() const;

 private:
  std::expected<void, std::string> take(std::vector<TokenKey> keys);

  std::vector<TokenKey> keys_;
};

}  // namespace tallyho

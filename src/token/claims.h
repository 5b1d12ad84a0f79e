#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace tallyho {

// What a token gives: the words of its claim `roles`.
struct TokenRoles {
  bool ingest = false;
  bool player = false;
  bool read = false;
  bool admin = false;

  bool operator==(const TokenRoles&) const = default;
};

// Sets the role of that name; false if there is none.
bool set_role(TokenRoles& roles, std::string_view name);

// What a token that was checked says.
struct TokenClaims {
  std::string subject;  // `sub`; with the role player: the player. "" if it has none.
  TokenRoles roles;
  Timestamp ends;          // From then on it is worth nothing: `exp` and the leeway.
  std::string thumbprint;  // Of the key that it was checked with.
};

// What a token is to say.
struct TokenDraft {
  std::string subject;
  TokenRoles roles;
  Timestamp issued;
  Timestamp expires;
  std::string issuer;    // "": none.
  std::string audience;  // "": none.
};

// Its payload, as JSON.
std::string to_json(const TokenDraft& draft);

}  // namespace tallyho

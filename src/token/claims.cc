#include "token/claims.h"

#include <array>
#include <utility>

#include "base/json.h"

namespace tallyho {
namespace {

constexpr std::array<std::pair<std::string_view, bool TokenRoles::*>, 4> role_names{{{"ingest", &TokenRoles::ingest},
                                                                                     {"player", &TokenRoles::player},
                                                                                     {"read", &TokenRoles::read},
                                                                                     {"admin", &TokenRoles::admin}}};

}  // namespace

bool set_role(TokenRoles& roles, std::string_view name) {
  for (const auto& [known, member] : role_names) {
    if (name == known) return roles.*member = true;
  }
  return false;
}

std::string to_json(const TokenDraft& draft) {
  std::string out;
  JsonWriter json(out);
  json.object();
  if (!draft.subject.empty()) json.key("sub").text(draft.subject);
  json.key("roles").array();
  for (const auto& [name, member] : role_names) {
    if (draft.roles.*member) json.text(name);
  }
  json.end();
  if (!draft.issuer.empty()) json.key("iss").text(draft.issuer);
  if (!draft.audience.empty()) json.key("aud").text(draft.audience);
  json.key("iat").number(draft.issued.seconds).key("exp").number(draft.expires.seconds).end();
  return out;
}

}  // namespace tallyho

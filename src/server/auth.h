#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "base/time.h"
#include "token/token_verifier.h"

namespace tallyho {

// What a client may do.
struct Roles {
  bool ingest = false;  // Send any event for any player; read players and their ledgers.
  bool read = false;    // Read boards, totals and ranks.
  bool admin = false;   // Everything the admin listener offers, and reading.
  std::string player =
      {};  // The role player: who it is, and so whose events it sends and what it reads. "": it is not.
};

// Where roles come from, and how long they last. Without a token: for ever.
struct Grant {
  std::string subject = {};
  std::string thumbprint = {};  // Of the key that signed the token; "": there was none.
  Timestamp ends = Timestamp::max();
  std::uint64_t keys_version = 0;  // Of the keys among which that one was last seen.

  bool has_token() const { return !thumbprint.empty(); }
};

// Who sends a request.
struct Caller {
  Roles roles = {};
  Grant grant = {};
};

class TokenCache;

// The one place where roles come from. Every request and every WebSocket asks here who it is, and whether that still
// holds. With `dev` no tokens are asked, and only this machine is served; else a token says it, and who has none may
// read what is public.
//
// Threads: any.
class Authority {
 public:
  struct Options {
    bool dev = false;
    bool is_behind_proxy = false;  // Somebody in front of it speaks TLS with clients.
    bool has_tls = false;
    std::string listen_host = "127.0.0.1";
    std::string admin_host = "127.0.0.1";
    std::shared_ptr<const TokenVerifier> tokens = nullptr;  // Null: no key is configured.
    // Pages that may use the server through their visitors' browsers, as `Origin` names them: "https://game.example".
    // "*": any; "none", alone: none.
    std::vector<std::string> origins = {};
    std::vector<std::string> admin_hosts =
        {};  // What `Host` may say on the admin listener, beside loopback's names there.
  };

  // Errors: a text that says everything that is not safe about it, and what to do.
  static std::expected<Authority, std::string> create(Options options);

  // Who sends a request with this `Authorization`, "" being none; without one, the token may be among the protocols
  // that it offers (token_in_protocols). Errors: unauthorized, the token is not taken.
  Answered<Caller> caller(std::string_view authorization, std::string_view protocols, Timestamp now) const;
  // The same for the token alone.
  Answered<Caller> caller_with(std::string_view token, Timestamp now) const;
  // Who sends a request to the admin listener.
  Answered<Caller> admin_caller(std::string_view authorization, Timestamp now) const;

  // Whether what was granted is so still: the token has not expired, and its key is still one.
  bool holds(Grant& grant, Timestamp now) const;
  // Whether one must show a token to do anything but read what is public.
  bool asks_for_tokens() const { return !options_.dev; }
  bool is_behind_proxy() const { return options_.is_behind_proxy; }

  // Whether a request with this Host and Origin header may be meant for us. With `dev`, a page from elsewhere that a
  // browser on this machine shows must not reach a server that asks for no token, neither directly (Origin) nor by a
  // name that suddenly resolves to loopback (Host). An absent Origin is "".
  bool allows(std::string_view host, std::string_view origin) const;
  // The admin listener's: a Host that it was configured with, and no Origin at all.
  bool allows_admin(std::string_view host, std::string_view origin) const;
  // Whether /metrics needs no token, and may stand on the listener for clients, too.
  bool is_listener_private() const;
  bool is_admin_listener_private() const;

 private:
  explicit Authority(Options options);

  Options options_;
  std::shared_ptr<TokenCache> known_;  // Tokens that were verified.
};

// "127.0.0.1", "[::1]", "::1", "localhost", anything in 127/8; with or without a port.
bool is_loopback(std::string_view host);

// The token in `Sec-WebSocket-Protocol: tallyho.v1, bearer.TOKEN`, which is how a browser's page sends one; or "".
std::string_view token_in_protocols(std::string_view offered);

}  // namespace tallyho

#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace tallyho {

// What a connection may do.
struct Roles {
  bool ingest = false;  // Send any event for any player.
  bool read = false;    // Read boards, totals and ranks.
  bool admin = false;   // Everything the admin listener offers.
};

// The one place where roles come from. Every request and every WebSocket asks here who it is.
//
// There is one mode so far, `dev`: loopback only, no tokens. Without it the server refuses to start, rather than to
// serve strangers.
class Authority {
 public:
  // Errors: a sentence that says why this would not be safe, and what to do.
  static std::expected<Authority, std::string> create(bool dev, std::string_view listen_host,
                                                      std::string_view admin_host);

  Roles roles() const { return {.ingest = true, .read = true, .admin = false}; }
  Roles admin_roles() const { return {.ingest = false, .read = true, .admin = true}; }

  // Whether a request with this Host and Origin header may be meant for us: a page from elsewhere that a browser on
  // this machine shows must not reach a server that asks for no token, neither directly (Origin) nor by a name that
  // suddenly resolves to loopback (Host). An absent Origin is "".
  bool allows(std::string_view host, std::string_view origin) const;
  // The admin listener's: as above, and no Origin at all.
  bool allows_admin(std::string_view host, std::string_view origin) const;

 private:
  Authority() = default;
};

// "127.0.0.1", "[::1]", "::1", "localhost", anything in 127/8; with or without a port.
bool is_loopback(std::string_view host);

}  // namespace tallyho

#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "server/auth.h"
#include "server/tls.h"
#include "token/token_verifier.h"

namespace CLI {
class App;
}

namespace tallyho::cli {

// Who may use a server, as `tallyho serve` is told.
struct AccessOptions {
  std::vector<std::string> token_keys;
  std::string token_audience;
  std::string token_issuer;
  std::chrono::seconds token_leeway{30};
  std::vector<std::string> origins;
  std::vector<std::string> admin_hosts;
  bool is_behind_proxy = false;
  std::string tls_certificate;
  std::string tls_key;
};

void add_access_options(CLI::App& verb, AccessOptions& options);

// What checks the tokens; null: no key is named. Errors, as a sentence: a key that can't be read, or that should not be
// here; no audience or issuer where the keys ask for them.
std::expected<std::shared_ptr<TokenVerifier>, std::string> open_tokens(const AccessOptions& options);

// Reads the key files again. Errors: as above; the keys stay what they are.
std::expected<void, std::string> read_tokens_again(const AccessOptions& options, TokenVerifier& tokens);

// What the server shows of itself; null: no certificate is named. Errors, as a sentence: one of the two is missing, or
// can't be used.
std::expected<std::shared_ptr<TlsContext>, std::string> open_tls(const AccessOptions& options);

// For ServerOptions::access.
Authority::Options authority_options(const AccessOptions& options, std::shared_ptr<const TokenVerifier> tokens);

}  // namespace tallyho::cli

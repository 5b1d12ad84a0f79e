#include "cli/access.h"

#include "CLI/CLI.hpp"
#include "cli/durations.h"
#include "token/key_file.h"

namespace tallyho::cli {
namespace {

std::expected<TokenKeySet, std::string> read_keys(const AccessOptions& options) {
  auto keys = read_key_files(options.token_keys);
  if (!keys) return keys;
  if (keys->has_private_parts()) {
    return std::unexpected(
        "a token key has its private part (\"d\"), which belongs to who signs, and nowhere else: give "
        "the server the public part");
  }
  const bool is_bound = !options.token_audience.empty() && !options.token_issuer.empty();
  if (keys->has_public_keys() && !is_bound) {
    return std::unexpected(
        "whoever signs with a key whose public part is here signs for others, too: say which tokens "
        "are meant with --token-audience and --token-issuer");
  }
  return keys;
}

}  // namespace

void add_access_options(CLI::App& verb, AccessOptions& options) {
  verb.add_option(
          "--token-key", options.token_keys,
          "What tokens are signed with: a JSON Web Key Set, or a secret of at least 32 bytes for HS256; several "
          "files while keys are changed. Read again when they change, and on SIGHUP")
      ->type_name("FILE")
      ->delimiter(',');
  verb.add_option("--token-audience", options.token_audience, "Take only tokens whose 'aud' names this")
      ->type_name("NAME");
  verb.add_option("--token-issuer", options.token_issuer, "Take only tokens whose 'iss' is this")->type_name("NAME");
  verb.add_option_function<std::string>(
          "--token-leeway",
          [&options](const std::string& text) {
            options.token_leeway = std::chrono::duration_cast<std::chrono::seconds>(*parse_duration(text));
          },
          "How far clocks may be apart when tokens begin and end")
      ->check(duration_validator())
      ->default_str("30s")
      ->type_name("DURATION");
  verb.add_option("--origin", options.origins,
                  "A page that may use the server through browsers, as https://game.example; 'none': no page")
      ->type_name("ORIGIN")
      ->delimiter(',');
  verb.add_option("--admin-host", options.admin_hosts, "What 'Host' may say on an admin listener beyond loopback")
      ->type_name("NAME")
      ->delimiter(',');
  verb.add_option("--tls-certificate", options.tls_certificate,
                  "Speak TLS, with this certificate and those that it stands on, as PEM. Read again on SIGHUP")
      ->type_name("FILE");
  verb.add_option("--tls-key", options.tls_key, "The certificate's key, as PEM")->type_name("FILE");
  verb.add_flag("--behind-proxy", options.is_behind_proxy, "Something in front of the server speaks TLS with clients");
}

std::expected<std::shared_ptr<TokenVerifier>, std::string> open_tokens(const AccessOptions& options) {
  if (options.token_keys.empty()) return nullptr;
  auto keys = read_keys(options);
  if (!keys) return std::unexpected(keys.error());
  return std::make_shared<TokenVerifier>(
      TokenVerifier::Options{
          .audience = options.token_audience, .issuer = options.token_issuer, .leeway = options.token_leeway},
      std::move(*keys));
}

std::expected<std::shared_ptr<TlsContext>, std::string> open_tls(const AccessOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return std::unexpected("--tls-certificate and --tls-key go together");
  }
  if (options.tls_certificate.empty()) return nullptr;
  return TlsContext::open(options.tls_certificate, options.tls_key);
}

std::expected<void, std::string> read_tokens_again(const AccessOptions& options, TokenVerifier& tokens) {
  auto keys = read_keys(options);
  if (!keys) return std::unexpected(keys.error());
  tokens.replace(std::move(*keys));
  return {};
}

Authority::Options authority_options(const AccessOptions& options, std::shared_ptr<const TokenVerifier> tokens) {
  return {.is_behind_proxy = options.is_behind_proxy,
          .tokens = std::move(tokens),
          .origins = options.origins,
          .admin_hosts = options.admin_hosts};
}

}  // namespace tallyho::cli

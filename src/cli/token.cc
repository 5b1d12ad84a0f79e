// tallyho token: makes a token for trying, or a secret to sign tokens with.

#include <cstdio>
#include <memory>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/durations.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "token/key_file.h"
#include "token/token_verifier.h"

namespace tallyho::cli {
namespace {

struct TokenOptions {
  std::string new_secret;
  std::vector<std::string> keys;
  std::string key_id;
  std::vector<std::string> roles;
  TokenDraft draft;
  std::string lasts = "1h";
};

int fail(const std::string& message, int status = 1) {
  fmt::print(stderr, "tallyho token: {}\n", message);
  return status;
}

int make_secret(const std::string& path) {
  if (const auto made = make_secret_file(path); !made) return fail(made.error());
  fmt::print(stderr, "wrote a new secret to {}: tallyho serve --token-key {}\n", path, path);
  return 0;
}

int make_token(TokenOptions options) {
  if (options.roles.empty()) return fail("needs --role: ingest, player, read or admin", 2);
  for (const std::string& role : options.roles) set_role(options.draft.roles, role);
  if (options.draft.roles.player && options.draft.subject.empty()) {
    return fail("the role player needs --subject: the player", 2);
  }
  const auto keys = read_key_files(options.keys);
  if (!keys) return fail(keys.error());
  const TokenKey* key = nullptr;
  for (const TokenKey& one : keys->keys()) {
    const bool is_meant = options.key_id.empty() || one.id() == options.key_id;
    if (key == nullptr && is_meant && one.is_private()) key = &one;
  }
  if (key == nullptr) return fail("there is no such key that can sign: a secret, or a key with its private part");
  options.draft.issued = Timestamp::system_now();
  const auto expires = add(options.draft.issued, *parse_duration(options.lasts));
  if (!expires) return fail("--for is too long", 2);
  options.draft.expires = *expires;
  const auto token = sign_token(options.draft, *key);
  if (!token) return fail(token.error());
  fmt::print("{}\n", *token);
  return 0;
}

}  // namespace

void add_token(CLI::App& app, int& status) {
  auto options = std::make_shared<TokenOptions>();
  CLI::App* verb = app.add_subcommand("token", "Make a token that a server takes, for trying");
  CLI::Option* secret = verb->add_option("--new-secret", options->new_secret,
                                         "Make a new secret instead, in this file, which must not be there yet")
                            ->type_name("FILE");
  verb->add_option("--key", options->keys, "What to sign with: a file as `tallyho serve --token-key` takes it")
      ->type_name("FILE")
      ->excludes(secret);
  verb->add_option("--kid", options->key_id, "Which key of the file; else the first that can sign")->type_name("ID");
  verb->add_option("--role", options->roles, "What it allows; several are possible")
      ->check(CLI::IsMember({"ingest", "player", "read", "admin"}))
      ->delimiter(',');
  verb->add_option("--subject", options->draft.subject, "Whose it is; with the role player, the player");
  verb->add_option("--for", options->lasts, "How long it is valid")
      ->check(duration_validator())
      ->type_name("DURATION")
      ->capture_default_str();
  verb->add_option("--audience", options->draft.audience, "For whom it is")->type_name("NAME");
  verb->add_option("--issuer", options->draft.issuer, "From whom it is")->type_name("NAME");
  verb->callback([options, &status] {
    if (!options->new_secret.empty())
      status = make_secret(options->new_secret);
    else if (!options->keys.empty())
      status = make_token(*options);
    else
      status = fail("needs --key FILE or --new-secret FILE; see tallyho token --help", 2);
  });
}

}  // namespace tallyho::cli

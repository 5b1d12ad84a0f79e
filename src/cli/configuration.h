#pragma once

#include <expected>
#include <string>
#include <vector>

#include "ruleset/diagnostic.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tallyho::cli {

// A verb's options can also stand in a file, and in the environment: each is there under its name, with underscores.
// There is one list of options, which the command line declares; what is added to it, a file may hold.
//
//     listen: 0.0.0.0:7070        # --listen 0.0.0.0:7070, or TALLYHO_LISTEN=0.0.0.0:7070
//     token:                      # A map only groups:
//       key: [new.jwks, old.jwks] # --token-key new.jwks --token-key old.jwks, or TALLYHO_TOKEN_KEY=new.jwks,old.jwks
//     limits:
//       connections_max: 5000     # --limits-connections-max 5000
//
// The command line goes before the environment, that before the file, and that before the default.

// Lets the environment set every option of the verb that has a long name. Call it once all are there.
void read_environment(CLI::App& verb);

// What the option is called in the environment: "TALLYHO_TOKEN_KEY".
std::string environment_name(const CLI::Option& option);

// Sets what the file says and neither the command line nor the environment did. Call it once these are read.
// Errors: what is wrong with it, with places; options may then have been set.
std::expected<void, std::vector<Diagnostic>> apply_configuration(CLI::App& verb, const std::string& path,
                                                                 const std::string& source);

}  // namespace tallyho::cli

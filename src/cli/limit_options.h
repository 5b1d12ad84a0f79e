#pragma once

namespace CLI {
class App;
}

namespace tallyho {
struct ServerOptions;
}

namespace tallyho::cli {

// Every limit and timeout of the server as an option: `--limits-connections-max 5000`. They are meant for the
// configuration file, so `--help` does not list them; docs/reference/configuration.md does.
void add_limit_options(CLI::App& verb, ServerOptions& options);

}  // namespace tallyho::cli

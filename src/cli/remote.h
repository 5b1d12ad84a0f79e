#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tallyho::cli {

// A running server, as the verbs that talk to one are told of it.
struct RemoteOptions {
  std::string url;
  std::string token;
  std::string certificates;
  bool as_json = false;
};

// --url, --token, --ca and --json; `url` is the default.
void add_remote_options(CLI::App& verb, RemoteOptions& options, const std::string& url);

// Sends one request, with `body` as JSON if there is one; `path` begins with /v1. Returns what was answered with 200.
// Errors, as a sentence: no answer; or the server's own words, with the code.
std::expected<std::string, std::string> ask(const RemoteOptions& options, std::string_view method,
                                            const std::string& path, const std::string& body = "");

// A name as a part of a path: "a/b" → "a%2Fb".
std::string path_part(std::string_view name);

}  // namespace tallyho::cli

#include "cli/remote.h"

#include <memory>
#include <tuple>

#include "CLI/CLI.hpp"
#include "curl/curl.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho::cli {
namespace {

constexpr long timeout_seconds = 30;
constexpr std::size_t answer_bytes_max = std::size_t{64} << 20;

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, Free>;
using Headers = std::unique_ptr<curl_slist, Free>;

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& answer = *static_cast<std::string*>(into);
  if (answer.size() + size * count > answer_bytes_max) return 0;
  answer.append(bytes, size * count);
  return size * count;
}

void add(Headers& headers, const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers.get(), line.c_str());
  if (longer == nullptr) return;
  std::ignore = headers.release();
  headers.reset(longer);
}

// "not_found: there is no board 'x'", from a problem document.
std::string words_of(long status, const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element problem;
  std::string_view code;
  std::string_view detail;
  if (parser.parse(body).get(problem) != simdjson::SUCCESS || problem["code"].get(code) != simdjson::SUCCESS ||
      problem["detail"].get(detail) != simdjson::SUCCESS) {
    return fmt::format("the server answered with status {}", status);
  }
  return fmt::format("{}: {}", code, detail);
}

}  // namespace

void add_remote_options(CLI::App& verb, RemoteOptions& options, const std::string& url) {
  options.url = url;
  verb.add_option("--url", options.url, "The server")->type_name("URL")->capture_default_str();
  verb.add_option("--token", options.token, "The token to show; better in the environment, where nobody lists it")
      ->type_name("TOKEN")
      ->envname("TALLYHO_TOKEN");
  verb.add_option("--ca", options.certificates, "Trust the certificates in this file, instead of the system's")
      ->type_name("FILE");
  verb.add_flag("--json", options.as_json, "Print what the server answers");
}

std::expected<std::string, std::string> ask(const RemoteOptions& options, std::string_view method,
                                            const std::string& path, const std::string& body) {
  const Handle handle(curl_easy_init());
  if (handle == nullptr) return std::unexpected("libcurl does not start");
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  url += path;
  Headers headers;
  if (!options.token.empty()) add(headers, "Authorization: Bearer " + options.token);
  if (!body.empty()) add(headers, "Content-Type: application/json");
  std::string answer;
  CURL* const curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, std::string(method).c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_seconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (!options.certificates.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.certificates.c_str());
  if (!body.empty()) curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body.c_str());
  if (headers != nullptr) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  const CURLcode result = curl_easy_perform(curl);
  if (result != CURLE_OK) return std::unexpected(options.url + ": " + curl_easy_strerror(result));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return std::unexpected(words_of(status, answer));
  return answer;
}

std::string path_part(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    if (is_plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace tallyho::cli

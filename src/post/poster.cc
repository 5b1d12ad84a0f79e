#include "post/poster.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tallyho {
namespace {

std::size_t pass_over(char* /*bytes*/, std::size_t size, std::size_t count, void* /*unused*/) {
  return size * count;
}

// When a transfer ends because nobody waits for it any more.
struct Ending {
  const std::atomic<bool>& stop;
  const std::chrono::milliseconds grace;
  std::optional<std::chrono::steady_clock::time_point> stopped = {};
};

// Called at least once a second; anything but 0 ends the transfer.
int look_at_stop(void* data, curl_off_t /*down*/, curl_off_t /*down_now*/, curl_off_t /*up*/, curl_off_t /*up_now*/) {
  auto& ending = *static_cast<Ending*>(data);
  if (!ending.stop.load()) return 0;
  const auto now = std::chrono::steady_clock::now();
  if (!ending.stopped) ending.stopped = now;
  return now - *ending.stopped >= ending.grace ? 1 : 0;
}

PostFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return PostFailure::certificate;
    case CURLE_OPERATION_TIMEDOUT: return PostFailure::timeout;
    default: return PostFailure::connection;
  }
}

}  // namespace

std::string_view name_of(PostFailure failure) {
  static constexpr std::array<std::string_view, post_failures> names{"none", "answer", "certificate", "timeout",
                                                                     "connection"};
  return names[static_cast<std::size_t>(failure)];
}

struct Poster::Impl {
  explicit Impl(Options given) : options(std::move(given)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);  // Counted, and may be called from any thread.
    easy = curl_easy_init();
  }
  ~Impl() {
    if (easy != nullptr) curl_easy_cleanup(easy);
    curl_global_cleanup();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void prepare(std::string_view body, const curl_slist* headers, Ending& ending);

  const Options options;
  CURL* easy = nullptr;
  std::array<char, CURL_ERROR_SIZE> words{};  // Of what went wrong.
};

void Poster::Impl::prepare(std::string_view body, const curl_slist* headers, Ending& ending) {
  curl_easy_reset(easy);  // Connections stay.
  curl_easy_setopt(easy, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // Or newer.
  if (!options.authorities.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.authorities.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // Nobody else may vouch.
  }
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // Each connection reads it: it may have been mended.
  // A resumed session shows no certificate: the receiver would be who it was before, believed or not.
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  words.front() = '\0';
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  const void* const bytes = body.data();  // No text: it does not end with a zero.
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, bytes);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "tallyho");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pass_over);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_at_stop);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &ending);
}

Poster::Poster(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Poster::~Poster() = default;

PostAnswer Poster::post(std::string_view body, const std::vector<std::string>& headers, const std::atomic<bool>& stop) {
  if (impl_->easy == nullptr) {
    return {.retry_after = {}, .problem = "there is no memory for a connection", .failure = PostFailure::connection};
  }
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // Curl's own, which would cost a round trip.
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  Ending ending{.stop = stop, .grace = impl_->options.grace};
  impl_->prepare(body, list, ending);
  const CURLcode code = curl_easy_perform(impl_->easy);
  curl_slist_free_all(list);
  PostAnswer answer;
  if (code != CURLE_OK) {
    const std::string_view words = impl_->words.data();
    answer.problem = words.empty() ? curl_easy_strerror(code) : words;
    answer.failure = failure_of(code);
    return answer;
  }
  long status = 0;
  curl_easy_getinfo(impl_->easy, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  if (!answer.is_taken()) answer.failure = PostFailure::answer;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(impl_->easy, CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) answer.retry_after = std::chrono::seconds(retry_after);
  return answer;
}

std::optional<std::string> problem_of_url(std::string_view url) {
  const std::string text(url);
  CURLU* handle = curl_url();
  const CURLUcode code = curl_url_set(handle, CURLUPART_URL, text.c_str(), 0);
  curl_url_cleanup(handle);
  if (code != CURLUE_OK) return "'" + text + "' is no URL: " + curl_url_strerror(code);
  if (url.starts_with("http://") || url.starts_with("https://")) return std::nullopt;
  return "'" + text + "' does not begin with http:// or https://";
}

std::optional<std::string> problem_of_authorities(const std::string& path) {
  X509_STORE* store = X509_STORE_new();
  X509_LOOKUP* lookup = store == nullptr ? nullptr : X509_STORE_add_lookup(store, X509_LOOKUP_file());
  const int found = lookup == nullptr ? 0 : X509_load_cert_crl_file(lookup, path.c_str(), X509_FILETYPE_PEM);
  X509_STORE_free(store);
  ERR_clear_error();
  if (found > 0) return std::nullopt;
  return path + ": it cannot be read, or has no certificate (PEM)";
}

std::optional<std::string> problem_of_receiver(const std::string& url, const std::string& authorities,
                                               std::string_view option) {
  if (auto problem = problem_of_url(url)) return problem;
  if (authorities.empty()) return std::nullopt;
  if (!url.starts_with("https://")) return std::string(option) + " is for a receiver with https://, and this is " + url;
  return problem_of_authorities(authorities);
}

std::chrono::milliseconds Backoff::next(std::optional<std::chrono::seconds> asked) {
  constexpr int doublings_max = 20;
  const auto whole = std::min(options_.first * (std::int64_t{1} << std::min(failures_, doublings_max)), options_.most);
  ++failures_;
  std::uniform_int_distribution<std::int64_t> part(whole.count() / 2, whole.count());
  const std::chrono::milliseconds chosen(part(random_));
  return asked ? std::max(chosen, std::min<std::chrono::milliseconds>(*asked, options_.most)) : chosen;
}

}  // namespace tallyho

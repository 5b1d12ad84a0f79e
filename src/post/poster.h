#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tallyho {

// Why a POST was not taken.
enum class PostFailure : std::uint8_t {
  none,         // It was.
  answer,       // The receiver answered something else than 2xx.
  certificate,  // Who is there cannot be believed to be the receiver, who was told nothing therefore.
  timeout,      // No answer in time, or no connection.
  connection,   // Nobody is there, or no answer came for another reason.
};
inline constexpr std::size_t post_failures = 5;
// "none", "answer", …
std::string_view name_of(PostFailure failure);

// What came of a POST.
struct PostAnswer {
  int status = 0;                                   // 0: there was no answer, and `problem` says why.
  std::optional<std::chrono::seconds> retry_after;  // What the receiver asked for.
  std::string problem;
  PostFailure failure = PostFailure::none;

  bool is_taken() const { return status >= 200 && status < 300; }
  // For people: "503", or why there was no answer.
  std::string text() const { return status > 0 ? "it answered " + std::to_string(status) : problem; }
};

// Puts bytes to somebody else's HTTP server, one POST at a time, over a connection that is kept.
//
//     Poster poster({.url = "https://push.example/tallyho"});
//     const PostAnswer answer = poster.post(body, {"Content-Type: application/json"}, stop);
//
// Redirections are not followed, and what the receiver answers but its status is not kept. With https it is told
// nothing before its certificate has shown, on each connection anew, that it is who the URL names: by an authority that
// is trusted, for that name, now.
//
// Threads: one owner; `stop` may be set by any. Memory: a connection's.
class Poster {
 public:
  struct Options {
    std::string url;               // http or https.
    std::string authorities = {};  // A file of PEM: who may vouch for the receiver; "": those that the system trusts.
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{10'000};  // For all of it.
    std::chrono::milliseconds grace{1'000};
  };

  explicit Poster(Options options);
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  // Returns once there is an answer, it took too long, or `stop` was set for `grace`, and about a second more: who
  // stops would rather know whether it was taken.
  PostAnswer post(std::string_view body, const std::vector<std::string>& headers, const std::atomic<bool>& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether it is a URL that a Poster takes; else why not, as text.
std::optional<std::string> problem_of_url(std::string_view url);
// Whether it is a file with certificates, as Options::authorities takes it; else why not, as text.
std::optional<std::string> problem_of_authorities(const std::string& path);
// Whether a Poster takes these two together, "" being no authorities; else why not, as text, in which `option` is what
// those who fill in the file know it by.
std::optional<std::string> problem_of_receiver(const std::string& url, const std::string& authorities,
                                               std::string_view option);

// How long to wait before trying again: twice as long after each failure, up to a bound, and of that a random part
// between half and all, so that many who fail together do not come back together.
class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds first{500};
    std::chrono::milliseconds most{60'000};
  };
  Backoff(Options options, std::uint64_t seed) : options_(options), random_(seed) {}

  // After a failure. At least what the receiver asked for, if that is not more than `most`.
  std::chrono::milliseconds next(std::optional<std::chrono::seconds> asked = std::nullopt);
  // After a success.
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  const Options options_;
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace tallyho

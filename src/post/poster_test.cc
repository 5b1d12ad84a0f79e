// Posters against a receiver in the test: what is on the wire, and what becomes of answers that do not come.
#include "post/poster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::StartsWith;

const std::atomic<bool> go_on{false};

// Listens on a free port of 127.0.0.1, takes one connection and one request, and answers as told.
class Receiver {
 public:
  explicit Receiver(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() { end(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook?x=1"; }
  // What it got.
  const std::string& end() {
    if (thread_.joinable()) {
      ::shutdown(listener_, SHUT_RDWR);
      thread_.join();
      ::close(listener_);
    }
    return request_;
  }

 private:
  void serve() {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    char bytes[4096];
    while (!request_.ends_with("the end")) {
      const ssize_t count = ::read(connection, bytes, sizeof bytes);
      if (count <= 0) break;
      request_.append(bytes, static_cast<std::size_t>(count));
    }
    if (!answer_.empty()) {
      EXPECT_EQ(::write(connection, answer_.data(), answer_.size()), static_cast<ssize_t>(answer_.size()));
    }
    while (::read(connection, bytes, sizeof bytes) > 0) {
    }
    ::close(connection);
  }

  const std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::string request_;
  std::thread thread_;
};

TEST(Poster, BodyAndHeadersArriveAndTheStatusComesBack) {
  Receiver receiver("HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nyes");
  {
    Poster poster({.url = receiver.url()});
    const PostAnswer answer = poster.post("a body, the end", {"Content-Type: application/json", "X-One: 1"}, go_on);
    EXPECT_EQ(answer.status, 202);
    EXPECT_TRUE(answer.is_taken());
    EXPECT_EQ(answer.failure, PostFailure::none);
    EXPECT_EQ(answer.retry_after, std::nullopt);
  }
  EXPECT_THAT(receiver.end(),
              AllOf(StartsWith("POST /hook?x=1 HTTP/1.1\r\n"), HasSubstr("X-One: 1\r\n"),
                    HasSubstr("Content-Type: application/json\r\n"), EndsWith("\r\n\r\na body, the end")));
}

TEST(Poster, AnswersOtherThan2xxAreNotTaken) {
  for (const std::string line : {"301 Moved\r\nLocation: http://127.0.0.1:1/", "404 No", "500 No"}) {
    Receiver receiver("HTTP/1.1 " + line + "\r\nContent-Length: 0\r\n\r\n");
    Poster poster({.url = receiver.url()});
    const PostAnswer answer = poster.post("the end", {}, go_on);
    EXPECT_EQ(answer.status, std::stoi(line));
    EXPECT_FALSE(answer.is_taken());
    EXPECT_EQ(answer.failure, PostFailure::answer);
  }
}

TEST(Poster, WhatTheReceiverAsksForIsHandedOn) {
  Receiver receiver("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
  Poster poster({.url = receiver.url()});
  EXPECT_EQ(poster.post("the end", {}, go_on).retry_after, std::chrono::seconds(7));
}

TEST(Poster, WhoDoesNotAnswerIsNotWaitedForLongerThanAllowed) {
  Receiver receiver("");
  Poster poster({.url = receiver.url(), .timeout = milliseconds(100)});
  const PostAnswer answer = poster.post("the end", {}, go_on);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.failure, PostFailure::timeout);
  EXPECT_THAT(answer.text(), HasSubstr("timed out"));
}

TEST(Poster, WhoIsToStopDoesNotWaitForAnAnswer) {
  Receiver receiver("");
  Poster poster({.url = receiver.url(), .timeout = std::chrono::hours(1)});
  std::atomic<bool> stop{false};
  std::thread stopper([&stop] { stop = true; });
  EXPECT_EQ(poster.post("the end", {}, stop).status, 0);
  stopper.join();
}

TEST(Poster, NobodyThereIsAProblem) {
  std::string url;
  {
    Receiver gone("");
    url = gone.url();
  }
  Poster poster({.url = url});
  const PostAnswer answer = poster.post("the end", {}, go_on);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.failure, PostFailure::connection);
  EXPECT_FALSE(answer.text().empty());
}

TEST(Poster, AuthoritiesAreAFileWithCertificates) {
  EXPECT_NE(problem_of_authorities("/nowhere"), std::nullopt);
  EXPECT_NE(problem_of_authorities("/dev/null"), std::nullopt);
  EXPECT_NE(problem_of_authorities("/"), std::nullopt);
}

TEST(Poster, AuthoritiesAreForHttps) {
  EXPECT_EQ(problem_of_receiver("http://127.0.0.1:8080", "", "--ca"), std::nullopt);
  EXPECT_EQ(problem_of_receiver("http://127.0.0.1:8080", "/dev/null", "--ca"),
            "--ca is for a receiver with https://, and this is http://127.0.0.1:8080");
  EXPECT_EQ(problem_of_receiver("https://push.example", "/nowhere", "--ca"), problem_of_authorities("/nowhere"));
  EXPECT_EQ(problem_of_receiver("nowhere", "/dev/null", "--ca"), problem_of_url("nowhere"));
}

TEST(Poster, OnlyHttpIsTaken) {
  EXPECT_EQ(problem_of_url("http://127.0.0.1:8080/hook"), std::nullopt);
  EXPECT_EQ(problem_of_url("https://push.example"), std::nullopt);
  for (const std::string_view wrong :
       {"", "push.example/hook", "ftp://push.example", "file:///etc/passwd", "http://"}) {
    EXPECT_NE(problem_of_url(wrong), std::nullopt) << wrong;
  }
}

TEST(Backoff, WaitsTwiceAsLongEachTimeUpToABound) {
  Backoff backoff({.first = milliseconds(100), .most = milliseconds(1000)}, 1);
  for (const int whole : {100, 200, 400, 800, 1000, 1000}) {
    EXPECT_THAT(backoff.next(), AllOf(Ge(milliseconds(whole / 2)), Le(milliseconds(whole))));
  }
  EXPECT_EQ(backoff.failures(), 6);
  backoff.reset();
  EXPECT_THAT(backoff.next(), Le(milliseconds(100)));
}

TEST(Backoff, DoesWhatTheReceiverAsksForWithinTheBound) {
  Backoff backoff({.first = milliseconds(100), .most = milliseconds(5000)}, 1);
  EXPECT_EQ(backoff.next(std::chrono::seconds(3)), milliseconds(3000));
  EXPECT_EQ(backoff.next(std::chrono::seconds(3600)), milliseconds(5000));
}

TEST(Backoff, ThoseWhoFailTogetherDoNotComeBackTogether) {
  std::vector<milliseconds> waits;
  for (std::uint64_t seed = 0; seed < 20; ++seed) waits.push_back(Backoff({}, seed).next());
  std::ranges::sort(waits);
  EXPECT_NE(waits.front(), waits.back());
}

}  // namespace
}  // namespace tallyho

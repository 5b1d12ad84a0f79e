// What of Server-Sent Events takes limits that can't be set from outside: the rest is in test/server.
#include "server/event_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ruleset/loader.h"
#include "server/server.h"

namespace tallyho {
namespace {

using testing::HasSubstr;

constexpr std::string_view game = R"(
tallyho: 1
name: game
events:
  find: {value: int}
rules:
  - id: base
    on: find
    points: event.value
boards:
  - id: global
)";

// A connection that says one thing, and then reads or doesn't.
class Peer {
 public:
  Peer(const std::string& endpoint, const std::string& request, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(socket_, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  }
  ~Peer() { close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Reads until that has come; or the connection ends, or nothing has come for half a minute.
  std::string read_until(std::string_view wanted) {
    std::string got;
    char bytes[65536];
    while (wanted.empty() || got.find(wanted) == std::string::npos) {
      const ssize_t size = recv(socket_, bytes, sizeof bytes, 0);
      if (size <= 0) break;
      got.append(bytes, static_cast<std::size_t>(size));
    }
    return got;
  }

 private:
  const int socket_;
};

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

class EventStreamTest : public testing::Test {
 protected:
  ~EventStreamTest() override {
    server_->stop();
    runner_.join();
  }

  void start(const Limits& limits) {
    ServerOptions options;
    options.listen = options.admin = "127.0.0.1:0";
    options.dev = true;
    options.io_threads = 1;
    options.limits = limits;
    server_ = std::move(Server::open(load_ruleset(game, "game.yaml").value(), std::move(options)).value());
    runner_ = std::thread([this] { server_->run(); });
  }

  // Many members, whose names are as long as they may be.
  std::string score_all() {
    std::string lines;
    for (int i = 0; i < 1000; ++i) {
      std::string name = std::to_string(i);
      name.resize(128, 'x');
      lines += R"({"type":"find","player":")" + name + "\",\"value\":1}\n";
    }
    Peer peer(
        server_->listen_endpoint(),
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n"
        "Content-Length: " +
            std::to_string(lines.size()) + "\r\n\r\n" + lines);
    return peer.read_until("");
  }

  bool is_watched() {
    Peer peer(server_->admin_endpoint(), get("/metrics"));
    return peer.read_until("").find("tallyho_watches 0\n") == std::string::npos;
  }

  std::unique_ptr<Server> server_;
  std::thread runner_;
};

TEST_F(EventStreamTest, AStreamWithoutNewsSaysThatItLives) {
  Limits limits;
  limits.heartbeat = limits.sweep_interval = std::chrono::milliseconds(5);
  start(limits);
  Peer peer(server_->listen_endpoint(), get("/v1/boards/global/stream"));
  EXPECT_THAT(peer.read_until("\n\n:\n\n:\n\n"), HasSubstr("\"members\":[]}\n\n:\n\n:\n\n"));
}

// Goal: who takes no byte for send_timeout is dropped, also from a stream. Method: changes, each of a hundred
// kilobytes, until the kernel's buffers are full and the watch is gone.
TEST_F(EventStreamTest, AStreamThatNobodyReadsIsDropped) {
  Limits limits;
  limits.send_timeout = std::chrono::milliseconds(200);
  limits.push_interval = std::chrono::milliseconds(1);
  start(limits);
  ASSERT_THAT(score_all(), HasSubstr("200 OK"));
  Peer peer(server_->listen_endpoint(), get("/v1/boards/global/stream?top=1000"), 4096);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!is_watched() && std::chrono::steady_clock::now() < patience) {
  }
  while (is_watched() && std::chrono::steady_clock::now() < patience) score_all();
  EXPECT_FALSE(is_watched());
}

TEST(LastEventId, IsAVersionOrNothing) {
  EXPECT_EQ(last_event_id("8812"), 8812U);
  EXPECT_EQ(last_event_id("0"), 0U);
  EXPECT_EQ(last_event_id("18446744073709551615"), std::numeric_limits<Position>::max());
  for (const auto* text : {"", " ", "-1", "+1", "1 ", " 1", "0x1", "1.0", "18446744073709551616", "abc"}) {
    EXPECT_EQ(last_event_id(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tallyho

// A server in process, over real sockets: what can't be provoked from outside, such as a defect, a full queue, a log
// that can't be written, and a client that does not read. The rest is in test/server.
#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/core/buffers_to_string.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/websocket/stream.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/memory_log.h"
#include "log/quarantine.h"
#include "log/replay_watch.h"
#include "log/segment_log.h"
#include "log/survey.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

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

std::string find(std::string_view player, int value, int ref = 0) {
  return R"({"type":"find","player":")" + std::string(player) + R"(","value":)" + std::to_string(value) + R"(,"ref":)" +
         std::to_string(ref) + "}";
}

// A connected socket that blocks for at most half a minute, so that a failed test ends.
tcp::socket connect(asio::io_context& context, const Server& server) {
  const std::string endpoint = server.listen_endpoint();
  const auto port = static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  tcp::socket socket(context);
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return socket;
}

// A WebSocket client that waits for every answer.
class Client {
 public:
  explicit Client(const Server& server) : stream_(connect(context_, server)) {
    stream_.handshake("localhost", "/v1/ws");
  }

  void send(const std::string& frame) { stream_.write(asio::buffer(frame)); }
  std::string receive() {
    while (lines_.empty()) {
      beast::flat_buffer buffer;
      stream_.read(buffer);
      const std::string frame = beast::buffers_to_string(buffer.data());
      std::istringstream lines(frame);
      for (std::string line; std::getline(lines, line);) lines_.push_back(line);
    }
    std::string line = lines_.front();
    lines_.erase(lines_.begin());
    return line;
  }
  std::string ask(const std::string& message) {
    send(message);
    return receive();
  }
  tcp::socket& socket() { return stream_.next_layer(); }

 private:
  asio::io_context context_;
  beast::websocket::stream<tcp::socket> stream_;
  std::vector<std::string> lines_;
};

class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    if (server_ == nullptr) return;
    server_->stop();
    runner_.join();
  }

  ServerOptions options() {
    ServerOptions options;
    options.listen = options.admin = "127.0.0.1:0";
    options.dev = true;
    options.io_threads = 2;
    return options;
  }

  void start(ServerOptions options, std::unique_ptr<Log> log = nullptr, std::string_view ruleset = game) {
    auto opened = Server::open(load_ruleset(ruleset, "game.yaml").value(), std::move(options), std::move(log));
    ASSERT_TRUE(opened) << opened.error();
    server_ = std::move(*opened);
    runner_ = std::thread([this] { server_->run(); });
  }

  // Whether the server closes this connection, within half a minute.
  static bool is_closed_by_server(tcp::socket& socket) {
    char byte = 0;
    boost::system::error_code error;
    while (socket.read_some(asio::buffer(&byte, 1), error) > 0 && !error) {
    }
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

  // What GET /readyz answers, head and body.
  std::string readiness() {
    asio::io_context context;
    tcp::socket socket = connect(context, *server_);
    asio::write(socket,
                asio::buffer(std::string("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
    return read_all(socket);
  }
  // What POST /v1/events answers, head and body.
  std::string post(const std::string& event) {
    asio::io_context context;
    tcp::socket socket = connect(context, *server_);
    asio::write(socket, asio::buffer("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                     "Content-Type: application/json\r\nContent-Length: " +
                                     std::to_string(event.size()) + "\r\n\r\n" + event));
    return read_all(socket);
  }
  static std::string read_all(tcp::socket& socket) {
    std::string answer;
    boost::system::error_code ended;
    asio::read(socket, asio::dynamic_buffer(answer), ended);
    return answer;
  }

  std::unique_ptr<Server> server_;
  std::thread runner_;
};

TEST_F(ServerTest, ADefectIsAnsweredInternalAndHasNoEffect) {
  ServerOptions with_defect = options();
  with_defect.before_ingest_for_test = [](Engine& engine, const Event& event) {
    if (event.envelope.id == "defect") engine.fail_next_for_test();
  };
  start(std::move(with_defect));
  Client client(*server_);
  EXPECT_THAT(client.ask(find("ada", 5)), HasSubstr(R"("total":5)"));
  EXPECT_THAT(client.ask(R"({"type":"find","player":"ada","id":"defect","value":7})"),
              HasSubstr(R"("code":"internal")"));
  EXPECT_THAT(client.ask(R"({"op":"query","path":"/v1/players/ada"})"), HasSubstr(R"("total":5)"));
  EXPECT_THAT(client.ask(find("ada", 1)), HasSubstr(R"("total":6)"));
  EXPECT_THAT(post(R"({"type":"find","player":"ada","id":"defect","value":7})"),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr(R"("code":"internal")")));
  EXPECT_THAT(post(find("ada", 1)), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(R"("total":7)")));
}

// Goal: a full queue is an answer, in its place in the order, and what was not refused is scored. Method: the engine is
// held at its first event, so that the answers behind it have to wait for it; the second frame is more than the queue
// may hold.
TEST_F(ServerTest, AFullQueueAnswersOverloadedInOrder) {
  std::binary_semaphore go(0);
  std::atomic<bool> is_held{false};
  ServerOptions narrow = options();
  narrow.limits.queue_bytes_max = 1000;
  narrow.before_ingest_for_test = [&](Engine&, const Event&) {
    if (!is_held.exchange(true)) go.acquire();
  };
  start(std::move(narrow));
  Client client(*server_);
  client.send(find("ada", 1, 0));
  constexpr int refused = 30;
  std::string frame = "{";
  for (int i = 1; i <= refused; ++i) frame += "\n" + find("ada", 1, i);
  client.send(frame);
  client.send(find("ada", 1, refused + 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(client.socket().available(), 0U);
  go.release();
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"ok")"));
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"malformed")"));  // What is wrong with a message comes first.
  for (int i = 1; i <= refused; ++i) {
    const std::string answer = client.receive();
    EXPECT_THAT(answer, HasSubstr(R"("code":"overloaded")"));
    EXPECT_THAT(answer, HasSubstr(R"("retry_after_ms":100)"));
    EXPECT_THAT(answer, HasSubstr(R"("ref":)" + std::to_string(i) + "}"));
  }
  EXPECT_THAT(client.receive(), HasSubstr(R"("total":2)"));
  EXPECT_THAT(client.ask(find("ada", 1)), HasSubstr(R"("total":3)"));
}

// Goal: what was decoded before a swap is taken as the ruleset of now says, also where that has fewer types. Method:
// the engine is held at the first event until the swap is wanted and two frames are in the queue, the first of which is
// more than a round takes, so that the swap comes between them.
TEST_F(ServerTest, EventsOfTypesThatASwapTookAwayAreAnsweredSo) {
  std::binary_semaphore go(0);
  std::atomic<bool> is_held{false};
  ServerOptions held = options();
  held.before_ingest_for_test = [&](Engine&, const Event&) {
    if (!is_held.exchange(true)) go.acquire();
  };
  std::string more_types(game);
  for (const std::string_view type : {"hidden", "lost", "sought"}) {
    more_types.insert(more_types.find("rules:"), "  " + std::string(type) + ": {value: int}\n");
  }
  start(std::move(held), nullptr, more_types);
  Client client(*server_);
  constexpr int many = 5000;  // More than EngineThread::items_per_round.
  std::string frame;
  for (int i = 0; i < many; ++i) frame += find("ada", 1) + "\n";
  client.send(frame);
  client.send(R"({"type":"sought","player":"ada","value":1})"
              "\n"
              R"({"type":"hidden","player":"ada","value":1})"
              "\n" +
              find("ada", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  server_->swap(load_ruleset(game, "game.yaml").value());
  go.release();
  for (int i = 0; i < many; ++i) ASSERT_THAT(client.receive(), HasSubstr(R"("code":"ok")"));
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"unknown_type")"));
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"unknown_type")"));
  EXPECT_THAT(client.receive(), HasSubstr(R"("total":5001)"));
}

// A log that can be told not to take anything, and when what it took is durable.
class MoodyLog final : public Log {
 public:
  Result<Position> append(std::string_view record, Timestamp arrival, RecordKind kind) override {
    if (is_broken) return std::unexpected(Error{.code = Code::unavailable});
    return log_.append(record, arrival, kind);
  }
  void commit() override { log_.commit(); }
  Position durable() const override {
    if (is_slow) return 0;
    return log_.durable() - std::min<Position>(lag, log_.durable());
  }
  Position last() const override { return log_.last(); }
  const std::string& identity() const override { return log_.identity(); }

  std::atomic<bool> is_broken{false};
  std::atomic<bool> is_slow{false};
  std::atomic<Position> lag{0};  // How many of the last records are never durable.

 private:
  MemoryLog log_;
};

TEST_F(ServerTest, ALogThatCannotBeWrittenAnswersUnavailable) {
  auto log = std::make_unique<MoodyLog>();
  MoodyLog& moody = *log;
  start(options(), std::move(log));
  Client client(*server_);
  EXPECT_THAT(client.ask(find("ada", 5)), HasSubstr(R"("code":"ok")"));
  moody.is_broken = true;
  const std::string answer = client.ask(find("ada", 5));
  EXPECT_THAT(answer, HasSubstr(R"("code":"unavailable")"));
  EXPECT_THAT(answer, HasSubstr(R"("retry_after_ms":100)"));
  EXPECT_THAT(post(find("ada", 5)), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n"),
                                          HasSubstr(R"("code":"unavailable")")));
  EXPECT_THAT(client.ask(R"({"op":"query","path":"/v1/players/ada"})"), HasSubstr(R"("total":5)"));
  moody.is_broken = false;
  EXPECT_THAT(client.ask(find("ada", 5)), HasSubstr(R"("total":10)"));
}

TEST_F(ServerTest, WhoseLogTakesNothingIsNotReady) {
  auto log = std::make_unique<MoodyLog>();
  MoodyLog& moody = *log;
  start(options(), std::move(log));
  Client client(*server_);
  EXPECT_THAT(readiness(), HasSubstr("HTTP/1.1 200 OK"));
  moody.is_broken = true;
  std::string answer;
  while (answer.find("503") == std::string::npos) {  // Or the test's time is up: what was refused counts for a while.
    client.ask(find("ada", 5));
    answer = readiness();
  }
  EXPECT_THAT(answer, HasSubstr("the log takes no events"));
}

// Goal: whoever stops says so. Method: a request that has begun holds the server up, with half a request for readiness
// on another connection, which is completed once the server has stopped.
TEST_F(ServerTest, WhoStopsIsNotReady) {
  ServerOptions patient = options();
  patient.limits.close_timeout = std::chrono::seconds(60);
  start(std::move(patient));
  asio::io_context context;
  tcp::socket asking = connect(context, *server_);
  asio::write(asking, asio::buffer(std::string("GET /readyz HTTP/1.1\r\nHost: localhost\r\n")));
  readiness();  // By now the server has read that.
  server_->stop();
  boost::system::error_code error;
  while (!error) {  // Until nobody listens any more.
    const std::string endpoint = server_->listen_endpoint();
    tcp::socket another(context);
    another.connect({asio::ip::make_address("127.0.0.1"),
                     static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)))},
                    error);
  }
  asio::write(asking, asio::buffer(std::string("Connection: close\r\n\r\n")));
  EXPECT_THAT(read_all(asking), HasSubstr("shutting down"));
}

TEST_F(ServerTest, NothingLeavesBeforeItIsDurable) {
  auto log = std::make_unique<MoodyLog>();
  MoodyLog& moody = *log;
  start(options(), std::move(log));
  Client client(*server_);
  moody.is_slow = true;
  client.send(find("ada", 5));
  client.send(R"({"op":"query","path":"/v1/boards/global"})");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(client.socket().available(), 0U);
  moody.is_slow = false;
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"ok")"));
  EXPECT_THAT(client.receive(), HasSubstr(R"("version":1)"));
}

// While events keep coming the log is never durable to its end; what is pushed is what was so a moment ago.
TEST_F(ServerTest, PushesLeaveWhileEventsKeepComing) {
  auto log = std::make_unique<MoodyLog>();
  MoodyLog& moody = *log;
  moody.lag = 1;
  start(options(), std::move(log));
  Client watcher(*server_);
  EXPECT_THAT(watcher.ask(R"({"op":"watch","board":"global","top":3})"), HasSubstr(R"("members":[])"));
  Client sender(*server_);
  sender.send(find("ada", 5));
  while (watcher.socket().available() == 0) {  // Or the test's time is up.
    sender.send(find("bob", 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_THAT(watcher.receive(), HasSubstr(R"("member":"ada","value":5)"));
  moody.lag = 0;  // A server ends once it has answered everything.
}

TEST_F(ServerTest, AFullGameAnswersCapacity) {
  ServerOptions small = options();
  small.engine.players_max = 1;
  start(std::move(small));
  Client client(*server_);
  EXPECT_THAT(client.ask(find("ada", 5)), HasSubstr(R"("code":"ok")"));
  EXPECT_THAT(client.ask(find("bob", 5)), HasSubstr(R"("code":"capacity")"));
  EXPECT_THAT(client.ask(find("ada", 5)), HasSubstr(R"("total":10)"));
}

TEST_F(ServerTest, AHeaderThatDoesNotEndIsNotWaitedFor) {
  ServerOptions hasty = options();
  hasty.limits.header_timeout = std::chrono::milliseconds(50);
  start(std::move(hasty));
  asio::io_context context;
  tcp::socket socket = connect(context, *server_);
  asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: loc")));
  EXPECT_TRUE(is_closed_by_server(socket));
}

TEST_F(ServerTest, ABodyThatDoesNotEndIsNotWaitedFor) {
  ServerOptions hasty = options();
  hasty.limits.body_timeout = std::chrono::milliseconds(50);
  start(std::move(hasty));
  asio::io_context context;
  tcp::socket socket = connect(context, *server_);
  asio::write(socket,
              asio::buffer(std::string("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{")));
  EXPECT_TRUE(is_closed_by_server(socket));
}

// Goal: no more batches are on their way to the engine than may be. Method: it is held at the first of five, each of a
// client of its own; of the rest one finds room.
TEST_F(ServerTest, MoreBatchesThanTheQueueMayHoldAnswerOverloaded) {
  std::binary_semaphore go(0);
  std::atomic<bool> is_held{false};
  ServerOptions narrow = options();
  narrow.io_threads = 1;
  narrow.limits.queue_batches_max = 2;
  narrow.before_ingest_for_test = [&](Engine&, const Event&) {
    if (!is_held.exchange(true)) go.acquire();
  };
  start(std::move(narrow));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<Client>(*server_));
  for (const auto& client : clients) client->send(find("ada", 1));
  const auto answered = [&] {
    return std::ranges::count_if(clients, [](const auto& client) { return client->socket().available() > 0; });
  };
  while (answered() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // Or the test's time is up.
  go.release();
  int overloaded = 0;
  for (const auto& client : clients) overloaded += client->receive().contains(R"("code":"overloaded")") ? 1 : 0;
  EXPECT_EQ(overloaded, 3);
  EXPECT_THAT(clients.front()->ask(find("ada", 1)), HasSubstr(R"("total":3)"));
}

TEST_F(ServerTest, AClientThatReadsNothingIsDropped) {
  ServerOptions hasty = options();
  hasty.limits.send_timeout = std::chrono::milliseconds(300);
  start(std::move(hasty));
  Client client(*server_);
  client.socket().set_option(asio::socket_base::receive_buffer_size(4096));
  const std::string query = R"({"op":"query","path":"/v1/ruleset"})";
  std::string frame = query;
  for (int i = 1; i < 1000; ++i) frame += "\n" + query;
  try {
    for (int i = 0; i < 10'000; ++i) client.send(frame);
    FAIL() << "the server took 10 million queries from a client that reads no answer";
  } catch (const boost::system::system_error&) {
    SUCCEED();
  }
}

TEST_F(ServerTest, AClientThatSaysNothingGetsAPingAndIsDroppedIfItDoesNotAnswer) {
  ServerOptions hasty = options();
  hasty.limits.keep_alive = std::chrono::seconds(2);  // Long enough for the handshake on a slow machine.
  hasty.limits.pong_timeout = std::chrono::milliseconds(50);
  start(std::move(hasty));
  Client client(*server_);
  // It reads below the WebSocket, so nothing answers the ping.
  char first = 0;
  asio::read(client.socket(), asio::buffer(&first, 1));
  EXPECT_EQ(static_cast<unsigned char>(first), 0x89);  // A final frame, a ping.
  EXPECT_TRUE(is_closed_by_server(client.socket()));
}

TEST_F(ServerTest, MoreConnectionsThanTheLimitAreClosed) {
  ServerOptions small = options();
  small.io_threads = 1;
  small.limits.connections_max = 2;
  start(std::move(small));
  Client first(*server_);
  Client second(*server_);
  static_cast<void>(first.ask(find("ada", 1)));
  asio::io_context context;
  tcp::socket third = connect(context, *server_);
  EXPECT_TRUE(is_closed_by_server(third));
  EXPECT_THAT(second.ask(find("ada", 1)), HasSubstr(R"("total":2)"));
}

TEST_F(ServerTest, StopIsPromptAndMayBeCalledTwice) {
  start(options());
  server_->stop();
  server_->stop();
}

TEST(ServerOpen, SaysWhyItCannot) {
  const auto ruleset = load_ruleset(game, "game.yaml").value();
  struct Case {
    const char* listen;
    bool dev;
    const char* says;
  };
  for (const Case& c :
       {Case{"127.0.0.1:0", false, "--dev"}, Case{"0.0.0.0:0", true, "loopback"}, Case{"127.0.0.1", true, "HOST:PORT"},
        Case{"127.0.0.1:99999", true, "HOST:PORT"}, Case{":0", true, "HOST:PORT"}}) {
    ServerOptions options;
    options.listen = c.listen;
    options.admin = "127.0.0.1:0";
    options.dev = c.dev;
    const auto server = Server::open(ruleset, options);
    ASSERT_FALSE(server) << c.listen;
    EXPECT_THAT(server.error(), HasSubstr(c.says));
  }
}

TEST(ServerOpen, APortThatIsTakenIsAnError) {
  const auto ruleset = load_ruleset(game, "game.yaml").value();
  ServerOptions options;
  options.listen = options.admin = "127.0.0.1:0";
  options.dev = true;
  const auto first = Server::open(ruleset, options);
  ASSERT_TRUE(first);
  options.listen = (*first)->listen_endpoint();
  const auto second = Server::open(ruleset, options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("in use"));
}

// A server on a log in `data`.
std::expected<std::unique_ptr<Server>, std::string> open_on(const std::string& data,
                                                            std::function<void(Position)> before_replay = {}) {
  auto directory = open_log_directory(data);
  const auto recovered = recover_log(**directory, 0);
  auto log = SegmentLog::open(std::move(*directory), *recovered, {.segment_bytes = 1 << 20, .buffer_bytes_max = 65536});
  ServerOptions options;
  options.listen = options.admin = "127.0.0.1:0";
  options.io_threads = 1;
  options.dev = true;
  options.data = data;
  options.keeps_log = true;
  options.before_replay_for_test = std::move(before_replay);
  return Server::open(load_ruleset(game, "game.yaml").value(), options, std::move(*log));
}

// A record that ends the process whenever it is applied, as a defect of a new version would: the server starts three
// times, the first to learn where about it is; then it says so, and goes on once somebody has decided to pass over it.
TEST(PoisonDeathTest, ARecordThatEndsTheProcessTwiceStopsTheServerUntilSomebodyDecides) {
  const TemporaryFolder folder;
  const std::string& data = folder.path();
  {
    auto directory = open_log_directory(data);
    auto log = SegmentLog::open(std::move(*directory), {}, {.segment_bytes = 1 << 20, .buffer_bytes_max = 65536});
    ASSERT_TRUE((*log)->append(game, {}, RecordKind::ruleset));
    for (int i = 0; i < 9; ++i) ASSERT_TRUE((*log)->append(find("ada", i + 1), {}, RecordKind::event));
  }
  const auto poisonous = [](Position position) {
    if (position == 7) std::abort();
  };
  for (int start = 0; start < 3; ++start) {
    EXPECT_EXIT((void)open_on(data, poisonous), testing::KilledBySignal(SIGABRT), "");
  }
  const auto refused = open_on(data, poisonous);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("position 7"));
  EXPECT_THAT(refused.error(), HasSubstr("tallyho log quarantine --data DIR 7"));
  {
    const auto directory = open_log_directory(data);
    const std::string bytes = find("ada", 6);
    const LogRecord record{7, RecordKind::event, {}, bytes};
    const auto survey = survey_log(**directory);
    ASSERT_TRUE(Quarantine::add(**directory, record, survey->identity, {}, "a test"));
    ASSERT_TRUE((*directory)->remove(ReplayWatch::file_name));
  }
  {
    const auto server = open_on(data, poisonous);
    EXPECT_TRUE(server) << server.error();
  }
}

}  // namespace
}  // namespace tallyho

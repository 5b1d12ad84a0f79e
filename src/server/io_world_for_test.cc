#include "server/io_world_for_test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "log/memory_log.h"

namespace tallyho {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A step is one handler of the loop's. Far more than any byte needs, and far fewer than a loop without end.
constexpr std::size_t steps_per_byte = 200;
constexpr std::size_t steps_per_client = 10'000;

}  // namespace

IoWorld::IoWorld(std::shared_ptr<const Ruleset> ruleset, Options options)
    : admission_(options.limits.connections_max, options.limits.connections_per_address_max),
      shared_{.ruleset = &ruleset_,
              .limits = options.limits,
              .identity = {.log = std::string(32, '0'), .limits_json = "{}"},
              .authority = Authority::create({.dev = options.tokens == nullptr, .tokens = options.tokens}).value(),
              .readiness = &readiness_,
              .tickets = &tickets_,
              .admission = &admission_,
              .offers_deflate = options.deflate,
              .figures = {}},
      engine_(ruleset, std::make_unique<MemoryLog>(), options.engine) {
  ruleset_.set(std::move(ruleset));
  readiness_.set(Readiness::Phase::running);
  io_ = std::make_unique<IoThread>(0, shared_, bell_);
  shared_.figures.push_back(&io_->figures());
  engine_thread_ = std::make_unique<EngineThread>(engine_, ruleset_, std::vector{&io_->port()}, bell_, shared_.limits,
                                                  Followers{}, readiness_, nullptr);
  engine_thread_->stop();  // From now on run() returns as soon as there is nothing to do.
}

IoWorld::~IoWorld() = default;

std::uint64_t IoWorld::connections_open() {
  return io_->figures().connections_opened.value() - io_->figures().connections_closed.value();
}

// False: there is nothing to do.
bool IoWorld::step() {
  if (io_->context().poll_one() > 0) return true;
  engine_thread_->run();
  return io_->context().poll_one() > 0;
}

IoWorld::Client::Client(IoWorld& world, bool is_admin) : world_(world), steps_left_(steps_per_client) {
  std::array<int, 2> pair{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0, "there are sockets");
  socket_ = pair[0];
  IoThread::Socket socket(world.io_->context().get_executor());
  socket.assign(boost::asio::ip::tcp::v4(), pair[1]);
  world.io_->adopt(std::move(socket), is_admin, *world.admission_.enter("127.0.0.1"));
  exchange();
}

IoWorld::Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  exchange();
  require(world_.connections_open() == 0, "who has gone leaves no connection behind");
}

void IoWorld::Client::send(std::string_view bytes, std::size_t at_a_time) {
  steps_left_ += bytes.size() * steps_per_byte;
  while (!bytes.empty() && !has_ended_) {
    const std::size_t most = at_a_time == 0 ? bytes.size() : std::min(at_a_time, bytes.size());
    const ssize_t sent = ::send(socket_, bytes.data(), most, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) break;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    const std::size_t steps = steps_left_;
    exchange();
    // It does not read on, as this client is no slow reader, until there is room in some queue: never.
    require(sent > 0 || steps != steps_left_, "a server that takes nothing does something else");
  }
}

void IoWorld::Client::end() {
  ::shutdown(socket_, SHUT_WR);
  exchange();
}

void IoWorld::Client::exchange() {
  do {
    while (world_.step()) require(steps_left_-- > 0, "what comes of some bytes ends");
    if (socket_ >= 0) receive();
  } while (world_.step());
}

void IoWorld::Client::receive() {
  std::array<char, 65'536> bytes;
  while (true) {
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) has_ended_ = true;
    if (got <= 0) return;
    received_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace tallyho

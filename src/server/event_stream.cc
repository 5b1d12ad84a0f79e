#include "server/event_stream.h"

#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/asio/write.hpp"

namespace tallyho {
namespace {

using boost::system::error_code;

// The body ends with the connection. Proxies that gather answers before they pass them on are asked not to.
constexpr std::string_view header =
    "HTTP/1.1 200 OK\r\nServer: tallyho\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n";

class EventStream final : public Connection, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(IoThread& io, std::uint64_t id, ClientStream stream, std::unique_ptr<Watcher> watcher, Grant grant)
      : io_(io),
        limits_(io.shared().limits),
        id_(id),
        stream_(std::move(stream)),
        watcher_(std::move(watcher)),
        grant_(std::move(grant)) {}

  // `origin`: the page's that may read it; or "".
  void start(std::string_view origin, std::string_view first, Position version) {
    waiting_ = header;
    if (!origin.empty()) waiting_.append("Access-Control-Allow-Origin: ").append(origin).append("\r\nVary: Origin\r\n");
    waiting_ += "\r\n";
    append_event(first, version);
    write_on();
    listen();
  }

  void answered() override {}

  void push(const PushMessage& message) override {
    if (is_dropped_) return;
    for (const Push& push : message.pushes) {
      body_ = "{";
      body_ += *push.body;
      append_event(body_, message.version);
    }
    std::string().swap(body_);
    io_.figures().pushes.add(message.pushes.size());
    has_push_ = true;
    is_ending_ = is_ending_ || message.has_ended;  // A stream is one watch.
    write_on();
  }

  Clock::time_point tick(Clock::time_point now) override {
    look_at_timeouts(now);
    return now + limits_.look_interval();
  }

  void stop() override {
    if (sending_.empty()) drop();
  }

  void drop() override {
    if (std::exchange(is_dropped_, true)) return;
    error_code ignored;
    stream_.say_goodbye();
    std::ignore = stream_.socket().close(ignored);
    io_.submit_goodbye(id_, std::move(watcher_));
    io_.remove(id_);
  }

 private:
  void look_at_timeouts(Clock::time_point now) {
    if (is_dropped_) return;
    if (grant_.has_token() && !io_.shared().authority.holds(grant_, Timestamp::system_now())) return drop();
    if (sending_.empty()) {
      if (io_.is_stopping()) return drop();
      if (now - last_progress_ > limits_.heartbeat) {
        waiting_ += ":\n\n";
        write_on();
      }
      return;
    }
    const std::uint64_t taken = stream_.bytes_taken();
    if (std::exchange(bytes_taken_, taken) != taken) last_progress_ = now;
    if (now - last_progress_ > limits_.send_timeout) drop();
  }

  void append_event(std::string_view data, Position version) {
    waiting_ += "id: ";
    waiting_ += std::to_string(version);
    waiting_ += "\ndata: ";  // JSON has no line breaks of its own.
    waiting_ += data;
    waiting_ += "\n\n";
  }

  void write_on() {
    if (waiting_.empty() || !sending_.empty()) return;
    sending_.swap(waiting_);
    is_sending_push_ = std::exchange(has_push_, false);
    last_progress_ = Clock::now();
    boost::asio::async_write(
        stream_, boost::asio::buffer(sending_),
        [self = shared_from_this()](error_code error, std::size_t bytes) { self->written(error, bytes); });
  }

  void written(error_code error, std::size_t bytes) {
    if (is_dropped_) return;
    if (error) return drop();
    io_.figures().sent(Traffic::push).add(bytes);
    last_progress_ = Clock::now();
    std::string().swap(sending_);  // Many streams are idle: they keep no memory.
    if (std::exchange(is_sending_push_, false)) watcher_->sent();
    write_on();
    if (is_ending_ && sending_.empty()) drop();
  }

  // A client has nothing more to say; but that it has gone is heard here.
  void listen() {
    stream_.async_read_some(boost::asio::buffer(heard_), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->is_dropped_) return;
      if (error) return self->drop();
      self->listen();
    });
  }

  IoThread& io_;
  const Limits& limits_;
  const std::uint64_t id_;
  ClientStream stream_;
  std::unique_ptr<Watcher> watcher_;
  Grant grant_;
  std::string sending_;
  std::string waiting_;
  std::string body_;
  std::array<char, 64> heard_{};
  Clock::time_point last_progress_;
  std::uint64_t bytes_taken_ = 0;
  bool has_push_ = false;         // In what waits;
  bool is_sending_push_ = false;  // in what is sent.
  bool is_ending_ = false;        // What waits is the last of it.
  bool is_dropped_ = false;
};

}  // namespace

void start_event_stream(IoThread& io, std::uint64_t id, ClientStream stream, std::unique_ptr<Watcher> watcher,
                        Grant grant, std::string_view origin, std::string_view first, Position version) {
  auto connection = std::make_shared<EventStream>(io, id, std::move(stream), std::move(watcher), std::move(grant));
  io.replace(id, connection);
  connection->start(origin, first, version);
}

std::optional<Position> last_event_id(std::string_view header_value) {
  Position version = 0;
  const char* const end = header_value.data() + header_value.size();
  const auto [at, error] = std::from_chars(header_value.data(), end, version);
  if (header_value.empty() || error != std::errc() || at != end) return std::nullopt;
  return version;
}

}  // namespace tallyho

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "boost/asio/append.hpp"
#include "boost/asio/associator.hpp"
#include "boost/asio/async_result.hpp"
#include "boost/asio/buffer.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/core/role.hpp"
#include "boost/beast/websocket/teardown.hpp"
#include "server/acknowledged.h"
#include "server/tls.h"

namespace tallyho {

// Asio's own: Beast's basic_stream has timers and rates beside it, a third of a kilobyte for each connection, of which
// nothing was used.
using PlainStream = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// TLS between a client and its socket. Its templates end here: whatever Beast wants to do with what is read is a
// callback of one type, so that only client_stream.cc is compiled for it.
//
// Threads: the connection's. It lives as long as something is under way.
class TlsStream : public std::enable_shared_from_this<TlsStream> {
 public:
  using Done = absl::AnyInvocable<void(boost::system::error_code, std::size_t)>;

  TlsStream(PlainStream socket, std::unique_ptr<TlsSession> session);

  // One at a time each. `done` is never called from within.
  void read_some(boost::asio::mutable_buffer into, Done done);
  void write_some(const std::vector<boost::asio::const_buffer>& from, Done done);
  // Tells the client that nothing more comes.
  void close();
  PlainStream& plain() { return plain_; }

 private:
  void read_on();
  void receive();
  void send_on();
  void finish(Done done, boost::system::error_code error, std::size_t bytes);

  PlainStream plain_;
  std::unique_ptr<TlsSession> session_;
  boost::asio::mutable_buffer into_;
  Done read_done_;
  std::string sending_;                                // Under way.
  std::vector<std::pair<Done, std::size_t>> waiting_;  // Writes whose bytes go with the next sending,
  std::vector<std::pair<Done, std::size_t>> sent_;     // and with the one under way.
};

// A write of which `note` hears how it ended, and may say that it ended otherwise, before its handler does.
template <typename Handler, typename Note>
struct NotingHandler {
  void operator()(boost::system::error_code error, std::size_t bytes) {
    note(error, bytes);
    std::move(handler)(error, bytes);
  }
  Handler handler;
  Note note;
};

// A client's bytes: as they are, or through TLS. As Asio's streams are, for Beast to read from and write to.
class ClientStream {
  using error_code = boost::system::error_code;

 public:
  using executor_type = boost::asio::io_context::executor_type;
  using next_layer_type = PlainStream;

  explicit ClientStream(PlainStream socket) : layer_(std::move(socket)) {}
  ClientStream(PlainStream socket, std::unique_ptr<TlsSession> session)
      : layer_(std::make_shared<TlsStream>(std::move(socket), std::move(session))) {}

  executor_type get_executor() noexcept { return next_layer().get_executor(); }
  PlainStream& next_layer() noexcept { return plain() != nullptr ? *plain() : tls().plain(); }
  const PlainStream& next_layer() const noexcept { return const_cast<ClientStream*>(this)->next_layer(); }
  PlainStream& socket() noexcept { return next_layer(); }
  // How much the client has taken so far.
  std::uint64_t bytes_taken() { return bytes_acknowledged(socket().native_handle()); }
  // From now on, what cannot be sent is dropped and counts as sent. So what a client sent before it went away can be
  // read to its end, as Beast would read no more once a write has failed.
  void hear_out() { hears_out_ = true; }
  // Whether a write is under way, or has ended before all was written: another one does not come in between.
  bool is_writing() const { return is_writing_; }
  // Sends `bytes` as the last thing of all, once the write under way, if there is one, is through; what is written from
  // then on is dropped, and counts as sent once these are. `owner` is whose stream this is.
  void send_last(std::string bytes, std::shared_ptr<void> owner) {
    last_ = std::make_unique<Last>(std::move(bytes), std::move(owner));
    if (!is_writing_) begin_last();
  }
  // Whatever is under way ends with an error.
  void close() {
    error_code ignored;
    std::ignore = socket().close(ignored);
    last_.reset();
  }
  // Before the socket is closed, or its sending end.
  void say_goodbye() {
    if (plain() == nullptr) tls().close();
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (plain() != nullptr) return plain()->async_read_some(into, std::move(handler));
          tls().read_some(first_of(into), std::move(handler));
        },
        token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          const std::size_t all = boost::asio::buffer_size(from);
          if (last_ != nullptr && last_->has_begun) {
            if (last_->is_sent) {
              return boost::asio::post(get_executor(), boost::asio::append(std::move(handler), error_code(), all));
            }
            last_->dropped = [handler = std::move(handler), all]() mutable { std::move(handler)(error_code(), all); };
            return;
          }
          is_writing_ = true;
          const auto note = [this, all](error_code& error, std::size_t& bytes) {
            if (error && hears_out_ && socket().is_open()) {
              error = {};
              bytes = all;
            }
            is_writing_ = bytes < all;
            if (!is_writing_ && last_ != nullptr && !last_->has_begun) begin_last();
          };
          write_some(from, NotingHandler{std::move(handler), note});
        },
        token, buffers);
  }

 private:
  // One of these. Null: through TLS.
  PlainStream* plain() noexcept { return std::get_if<PlainStream>(&layer_); }
  TlsStream& tls() noexcept { return **std::get_if<std::shared_ptr<TlsStream>>(&layer_); }

  template <typename Buffers, typename Handler>
  void write_some(const Buffers& from, Handler handler) {
    if (plain() != nullptr) return plain()->async_write_some(from, std::move(handler));
    tls().write_some(some_of(from), std::move(handler));
  }

  // What nothing comes behind.
  struct Last {
    Last(std::string last_bytes, std::shared_ptr<void> last_owner)
        : bytes(std::move(last_bytes)), owner(std::move(last_owner)) {}
    std::string bytes;
    std::shared_ptr<void> owner;
    bool has_begun = false;
    bool is_sent = false;
    absl::AnyInvocable<void()> dropped;  // A write that waits for it.
  };

  void begin_last() {
    last_->has_begun = true;
    auto bytes = std::make_unique<std::string>(std::move(last_->bytes));
    const auto buffer = boost::asio::buffer(*bytes);
    auto done = [this, bytes = std::move(bytes), owner = std::move(last_->owner)](error_code, std::size_t) {
      if (last_ == nullptr) return;
      last_->is_sent = true;
      if (auto dropped = std::exchange(last_->dropped, nullptr)) dropped();
    };
    if (plain() != nullptr) return boost::asio::async_write(*plain(), buffer, std::move(done));
    tls().write_some({buffer}, std::move(done));
  }

  // The first that is not empty.
  template <typename Buffers>
  static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
      const boost::asio::mutable_buffer buffer(*at);
      if (buffer.size() > 0) return buffer;
    }
    return {};
  }

  // From the beginning as much as goes at once: a frame's header should leave with what is in it.
  template <typename Buffers>
  static std::vector<boost::asio::const_buffer> some_of(const Buffers& buffers) {
    std::vector<boost::asio::const_buffer> some;
    std::size_t room = std::size_t{64} * 1024;
    for (auto at = boost::asio::buffer_sequence_begin(buffers);
         at != boost::asio::buffer_sequence_end(buffers) && room > 0; ++at) {
      const boost::asio::const_buffer buffer(*at);
      some.emplace_back(buffer.data(), std::min(buffer.size(), room));
      room -= some.back().size();
    }
    return some;
  }

  std::variant<PlainStream, std::shared_ptr<TlsStream>> layer_;
  bool hears_out_ = false;
  bool is_writing_ = false;
  std::unique_ptr<Last> last_;
};
// Beast keeps it with 2,456 bytes of its own, and shared_ptr 32 beside it: as much as a block of memory holds, of which
// the next larger one has 3,072. Ten thousands of connections are idle at a time.
static_assert(sizeof(ClientStream) <= 72);

// What Beast calls at the end of a WebSocket.
template <typename Handler>
void async_teardown(boost::beast::role_type role, ClientStream& stream, Handler&& handler) {
  stream.say_goodbye();
  using boost::beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

}  // namespace tallyho

// What is associated with the handler (its allocator, above all) is with the write, too.
template <template <typename, typename> class Associator, typename Handler, typename Note, typename Default>
struct boost::asio::associator<Associator, tallyho::NotingHandler<Handler, Note>, Default>
    : Associator<Handler, Default> {
  using Base = Associator<Handler, Default>;
  using typename Base::type;
  static type get(const tallyho::NotingHandler<Handler, Note>& made) noexcept { return Base::get(made.handler); }
  static auto get(const tallyho::NotingHandler<Handler, Note>& made, const Default& otherwise) noexcept
      -> decltype(Base::get(made.handler, otherwise)) {
    return Base::get(made.handler, otherwise);
  }
};

#include "server/client_stream.h"

#include <array>
#include <tuple>

#include "boost/asio/error.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/write.hpp"

namespace tallyho {

using boost::system::error_code;

namespace {

// What the client has broken is no error of the socket's, but ends as if it were.
error_code error_of(TlsSession::State state) {
  if (state == TlsSession::State::ended) return boost::asio::error::eof;
  return boost::asio::error::connection_aborted;
}

}  // namespace

TlsStream::TlsStream(PlainStream socket, std::unique_ptr<TlsSession> session)
    : plain_(std::move(socket)), session_(std::move(session)) {
  error_code ignored;
  std::ignore = plain_.non_blocking(true, ignored);
}

// Callers expect to be called back from the loop, never from within their own call.
void TlsStream::finish(Done done, error_code error, std::size_t bytes) {
  boost::asio::post(plain_.get_executor(), [self = shared_from_this(), done = std::move(done), error, bytes]() mutable {
    done(error, bytes);
  });
}

void TlsStream::read_some(boost::asio::mutable_buffer into, Done done) {
  into_ = into;
  read_done_ = std::move(done);
  if (into.size() == 0) return finish(std::exchange(read_done_, nullptr), {}, 0);
  read_on();
}

void TlsStream::read_on() {
  const auto read = session_->read({static_cast<char*>(into_.data()), into_.size()});
  send_on();  // A part of the handshake, an alert.
  if (read.state == TlsSession::State::ok) return finish(std::exchange(read_done_, nullptr), {}, read.bytes);
  if (read.state != TlsSession::State::needs_more) {
    return finish(std::exchange(read_done_, nullptr), error_of(read.state), 0);
  }
  // A client that is idle holds no buffer: there is one once the socket has something.
  plain_.async_wait(PlainStream::wait_read, [self = shared_from_this()](error_code error) {
    if (error) return std::exchange(self->read_done_, nullptr)(error, 0);
    self->receive();
  });
}

void TlsStream::receive() {
  std::array<char, 16'384> received;  // A record of TLS.
  error_code error;
  const std::size_t bytes = plain_.read_some(boost::asio::buffer(received), error);
  if (error && error != boost::asio::error::would_block) return std::exchange(read_done_, nullptr)(error, 0);
  session_->take({received.data(), bytes});
  read_on();
}

void TlsStream::write_some(const std::vector<boost::asio::const_buffer>& from, Done done) {
  std::size_t bytes = 0;
  for (const boost::asio::const_buffer& buffer : from) {
    const auto written = session_->write({static_cast<const char*>(buffer.data()), buffer.size()});
    if (written.state != TlsSession::State::ok) return finish(std::move(done), error_of(written.state), 0);
    bytes += written.bytes;
  }
  if (bytes == 0) return finish(std::move(done), {}, 0);
  waiting_.emplace_back(std::move(done), bytes);
  send_on();
}

void TlsStream::send_on() {
  if (!sending_.empty()) return;
  sending_ = session_->give();
  if (sending_.empty()) return;
  sent_.swap(waiting_);
  boost::asio::async_write(plain_, boost::asio::buffer(sending_),
                           [self = shared_from_this()](error_code error, std::size_t) {
                             self->sending_.clear();
                             auto sent = std::exchange(self->sent_, {});
                             if (!error) self->send_on();
                             for (auto& [done, bytes] : sent) done(error, error ? 0 : bytes);
                             if (!error) return;
                             for (auto& [done, bytes] : std::exchange(self->waiting_, {})) done(error, 0);
                           });
}

void TlsStream::close() {
  session_->close();
  send_on();
}

}  // namespace tallyho

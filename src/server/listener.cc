#include "server/listener.h"

#include <charconv>
#include <tuple>

#include "boost/asio/post.hpp"

namespace tallyho {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

std::expected<Endpoint, std::string> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto bad = std::unexpected("'" + std::string(text) + "' is not HOST:PORT");
  if (colon == std::string_view::npos || colon == 0) return bad;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Endpoint endpoint{.host = std::string(host), .port = 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || host.empty()) return bad;
  return endpoint;
}

std::expected<std::unique_ptr<Listener>, std::string> Listener::open(const Endpoint& endpoint,
                                                                     std::vector<IoThread*> threads, bool is_admin) {
  std::unique_ptr<Listener> listener(new Listener(std::move(threads), is_admin));
  const std::string where = endpoint.host + ":" + std::to_string(endpoint.port);
  error_code error;
  tcp::resolver resolver(listener->threads_.front()->context());
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), tcp::resolver::passive, error);
  if (error || found.empty()) return std::unexpected(where + ": " + error.message());
  const tcp::endpoint address = found.begin()->endpoint();
  Acceptor& acceptor = listener->acceptor_;
  std::ignore = acceptor.open(address.protocol(), error);
  if (!error) std::ignore = acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) std::ignore = acceptor.bind(address, error);
  if (!error) std::ignore = acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected(where + ": " + error.message());
  const std::string host =
      address.address().is_v6() ? "[" + address.address().to_string() + "]" : address.address().to_string();
  listener->endpoint_ = host + ":" + std::to_string(acceptor.local_endpoint(error).port());
  return listener;
}

Listener::Listener(std::vector<IoThread*> threads, bool is_admin)
    : threads_(std::move(threads)),
      is_admin_(is_admin),
      acceptor_(threads_.front()->context().get_executor()),
      pause_(threads_.front()->context()) {}

void Listener::start() {
  asio::post(threads_.front()->context(), [this] { accept(); });
}

void Listener::stop() {
  asio::post(threads_.front()->context(), [this] {
    error_code ignored;
    std::ignore = acceptor_.close(ignored);
    pause_.cancel();
  });
}

void Listener::accept() {
  IoThread& thread = *threads_[next_++ % threads_.size()];
  acceptor_.async_accept(thread.context().get_executor(), [this, &thread](error_code error, IoThread::Socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      error_code ignored;
      const auto peer = socket.remote_endpoint(ignored);
      auto place = thread.shared().admission->enter(peer.address().to_string());
      if (place) thread.adopt(std::move(socket), is_admin_, std::move(*place));  // Else it is closed.
      return accept();
    }
    pause_.expires_after(std::chrono::milliseconds(100));  // Out of descriptors, most likely: some will be closed.
    pause_.async_wait([this](error_code cancelled) {
      if (!cancelled && acceptor_.is_open()) accept();
    });
  });
}

}  // namespace tallyho

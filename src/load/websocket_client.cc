#include "load/websocket_client.h"

#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/asio/connect.hpp"
#include "boost/asio/read_until.hpp"
#include "boost/asio/write.hpp"

namespace tallyho {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_bytes = std::size_t{64} * 1024;
constexpr unsigned char final_bit = 0x80;
constexpr unsigned char masked_bit = 0x80;
enum Opcode : unsigned char { opcode_text = 1, opcode_close = 8, opcode_ping = 9, opcode_pong = 10 };

// A frame as clients send them. The mask is there because the protocol wants one; its bits protect nobody here.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask) {
  out += static_cast<char>(final_bit | opcode);
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::size_t first = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  out += static_cast<char>(masked_bit | first);
  for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i));
  std::array<char, 4> key;
  std::memcpy(key.data(), &mask, key.size());
  out.append(key.data(), key.size());
  const std::size_t begin = out.size();
  out += payload;
  const std::uint64_t wide = std::uint64_t{mask} << 32 | mask;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, out.data() + begin + i, 8);
    word ^= wide;
    std::memcpy(out.data() + begin + i, &word, 8);
  }
  for (; i < size; ++i) out[begin + i] = static_cast<char>(out[begin + i] ^ key[i % 4]);
}

// The frame that `bytes` begins with, or nothing if it is not whole yet.
struct Frame {
  unsigned opcode = 0;
  bool is_final = false;
  std::string_view payload;
  std::size_t size = 0;
};
bool take_frame(std::string_view bytes, Frame& frame) {
  if (bytes.size() < 2) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  frame.opcode = byte(0) & 0x0f;
  frame.is_final = (byte(0) & final_bit) != 0;
  std::uint64_t length = byte(1) & 0x7f;
  std::size_t header = 2;
  const std::size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < header + length_bytes) return false;
  if (length_bytes > 0) length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | byte(header + i);
  header += length_bytes;
  if (bytes.size() - header < length) return false;
  frame.payload = bytes.substr(header, length);
  frame.size = header + length;
  return true;
}

}  // namespace

struct WebSocketClient::Impl : std::enable_shared_from_this<WebSocketClient::Impl> {
  explicit Impl(asio::io_context& context) : socket(context) {}

  tcp::socket socket;
  OnMessage on_message;
  OnClosed on_closed;
  std::string input;  // Bytes not yet taken, from `taken` on.
  std::size_t taken = 0;
  std::string fragments;  // Of a message in several frames.
  std::string waiting;    // Frames to be sent next,
  std::string sending;    // and those the socket is taking.
  std::uint32_t mask = 0x9e3779b9;
  bool is_closed = false;

  void closed(const std::string& why) {
    if (std::exchange(is_closed, true)) return;
    error_code ignored;
    std::ignore = socket.close(ignored);
    if (on_closed) on_closed(why);
  }

  void read() {
    if (taken == input.size()) {
      input.clear();
    } else {
      input.erase(0, taken);
    }
    taken = 0;
    const std::size_t kept = input.size();
    // Not cleared: for ten thousand watchers that was half of what the player did.
    input.resize_and_overwrite(kept + read_bytes, [](char*, std::size_t size) { return size; });
    socket.async_read_some(asio::buffer(input.data() + kept, read_bytes),
                           [self = shared_from_this(), kept](error_code error, std::size_t bytes) {
                             if (self->is_closed) return;
                             if (error) return self->closed(error.message());
                             self->input.resize(kept + bytes);
                             self->take_frames();
                             if (!self->is_closed) self->read();
                           });
  }

  void take_frames() {
    Frame frame;
    while (!is_closed && take_frame(std::string_view(input).substr(taken), frame)) {
      taken += frame.size;
      if (frame.opcode == opcode_close) return closed("closed by the server");
      if (frame.opcode == opcode_ping) {
        append_frame(waiting, opcode_pong, frame.payload, mask);
        write();
      } else if (frame.opcode <= opcode_text) {
        take_text(frame);
      }
    }
  }

  void take_text(const Frame& frame) {
    if (frame.is_final && fragments.empty()) return on_message(frame.payload);
    fragments += frame.payload;
    if (!frame.is_final) return;
    const std::string whole = std::exchange(fragments, {});
    on_message(whole);
  }

  void write() {
    if (!sending.empty() || waiting.empty() || is_closed) return;
    sending.swap(waiting);
    asio::async_write(socket, asio::buffer(sending), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->is_closed) return;
      if (error) return self->closed(error.message());
      self->sending.clear();
      self->write();
    });
  }
};

WebSocketClient::WebSocketClient(asio::io_context& context) : impl_(std::make_shared<Impl>(context)) {}
WebSocketClient::~WebSocketClient() {
  close();
}

std::string WebSocketClient::open(const std::string& host, std::uint16_t port, const std::string& path) {
  error_code error;
  tcp::resolver resolver(impl_->socket.get_executor());
  const auto found = resolver.resolve(host, std::to_string(port), error);
  if (!error) asio::connect(impl_->socket, found, error);
  if (error) return host + ":" + std::to_string(port) + ": " + error.message();
  std::ignore = impl_->socket.set_option(tcp::no_delay(true), error);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + host + ":" + std::to_string(port) +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  asio::write(impl_->socket, asio::buffer(request), error);
  std::string response;
  if (error) return "the handshake failed: " + error.message();
  const std::size_t header =
      asio::read_until(impl_->socket, asio::dynamic_buffer(response, std::size_t{16} * 1024), "\r\n\r\n", error);
  if (error) return "the handshake failed: " + error.message();
  if (!response.starts_with("HTTP/1.1 101 ")) {
    return "the handshake was answered: " + response.substr(0, response.find("\r\n"));
  }
  impl_->input = response.substr(header);
  return {};
}

void WebSocketClient::start(OnMessage on_message, OnClosed on_closed) {
  impl_->on_message = std::move(on_message);
  impl_->on_closed = std::move(on_closed);
  impl_->take_frames();
  if (!impl_->is_closed) impl_->read();
}

void WebSocketClient::send(std::string_view text) {
  impl_->mask = impl_->mask * 1664525 + 1013904223;
  append_frame(impl_->waiting, opcode_text, text, impl_->mask);
  impl_->write();
}

void WebSocketClient::close() {
  if (std::exchange(impl_->is_closed, true)) return;
  error_code ignored;
  std::ignore = impl_->socket.close(ignored);
}

}  // namespace tallyho

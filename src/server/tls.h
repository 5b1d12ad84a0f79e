#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace tallyho {

// One TLS connection without its socket: bytes of the network go in and come out, and so do those of the client.
//
//     session.take(ciphertext);                        // What the socket has received.
//     const auto read = session.read(buffer);          // What the client says, or that more must be received first.
//     socket.send(session.give());                     // What the socket must send: also after read(), for handshakes.
//
// Threads: one owner. Memory: some 10 KiB while it is idle.
class TlsSession {
 public:
  enum class State : std::uint8_t { ok, needs_more, ended, failed };
  struct Result {
    State state = State::ok;
    std::size_t bytes = 0;
  };

  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  void take(std::span<const char> received);
  // Shakes hands first, as it needs to. ok: `bytes` of `into` are filled.
  Result read(std::span<char> into);
  // ok: all of it is encrypted, and comes out of give().
  Result write(std::span<const char> bytes);
  // Says goodbye.
  void close();
  // What is to be sent; "" if nothing is.
  std::string give();

 private:
  friend class TlsContext;
  explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
  Result result_of(int returned) const;

  ssl_st* const ssl_;
};

// What the server shows of itself: a certificate and its key, from PEM files. TLS 1.2 and 1.3 with the ciphers that
// OpenSSL calls secure at level 2; no renegotiation, no compression.
//
// Threads: any; the lock is held to copy a pointer.
class TlsContext {
 public:
  // `certificate` holds the chain, the server's own first. Errors: a sentence with the file's name: can't be read, is
  // not PEM, the key is another certificate's.
  static std::expected<std::shared_ptr<TlsContext>, std::string> open(std::string certificate, std::string key);

  // Reads the files again. Sessions that there are go on with what they have. Errors: as above; nothing changes.
  std::expected<void, std::string> reload();

  // A connection that was accepted. Null: there is no memory.
  std::unique_ptr<TlsSession> accept() const;

 private:
  TlsContext(std::string certificate, std::string key) : certificate_(std::move(certificate)), key_(std::move(key)) {}

  const std::string certificate_;
  const std::string key_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace tallyho

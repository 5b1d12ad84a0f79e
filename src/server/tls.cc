#include "server/tls.h"

#include <algorithm>
#include <limits>

#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/ssl.h"

namespace tallyho {
namespace {

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "can't be read" : reason;
}

int whole(std::size_t size) {
  return static_cast<int>(std::min(size, std::size_t{std::numeric_limits<int>::max()}));
}

std::expected<std::shared_ptr<ssl_ctx_st>, std::string> load(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return std::unexpected("OpenSSL has no TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_security_level(context.get(), 2);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // Tickets of TLS do without.
  // Only HTTP/1.1 is spoken: a client that can choose is told so, one that offers none is not refused.
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned offered_size,
         void*) {
        static constexpr unsigned char http[] = "\x08http/1.1";
        unsigned char* found = nullptr;
        const int result = SSL_select_next_proto(&found, size, http, sizeof http - 1, offered, offered_size);
        *chosen = found;
        return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
      },
      nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return std::unexpected(certificate + ": " + last_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return std::unexpected(key + ": " + last_error());
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) return std::unexpected(key + ": " + last_error());
  return context;
}

}  // namespace

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

void TlsSession::take(std::span<const char> received) {
  BIO_write(SSL_get_rbio(ssl_), received.data(), whole(received.size()));  // Memory: it takes everything.
}

TlsSession::Result TlsSession::result_of(int returned) const {
  if (returned > 0) return {State::ok, static_cast<std::size_t>(returned)};
  const int error = SSL_get_error(ssl_, returned);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {State::needs_more, 0};
  return {error == SSL_ERROR_ZERO_RETURN ? State::ended : State::failed, 0};
}

TlsSession::Result TlsSession::read(std::span<char> into) {
  return result_of(SSL_read(ssl_, into.data(), whole(into.size())));
}

TlsSession::Result TlsSession::write(std::span<const char> bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const Result result = result_of(SSL_write(ssl_, bytes.data() + written, whole(bytes.size() - written)));
    if (result.state != State::ok) return result;
    written += result.bytes;
  }
  return {State::ok, written};
}

void TlsSession::close() {
  if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::string TlsSession::give() {
  BIO* out = SSL_get_wbio(ssl_);
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), whole(bytes.size()));
  return bytes;
}

std::expected<std::shared_ptr<TlsContext>, std::string> TlsContext::open(std::string certificate, std::string key) {
  const std::shared_ptr<TlsContext> context(new TlsContext(std::move(certificate), std::move(key)));
  if (const auto loaded = context->reload(); !loaded) return std::unexpected(loaded.error());
  return context;
}

std::expected<void, std::string> TlsContext::reload() {
  auto loaded = load(certificate_, key_);
  if (!loaded) return std::unexpected(loaded.error());
  const std::lock_guard lock(mutex_);
  context_.swap(*loaded);
  return {};
}

std::unique_ptr<TlsSession> TlsContext::accept() const {
  std::shared_ptr<ssl_ctx_st> context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
  }
  SSL* ssl = SSL_new(context.get());  // Which keeps the context.
  if (ssl == nullptr) return nullptr;
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl), -1);
  SSL_set_accept_state(ssl);
  return std::unique_ptr<TlsSession>(new TlsSession(ssl));
}

}  // namespace tallyho

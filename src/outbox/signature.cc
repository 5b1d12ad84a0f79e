#include "outbox/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace tallyho {
namespace {

constexpr std::size_t key_bytes_min = 24;  // As the convention has it.
constexpr std::string_view prefix = "whsec_";

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string out((size + 2) / 3 * 4 + 1, '\0');  // And the NUL that it writes.
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (written < 0) return std::nullopt;
  const std::size_t padding = text.size() - std::min(text.find('='), text.size());
  if (padding > 2) return std::nullopt;
  out.resize(static_cast<std::size_t>(written) - padding);  // It counts the padding as zeros.
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

}  // namespace

std::expected<Signer, std::string> Signer::create(std::string_view text) {
  std::string key(trimmed(text));
  if (key.starts_with(prefix)) {
    auto decoded = from_base64(std::string_view(key).substr(prefix.size()));
    if (!decoded) return std::unexpected(std::string("what follows whsec_ in the key is not base64"));
    key = std::move(*decoded);
  }
  if (key.size() < key_bytes_min) {
    return std::unexpected("the key has " + std::to_string(key.size()) + " bytes, and at least " +
                           std::to_string(key_bytes_min) + " are needed");
  }
  return Signer(std::move(key));
}

std::string Signer::sign(std::string_view id, std::int64_t seconds, std::string_view body) const {
  std::string content;
  content.reserve(id.size() + body.size() + 24);
  content.append(id).append(1, '.').append(std::to_string(seconds)).append(1, '.').append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(content.data()),
       content.size(), mac.data(), &size);
  return "v1," + base64(mac.data(), size);
}

}  // namespace tallyho

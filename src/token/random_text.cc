#include "token/random_text.h"

#include "openssl/rand.h"
#include "token/base64url.h"

namespace tallyho {

std::optional<std::string> random_text() {
  std::string bytes(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1) {
    return std::nullopt;
  }
  return encode_base64url(bytes);
}

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace tallyho {

// How a receiver knows who sent a POST: as https://www.standardwebhooks.com has it, so that its libraries verify it.
//
//     webhook-id: ID
//     webhook-timestamp: SECONDS since 1970
//     webhook-signature: v1,BASE64 of the HMAC-SHA256, under the key, of "ID.SECONDS.BODY"
class Signer {
 public:
  // `text` is a key file's: "whsec_" and base64, or else the key itself; space around it does not count.
  // Errors, as a sentence that does not show the key: not base64, or fewer than 24 bytes.
  static std::expected<Signer, std::string> create(std::string_view text);

  // "v1,BASE64". O(body).
  std::string sign(std::string_view id, std::int64_t seconds, std::string_view body) const;

 private:
  explicit Signer(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace tallyho

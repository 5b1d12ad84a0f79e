#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tallyho {

// Base64 as tokens have it (RFC 4648 section 5, RFC 7515 section 2): `-` and `_`, no padding.
std::string encode_base64url(std::string_view bytes);

// Nothing unless `text` is the one spelling of some bytes: no padding, no white space, no bits behind the last byte. A
// signature that could be spelled in several ways would let one token pass for many.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace tallyho

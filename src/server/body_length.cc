#include "server/body_length.h"

#include <algorithm>
#include <string_view>

#include "boost/beast/core/string.hpp"
#include "boost/beast/http/field.hpp"

namespace tallyho {
namespace {

namespace http = boost::beast::http;

std::optional<Problem> unclear(std::string_view why) {
  return Problem{Code::malformed, "not HTTP: " + std::string(why), {}};
}

}  // namespace

std::optional<Problem> problem_of_length(const http::request_header<>& header) {
  const auto lengths = header.count(http::field::content_length);
  const auto codings = header.count(http::field::transfer_encoding);
  if (codings > 0) {
    if (lengths > 0) return unclear("a body has a Content-Length or a Transfer-Encoding, not both");
    const std::string_view coding = header[http::field::transfer_encoding];
    if (codings > 1 || !boost::beast::iequals(coding, "chunked"))
      return unclear("the only Transfer-Encoding is chunked");
    if (header.version() < 11) return unclear("HTTP/1.0 has no Transfer-Encoding");
    return std::nullopt;
  }
  if (lengths > 1) return unclear("there are several Content-Lengths");
  const std::string_view length = header[http::field::content_length];
  const bool is_number = std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
  if (lengths == 1 && (length.empty() || !is_number)) return unclear("the Content-Length is no number");
  return std::nullopt;
}

}  // namespace tallyho

#include "server/framing.h"

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

std::optional<Problem> problem_of_coding(const http::request_header<>& header) {
  const std::string_view coding = header[http::field::transfer_encoding];
  if (header.count(http::field::content_length) > 0) {
    return unclear("a body has a Content-Length or a Transfer-Encoding, not both");
  }
  if (header.count(http::field::transfer_encoding) > 1 || !boost::beast::iequals(coding, "chunked")) {
    return unclear("the only Transfer-Encoding is chunked");
  }
  if (header.version() < 11) return unclear("HTTP/1.0 has no Transfer-Encoding");
  return std::nullopt;
}

}  // namespace

std::optional<Problem> problem_of_framing(const http::request_header<>& header) {
  const auto hosts = header.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && header.version() >= 11)) return unclear("a request has one Host");
  if (header.count(http::field::transfer_encoding) > 0) return problem_of_coding(header);
  const auto lengths = header.count(http::field::content_length);
  if (lengths > 1) return unclear("there are several Content-Lengths");
  const std::string_view length = header[http::field::content_length];
  const bool is_number = std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
  if (lengths == 1 && (length.empty() || !is_number)) return unclear("the Content-Length is no number");
  return std::nullopt;
}

std::string_view last_field(const http::fields& fields, std::string_view name) {
  std::string_view last;
  const auto [begin, end] = fields.equal_range(name);
  for (auto field = begin; field != end; ++field) last = field->value();
  return last;
}

std::size_t missing_of_chunks(std::string_view come) {
  static constexpr std::size_t empty_body_bytes = 5;  // "0", two line ends.
  if (come.empty()) return 1;
  return come.front() == '0' && come.size() < empty_body_bytes ? empty_body_bytes - come.size() : 0;
}

}  // namespace tallyho

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/problem.h"
#include "boost/beast/http/message.hpp"
#include "server/limits.h"

namespace tallyho {

// Where two servers in a row understand a request differently, one of them lets pass what the other should have
// refused. Worst is the length of its body: what one takes for a part of that is a request to the other, of which
// nobody has checked anything (RFC 9112 section 11.2). So what decides this must be said in one way, once: the length
// by a single Content-Length, which is a number, or by `Transfer-Encoding: chunked` and nothing else; and whom the
// request is for by one Host. Beast lets some more pass, and takes a coding that it does not know for no body at all.
//
// Nothing: it is so. Else malformed, to be sent with 400 and the connection closed.
std::optional<Problem> problem_of_framing(const boost::beast::http::request_header<>& header);

// What may have come and not be read yet: a header; a chunk's size with what is said behind it; a trailer. Beast, which
// has a limit for the first of them only, ends the process where one field has 64 KiB.
constexpr std::size_t buffer_bytes_max(const Limits& limits) {
  constexpr std::size_t for_bodies = std::size_t{32} * 1024;
  return std::max<std::size_t>(limits.header_bytes_max, for_bodies);
}

// A field that several proxies in a row add to, each behind the others: what the last one said; "": nobody.
std::string_view last_field(const boost::beast::http::fields& fields, std::string_view name);

// How many bytes more must have come of a body in chunks, of which there is `come`, before Beast 1.81 may look at it:
// it asserts that an empty one does not come byte by byte.
std::size_t missing_of_chunks(std::string_view come);

}  // namespace tallyho

#pragma once

#include <optional>

#include "base/problem.h"
#include "boost/beast/http/message.hpp"

namespace tallyho {

// Where two servers in a row understand the length of a request's body differently, one of them takes for a request
// what the other took for a part of the body, and has checked nothing of it (RFC 9112 section 11.2). So the length is
// said in one way, once: by a single Content-Length, which is a number, or by `Transfer-Encoding: chunked` and nothing
// else. Beast lets some more pass, and takes a coding that it does not know for no body at all.
//
// Nothing: it is so. Else malformed, to be sent with 400 and the connection closed.
std::optional<Problem> problem_of_length(const boost::beast::http::request_header<>& header);

}  // namespace tallyho

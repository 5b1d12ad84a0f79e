#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tallyho {

// HTTP/1.1 and WebSockets read a second time, by the letter of RFC 9112 and RFC 6455 and with all bytes at hand, to
// hold against what the server makes of the same bytes. For fuzz targets.

// A message of HTTP.
struct HttpForTest {
  std::string first_line;
  std::vector<std::pair<std::string, std::string>> headers;  // Names in small letters, no blanks around values.
  std::string body;

  // The value of the only header of this name; nothing if there is none, or several.
  std::optional<std::string_view> header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

// The requests that `bytes` begin with, up to the first that is not whole, or that one must not believe: whose length
// could be understood in two ways. `rest` is what is left of `bytes`.
struct HttpRequestsForTest {
  std::vector<HttpForTest> requests;
  std::string_view rest;
};
HttpRequestsForTest read_requests_for_test(std::string_view bytes);

// Takes the server's next answer from the front of `bytes`. Nothing: there is no whole answer, or none that is
// well-formed. Its body is nothing's if `is_head`; one without a length (a stream) goes to the end.
std::optional<HttpForTest> take_answer_for_test(std::string_view& bytes, bool is_head);

// What one side has sent on a WebSocket, up to its first fault, its closing or the end.
struct FramesForTest {
  std::vector<std::string> texts;  // Whole messages.
  bool is_whole = false;           // Nothing follows them: no fault, no closing, no part of a message.
  bool has_fault = false;
  bool has_closing = false;
  bool has_deflated = false;
};
struct FrameRulesForTest {
  bool is_masked = true;  // From a client.
  bool has_deflate = false;
  std::size_t message_bytes_max = 0;
};
FramesForTest read_frames_for_test(std::string_view bytes, const FrameRulesForTest& rules);

}  // namespace tallyho

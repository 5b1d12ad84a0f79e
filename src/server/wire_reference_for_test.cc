#include "server/wire_reference_for_test.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <tuple>

#include "boost/beast/zlib/inflate_stream.hpp"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// RFC 9110 section 5.5: no controls but the tab.
bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string small(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Takes a line from the front, without its end.
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find(line_end);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + line_end.size());
  return line;
}

// Header or trailer, to the empty line behind it.
bool take_fields(std::string_view& bytes, HttpForTest& message) {
  while (const auto line = take_line(bytes)) {
    if (line->empty()) return true;
    if (line->find_first_of(" \t") == 0 && !message.headers.empty() && is_field_value(*line)) {
      message.headers.back().second += " " + std::string(trimmed(*line));  // RFC 9112 section 5.2: old, and allowed.
      continue;
    }
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || !is_token(line->substr(0, colon))) return false;
    const std::string_view value = trimmed(line->substr(colon + 1));
    if (!is_field_value(value)) return false;
    message.headers.emplace_back(small(line->substr(0, colon)), value);
  }
  return false;
}

std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool take_chunks(std::string_view& bytes, HttpForTest& message) {
  while (const auto line = take_line(bytes)) {
    const auto size = number(trimmed(line->substr(0, line->find(';'))), 16);
    if (!size) return false;
    if (*size == 0) {
      HttpForTest trailer;
      return take_fields(bytes, trailer);
    }
    if (bytes.size() < 2 || bytes.size() - 2 < *size || bytes.substr(*size, 2) != line_end) return false;
    message.body += bytes.substr(0, *size);
    bytes.remove_prefix(*size + 2);
  }
  return false;
}

enum class Framing : std::uint8_t { none, length, chunks, fault };

// RFC 9112 section 6.3, where everything that two readers might take differently is a fault.
Framing framing_of(const HttpForTest& message, std::size_t& length) {
  const std::size_t lengths = message.count("content-length");
  const std::size_t codings = message.count("transfer-encoding");
  if (codings > 0) {
    const auto coding = message.header("transfer-encoding");
    return lengths == 0 && coding && small(*coding) == "chunked" ? Framing::chunks : Framing::fault;
  }
  if (lengths == 0) return Framing::none;
  const auto value = message.header("content-length");
  const auto parsed = value ? number(*value, 10) : std::nullopt;
  if (!parsed) return Framing::fault;
  length = *parsed;
  return Framing::length;
}

bool take_body(std::string_view& bytes, HttpForTest& message) {
  std::size_t length = 0;
  switch (framing_of(message, length)) {
    case Framing::none: return true;
    case Framing::fault: return false;
    case Framing::chunks: return take_chunks(bytes, message);
    case Framing::length: break;
  }
  if (bytes.size() < length) return false;
  message.body = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

bool is_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool is_visible = std::ranges::all_of(target, [](unsigned char c) { return c > 0x20 && c != 0x7f; });
  return is_token(line.substr(0, first)) && !target.empty() && is_visible &&
         (version == "HTTP/1.1" || version == "HTTP/1.0");
}

}  // namespace

std::size_t HttpForTest::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count(headers, name, &std::pair<std::string, std::string>::first));
}

std::optional<std::string_view> HttpForTest::header(std::string_view name) const {
  if (count(name) != 1) return std::nullopt;
  return std::ranges::find(headers, name, &std::pair<std::string, std::string>::first)->second;
}

HttpRequestsForTest read_requests_for_test(std::string_view bytes) {
  HttpRequestsForTest read{.requests = {}, .rest = bytes};
  while (true) {
    while (bytes.starts_with(line_end)) bytes.remove_prefix(line_end.size());  // Section 2.2: empty lines before it.
    HttpForTest request;
    const auto line = take_line(bytes);
    if (!line || !is_request_line(*line)) return read;
    request.first_line = *line;
    if (!take_fields(bytes, request) || !take_body(bytes, request)) return read;
    read.requests.push_back(std::move(request));
    read.rest = bytes;
  }
}

std::optional<HttpForTest> take_answer_for_test(std::string_view& bytes, bool is_head) {
  HttpForTest answer;
  const auto line = take_line(bytes);
  if (!line || !line->starts_with("HTTP/1.")) return std::nullopt;
  answer.first_line = *line;
  if (!take_fields(bytes, answer)) return std::nullopt;
  const std::string_view status = line->substr(line->find(' ') + 1).substr(0, 3);
  if (is_head || status.starts_with('1') || status == "204") return answer;
  std::size_t length = 0;
  if (framing_of(answer, length) != Framing::none) {
    if (!take_body(bytes, answer)) return std::nullopt;
    return answer;
  }
  answer.body = bytes;
  bytes = {};
  return answer;
}

namespace {

enum Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, closing = 8, ping = 9, pong = 10 };

struct Frame {
  bool is_final = false;
  bool is_deflated = false;
  std::uint8_t opcode = 0;
  std::string payload;

  bool is_control() const { return opcode >= closing; }
};

class FrameReader {
 public:
  FrameReader(std::string_view bytes, const FrameRulesForTest& rules) : bytes_(bytes), rules_(rules) {}

  FramesForTest read() {
    while (!bytes_.empty() && !read_.has_closing) {
      const std::optional<Frame> frame = take_frame();
      if (!frame) return read_;  // A fault, or only a part of it.
      if (!(frame->is_control() ? take_control(*frame) : take_data(*frame))) {
        read_.has_fault = true;
        return read_;
      }
    }
    read_.is_whole = bytes_.empty() && !read_.has_closing && !is_within_;
    return read_;
  }

 private:
  std::optional<std::uint64_t> take_number(std::size_t bytes) {
    if (bytes_.size() < bytes) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[i]);
    bytes_.remove_prefix(bytes);
    return value;
  }

  std::nullopt_t fault() {
    read_.has_fault = true;
    return std::nullopt;
  }

  std::optional<Frame> take_frame() {
    const auto head = take_number(2);
    if (!head) return std::nullopt;
    Frame frame;
    frame.is_final = (*head & 0x8000) != 0;
    frame.is_deflated = (*head & 0x4000) != 0;
    frame.opcode = *head >> 8 & 0x0f;
    const bool is_known = frame.opcode <= binary || (frame.opcode >= closing && frame.opcode <= pong);
    if (!is_known || (*head & 0x3000) != 0 || ((*head & 0x80) != 0) != rules_.is_masked) return fault();
    std::uint64_t size = *head & 0x7f;
    if (frame.is_control() && (size > 125 || !frame.is_final || frame.is_deflated)) return fault();
    if (size >= 126) {
      const std::size_t width = size == 126 ? 2 : 8;
      const std::uint64_t least = width == 2 ? 126 : 65'536;
      const auto longer = take_number(width);
      if (!longer) return std::nullopt;
      if (*longer < least || *longer >> 63 != 0) return fault();
      size = *longer;
    }
    const auto mask = rules_.is_masked ? take_number(4) : 0;
    if (!mask || bytes_.size() < size) return std::nullopt;
    frame.payload = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    for (std::size_t i = 0; i < frame.payload.size(); ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ static_cast<char>(*mask >> (24 - i % 4 * 8)));
    }
    return frame;
  }

  bool take_control(const Frame& frame) {
    read_.has_closing = frame.opcode == closing;
    return true;
  }

  // False: a fault.
  bool take_data(const Frame& frame) {
    if ((frame.opcode == continuation) != is_within_) return false;
    if (frame.is_deflated && (is_within_ || !rules_.has_deflate)) return false;
    if (!is_within_) {
      message_.clear();
      is_deflated_ = frame.is_deflated;
      if (frame.opcode == binary) return false;  // Not here.
    }
    message_ += frame.payload;
    is_within_ = !frame.is_final;
    if (message_.size() > rules_.message_bytes_max) return false;
    return is_within_ || finish_message();
  }

  bool finish_message() {
    read_.has_deflated = read_.has_deflated || is_deflated_;
    if (is_deflated_ && !inflate()) return false;
    if (!simdjson::validate_utf8(message_.data(), message_.size())) return false;
    read_.texts.push_back(message_);
    return true;
  }

  // RFC 7692 section 7.2.2.
  bool inflate() {
    namespace zlib = boost::beast::zlib;
    message_ += std::string_view("\x00\x00\xff\xff", 4);
    std::string inflated(rules_.message_bytes_max + 1, '\0');
    zlib::inflate_stream stream;
    zlib::z_params at;
    at.next_in = message_.data();
    at.avail_in = message_.size();
    at.next_out = inflated.data();
    at.avail_out = inflated.size();
    boost::system::error_code error;
    while (at.avail_in > 0 && at.avail_out > 0 && !error) stream.write(at, zlib::Flush::sync, error);
    if (at.avail_out == 0) return false;
    if (error && error != zlib::error::end_of_stream && error != zlib::error::need_buffers) return false;
    inflated.resize(inflated.size() - at.avail_out);
    message_.swap(inflated);
    return true;
  }

  std::string_view bytes_;
  const FrameRulesForTest& rules_;
  FramesForTest read_;
  std::string message_;
  bool is_within_ = false;  // A message.
  bool is_deflated_ = false;
};

}  // namespace

FramesForTest read_frames_for_test(std::string_view bytes, const FrameRulesForTest& rules) {
  return FrameReader(bytes, rules).read();
}

}  // namespace tallyho

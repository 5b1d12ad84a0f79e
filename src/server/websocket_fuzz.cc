// Any bytes as what a client sends on a WebSocket, through the server's own way from its socket to the engine and back.
// The first byte says whether messages may be compressed, or else whether the server asks for tokens, the second how
// many bytes come at a time.
//
// Nothing crashes, hangs or stays behind. What the server sends is well-formed; of messages that a second reader finds
// well-formed each has exactly one answer, and no event is taken that it does not see.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "server/fuzz_world_for_test.h"
#include "server/wire_reference_for_test.h"

namespace tallyho {
namespace {

constexpr std::string_view handshake =
    "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view deflate_offer =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; client_max_window_bits\r\n";

// What a client has said, line by line.
struct Said {
  std::uint64_t messages = 0;
  std::uint64_t possible_events = 0;
};
Said said_in(const FramesForTest& frames) {
  Said said;
  for (std::string_view text : frames.texts) {
    std::uint64_t in_this = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      if (!line.empty() && line != "\r") ++in_this;
      if (can_be_event(line)) ++said.possible_events;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    said.messages += std::max<std::uint64_t>(in_this, 1);
  }
  return said;
}

// What it was heard.
struct Heard {
  std::uint64_t answers = 0;  // With those that could be a push as well.
  std::uint64_t pushes = 0;
  std::uint64_t taken = 0;  // Events.
};

void count_answer(std::string_view line, Heard& heard) {
  static simdjson::dom::parser parser;
  simdjson::dom::object answer;
  require(parser.parse(line.data(), line.size()).get(answer) == simdjson::SUCCESS, "an answer is a JSON object");
  const auto has = [&](std::string_view name) { return answer.at_key(name).error() == simdjson::SUCCESS; };
  const bool is_push = has("watch") && !has("ref") && (has("changes") || has("score") || has("notice"));
  require(is_push || has("ack") || has("hello") || has("watch") || has("unwatched") || has("result") || has("pong") ||
              has("error"),
          "an answer is one of those that there are");
  ++heard.answers;
  if (is_push) ++heard.pushes;
  std::string_view code;
  if (answer["ack"]["code"].get(code) != simdjson::SUCCESS) std::ignore = answer["error"]["code"].get(code);
  require(code != "internal", "there is no defect");
  if (has("ack") && code == "ok") ++heard.taken;
}

Heard answers_in(const FramesForTest& frames) {
  Heard heard;
  for (std::string_view text : frames.texts) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      count_answer(text.substr(0, end), heard);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  return heard;
}

void check(std::string_view bytes, bool has_deflate, std::size_t at_a_time, IoWorld& world) {
  const std::uint64_t taken_before = world.events(Code::ok);
  std::string received;
  bool has_ended = false;
  {
    IoWorld::Client client(world);
    client.send(std::string(handshake) + std::string(has_deflate ? deflate_offer : "") + "\r\n", 0);
    client.send(bytes, at_a_time);
    received = client.received();
    has_ended = client.has_ended();
  }
  const std::uint64_t taken = world.events(Code::ok) - taken_before;

  std::string_view rest = received;
  const auto welcome = take_answer_for_test(rest, true);
  require(welcome && welcome->first_line == "HTTP/1.1 101 Switching Protocols", "a handshake is accepted");
  require(welcome->count("sec-websocket-extensions") == (has_deflate ? 1U : 0U), "an extension is taken up if offered");
  const auto answers = read_frames_for_test(
      rest, {.is_masked = false, .has_deflate = has_deflate, .message_bytes_max = std::size_t{4} << 20});
  require(!answers.has_fault && (answers.is_whole || answers.has_closing), "what the server sends is well-formed");
  const auto frames = read_frames_for_test(
      bytes,
      {.is_masked = true, .has_deflate = has_deflate, .message_bytes_max = fuzz_options().limits.frame_bytes_max});
  const Said said = said_in(frames);
  const Heard heard = answers_in(answers);
  require(taken <= said.possible_events, "an event is taken that nobody has sent");
  require(heard.taken <= taken, "an event is acked that was not taken");
  require(heard.answers - heard.pushes <= said.messages, "there are no more answers than messages");
  if (has_ended) require(!frames.is_whole || frames.has_deflated, "who keeps to the protocol is not hung up on");
  if (!frames.is_whole || frames.has_deflated) return;
  require(heard.answers >= said.messages, "every message has an answer");
  require(heard.taken == taken, "every event that is taken is acked");
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tallyho::IoWorld plain(tallyho::fuzz_game(), tallyho::fuzz_options());
  static tallyho::IoWorld deflating(tallyho::fuzz_game(), [] {
    tallyho::IoWorld::Options options = tallyho::fuzz_options();
    options.deflate = true;
    return options;
  }());
  static tallyho::IoWorld guarded(tallyho::fuzz_game(), tallyho::guarded_fuzz_options());
  if (size < 2) return 0;
  const bool has_deflate = (data[0] & 1) != 0;
  const bool is_guarded = (data[0] & 2) != 0 && !has_deflate;
  tallyho::check({reinterpret_cast<const char*>(data) + 2, size - 2}, has_deflate, data[1],
                 has_deflate  ? deflating
                 : is_guarded ? guarded
                              : plain);
  return 0;
}

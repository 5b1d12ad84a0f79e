// Any bytes as what a client sends over HTTP, through the server's own way from its socket to the engine and back. The
// first byte says how many bytes come at a time, its two highest bits whether the server asks for tokens, and whether
// this is the listener for admins.
//
// Nothing crashes, hangs or stays behind. What the server answers is well-formed, and no defect; each request that a
// second, strict reader sees has one answer, as has what it would not read, until the connection is closed; and no
// event is taken that is not in one of those: nothing is smuggled.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/fuzz_world_for_test.h"
#include "server/wire_reference_for_test.h"

namespace tallyho {
namespace {

struct Asked {
  std::uint64_t events = 0;  // At most.
  bool is_upgrade = false;   // What follows is no HTTP any more.
};

Asked asked_in(const HttpRequestsForTest& read) {
  Asked asked;
  for (const HttpForTest& request : read.requests) {
    asked.is_upgrade = asked.is_upgrade || request.count("upgrade") > 0;
    if (!request.first_line.starts_with("POST ")) continue;
    asked.events += static_cast<std::uint64_t>(std::ranges::count(request.body, '{'));
  }
  return asked;
}

void check_answer(const HttpForTest& answer) {
  static simdjson::dom::parser parser;
  const std::string_view status = std::string_view(answer.first_line).substr(9, 3);
  require(status != "500", "there is no defect");
  const auto type = answer.header("content-type");
  if (!type || answer.body.empty()) return;
  const bool is_problem = type == "application/problem+json";
  require(!is_problem || status >= "400", "a problem has a status that says so");
  if (!is_problem && type != "application/json") return;
  require(parser.parse(answer.body).error() == simdjson::SUCCESS, "a body is JSON if it says so");
}

// Answers to requests of which none asked for a head.
std::vector<HttpForTest> answers_in(std::string_view received) {
  std::vector<HttpForTest> answers;
  while (!received.empty()) {
    auto answer = take_answer_for_test(received, false);
    require(answer.has_value(), "what the server answers is HTTP");
    check_answer(*answer);
    if (!answer->first_line.starts_with("HTTP/1.1 1")) answers.push_back(std::move(*answer));
  }
  return answers;
}

// Whether nothing comes behind this one: it says so, it is HTTP/1.0's, or a stream.
bool is_last(const HttpForTest& answer) {
  return answer.header("connection") == "close" || answer.first_line.starts_with("HTTP/1.0") ||
         (answer.count("content-length") == 0 && answer.count("transfer-encoding") == 0);
}

void check(std::string_view bytes, std::size_t at_a_time, IoWorld& world, bool is_admin = false) {
  const std::uint64_t taken_before = world.events(Code::ok);
  std::string received;
  {
    IoWorld::Client client(world, is_admin);
    client.send(bytes, at_a_time);
    client.end();
    received = client.received();
  }
  const std::uint64_t taken = world.events(Code::ok) - taken_before;
  const HttpRequestsForTest read = read_requests_for_test(bytes);
  const Asked asked = asked_in(read);
  if (asked.is_upgrade) return;
  require(taken <= asked.events, "an event is taken that nobody has sent");
  const bool has_head = std::ranges::any_of(
      read.requests, [](const HttpForTest& request) { return request.first_line.starts_with("HEAD "); });
  if (has_head || bytes.substr(bytes.size() - read.rest.size()).starts_with("HEAD ")) return;
  const std::vector<HttpForTest> answers = answers_in(received);
  require(answers.size() <= read.requests.size() + (read.rest.empty() ? 0 : 1), "a request has one answer");
  require(answers.size() >= read.requests.size() || (!answers.empty() && is_last(answers.back())),
          "a request has an answer, however it came");
}

// What an admin changes is there for everybody: so each has a world of its own, with something in it.
void check_admin(std::string_view bytes, std::size_t at_a_time) {
  static const std::string events = R"({"type":"find","player":"ada","value":5,"id":"e1"}
{"type":"find","player":"bob","value":7})";
  static const std::string request =
      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: " +
      std::to_string(events.size()) + "\r\n\r\n" + events;
  IoWorld world(fuzz_game(), fuzz_options());
  IoWorld::Client(world).send(request, 0);
  require(world.events(Code::ok) == 2, "there is a game");
  check(bytes, at_a_time, world, true);
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tallyho::IoWorld open(tallyho::fuzz_game(), tallyho::fuzz_options());
  static tallyho::IoWorld guarded(tallyho::fuzz_game(), tallyho::guarded_fuzz_options());
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t at_a_time = data[0] & 0x3f;
  const bool is_guarded = (data[0] & 0x80) != 0;
  const bool is_admin = (data[0] & 0x40) != 0;
  if (is_admin) {
    tallyho::check_admin(bytes, at_a_time);
  } else {
    tallyho::check(bytes, at_a_time, is_guarded ? guarded : open);
  }
  return 0;
}

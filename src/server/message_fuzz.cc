// Any bytes as a WebSocket frame or as the body of a request; the first byte says which. Nothing crashes; every
// message has exactly one answer, in order; each is one line, and JSON by simdjson's judgement; a refusal says why.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "ruleset/loader.h"
#include "server/answers.h"
#include "server/messages.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::string_view game = R"(
tallyho: 1
name: fuzz
events:
  find:
    value: {type: int, min: 0, max: 1000}
    kind: {type: string, optional: true}
rules:
  - id: base
    on: find
    points: event.value
boards:
  - id: global
)";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class World {
 public:
  void read(std::uint8_t form, std::string_view bytes) {
    Batch batch;
    batch.bytes = bytes;
    batch.ruleset = reader_.ruleset();
    Session session{.roles = {.ingest = (form & 0x80) == 0, .read = (form & 0x40) == 0}, .detail = {}};
    const std::string_view body = batch.bytes;
    switch (form % 8) {
      case 0: reader_.read_event(body, session.roles, {}, batch); break;
      case 1: reader_.read_lines(body, session.roles, {}, batch); break;
      case 2: std::ignore = reader_.read_array(body, session.roles, {}, batch); break;
      case 3: reader_.read_cloud_event(body, session.roles, {}, batch); break;
      case 4: std::ignore = reader_.read_cloud_events(body, session.roles, {}, batch); break;
      case 5: ask_for_ranks(body, session.roles, batch); break;
      default:
        reader_.read_frame(body, session, batch);
        require(batch.items.size() == messages_in(body), "every message has exactly one answer");
    }
    if (form % 8 == 0 || form % 8 == 3) require(batch.items.size() == 1, "an event has one answer");
    for (Item& item : batch.items) check(item);
  }

 private:
  void ask_for_ranks(std::string_view body, const Roles& roles, Batch& batch) {
    ReadRequest read;
    read.what = ReadRequest::What::ranks;
    const auto taken = reader_.read_request(read, body, roles, batch);
    require(taken || !taken.error().message.empty(), "a refusal says why");
  }

  static std::size_t messages_in(std::string_view frame) {
    std::size_t count = 0;
    while (!frame.empty()) {
      const std::size_t end = std::min(frame.find('\n'), frame.size());
      const std::string_view line = frame.substr(0, end);
      if (!line.empty() && line != "\r") ++count;
      frame.remove_prefix(std::min(end + 1, frame.size()));
    }
    return std::max<std::size_t>(count, 1);
  }

  // As if the engine had taken nothing: events and requests come back `unavailable`.
  void check(Item& item) {
    if (item.kind == Item::Kind::event || item.kind == Item::Kind::request) {
      item.kind = item.kind == Item::Kind::event ? Item::Kind::refused : Item::Kind::ready;
      item.code = Code::unavailable;
      item.message = "shutting down";
    }
    require(item.code == Code::ok || !item.message.empty(), "a refusal says why");
    text_.clear();
    writer_.append_message(text_, item);
    require(text_.find('\n') == std::string::npos, "an answer is one line");
    simdjson::dom::element answer;
    require(parser_.parse(text_).get(answer) == simdjson::SUCCESS && answer.is_object(), "an answer is a JSON object");
  }

  Limits limits_;
  Identity identity_{.log = std::string(32, '0'), .limits_json = "{}"};
  MessageReader reader_{load_ruleset(game, "game.yaml").value(), limits_, identity_};
  AnswerWriter writer_{limits_};
  simdjson::dom::parser parser_;
  std::string text_;
};

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tallyho::World world;
  if (size == 0) return 0;
  world.read(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}

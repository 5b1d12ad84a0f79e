// Any bytes as an event: nothing crashes, what is taken is JSON by simdjson's judgement too and within the schema, what
// simdjson takes is refused only for a reason of our own, and what a decoder has learned changes nothing.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "event/decoder.h"
#include "event/test_difference.h"
#include "event/test_ruleset.h"
#include "simdjson.h"

namespace tallyho {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

bool is_own_reason(Fault fault) {
  return fault == Fault::duplicate_member || fault == Fault::too_deep || fault == Fault::too_large;
}

void check_values(const Event& event, const EventType& type) {
  require(!event.envelope.player.empty() && event.envelope.player.size() <= 128, "a player has 1 to 128 bytes");
  require(event.fields.size() == type.fields.size(), "every declared field has a place");
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const cel::Value& value = event.fields[i];
    const FieldDefinition& field = type.fields[i];
    require(field.optional || !value.is_error(), "a required field is there");
    if (value.is(cel::Kind::int64)) {
      require(value.as_int64() >= field.int_min && value.as_int64() <= field.int_max, "an int is within bounds");
    } else if (value.is(cel::Kind::float64)) {
      require(value.as_float64() >= field.float_min && value.as_float64() <= field.float_max,
              "a double is within bounds");
    } else if (value.is(cel::Kind::string)) {
      const std::size_t size = value.as_string().size();
      require(size >= field.min_bytes && size <= field.max_bytes, "a string is within bounds");
    }
  }
}

void check(std::string_view bytes, Decoder& decoder, const Ruleset& ruleset, simdjson::dom::parser& parser) {
  Arena arena;
  const Result<Event> event = decoder.decode(bytes, ruleset, arena);
  simdjson::dom::element element;
  // An empty input may come without an address, which simdjson does not take.
  const auto error = bytes.empty() ? simdjson::EMPTY : parser.parse(bytes.data(), bytes.size()).get(element);
  const bool is_object = error == simdjson::SUCCESS && element.is_object();
  if (!event) {
    const Fault fault{event.error().reason};
    require(!decoder.describe(event.error()).empty(), "an error has words");
    if (event.error().code == Code::malformed) {
      require(!is_object || is_own_reason(fault), "what is malformed is no JSON object");
    }
    return;
  }
  // simdjson's DOM reads no further than a number without room in 64 bits.
  require(is_object || error == simdjson::NUMBER_ERROR, "what is taken is a JSON object");
  check_values(*event, ruleset.events[event->type]);
}

// One that has learned how events are written against one that never does.
void compare(std::string_view bytes, Decoder& learner, Decoder& plain, const Ruleset& ruleset) {
  Arena arena;
  for (const std::string_view known : {
           std::string_view(R"({"type":"ping","player":"ada"})"),
           std::string_view(
               R"({"type":"location_ping","player":"ada","id":"e1","ts":1,"lat":1.5,"lon":2,"accuracy":3})"),
           std::string_view(R"({"type":"everything","player":"ada","flag":true,"count":1,"word":"word","ratio":1})"),
       }) {
    require(learner.decode(known, ruleset, arena).has_value(), "a valid event is taken");
  }
  // Twice: what is taken is known the second time.
  for (int i = 0; i < 2; ++i) {
    const Result<Event> event = learner.decode(bytes, ruleset, arena);
    const Result<Event> expected = plain.decode(bytes, ruleset, arena);
    const std::string what = difference(event, learner, expected, plain, bytes);
    require(what.empty(), what.c_str());
  }
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tallyho::Ruleset ruleset = tallyho::test_ruleset();
  static tallyho::Decoder live;
  static tallyho::Decoder offline({.takes_at = true});
  static simdjson::dom::parser parser;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tallyho::check(bytes, live, ruleset, parser);
  tallyho::check(bytes, offline, ruleset, parser);
  static tallyho::Decoder plain({.learns_shapes = false});
  static tallyho::Decoder plain_offline({.takes_at = true, .learns_shapes = false});
  tallyho::compare(bytes, live, plain, ruleset);
  tallyho::compare(bytes, offline, plain_offline, ruleset);
  return 0;
}

// What a decoder has learned changes nothing but how soon it answers: all here is held against one that learns nothing.

#include "event/shape.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "event/decoder.h"
#include "event/test_difference.h"
#include "event/test_ruleset.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view find =
    R"({"type":"treasure_found","player":"ada","id":"e1","ts":1784484000123,"ref":7,"treasure":"t1","rarity":"rare",)"
    R"("value":120,"lat":48.1,"lon":11.5,"accuracy":5})";
constexpr std::string_view ping = R"({"type":"ping","player":"ada"})";

class ShapeTest : public testing::Test {
 protected:
  // Decodes the same bytes, with nothing readable behind them, by one that learns and one that doesn't.
  testing::AssertionResult agree(std::string_view text) {
    const auto copy = std::make_unique<char[]>(text.size());
    text.copy(copy.get(), text.size());
    const std::string_view bytes(copy.get(), text.size());
    arena_.reset();
    const Result<Event> event = learner_->decode(bytes, ruleset_, arena_);
    const Result<Event> expected = plain_.decode(bytes, ruleset_, arena_);
    is_good_ = expected.has_value();
    if (learner_->was_known()) ++known_;
    const std::string what = difference(event, *learner_, expected, plain_, bytes);
    if (what.empty()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "they differ in " << what << " of " << text;
  }
  bool is_known(std::string_view text) {
    EXPECT_TRUE(agree(text));
    return learner_->was_known();
  }
  void forget() { learner_.emplace(); }

  Ruleset ruleset_ = test_ruleset();
  Arena arena_;
  std::optional<Decoder> learner_{std::in_place};
  Decoder plain_{{.learns_shapes = false}};
  bool is_good_ = false;
  int known_ = 0;
};

TEST_F(ShapeTest, AMessageWithOtherValuesIsKnownAndOneThatIsWrittenOtherwiseIsNot) {
  struct {
    std::string_view first;
    std::string_view then;
    bool is_known;
  } const rows[] = {
      {find, find, true},
      {R"({"type":"ping","player":"ada","id":"e1"})", R"({"type":"ping","player":"bob","id":"e22222222222222222222"})",
       true},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x":-1.5e3})", true},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x":null})", true},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x":true})", true},
      {R"({"type":"ping","player":"ada","x":"a"})", R"({"type":"ping","player":"ada","x":"\u00fc"})", false},
      {R"({"type":"ping","player":"ada","x":"a"})", R"({"type":"ping","player":"ada","x":"ü"})", true},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x":"1"})", false},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x":[1]})", false},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","x": 1})", false},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada","y":1})", false},
      {R"({"type":"ping","player":"ada","x":1})", R"({"type":"ping","player":"ada"})", false},
      {R"({"type":"ping","player":"ada"})", "{\"type\":\"ping\",\"player\":\"ada\"}\n", false},
      {R"({"id":"e1","player":"ada","type":"ping"})", R"({"id":"e2","player":"bob","type":"ping"})", true},
      {R"({"id":"e1","player":"ada","type":"ping"})", R"({"id":"e2","player":"bob","type":"everything"})", false},
      {R"({"type":"p\u0069ng","player":"ada"})", R"({"type":"p\u0069ng","player":"bob"})", true},
      {R"({"type":"everything","player":"a","tags":["a"]})", R"({"type":"everything","player":"a","tags":["a"]})",
       false},
      {R"({"type":"ping"})", R"({"type":"ping"})", false},  // Refused.
      {R"({"type":"ping","player":"a\u0064a"})", R"({"type":"ping","player":"ada"})", true},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.first);
    forget();
    EXPECT_FALSE(is_known(row.first));
    EXPECT_EQ(is_known(row.then), row.is_known) << row.then;
  }
}

// A piece may begin like another one; the one that fits is found.
TEST_F(ShapeTest, WaysToWriteTheSameMemberAreKeptApart) {
  const std::string_view ways[] = {
      R"({"type":"ping","player":"a","ts":1})",
      R"({"type":"ping","player":"a","ts": 1})",
      R"({"type":"ping","player":"a","ts":"1970-01-01T00:00:01Z"})",
      R"({"type":"ping","player":"a","ts": "1970-01-01T00:00:01Z"})",
      R"({"type":"ping","player":"a"})",
      R"({"type":"ping","player":"a"} )",
      "{\"type\":\"ping\",\"player\":\"a\"}\r",
      R"({"type":"ping","player":"a","ts":1,"id":"e"})",
  };
  for (const std::string_view way : ways) EXPECT_FALSE(is_known(way)) << way;
  for (const std::string_view way : ways) EXPECT_TRUE(is_known(way)) << way;
}

TEST_F(ShapeTest, ManyTypesAndMissingMembersAreAllKnown) {
  Ruleset many;
  many.hash = "many";
  for (int i = 0; i < 40; ++i) {
    declare(many, "type_of_number_" + std::to_string(i),
            {optional_field(int_field("a")), optional_field(int_field("b"))});
  }
  ruleset_ = std::move(many);
  std::vector<std::string> messages;
  for (int i = 0; i < 40; ++i) {
    for (const std::string_view rest : {"", R"(,"a":1)", R"(,"b":2)", R"(,"a":1,"b":2)"}) {
      const std::string type = R"("type":"type_of_number_)" + std::to_string(i) + "\"";
      messages.push_back("{" + type + R"(,"player":"ada")" + std::string(rest) + "}");
      messages.push_back(R"({"player":"ada")" + std::string(rest) + "," + type + "}");
    }
  }
  for (const std::string& message : messages) EXPECT_FALSE(is_known(message));
  for (int round = 0; round < 2; ++round) {
    for (const std::string& message : messages) EXPECT_TRUE(is_known(message)) << message;
  }
}

TEST_F(ShapeTest, AnotherRulesetKnowsNothing) {
  EXPECT_FALSE(is_known(ping));
  EXPECT_TRUE(is_known(ping));
  ruleset_.hash = "another";
  ruleset_.events[3].fields.push_back(int_field("must"));
  EXPECT_FALSE(is_known(ping));
  EXPECT_FALSE(is_good_);
}

TEST_F(ShapeTest, UnknownMembersAreRefusedAlsoIfTheyWereTakenBefore) {
  const std::string_view message = R"({"type":"ping","player":"ada","x":1})";
  EXPECT_FALSE(is_known(message));
  EXPECT_TRUE(is_known(message));
  ruleset_.reject_unknown_fields = true;
  EXPECT_FALSE(is_known(message));
  EXPECT_FALSE(is_good_);
}

TEST_F(ShapeTest, RecordedEventsAreKnownWithTheirArrivalTime) {
  Decoder learner({.takes_at = true});
  Decoder plain({.takes_at = true, .learns_shapes = false});
  for (const int second : {1, 2, 3}) {
    const std::string line =
        R"({"at":"1970-01-01T00:00:0)" + std::to_string(second) + R"(Z","type":"ping","player":"ada"})";
    const Result<Event> event = learner.decode(line, ruleset_, arena_);
    const Result<Event> expected = plain.decode(line, ruleset_, arena_);
    EXPECT_EQ(difference(event, learner, expected, plain, line), "");
    EXPECT_EQ(event->at, (Timestamp{second, 0}));
    EXPECT_EQ(learner.was_known(), second > 1);
  }
}

// Who never writes alike fills what can be learned; it is forgotten in time, so that others are learned after all.
TEST_F(ShapeTest, AStrangerWhoVariesShapesDoesNotKeepOthersFromBeingLearned) {
  int number = 0;
  const auto vary = [&] { return R"({"type":"ping","player":"ada","x)" + std::to_string(++number) + R"(":1,"y":2})"; };
  EXPECT_FALSE(is_known(ping));
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(is_known(vary()));
  EXPECT_TRUE(is_known(ping));  // What was known before still is.
  constexpr std::string_view late = R"({"type":"ping","player":"ada","late":1})";
  int known = 0;
  for (int i = 0; i < 6'000; ++i) {
    EXPECT_FALSE(is_known(vary()));
    if (is_known(late)) ++known;
  }
  EXPECT_GT(known, 6'000 - Shapes::unlearned_max);
}

// Goal: the way by shapes and the general way never differ. Method: valid messages are learned; then each is spoiled at
// every place: another byte for a byte, cut, something put in, something taken away.
TEST_F(ShapeTest, SpoiledMessagesAreJudgedAlike) {
  const std::string_view messages[] = {
      find,
      R"({"type":"everything","player":"zoë","id":"e1","ref":"r","flag":true,"count":-1,"level":5,"ratio":1.5e3,)"
      R"("word":"word","when":0})",
      R"({ "x" : null , "ts" : "2026-07-19T20:00:00.5Z", "ref" : -5, "player" : "p", "type" : "ping" } )",
      R"({"a":1,"b":"two","type":"ping","c":false,"player":"ada"})",
  };
  for (const std::string_view message : messages) EXPECT_TRUE(agree(message) && is_good_) << message;
  for (const std::string_view message : messages) EXPECT_TRUE(is_known(message)) << message;
  for (const std::string_view message : messages) {
    std::string text(message);
    for (std::size_t at = 0; at < message.size(); ++at) {
      for (const char byte : "\"\\{}[]:,.-+eE0129tfnazAZ /_\n\x1f\x7f\x80\x85\xc2\xff\0"sv) {
        text[at] = byte;
        ASSERT_TRUE(agree(text));
      }
      text[at] = message[at];
      ASSERT_TRUE(agree(message.substr(0, at)));
      ASSERT_TRUE(agree(std::string(message).erase(at, 1)));
      for (const std::string_view more :
           {"\"", "\\", "0", "9", "-", ".", "e", " ", ",", ":", "}", "[", "\xc2\x85", "\xc3", "\x7f", "\x01",
            ",\"type\":\"ping\"", "\\u0041", "123456789012345678"}) {
        ASSERT_TRUE(agree(std::string(message).insert(at, more)));
      }
    }
  }
  EXPECT_GT(known_, 1'000);  // Otherwise nothing was compared.
}

// Writers, each of which writes messages in its own way: order, blanks, members beside the ones that are declared.
class Writers {
 public:
  explicit Writers(std::uint64_t seed) : random_(seed) {}

  std::string write(const Ruleset& ruleset) {
    const std::uint64_t writer = random_() % 12;
    std::mt19937_64 habits(writer);  // Drawn again for every message: always the same.
    const EventType& type = ruleset.events[random_() % ruleset.events.size()];
    std::vector<std::pair<std::string, std::string>> members{{"type", "\"" + type.name + "\""}, {"player", string()}};
    if (one_in(20)) members.erase(members.begin() + static_cast<std::ptrdiff_t>(random_() % 2));
    if (!one_in(3)) members.emplace_back("id", string());
    if (!one_in(3)) members.emplace_back("ts", scalar());
    if (one_in(3)) members.emplace_back("ref", scalar());
    for (const FieldDefinition& field : type.fields) {
      if (!one_in(field.optional ? 2 : 30)) members.emplace_back(field.name, value(field));
    }
    if (one_in(3)) members.emplace_back("extra", scalar());
    if (one_in(50)) members.emplace_back("player", string());
    if (writer % 3 == 0) std::ranges::shuffle(members, habits);
    const auto blank = [&] { return habits() % 5 == 0 ? " " : habits() % 9 == 0 ? "\n\t" : ""; };
    const bool has_blanks = writer % 2 == 0;
    std::string text = "{";
    for (const auto& [name, json] : members) {
      if (text.size() > 1) text += has_blanks ? ", " : ",";
      text.append("\"").append(name).append("\":").append(has_blanks ? blank() : "").append(json);
    }
    return text + (writer == 5 ? "}\n" : "}");
  }

 private:
  bool one_in(std::uint64_t many) { return random_() % many == 0; }
  template <std::size_t count>
  std::string pick(const std::string_view (&choices)[count]) {
    return std::string(choices[random_() % count]);
  }
  std::string number() {
    if (one_in(2)) return std::to_string(static_cast<int>(random_() % 200) - 20);
    return pick({"0",
                 "-0",
                 "-0.0",
                 "0.5",
                 "90",
                 "-90",
                 "90.0",
                 "90.00000000001",
                 "-180",
                 "180",
                 "10000",
                 "10001",
                 "1e2",
                 "1E-2",
                 "9223372036854775807",
                 "9223372036854775808",
                 "-9223372036854775808",
                 "-9223372036854775809",
                 "999999999999999999",
                 "1000000000000000000",
                 "9007199254740993",
                 "9007199254740993.0",
                 "1e22",
                 "1e23",
                 "123456789012345e22",
                 "1e999",
                 "1e-999",
                 "4.9e-324",
                 "0.1234567890123456789",
                 "253402300799999",
                 "253402300800000",
                 "-62135596800000",
                 "-62135596800001",
                 "01",
                 "1.",
                 "-",
                 "+1",
                 "1e"});
  }
  std::string string() {
    if (one_in(2)) return "\"p" + std::to_string(random_() % 1'000'000) + "\"";
    return pick({R"("")", R"("a")", R"("t00421")", R"("zoë")", R"("\u00e4")", R"("a\"b")", "\"\x7f\"", "\"\xc2\x85\"",
                 "\"\xff\"", "\"a\nb\"", R"("2026-07-19T20:00:00Z")", R"("2026-02-30T20:00:00Z")", R"("rare")",
                 R"("exactly16bytes!!")", R"("open)",
                 R"("a long one, of more than sixteen bytes, and then of 64 bytes.....")",
                 R"("a long one, of more than sixteen bytes, and then of 65 bytes......")"});
  }
  std::string scalar() {
    if (one_in(3))
      return pick({"true", "false", "null", "[1]", "{}", R"({"a":[{}]})", "nul", "truex", "[", "1784484000123"});
    return one_in(2) ? number() : string();
  }
  std::string value(const FieldDefinition& field) {
    if (one_in(15)) return scalar();
    if (!field.one_of_strings.empty())
      return "\"" + field.one_of_strings[random_() % field.one_of_strings.size()] + "\"";
    switch (field.type.kind) {
      case FieldType::Kind::boolean: return pick({"true", "false"});
      case FieldType::Kind::int64: return one_in(3) ? number() : pick({"1", "5", "10"});
      case FieldType::Kind::float64: return one_in(3) ? number() : std::to_string(random_() % 80) + ".137154";
      case FieldType::Kind::string: return one_in(3) ? string() : pick({R"("word")", R"("other")"});
      case FieldType::Kind::timestamp: return one_in(2) ? "1784484000123" : string();
      case FieldType::Kind::list: return pick({"[]", R"(["a","b"])", "[1,2]"});
      case FieldType::Kind::map: return pick({"{}", R"({"a":1,"b":2})"});
    }
    return "null";
  }

  std::mt19937_64 random_;
};

// Goal as above. Method: a dozen writers with their habits, members that come and go, values at every bound.
TEST_F(ShapeTest, RandomWritersAreReadAlike) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    Writers writers(seed);
    forget();
    ruleset_.reject_unknown_fields = seed % 2 == 0;
    int good = 0;
    for (int i = 0; i < 5'000; ++i) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", message " << i);
      ASSERT_TRUE(agree(writers.write(ruleset_)));
      if (is_good_) ++good;
    }
    EXPECT_GT(good, 200) << "seed " << seed;
  }
  EXPECT_GT(known_, 200);
}

}  // namespace
}  // namespace tallyho

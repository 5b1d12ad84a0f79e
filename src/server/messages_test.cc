#include "server/messages.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "ruleset/loader.h"
#include "server/answers.h"

namespace tallyho {
namespace {

using Elements = std::vector<std::string_view>;

TEST(SplitArray, GivesTheElementsAsTheyStand) {
  EXPECT_EQ(split_array("[]"), Elements{});
  EXPECT_EQ(split_array(" [ \n ] "), Elements{});
  EXPECT_EQ(split_array("[1]"), Elements{"1"});
  EXPECT_EQ(split_array(R"( [ {"a":[1,2]} ,"x,]",[ ] ])"), (Elements{R"({"a":[1,2]})", R"("x,]")", "[ ]"}));
  EXPECT_EQ(split_array(R"(["\\",{"a":"\"]"}])"), (Elements{R"("\\")", R"({"a":"\"]"})"}));
  EXPECT_EQ(split_array("[1,,2]"), (Elements{"1", "", "2"}));
  EXPECT_EQ(split_array("[1,]"), (Elements{"1", ""}));
}

TEST(SplitArray, RefusesWhatDoesNotClose) {
  for (const char* json :
       {"", " ", "[", "]", "{}", "[1", "1]", "[1]]", "[[1]", "[{]}", "[\"]", R"(["\"])", "[1] 2", "[1][2]"}) {
    EXPECT_EQ(split_array(json), std::nullopt) << json;
  }
}

constexpr std::string_view game = R"(
tallyho: 1
name: game
events:
  find: {value: int}
rules:
  - id: base
    on: find
    points: event.value
boards:
  - id: global
)";

class Messages : public testing::Test {
 protected:
  std::shared_ptr<const Ruleset> ruleset_ = load_ruleset(game, "game.yaml").value();
  Limits limits_;
  Identity identity_{.log = "l", .limits_json = "{}"};
  MessageReader reader_{ruleset_, limits_, identity_};
  Session session_{.roles = {.ingest = true, .read = true}, .detail = {}};
  Batch batch_;

  const Item& read(std::string_view message) {
    batch_.reset();
    batch_.bytes = message;
    reader_.read_frame(batch_.bytes, session_, batch_);
    return batch_.items.at(0);
  }
  std::string answer(const Item& item) {
    std::string out;
    AnswerWriter(limits_).append_message(out, item);
    return out;
  }
};

TEST_F(Messages, AnEventGoesToTheEngine) {
  const Item& item = read(R"({"type":"find","player":"ada","value":3,"ref":1})");
  EXPECT_EQ(item.kind, Item::Kind::event);
  EXPECT_EQ(item.event.envelope.player, "ada");
  EXPECT_EQ(item.record, batch_.bytes);
  EXPECT_TRUE(batch_.needs_engine);
}

TEST_F(Messages, AnAckSaysWhatTheEventCameToAndNoMoreThanWasAskedFor) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr Position last = std::numeric_limits<Position>::max() / 2;
  struct Case {
    std::string_view event;
    Outcome outcome;
    Detail detail;
    std::string_view ack;
  };
  const std::vector<Case> cases = {
      {R"({"type":"find","player":"ada","value":3})",
       {.code = Code::ok, .position = 1, .points = 0, .total = 0},
       {},
       R"({"ack":{"code":"ok","points":0,"total":0,"position":1}})"},
      {R"({"type":"find","player":"ada","value":3,"id":"e-1","ref":7})",
       {.code = Code::ok, .position = 8812, .points = 520, .total = 1740},
       {},
       R"({"ack":{"id":"e-1","code":"ok","points":520,"total":1740,"position":8812},"ref":7})"},
      {R"({"type":"find","player":"ada","value":3,"id":"a \"b\" \\ ü","ref":"x\"y"})",
       {.code = Code::ok, .position = last, .points = least, .total = most},
       {},
       R"({"ack":{"id":"a \"b\" \\ ü","code":"ok","points":-9223372036854775808,)"
       R"("total":9223372036854775807,"position":9223372036854775807},"ref":"x\"y"})"},
      {R"({"type":"find","player":"ada","value":3})",
       {.code = Code::ok, .position = 2, .points = -3, .total = -4},
       {.fired = true, .notices = true, .ranks = true},
       R"({"ack":{"code":"ok","points":-3,"total":-4,"position":2,"fired":[],"notices":[],"ranks":{}}})"},
      {R"({"type":"find","player":"ada","value":3,"id":"e"})",
       {.code = Code::duplicate, .position = 3, .points = 5, .total = 6, .message = "known"},
       {},
       R"({"ack":{"id":"e","code":"duplicate","points":5,"total":6,"position":3}})"},
  };
  for (const Case& one : cases) {
    read(one.event);
    Item& item = batch_.items.at(0);
    item.ruleset = ruleset_.get();
    item.outcome = one.outcome;
    item.detail = one.detail;
    EXPECT_EQ(answer(item), one.ack);
  }
}

TEST(ControlMessage, MayBeOneWhereverItsMemberOpMayBeSpelled) {
  for (const char* message : {R"({"op":"ping"})", R"({ "op" : 1})", R"({"a":"op","\u006fp":"ping"})", R"("op")",
                              R"({"type":"x","stop":1,"op":"y"})"}) {
    EXPECT_TRUE(may_be_control(message)) << message;
  }
  for (const char* message : {"", "p", "op", "\"op", "op\"", R"({"type":"stop","player":"opish"})",
                              R"({"type":"x","stop":1,"opp":"y","hop":"a\\nb"})"}) {
    EXPECT_FALSE(may_be_control(message)) << message;
  }
}

TEST_F(Messages, WhatNeedsNoEngineIsAnsweredAtOnce) {
  for (const char* message : {R"({"op":"ping"})", R"({"op":"hello"})", "{", R"({"type":"x"})", R"({"op":"x"})"}) {
    static_cast<void>(read(message));
    EXPECT_FALSE(batch_.needs_engine) << message;
  }
}

TEST_F(Messages, EveryMessageOfAFrameIsAnItem) {
  static_cast<void>(read("{}\n\n{\"op\":\"ping\"}\r\n[]\n"));
  ASSERT_EQ(batch_.items.size(), 3U);
  EXPECT_EQ(batch_.items[0].kind, Item::Kind::refused);
  EXPECT_EQ(batch_.items[1].code, Code::ok);
  EXPECT_EQ(batch_.items[2].code, Code::malformed);
}

// Goal: who knows that a frame has events only gets what everyone gets for it, and it is not looked through again.
TEST_F(Messages, AFrameThatIsKnownToHaveEventsOnlyIsReadAsAnyOther) {
  const auto answers = [&](const std::string& frame, bool is_events_only) {
    batch_.reset();
    batch_.bytes = frame;
    reader_.read_frame(batch_.bytes, session_, batch_, is_events_only);
    std::vector<std::pair<Item::Kind, std::string>> all;
    for (Item& item : batch_.items) {
      item.ruleset = ruleset_.get();  // As the engine says.
      all.emplace_back(item.kind, answer(item));
    }
    return all;
  };
  const std::string event = R"({"type":"find","player":"ada","value":3})";
  for (const std::string& frame :
       {event, event + "\n\n" + event + "\r\n", std::string(R"({"type":"x","player":"ada"})"),
        std::string(R"({"type":"find"})"), std::string("{"), std::string("[]\n{}")}) {
    ASSERT_FALSE(may_be_control(frame)) << frame;
    EXPECT_EQ(answers(frame, true), answers(frame, false)) << frame;
  }
  batch_.reset();
  batch_.bytes = R"({"op":"ping"})";  // Of which it is not true: it is taken at its word.
  reader_.read_frame(batch_.bytes, session_, batch_, true);
  EXPECT_EQ(batch_.items.at(0).kind, Item::Kind::refused);
}

TEST_F(Messages, ARoleIsNeededToSendAndToRead) {
  session_.roles = {};
  EXPECT_EQ(read(R"({"type":"find","player":"ada","value":3})").code, Code::unauthorized);
  EXPECT_EQ(read(R"({"type":"find","player":"ada"})").code, Code::missing_field);  // Comes first in the protocol.
  EXPECT_EQ(read(R"({"op":"query","path":"/v1/boards"})").code, Code::unauthorized);
  EXPECT_EQ(read(R"({"op":"watch","board":"global"})").code, Code::unauthorized);
  EXPECT_EQ(read(R"({"op":"watch","player":"ada"})").code, Code::unauthorized);
}

TEST_F(Messages, AnErrorsRefIsBesideIt) {
  EXPECT_EQ(answer(read(R"({"op":"x","ref":"r"})")),
            R"({"error":{"code":"invalid_argument","message":"there is no op 'x'; there are hello, watch, unwatch, )"
            R"(query, ping"},"ref":"r"})");
}

TEST_F(Messages, HelloSetsTheDetailOfWhatFollowsInTheSameFrame) {
  const std::string event = R"({"type":"find","player":"ada","value":3})";
  static_cast<void>(read(event + "\n{\"op\":\"hello\",\"detail\":[\"fired\"]}\n" + event));
  ASSERT_EQ(batch_.items.size(), 3U);
  EXPECT_FALSE(batch_.items[0].detail.fired);
  EXPECT_TRUE(batch_.items[2].detail.fired);
}

}  // namespace
}  // namespace tallyho

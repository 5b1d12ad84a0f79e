#include "server/logger.h"

#include <future>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// A logger at a time that stands still unless told otherwise. Its lines are complete once it has ended.
class Lines {
 public:
  explicit Lines(Logger::Options options = {}) {
    options.write = [this](std::string_view line) { lines_.emplace_back(line); };
    options.now = [this] { return now_; };
    logger_.emplace(std::move(options));
  }
  Logger& operator*() { return *logger_; }
  Logger* operator->() { return &*logger_; }
  void later(std::chrono::milliseconds time) { now_ = *add(now_, time); }
  const std::vector<std::string>& end() {
    logger_.reset();
    return lines_;
  }

 private:
  Timestamp now_ = *parse_timestamp("2026-07-19T20:00:00.5Z");
  std::vector<std::string> lines_;
  std::optional<Logger> logger_;
};

TEST(Logger, ALineSaysWhenHowBadAboutWhatAndWhat) {
  Lines text;
  text->log(LogLevel::warning, "disk", "it is full", {{"path", "/data"}, {"bytes", -5}});
  EXPECT_THAT(text.end(), ElementsAre("2026-07-19T20:00:00.5Z warning disk: it is full path=\"/data\" bytes=-5\n"));
  Lines json({.format = LogFormat::json});
  json->log(LogLevel::error, "disk", "it is \"full\"", {{"path", "/da\nta"}, {"bytes", 7}});
  EXPECT_THAT(json.end(), ElementsAre(R"({"time":"2026-07-19T20:00:00.5Z","level":"error","topic":"disk",)"
                                      R"("message":"it is \"full\"","path":"/da\nta","bytes":7})"
                                      "\n"));
}

TEST(Logger, WhatIsBelowTheLevelIsNotWritten) {
  Lines lines({.level = LogLevel::warning});
  lines->log(LogLevel::info, "a", "no");
  lines->log(LogLevel::debug, "a", "no");
  lines->log(LogLevel::warning, "a", "yes");
  EXPECT_TRUE(lines->wants(LogLevel::error));
  EXPECT_FALSE(lines->wants(LogLevel::info));
  EXPECT_THAT(lines.end(), ElementsAre(HasSubstr("yes")));
}

TEST(Logger, ATopicThatRepeatsItselfIsHeldBackAndCounted) {
  Lines lines({.burst = 3});
  for (int i = 0; i < 10; ++i) lines->log(LogLevel::info, "flood", "again");
  lines->log(LogLevel::info, "other", "not concerned");
  lines.later(std::chrono::milliseconds(999));
  lines->log(LogLevel::info, "flood", "still too early");
  lines.later(std::chrono::milliseconds(1));
  lines->log(LogLevel::info, "flood", "one more");
  lines->log(LogLevel::info, "flood", "too many");
  lines.later(std::chrono::hours(1));
  for (int i = 0; i < 4; ++i) lines->log(LogLevel::info, "flood", "later");
  EXPECT_THAT(lines.end(), ElementsAre(EndsWith("again\n"), EndsWith("again\n"), EndsWith("again\n"),
                                       EndsWith("not concerned\n"), EndsWith("one more left_out=8\n"),
                                       EndsWith("later left_out=1\n"), EndsWith("later\n"), EndsWith("later\n")));
}

TEST(Logger, ErrorsAreNotHeldBack) {
  Lines lines({.burst = 1});
  for (int i = 0; i < 5; ++i) lines->log(LogLevel::error, "disk", "broken");
  EXPECT_THAT(lines.end(), SizeIs(5));
}

TEST(Logger, WhoDoesNotReadHoldsNobodyUpAndWhatWaitsIsBounded) {
  std::promise<void> go;
  std::vector<std::string> lines;
  {
    std::promise<void> writing;
    Logger::Options options{.lines_max = 4};
    options.write = [&, first = true](std::string_view line) mutable {
      if (std::exchange(first, false)) {
        writing.set_value();
        go.get_future().wait();
      }
      lines.emplace_back(line);
    };
    Logger logger(std::move(options));
    logger.log(LogLevel::error, "a", "held");
    writing.get_future().wait();
    for (int i = 0; i < 10; ++i) logger.log(LogLevel::error, "a", "waits");
    go.set_value();
  }
  EXPECT_THAT(lines, SizeIs(5));
}

TEST(Logger, NoTokenReachesALine) {
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
  const std::vector<std::string> texts = {jwt,
                                          "Authorization: Bearer " + jwt,
                                          "tallyho.v1, bearer." + jwt,
                                          "GET /v1/ws?token=" + jwt + "&x=1",
                                          "{\"token\":\"" + jwt + "\"}",
                                          "(" + jwt + ")",
                                          "bearer c2VjcmV0",
                                          "BEARER c2VjcmV0",
                                          "ticket=c2VjcmV0",
                                          "secret: c2VjcmV0"};
  for (const std::string& text : texts) {
    for (const auto format : {LogFormat::text, LogFormat::json}) {
      Lines lines({.format = format});
      lines->log(LogLevel::info, "a", text, {{"value", text}});
      const std::string line = lines.end().at(0);
      EXPECT_THAT(line, Not(HasSubstr("c2"))) << text;
      EXPECT_THAT(line, Not(HasSubstr("eyJ"))) << text;
      EXPECT_THAT(line, HasSubstr("[token]")) << text;
    }
  }
  for (const std::string_view plain : {"the token is old", "players eyJ", "bearers of news", "x=1, tokens"}) {
    EXPECT_EQ(without_tokens(plain), plain);
  }
}

TEST(Logger, WhatClientsSendStaysOnItsLine) {
  Lines text;
  text->log(LogLevel::info, "a", "one\ntwo\x1b[31m\x7f", {{"b", "c\nd"}});
  EXPECT_THAT(text.end(), ElementsAre(EndsWith("a: one\\ntwo\\x1b[31m\\x7f b=\"c\\nd\"\n")));
  Lines json({.format = LogFormat::json});
  json->log(LogLevel::info, "a", "caf\xc3\xa9 \xff");
  EXPECT_THAT(json.end(), ElementsAre(HasSubstr("caf?? ?")));
}

TEST(Logger, WhoSettlesFindsAllWritten) {
  std::vector<std::string> written;
  Logger::Options options;
  options.write = [&](std::string_view line) { written.emplace_back(line); };
  Logger logger(std::move(options));
  for (std::size_t i = 1; i <= 100; ++i) {
    logger.log(LogLevel::error, "a", "one");
    logger.settle();
    EXPECT_EQ(written.size(), i);
  }
}

TEST(Logger, LevelsAndFormatsHaveNames) {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    EXPECT_EQ(log_level_named(name_of(level)), level);
  }
  EXPECT_EQ(log_level_named("loud"), std::nullopt);
  EXPECT_EQ(log_format_named("json"), LogFormat::json);
  EXPECT_EQ(log_format_named("text"), LogFormat::text);
  EXPECT_EQ(log_format_named("xml"), std::nullopt);
}

}  // namespace
}  // namespace tallyho

#include "server/recorder.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

std::string recorded(std::string_view event, Timestamp arrival = Timestamp{1, 5}) {
  std::string out;
  append_recorded(out, event, arrival);
  return out;
}

TEST(Recorder, PutsTheArrivalTimeInFront) {
  EXPECT_EQ(recorded(R"({"type":"a","player":"p"})"),
            "{\"at\":\"1970-01-01T00:00:01.000000005Z\",\"type\":\"a\",\"player\":\"p\"}\n");
}

TEST(Recorder, KeepsAnEventOnOneLine) {
  EXPECT_EQ(recorded("\n {\n\"type\":\"a\",\r\n\"player\":\"p\\n\"}\n", Timestamp{1, 0}),
            "{\"at\":\"1970-01-01T00:00:01Z\", \"type\":\"a\",  \"player\":\"p\\n\"} \n");
}

TEST(Recorder, ReplacesAnArrivalTimeOfTheSenders) {
  for (const char* event : {R"({"type":"a","at":17,"player":"p"})", R"({"\u0061t":"x","type":"a","player":"p"})"}) {
    EXPECT_EQ(recorded(event, Timestamp{1, 0}), "{\"at\":\"1970-01-01T00:00:01Z\",\"type\":\"a\",\"player\":\"p\"}\n")
        << event;
  }
}

class RecorderFile : public testing::Test {
 protected:
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("tallyho-recorder-" + std::to_string(::getpid()) + ".ndjson"))
          .string();
  std::vector<std::string> warnings_;
  Recorder::Warn warn_ = [this](std::string_view warning) { warnings_.emplace_back(warning); };

  ~RecorderFile() override { std::filesystem::remove(path_); }
  std::string content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(RecorderFile, HoldsEveryEventInOrder) {
  std::string expected;
  {
    auto recorder = Recorder::open(path_, warn_);
    ASSERT_TRUE(recorder) << recorder.error();
    for (int i = 0; i < 20'000; ++i) {
      const std::string event = R"({"type":"a","player":"p)" + std::to_string(i) + "\"}";
      (*recorder)->write(event, Timestamp{i, 0});
      (*recorder)->hand_over(i % 1000 == 0);
      append_recorded(expected, event, Timestamp{i, 0});
    }
    EXPECT_TRUE((*recorder)->is_complete());
  }
  EXPECT_EQ(content(), expected);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(RecorderFile, ThatCannotBeOpenedIsAnError) {
  EXPECT_FALSE(Recorder::open(path_ + "/no/such/folder", warn_));
}

TEST_F(RecorderFile, EndsAndSaysSoWhenTheDiskIsFull) {
  {
    auto recorder = Recorder::open("/dev/full", warn_);
    ASSERT_TRUE(recorder);
    (*recorder)->write(R"({"type":"a","player":"p"})", Timestamp{1, 0});
  }
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("No space left"), std::string::npos) << warnings_[0];
}

}  // namespace
}  // namespace tallyho

#include "server/outbox.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

void add(Outbox& outbox, const std::string& message) {
  outbox.add([&](std::string& frame) { frame += message; });
}

std::vector<std::string> send_all(Outbox& outbox) {
  std::vector<std::string> frames;
  while (!outbox.is_empty()) {
    frames.push_back(outbox.begin_sending());
    outbox.sent_front();
  }
  return frames;
}

TEST(Outbox, SmallMessagesShareAFrame) {
  Outbox outbox;
  add(outbox, "a");
  add(outbox, "bc");
  EXPECT_EQ(outbox.bytes(), 4U);
  EXPECT_EQ(send_all(outbox), (std::vector<std::string>{"a\nbc"}));
  EXPECT_EQ(outbox.bytes(), 0U);
}

TEST(Outbox, AFrameBeingSentStaysAsItIs) {
  Outbox outbox;
  add(outbox, "a");
  const std::string& sending = outbox.begin_sending();
  add(outbox, "b");
  EXPECT_EQ(sending, "a");
  outbox.sent_front();
  EXPECT_EQ(send_all(outbox), (std::vector<std::string>{"b"}));
}

TEST(Outbox, AFullFrameIsFollowedByAnother) {
  Outbox outbox;
  const std::string big(Outbox::frame_bytes, 'x');
  add(outbox, big);
  add(outbox, "y");
  EXPECT_EQ(send_all(outbox), (std::vector<std::string>{big, "y"}));
}

TEST(Outbox, CountsFramesSoThatOneCanBeWaitedFor) {
  Outbox outbox;
  add(outbox, "a");
  static_cast<void>(outbox.begin_sending());
  add(outbox, "b");
  EXPECT_EQ(outbox.last_frame(), 2U);
  outbox.sent_front();
  EXPECT_EQ(outbox.sent(), 1U);
  add(outbox, "c");
  EXPECT_EQ(outbox.last_frame(), 2U);
  static_cast<void>(send_all(outbox));
  EXPECT_EQ(outbox.sent(), 2U);
}

TEST(Outbox, HoldsNoMemoryWhenEverythingIsSent) {
  Outbox outbox;
  for (int i = 0; i < 3; ++i) outbox.add([](std::string& frame) { frame.append(2 * Outbox::frame_bytes, 'x'); });
  outbox.begin_sending();
  outbox.sent_front();
  EXPECT_GT(outbox.spare_bytes(), 0U) << "the next frame is to be had without allocating";
  for (int i = 0; i < 2; ++i) {
    outbox.begin_sending();
    outbox.sent_front();
  }
  EXPECT_TRUE(outbox.is_empty());
  EXPECT_LT(outbox.spare_bytes(), 64U);
}

}  // namespace
}  // namespace tallyho

#include "server/port.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace tallyho {
namespace {

constexpr std::uint32_t half = Port::pushes_max / 2;

TEST(Port, HasRoomAgainOnceHalfOfThePushesHaveGone) {
  Port port(1, 1);
  EXPECT_EQ(port.room(), Port::pushes_max);
  port.pushes_waiting.fetch_add(half);
  EXPECT_EQ(port.room(), Port::pushes_max - half);
  port.pushes_waiting.fetch_add(Port::pushes_max - half);
  EXPECT_EQ(port.room(), 0U);
  EXPECT_FALSE(port.made_room(Port::pushes_max - half - 1));
  EXPECT_EQ(port.room(), 0U);
  EXPECT_TRUE(port.made_room(1));
  EXPECT_EQ(port.room(), Port::pushes_max - half);
}

TEST(Port, OnlyWhoWaitsForRoomIsTold) {
  Port port(1, 1);
  port.pushes_waiting.fetch_add(Port::pushes_max);
  EXPECT_FALSE(port.made_room(Port::pushes_max));
  port.pushes_waiting.fetch_add(Port::pushes_max);
  EXPECT_EQ(port.room(), 0U);
  EXPECT_TRUE(port.made_room(half));
  EXPECT_FALSE(port.made_room(half));  // Once.
}

// Goal: whoever is told that there is no room is told when there is: no wake-up is lost. Method: two threads, of which
// one sleeps on the bell only, for ever, as the engine thread does.
TEST(Port, NobodyWaitsForRoomThatThereIs) {
  constexpr std::uint32_t pushes = 200'000;
  Port port(1, 1);
  Doorbell bell;
  std::thread io([&] {
    for (std::uint32_t gone = 0; gone < pushes;) {
      const std::uint32_t some = std::min(port.pushes_waiting.load(), 1 + gone % 32);
      if (some > 0 && port.made_room(some)) bell.ring();
      if (some == 0) std::this_thread::yield();
      gone += some;
    }
  });
  for (std::uint32_t handed_over = 0; handed_over < pushes;) {
    const std::uint32_t seen = bell.seen();
    const std::uint32_t room = std::min(port.room(), pushes - handed_over);
    port.pushes_waiting.fetch_add(room);
    handed_over += room;
    if (room == 0) bell.wait(seen, std::chrono::hours(1));
  }
  io.join();
  EXPECT_EQ(port.pushes_waiting.load(), 0U);
}

}  // namespace
}  // namespace tallyho

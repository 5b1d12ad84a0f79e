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

TEST(Port, WhoIsNotAheadOfTheEngineNeverWaits) {
  Port port(1, 1);
  EXPECT_FALSE(port.sends(Port::items_max));
  port.took(Port::items_max / 2);
  port.wait_for_engine();
  EXPECT_FALSE(port.sends(Port::items_max / 2));
  EXPECT_TRUE(port.sends(1));
  port.wait_for_engine();  // Nobody takes anything: it is out of patience some time.
  EXPECT_EQ(port.items_waiting.load(), Port::items_max + 1);
}

// Goal: an I/O thread that is ahead goes on with what the engine thread has taken, and neither waits for the other for
// ever. Method: two threads, one of which sends more than fits and one that takes it in pieces.
TEST(Port, WhoIsAheadGoesOnOnceTheEngineHasCaughtUp) {
  constexpr std::uint32_t items = 2'000'000;
  constexpr std::uint32_t batch = 50;
  Port port(1, 1);
  std::thread engine([&] {
    for (std::uint32_t taken = 0; taken < items;) {
      const std::uint32_t some = std::min(port.items_waiting.load(), 1 + taken % 97);
      if (some == 0) std::this_thread::yield();
      port.took(some);
      taken += some;
    }
  });
  for (std::uint32_t sent = 0; sent < items; sent += batch) {
    if (port.sends(batch)) port.wait_for_engine();
  }
  engine.join();
  EXPECT_EQ(port.items_waiting.load(), 0U);
}

}  // namespace
}  // namespace tallyho

#include "base/queue.h"

#include <thread>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(SpscQueueTest, FullIsAnAnswer) {
  SpscQueue<int> queue(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.push(i));
  EXPECT_FALSE(queue.push(4));
  EXPECT_EQ(queue.size(), 4U);
  int item = -1;
  EXPECT_TRUE(queue.pop(item));
  EXPECT_EQ(item, 0);
  EXPECT_TRUE(queue.push(4));
  for (int i = 1; i < 5; ++i) {
    EXPECT_TRUE(queue.pop(item));
    EXPECT_EQ(item, i);
  }
  EXPECT_FALSE(queue.pop(item));
}

TEST(SpscQueueTest, CapacityIsRoundedUp) {
  SpscQueue<int> queue(5);
  int taken = 0;
  while (queue.push(taken)) ++taken;
  EXPECT_EQ(taken, 8);
}

// Goal: nothing is lost, doubled or reordered between two threads. Method: a small queue, so that both ends are
// often met; the consumer checks that it counts.
TEST(SpscQueueTest, CarriesEverythingInOrderBetweenThreads) {
  constexpr std::uint64_t count = 200'000;
  SpscQueue<std::uint64_t> queue(64);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < count;) {
      if (queue.push(i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 0; expected < count;) {
    std::uint64_t item = 0;
    if (queue.pop(item)) {
      wrong += item != expected ? 1 : 0;
      ++expected;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(DoorbellTest, ARingSinceTheLookEndsTheWaitAtOnce) {
  Doorbell bell;
  const std::uint32_t seen = bell.seen();
  bell.ring();
  bell.wait(seen, hours(1));  // A lost ring would hang the test.
}

TEST(DoorbellTest, WithoutARingTheWaitEndsByItself) {
  Doorbell bell;
  const auto begun = std::chrono::steady_clock::now();
  bell.wait(bell.seen(), milliseconds(20));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(20));
}

// Goal: no ring between the look for work and the sleep is lost. Method: the sleeper would wait for hours; each item
// is handed over only once the one before it was taken, so that one lost ring stops the test.
TEST(DoorbellTest, WakesTheSleeperForEveryItem) {
  constexpr std::uint64_t count = 20'000;
  SpscQueue<std::uint64_t> work(1);
  Doorbell to_worker;
  Doorbell to_giver;
  std::thread worker([&] {
    for (std::uint64_t taken = 0; taken < count;) {
      const std::uint32_t seen = to_worker.seen();
      std::uint64_t item = 0;
      if (work.pop(item)) {
        ++taken;
        to_giver.ring();
      } else {
        to_worker.wait(seen, hours(1));
      }
    }
  });
  for (std::uint64_t given = 0; given < count;) {
    const std::uint32_t seen = to_giver.seen();
    if (work.push(given)) {
      ++given;
      to_worker.ring();
    } else {
      to_giver.wait(seen, hours(1));
    }
  }
  worker.join();
  EXPECT_EQ(work.size(), 0U);
}

}  // namespace
}  // namespace tallyho

#include "server/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace tallyho {
namespace {

// Goal: it is a queue. Method: random steps, beside a std::deque.
TEST(Fifo, IsAQueue) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Fifo<int> fifo;
  std::deque<int> model;
  for (int i = 0; i < 100'000; ++i) {
    const bool grows = i / 100 % 2 == 0;  // Long ones, and empty ones.
    if (model.empty() || random() % 8 < (grows ? 5U : 2U)) {
      fifo.push_back(i);
      model.push_back(i);
      ASSERT_EQ(fifo.back(), i);
    } else {
      ASSERT_EQ(fifo.front(), model.front());
      fifo.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(fifo.size(), model.size());
    ASSERT_EQ(fifo.empty(), model.empty());
  }
  EXPECT_EQ(std::deque<int>(fifo.begin(), fifo.end()), model);
  fifo.clear();
  EXPECT_TRUE(fifo.empty());
}

}  // namespace
}  // namespace tallyho

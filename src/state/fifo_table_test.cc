#include "state/fifo_table.h"

#include <deque>
#include <random>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

// Keys whose hashes all but collide, so that cells push each other along and around the end of the index.
struct Entry {
  std::uint32_t number = 0;
  std::uint32_t payload = 0;

  struct Key {
    std::uint32_t number = 0;
    bool operator==(const Key&) const = default;
    std::uint64_t hash() const { return std::uint64_t{number % 3 == 0 ? 0xffffffffU : number % 5} << 32; }
  };
  Key key() const { return {number}; }
};
using Table = FifoTable<Entry, Entry::Key>;

TEST(FifoTable, FindsEveryEntryAmongCollisionsWhicheverEndItCameBy) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  Table table;
  std::deque<Entry> model;
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    const bool grows = model.size() < 5 || (model.size() < 100 && random() % 2 == 0);
    const bool at_back = random() % 2 == 0;
    if (grows) {
      const Entry entry{step, step * 2};
      at_back ? table.push_back(entry) : table.push_front(entry);
      at_back ? model.push_back(entry) : model.push_front(entry);
    } else {
      at_back ? table.pop_back() : table.pop_front();
      at_back ? model.pop_back() : model.pop_front();
    }
    ASSERT_EQ(table.size(), model.size());
    ASSERT_EQ(table.find({step + 1}), nullptr);
    const std::size_t some = random() % model.size();
    const Entry* found = table.find(model[some].key());
    ASSERT_NE(found, nullptr) << "step " << step;
    ASSERT_EQ(found->payload, model[some].payload);
    ASSERT_EQ(table[static_cast<std::uint32_t>(some)].number, model[some].number);
  }
}

TEST(FifoTable, WhatWasTakenAwayIsNotFound) {
  Table table;
  for (std::uint32_t i = 0; i < 100; ++i) table.push_back({i, i});
  for (std::uint32_t i = 0; i < 50; ++i) table.pop_front();
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(table.find({i}) != nullptr, i >= 50) << i;
}

}  // namespace
}  // namespace tallyho

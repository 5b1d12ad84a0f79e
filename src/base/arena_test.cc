#include "base/arena.h"

#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

TEST(ArenaTest, CopiesStayWhileTheArenaGrows) {
  Arena arena(64);
  std::vector<std::string_view> copies;
  copies.reserve(1000);
  for (int i = 0; i < 1000; ++i) copies.push_back(arena.copy("item " + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(copies[static_cast<std::size_t>(i)], "item " + std::to_string(i));
}

TEST(ArenaTest, StorageIsAligned) {
  Arena arena(256);
  for (int i = 0; i < 200; ++i) {
    arena.allocate(1, 1);
    for (const std::size_t alignment : {2U, 4U, 8U, 16U}) {
      const auto address = reinterpret_cast<std::uintptr_t>(arena.allocate(3, alignment));
      EXPECT_EQ(address % alignment, 0U);
    }
  }
}

TEST(ArenaTest, ResetGivesTheSameMemoryAgain) {
  Arena arena(128);
  const auto fill = [&] {
    for (int i = 0; i < 100; ++i) arena.allocate(40);
  };
  fill();
  const std::size_t held = arena.capacity_bytes();
  for (int round = 0; round < 10; ++round) {
    arena.reset();
    fill();
  }
  EXPECT_EQ(arena.capacity_bytes(), held);
}

TEST(ArenaTest, TakesWhatIsLargerThanABlock) {
  Arena arena(64);
  arena.copy("small");
  const std::string large(10'000, 'x');
  EXPECT_EQ(arena.copy(large), large);
  EXPECT_EQ(arena.copy("small again"), "small again");
}

TEST(ArenaTest, ArraysAreValueInitializedEvenInUsedMemory) {
  Arena arena;
  for (int& number : arena.array<int>(100)) number = 7;
  arena.reset();
  for (const int number : arena.array<int>(100)) EXPECT_EQ(number, 0);
}

TEST(ArenaTest, NothingTakesNoMemory) {
  Arena arena;
  EXPECT_EQ(arena.copy(""), "");
  EXPECT_TRUE(arena.array<int>(0).empty());
  arena.reset();
  EXPECT_EQ(arena.copy("after"), "after");
}

}  // namespace
}  // namespace tallyho

#include "outbox/cursor.h"

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

constexpr std::string_view identity = "0123456789abcdef0123456789abcdef";

TEST(Cursor, IsReadAsItWasWrittenLast) {
  TemporaryFolder folder;
  auto directory = std::move(*open_log_directory(folder.path()));
  EXPECT_EQ(read_cursor(*directory, identity).value(), std::nullopt);
  for (const SpoolMark mark : {SpoolMark{5, 6}, SpoolMark{~0ULL, ~0ULL}, SpoolMark{0, 0}}) {
    ASSERT_TRUE(write_cursor(*directory, identity, mark));
    const auto read = read_cursor(*directory, identity);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->offset, mark.offset);
    EXPECT_EQ((*read)->position, mark.position);
  }
}

TEST(Cursor, OfAnotherLogIsNone) {
  TemporaryFolder folder;
  auto directory = std::move(*open_log_directory(folder.path()));
  ASSERT_TRUE(write_cursor(*directory, identity, {5, 6}));
  EXPECT_EQ(read_cursor(*directory, "00000000000000000000000000000000").value(), std::nullopt);
}

// A wrong one would leave out what nobody has heard.
TEST(Cursor, ThatIsDamagedIsAnError) {
  TemporaryFolder folder;
  auto directory = std::move(*open_log_directory(folder.path()));
  ASSERT_TRUE(write_cursor(*directory, identity, {5, 6}));
  const std::string path = std::string(folder.path()) + "/outbox.cursor";
  std::ifstream file(path);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = damaged[i] == '7' ? '8' : '7';
    std::ofstream(path) << damaged;
    EXPECT_FALSE(read_cursor(*directory, identity)) << i;
    std::ofstream(path) << whole.substr(0, i);
    EXPECT_FALSE(read_cursor(*directory, identity)) << i;
  }
}

}  // namespace
}  // namespace tallyho

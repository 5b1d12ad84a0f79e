#include "cli/file_changes.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace tallyho::cli {
namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

class FileChangesTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string one_ = folder_.path() + "/one";
  const std::string other_ = folder_.path() + "/other";
};

TEST_F(FileChangesTest, AChangeIsToldOnceAtTheSecondLook) {
  write(one_, "a");
  write(other_, "b");
  FileChanges changes({one_, other_});
  EXPECT_FALSE(changes.look());
  EXPECT_FALSE(changes.look());
  write(other_, "longer");
  EXPECT_FALSE(changes.look());
  EXPECT_TRUE(changes.look());
  EXPECT_FALSE(changes.look());
}

TEST_F(FileChangesTest, WhatIsBeingWrittenIsWaitedFor) {
  write(one_, "a");
  FileChanges changes({one_});
  for (const auto* text : {"ab", "abc", "abcd"}) {
    write(one_, text);
    EXPECT_FALSE(changes.look());
  }
  EXPECT_TRUE(changes.look());
}

TEST_F(FileChangesTest, AFileInItsPlaceIsAChange) {
  write(one_, "a");
  FileChanges changes({one_});
  write(other_, "b");
  std::filesystem::last_write_time(other_, std::filesystem::last_write_time(one_));
  std::filesystem::rename(other_, one_);
  EXPECT_FALSE(changes.look());
  EXPECT_TRUE(changes.look());
}

TEST_F(FileChangesTest, AFileThatGoesAndComesBackIsReadOnceItIsThere) {
  write(one_, "a");
  FileChanges changes({one_});
  std::filesystem::remove(one_);
  EXPECT_FALSE(changes.look());
  EXPECT_TRUE(changes.look());
  write(one_, "b");
  EXPECT_FALSE(changes.look());
  EXPECT_TRUE(changes.look());
}

TEST_F(FileChangesTest, WhatWasReadForAnotherReasonHasNotChanged) {
  write(one_, "a");
  FileChanges changes({one_});
  write(one_, "longer");
  changes.were_read();
  EXPECT_FALSE(changes.look());
  EXPECT_FALSE(changes.look());
}

}  // namespace
}  // namespace tallyho::cli

#include "log/memory_log.h"

#include "log/testing/log_conformance.h"

namespace tallyho {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, LogConformance,
                         testing::Values(LogMaker{[] { return std::make_unique<MemoryLog>(); }}));

TEST(MemoryLog, ACommitIsDurableAtOnce) {
  MemoryLog log;
  ASSERT_TRUE(log.append("{}", Timestamp{}, RecordKind::event));
  EXPECT_EQ(log.durable(), 0U);
  log.commit();
  EXPECT_EQ(log.durable(), 1U);
}

TEST(MemoryLog, KeepsTheIdentityItIsGiven) {
  EXPECT_EQ(MemoryLog("0123456789abcdef0123456789abcdef").identity(), "0123456789abcdef0123456789abcdef");
}

}  // namespace
}  // namespace tallyho

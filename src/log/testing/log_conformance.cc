#include "log/testing/log_conformance.h"

#include <atomic>
#include <set>
#include <string>

namespace tallyho {

TEST_P(LogConformance, AnEmptyLogIsAtPositionZero) {
  EXPECT_EQ(log_->last(), 0U);
  EXPECT_EQ(log_->durable(), 0U);
}

TEST_P(LogConformance, PositionsCountUpByOneFromOne) {
  for (Position expected = 1; expected <= 1000; ++expected) {
    ASSERT_EQ(log_->append("{}", Timestamp{static_cast<std::int64_t>(expected), 0}, RecordKind::event), expected);
    ASSERT_EQ(log_->last(), expected);
  }
}

TEST_P(LogConformance, NothingIsDurableBeforeItWasAppended) {
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(log_->append("{}", Timestamp{round, 0}, RecordKind::event));
    ASSERT_LE(log_->durable(), log_->last());
    if (round % 7 == 0) log_->commit();
    ASSERT_LE(log_->durable(), log_->last());
  }
}

TEST_P(LogConformance, ACommitMakesEverythingAppendedDurable) {
  for (int round = 1; round <= 10; ++round) {
    for (int i = 0; i < round; ++i) ASSERT_TRUE(log_->append("{}", Timestamp{}, RecordKind::event));
    commit_and_wait(*log_);
    ASSERT_EQ(log_->durable(), log_->last());
  }
}

TEST_P(LogConformance, ACommitOfNothingChangesNothing) {
  commit_and_wait(*log_);
  EXPECT_EQ(log_->last(), 0U);
  ASSERT_TRUE(log_->append("{}", Timestamp{}, RecordKind::event));
  commit_and_wait(*log_);
  commit_and_wait(*log_);
  EXPECT_EQ(log_->last(), 1U);
  EXPECT_EQ(log_->durable(), 1U);
}

TEST_P(LogConformance, RecordsMayHoldAnyBytes) {
  for (const std::string& record : {std::string(), std::string("\0\xff\r\n", 4), std::string(16'384, 'x')}) {
    EXPECT_TRUE(log_->append(record, Timestamp{}, RecordKind::event));
  }
  commit_and_wait(*log_);
  EXPECT_EQ(log_->durable(), 3U);
}

TEST_P(LogConformance, ArrivalTimesMayBeEqual) {
  EXPECT_EQ(log_->append("{}", Timestamp::min(), RecordKind::event), 1U);
  EXPECT_EQ(log_->append("{}", Timestamp::min(), RecordKind::event), 2U);
  EXPECT_EQ(log_->append("{}", Timestamp::max(), RecordKind::event), 3U);
}

TEST_P(LogConformance, EveryNewLogHasAnIdentityOfItsOwn) {
  std::set<std::string> identities;
  for (int i = 0; i < 20; ++i) identities.insert(GetParam().make()->identity());
  EXPECT_EQ(identities.size(), 20U);
  for (const std::string& identity : identities) {
    EXPECT_EQ(identity.size(), 32U);
    EXPECT_EQ(identity.find_first_not_of("0123456789abcdef"), std::string::npos) << identity;
  }
}

TEST_P(LogConformance, AnotherThreadSeesDurableOnlyGoForward) {
  std::atomic<bool> done{false};  // Partner: the store after the last commit.
  bool went_back = false;
  std::thread reader([&] {
    Position seen = 0;
    while (!done.load()) {
      const Position now = log_->durable();
      went_back = went_back || now < seen;
      seen = now;
    }
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(log_->append("{}", Timestamp{}, RecordKind::event));
    log_->commit();
  }
  done.store(true);
  reader.join();
  EXPECT_FALSE(went_back);
}

}  // namespace tallyho

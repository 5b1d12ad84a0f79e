#include "server/admission.h"

#include <vector>

#include "gtest/gtest.h"
#include "server/rates.h"

namespace tallyho {
namespace {

using std::chrono::milliseconds;

TEST(Admission, ThereIsRoomForSoManyInAll) {
  Admission admission(3, 100);
  std::vector<Admission::Place> places;
  for (int i = 0; i < 3; ++i) {
    auto place = admission.enter("10.0.0." + std::to_string(i));
    ASSERT_TRUE(place) << i;
    places.push_back(std::move(*place));
  }
  EXPECT_FALSE(admission.enter("10.0.0.9"));
  EXPECT_FALSE(admission.enter("127.0.0.1")) << "loopback counts in all, too";
  places.pop_back();
  EXPECT_TRUE(admission.enter("10.0.0.9")) << "and the place is given back at once";
  EXPECT_TRUE(admission.enter("127.0.0.1"));
}

TEST(Admission, ThereIsRoomForSoManyFromOneAddress) {
  struct Case {
    const char* first;
    const char* second;
    bool are_one;
  };
  for (const Case& c :
       {Case{"10.0.0.1", "10.0.0.1", true}, Case{"10.0.0.1", "10.0.0.2", false},
        Case{"10.0.0.1", "::ffff:10.0.0.1", true}, Case{"2001:db8::1", "2001:db8::2", true},
        Case{"2001:db8::1", "2001:db8:0:0:ffff::", true}, Case{"2001:db8::1", "2001:db8:0:1::1", false},
        Case{"fe80::1%eth0", "fe80::1%eth1", true}, Case{"127.0.0.1", "127.0.0.1", false}, Case{"::1", "::1", false},
        Case{"::ffff:127.0.0.1", "::ffff:127.0.0.1", false}, Case{"", "", false}, Case{"unknown", "unknown", false}}) {
    Admission admission(100, 1);
    const auto first = admission.enter(c.first);
    ASSERT_TRUE(first) << c.first;
    EXPECT_EQ(!admission.enter(c.second), c.are_one) << c.first << " " << c.second;
  }
}

TEST(Admission, WhoComesThroughAProxyIsCountedByItsOwnAddress) {
  Admission admission(3, 2);
  const auto proxy = admission.enter("127.0.0.1");
  const auto one = admission.enter_forwarded("10.0.0.1");
  auto two = admission.enter_forwarded("10.0.0.1");
  ASSERT_TRUE(proxy && one && two);
  EXPECT_FALSE(admission.enter_forwarded("10.0.0.1"));
  EXPECT_TRUE(admission.enter_forwarded("10.0.0.2"));
  two.reset();
  EXPECT_TRUE(admission.enter_forwarded("10.0.0.1"));
  const auto others = std::pair(admission.enter("10.0.0.3"), admission.enter("10.0.0.4"));
  EXPECT_TRUE(others.first && others.second) << "in all, a connection counts once";
  EXPECT_FALSE(admission.enter("10.0.0.5"));
}

TEST(Admission, OfForwardedAddressesTheProxysOwnWordCounts) {
  EXPECT_EQ(forwarded_address("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(forwarded_address("6.6.6.6, 10.0.0.1 "), "10.0.0.1");
  EXPECT_EQ(forwarded_address(""), "");
  EXPECT_EQ(forwarded_address(", "), "");
}

TEST(Bucket, LetsABurstThroughAndThenTheRate) {
  const Rate rate{.per_second = 10, .burst = 3};
  const Bucket::Time start{std::chrono::hours(1)};
  Bucket bucket;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(rate, start), milliseconds(0)) << i;
  EXPECT_EQ(bucket.take(rate, start), milliseconds(100));
  EXPECT_EQ(bucket.take(rate, start + milliseconds(40)), milliseconds(60));
  EXPECT_EQ(bucket.take(rate, start + milliseconds(100)), milliseconds(0)) << "who was refused has used up nothing";
  EXPECT_EQ(bucket.take(rate, start + milliseconds(100)), milliseconds(100));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(rate, start + std::chrono::hours(1)), milliseconds(0)) << i;
  EXPECT_GT(bucket.take(rate, start + std::chrono::hours(1)), milliseconds(0)) << "a long rest saves up one burst";
}

TEST(Bucket, AtARateOfNoneEverythingPasses) {
  Bucket bucket;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(bucket.take({.per_second = 0, .burst = 1}, {}), milliseconds(0));
}

// A day of questions at random times, against a bucket as one would draw it: with tokens in it.
TEST(Bucket, IsABucketOfTokens) {
  const Rate rate{.per_second = 4, .burst = 10};
  std::uint64_t random = 1;
  Bucket bucket;
  double tokens = 10;
  Bucket::Time now{std::chrono::hours(1)};
  for (int i = 0; i < 100'000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const auto step = std::chrono::milliseconds(random >> 33U & 511U);
    now += step;
    tokens = std::min(10.0, tokens + 4 * std::chrono::duration<double>(step).count());
    const bool has_one = tokens >= 1 - 1e-6;
    if (has_one) tokens -= 1;
    ASSERT_EQ(bucket.take(rate, now) == milliseconds(0), has_one) << i << " " << tokens;
  }
}

TEST(NamedBuckets, OnesFloodIsNotAnothersDrought) {
  const Rate rate{.per_second = 1, .burst = 1};
  const Bucket::Time now{std::chrono::hours(1)};
  NamedBuckets buckets;
  EXPECT_EQ(buckets.take("mallory", rate, now), milliseconds(0));
  for (int i = 0; i < 1000; ++i) EXPECT_GT(buckets.take("mallory", rate, now), milliseconds(0));
  int slowed = 0;
  for (int i = 0; i < 1000; ++i) slowed += buckets.take("player" + std::to_string(i), rate, now) > milliseconds(0);
  EXPECT_LT(slowed, 30) << "1000 names in 131,072 buckets: 4 share one with another on average";
}

}  // namespace
}  // namespace tallyho

#include "server/token_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};
constexpr Timestamp later{1'800'000'060, 0};
constexpr std::uint64_t keys = 7;

Caller caller(const std::string& player) {
  Caller caller;
  caller.roles.player = player;
  caller.grant = {.subject = player, .thumbprint = "of a key", .ends = later, .keys_version = keys};
  return caller;
}

TEST(TokenCache, KnowsWhoWasBelieved) {
  TokenCache cache;
  EXPECT_FALSE(cache.find("token of ada", keys, now));
  cache.enter("token of ada", caller("ada"));
  cache.enter("token of bob", caller("bob"));
  const auto found = cache.find("token of ada", keys, now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->roles.player, "ada");
  EXPECT_EQ(found->grant.subject, "ada");
  EXPECT_EQ(found->grant.ends, later);
  EXPECT_FALSE(cache.find("token of ad", keys, now));
}

TEST(TokenCache, ATokenThatHasEndedIsNotBelievedAnyMore) {
  TokenCache cache;
  cache.enter("token", caller("ada"));
  EXPECT_TRUE(cache.find("token", keys, {later.seconds - 1, 999'999'999}));
  EXPECT_FALSE(cache.find("token", keys, later));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, OtherKeysMeanThatItIsVerifiedAgain) {
  TokenCache cache;
  cache.enter("token", caller("ada"));
  EXPECT_FALSE(cache.find("token", keys + 1, now));
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, TheOldestMakeRoomAndWhoIsAskedForStays) {
  TokenCache cache;
  cache.enter("in use", caller("ada"));
  cache.enter("not in use", caller("bob"));
  for (std::size_t i = 0; i < 3 * TokenCache::tokens_max; ++i) {
    cache.enter(std::to_string(i), caller("eve"));
    ASSERT_TRUE(cache.find("in use", keys, now)) << i;
    ASSERT_LE(cache.size(), TokenCache::tokens_max);
  }
  EXPECT_FALSE(cache.find("not in use", keys, now));
}

}  // namespace
}  // namespace tallyho

#include "server/tickets.h"

#include <set>

#include "gtest/gtest.h"
#include "token/key_set.h"

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};

Timestamp in(std::int64_t seconds) {
  return {now.seconds + seconds, 0};
}

class TicketsTest : public testing::Test {
 protected:
  static TokenKeySet keys(char filled_with) {
    TokenKeySet keys;
    EXPECT_TRUE(keys.add(std::string(32, filled_with)));
    return keys;
  }
  Caller ada() const {
    Caller caller;
    caller.roles.player = "ada";
    caller.grant = {.subject = "ada", .thumbprint = keys('k').keys()[0].thumbprint(), .ends = in(20)};
    return caller;
  }

  std::shared_ptr<TokenVerifier> verifier_ = std::make_shared<TokenVerifier>(TokenVerifier::Options{}, keys('k'));
  Authority authority_ = Authority::create({.tokens = verifier_}).value();
  Tickets tickets_;
};

TEST_F(TicketsTest, ATicketIsGoodOnce) {
  const auto ticket = tickets_.issue(ada(), now);
  ASSERT_TRUE(ticket);
  EXPECT_FALSE(tickets_.redeem(*ticket + "x", authority_, now));
  const auto caller = tickets_.redeem(*ticket, authority_, in(1));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->roles.player, "ada");
  EXPECT_FALSE(tickets_.redeem(*ticket, authority_, in(1)));
}

TEST_F(TicketsTest, ATicketEndsAfterHalfAMinuteAndWithTheTokenItStandsFor) {
  Caller back_end;
  back_end.roles.ingest = true;
  const std::string of_nobody = tickets_.issue(back_end, now).value();
  const std::string of_ada = tickets_.issue(ada(), now).value();
  EXPECT_FALSE(tickets_.redeem(of_ada, authority_, in(20)));
  EXPECT_FALSE(tickets_.redeem(of_nobody, authority_, in(30)));
  const std::string another = tickets_.issue(ada(), now).value();
  verifier_->replace(keys('l'));
  EXPECT_FALSE(tickets_.redeem(another, authority_, in(1))) << "the key of its token is gone";
}

TEST_F(TicketsTest, ThereIsRoomForSoManyAndOldOnesMakeRoom) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < Tickets::tickets_max; ++i) all.insert(tickets_.issue(Caller{}, now).value());
  EXPECT_EQ(all.size(), Tickets::tickets_max) << "no two are the same";
  EXPECT_FALSE(tickets_.issue(Caller{}, in(29)));
  EXPECT_TRUE(tickets_.issue(Caller{}, in(30)));
}

}  // namespace
}  // namespace tallyho

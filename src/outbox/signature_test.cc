#include "outbox/signature.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using testing::HasSubstr;
using testing::Not;

// The example that the convention's own libraries are tested with.
TEST(Signature, IsAsTheConventionHasIt) {
  const auto signer = Signer::create("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, AKeyMayBeBytesOrBase64) {
  const auto bytes = Signer::create("  a key of more than 24 bytes \n");
  const auto encoded = Signer::create("whsec_YSBrZXkgb2YgbW9yZSB0aGFuIDI0IGJ5dGVz");
  ASSERT_TRUE(bytes && encoded);
  EXPECT_EQ(bytes->sign("a", 1, "b"), encoded->sign("a", 1, "b"));
  EXPECT_NE(bytes->sign("a", 1, "b"), bytes->sign("a", 2, "b"));
  EXPECT_NE(bytes->sign("a", 1, "b"), bytes->sign("b", 1, "b"));
  EXPECT_NE(bytes->sign("a", 1, "b"), bytes->sign("a", 1, "c"));
}

TEST(Signature, AKeyThatIsNoneIsRefusedWithoutBeingShown) {
  for (const std::string_view text : {"", "   ", "short", "23 bytes are too few...", "whsec_", "whsec_c2hvcnQ=",
                                      "whsec_not base64 at all, not at all", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL==="}) {
    const auto signer = Signer::create(text);
    if (text == "23 bytes are too few...") {
      ASSERT_EQ(text.size(), 23U);
    }
    ASSERT_FALSE(signer) << text;
    EXPECT_THAT(signer.error(), Not(HasSubstr("MfKQ")));
  }
}

}  // namespace
}  // namespace tallyho

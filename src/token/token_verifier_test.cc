#include "token/token_verifier.h"

#include "gtest/gtest.h"
#include "token/keys_for_test.h"

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};

TokenDraft draft_of_ada() {
  return {.subject = "ada",
          .roles = {.player = true},
          .issued = now,
          .expires = {now.seconds + 60, 0},
          .issuer = "",
          .audience = ""};
}

// RFC 7515 appendix A.1 and A.3: signed by others than us, in 2011.
TEST(TokenVerifier, TakesTheTokensOfTheStandard) {
  constexpr std::string_view payload =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  struct Case {
    std::string key;
    std::string header;
    std::string signature;
  };
  for (const Case& c :
       {Case{R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_)"
             R"(T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
             "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
        Case{R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
             R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
             "eyJhbGciOiJFUzI1NiJ9",
             "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}}) {
    const TokenVerifier verifier({.issuer = "joe"}, key_set_for_test({c.key}));
    const std::string token = c.header + "." + std::string(payload) + "." + c.signature;
    const auto claims = verifier.verify(token, {1'300'819'379, 0});
    ASSERT_TRUE(claims) << describe(claims.error());
    EXPECT_EQ(claims->ends, (Timestamp{1'300'819'410, 0}));  // exp is 1300819380.
    EXPECT_EQ(verifier.verify(token, {1'300'819'410, 0}).error(), TokenFault::expired);
  }
}

// RFC 8037 appendix A.4: no claims, so only the signature is looked at.
TEST(TokenKey, ChecksTheSignatureOfTheStandardForEd25519) {
  const TokenVerifier verifier(
      {}, key_set_for_test({R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"}));
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  // The payload is text: what is malformed is found behind the signature, which was right.
  EXPECT_EQ(verifier.verify(text + "." + signature, now).error(), TokenFault::malformed);
  EXPECT_EQ(verifier.verify(text + "x." + signature, now).error(), TokenFault::bad_signature);
}

TEST(TokenVerifier, TakesWhatEveryKindOfKeySigned) {
  const JwkForTest rsa = make_rsa_key_for_test("r");
  const JwkForTest ec = make_ec_key_for_test("e");
  const JwkForTest ed = make_ed25519_key_for_test("d");
  const std::string secret = make_secret_key_for_test("s", 'k');
  const TokenVerifier verifier({}, key_set_for_test({rsa.public_jwk, ec.public_jwk, ed.public_jwk, secret}));
  for (const std::string& jwk : {rsa.private_jwk, ec.private_jwk, ed.private_jwk, secret}) {
    const TokenKeySet signer = key_set_for_test({jwk});
    const TokenKey& key = signer.keys().front();
    const auto token = sign_token(draft_of_ada(), key);
    ASSERT_TRUE(token) << token.error();
    const auto claims = verifier.verify(*token, now);
    ASSERT_TRUE(claims) << name_of(key.algorithm()) << ": " << describe(claims.error());
    EXPECT_EQ(claims->subject, "ada");
    EXPECT_EQ(claims->roles, (TokenRoles{.player = true}));
    EXPECT_EQ(claims->thumbprint, key.thumbprint());
  }
}

TEST(TokenVerifier, GivesTheRolesThatTheTokenNamesAndNoOther) {
  const TokenKeySet signer = key_set_for_test({make_secret_key_for_test("s", 'k')});
  const TokenVerifier verifier({}, key_set_for_test({make_secret_key_for_test("s", 'k')}));
  const auto roles_of = [&](const std::string& claim) {
    return verifier.verify(sign_for_test(R"({"alg":"HS256","kid":"s"})",
                                         R"({"sub":"ada","exp":1800000060)" + claim + "}", signer.keys().front()),
                           now);
  };
  EXPECT_EQ(roles_of("")->roles, TokenRoles{});
  EXPECT_EQ(roles_of(R"(,"roles":[])")->roles, TokenRoles{});
  EXPECT_EQ(roles_of(R"(,"roles":["ingest","read"])")->roles, (TokenRoles{.ingest = true, .read = true}));
  EXPECT_EQ(roles_of(R"(,"roles":["admin","Player","owner","admin "])")->roles, (TokenRoles{.admin = true}));
  for (const char* bad : {R"(,"roles":"admin")", R"(,"roles":{"admin":true})", R"(,"roles":[1])", R"(,"roles":null)"}) {
    EXPECT_EQ(roles_of(bad).error(), TokenFault::bad_claim) << bad;
  }
}

TEST(TokenVerifier, ChangesKeysWhileTokensOfBothAreTaken) {
  const TokenKeySet old_key = key_set_for_test({make_secret_key_for_test("old", 'a')});
  const TokenKeySet new_key = key_set_for_test({make_secret_key_for_test("new", 'b')});
  TokenVerifier verifier({}, key_set_for_test({make_secret_key_for_test("old", 'a')}));
  const std::string old_token = sign_token(draft_of_ada(), old_key.keys().front()).value();
  const std::string new_token = sign_token(draft_of_ada(), new_key.keys().front()).value();
  EXPECT_EQ(verifier.verify(new_token, now).error(), TokenFault::unknown_key);
  verifier.replace(key_set_for_test({make_secret_key_for_test("old", 'a'), make_secret_key_for_test("new", 'b')}));
  EXPECT_TRUE(verifier.verify(old_token, now));
  const auto claims = verifier.verify(new_token, now);
  ASSERT_TRUE(claims);
  verifier.replace(key_set_for_test({make_secret_key_for_test("new", 'b')}));
  EXPECT_EQ(verifier.verify(old_token, now).error(), TokenFault::unknown_key);
  EXPECT_TRUE(verifier.has(claims->thumbprint));
  EXPECT_FALSE(verifier.has(old_key.keys().front().thumbprint()));
}

}  // namespace
}  // namespace tallyho

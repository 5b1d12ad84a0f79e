// What has gone wrong with tokens elsewhere, each as a test: RFC 8725 and the list in what servers got wrong since.

#include <functional>

#include "gtest/gtest.h"
#include "token/base64url.h"
#include "token/keys_for_test.h"
#include "token/token_verifier.h"

namespace tallyho {
namespace {

constexpr Timestamp now{1'800'000'000, 0};
constexpr std::string_view good_payload = R"({"sub":"ada","roles":["player"],"exp":1800000060})";
constexpr std::string_view good_header = R"({"alg":"HS256","kid":"s"})";

// A server that knows one secret, `s`, and who signs with it.
class TokenTraps : public testing::Test {
 protected:
  TokenTraps() : signer_(key_set_for_test({jwk_})), verifier_({}, key_set_for_test({jwk_})) {}

  const TokenKey& key() const { return signer_.keys().front(); }
  std::string token(std::string_view header, std::string_view payload) const {
    return sign_for_test(header, payload, key());
  }
  // "" for a token that is taken.
  std::string fault(std::string_view token) const {
    const auto claims = verifier_.verify(token, now);
    return claims ? "" : std::string(describe(claims.error()));
  }
  static std::string is(TokenFault fault) { return std::string(describe(fault)); }
  std::string fault_of_claims(const std::string& payload) const { return fault(token(good_header, payload)); }

  const std::string jwk_ = make_secret_key_for_test("s", 'k');
  TokenKeySet signer_;
  TokenVerifier verifier_;
};

TEST_F(TokenTraps, AGoodTokenIsTakenSoThatTheOthersFailForTheirFault) {
  EXPECT_EQ(fault(token(good_header, good_payload)), "");
}

TEST_F(TokenTraps, NoneIsNoAlgorithmInAnySpelling) {
  for (const std::string name : {"none", "None", "nOnE", "NONE", "", "hs256", "HS256 ", "HS512"}) {
    const std::string header = R"({"alg":")" + name + R"(","kid":"s"})";
    EXPECT_EQ(fault(token(header, good_payload)), is(TokenFault::wrong_algorithm)) << name;
    EXPECT_EQ(fault(encode_base64url(header) + "." + encode_base64url(good_payload) + "."),
              is(TokenFault::wrong_algorithm))
        << name;
  }
  for (const char* header : {R"({"kid":"s"})", R"({"alg":null,"kid":"s"})", R"({"alg":["HS256"],"kid":"s"})"}) {
    EXPECT_EQ(fault(token(header, good_payload)), is(TokenFault::malformed)) << header;
  }
}

TEST_F(TokenTraps, APublicKeyIsNoSecret) {
  const JwkForTest rsa = make_rsa_key_for_test("r");
  const TokenVerifier verifier({}, key_set_for_test({rsa.public_jwk}));
  // Whoever signs with HS256 and the public key's bytes, however written, as the secret.
  TokenKeySet attacker;
  ASSERT_TRUE(attacker.add("x" + rsa.public_jwk));
  const std::string forged = sign_for_test(R"({"alg":"HS256","kid":"r"})", good_payload, attacker.keys().front());
  EXPECT_EQ(verifier.verify(forged, now).error(), TokenFault::wrong_algorithm);
}

TEST_F(TokenTraps, AKeyOfOneKindChecksNoTokensOfAnother) {
  const JwkForTest ec = make_ec_key_for_test("k");
  const JwkForTest ed = make_ed25519_key_for_test("k");
  const TokenVerifier verifier({}, key_set_for_test({ec.public_jwk}));
  const TokenKeySet signer = key_set_for_test({ed.private_jwk});
  EXPECT_EQ(
      verifier.verify(sign_for_test(R"({"alg":"EdDSA","kid":"k"})", good_payload, signer.keys().front()), now).error(),
      TokenFault::wrong_algorithm);
  EXPECT_EQ(
      verifier.verify(sign_for_test(R"({"alg":"ES256","kid":"k"})", good_payload, signer.keys().front()), now).error(),
      TokenFault::bad_signature);
}

TEST_F(TokenTraps, ASignatureOfZerosOrNothingSignsNothing) {
  const JwkForTest rsa = make_rsa_key_for_test("RS256");
  const JwkForTest ec = make_ec_key_for_test("ES256");
  const JwkForTest ed = make_ed25519_key_for_test("EdDSA");
  const TokenVerifier verifier(
      {}, key_set_for_test({rsa.public_jwk, ec.public_jwk, ed.public_jwk, make_secret_key_for_test("HS256", 'k')}));
  for (const std::string name : {"RS256", "ES256", "EdDSA", "HS256"}) {
    const std::string text = encode_base64url(R"({"alg":")" + name + R"(","kid":")" + name + R"("})") + "." +
                             encode_base64url(good_payload) + ".";
    for (const std::size_t bytes : {0U, 1U, 32U, 63U, 64U, 65U, 256U}) {
      for (const char filled_with : {'\0', '\1', '\xff'}) {
        const std::string forged = text + encode_base64url(std::string(bytes, filled_with));
        const auto claims = verifier.verify(forged, now);
        ASSERT_FALSE(claims) << name << " " << bytes;
        EXPECT_EQ(claims.error(), TokenFault::bad_signature) << name << " " << bytes;
      }
    }
  }
}

TEST_F(TokenTraps, EveryFlippedBitIsNoticed) {
  const std::string good = token(good_header, good_payload);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      EXPECT_NE(fault(bad), "") << i << " " << bit;
    }
  }
}

TEST_F(TokenTraps, AnUnknownKeyIdIsAKeyToNothing) {
  for (const std::string id : {"t", "", "S", "../s", "/etc/passwd", "s' OR '1'='1", "https://evil.example/jwks.json"}) {
    EXPECT_EQ(fault(token(R"({"alg":"HS256","kid":")" + id + R"("})", good_payload)),
              id.empty() ? "" : is(TokenFault::unknown_key))  // Without one, the only key there is.
        << id;
  }
  EXPECT_EQ(fault(token(R"({"alg":"HS256","kid":")" + std::string(2000, 's') + R"("})", good_payload)),
            is(TokenFault::unknown_key));
  EXPECT_EQ(fault(token(R"({"alg":"HS256","kid":1})", good_payload)), is(TokenFault::malformed));
}

TEST_F(TokenTraps, ATokenWithoutKeyIdIsNotTriedOnKeysThatHaveOne) {
  TokenKeySet two = key_set_for_test({jwk_, make_secret_key_for_test("t", 'l')});
  const TokenVerifier verifier({}, std::move(two));
  EXPECT_EQ(verifier.verify(token(R"({"alg":"HS256"})", good_payload), now).error(), TokenFault::unknown_key);
}

TEST_F(TokenTraps, KeysThatATokenBringsAreNotLookedAt) {
  const TokenKeySet attacker = key_set_for_test({make_secret_key_for_test("evil", 'e')});
  const std::string k = encode_base64url(std::string(32, 'e'));
  for (const std::string& offer :
       {R"("jwk":{"kty":"oct","k":")" + k + R"("})", std::string(R"("jku":"https://evil.example/jwks.json")"),
        std::string(R"("x5u":"https://evil.example/cert.pem")"), std::string(R"("x5c":["MIIB"])")}) {
    const std::string header = R"({"alg":"HS256","kid":"s",)" + offer + "}";
    EXPECT_EQ(fault(sign_for_test(header, good_payload, attacker.keys().front())), is(TokenFault::bad_signature));
    EXPECT_EQ(fault(token(header, good_payload)), "") << "ignored, not refused";
  }
}

TEST_F(TokenTraps, AnExtensionThatMustBeUnderstoodIsNot) {
  EXPECT_EQ(fault(token(R"({"alg":"HS256","kid":"s","crit":["exp"]})", good_payload)), is(TokenFault::critical));
  EXPECT_EQ(fault(token(R"({"alg":"HS256","kid":"s","b64":false,"crit":["b64"]})", good_payload)),
            is(TokenFault::critical));
}

TEST_F(TokenTraps, OnlyThreePartsOfCanonicalBase64AreAToken) {
  const std::string good = token(good_header, good_payload);
  const std::size_t first = good.find('.');
  const std::size_t second = good.rfind('.');
  std::vector<std::string> bad = {"",
                                  ".",
                                  "..",
                                  "...",
                                  "a.b",
                                  "a.b.c.d",
                                  "a.b.c.d.e",
                                  good + ".",
                                  "." + good,
                                  good.substr(0, second),
                                  good + "=",
                                  good + "==",
                                  good + " ",
                                  " " + good,
                                  good + "\n",
                                  "Bearer " + good,
                                  std::string(1, '\0') + good};
  for (const std::string inserted : {"=", " ", ".", "\r\n", "\t", "+", "/", "%2e"}) {
    bad.push_back(good.substr(0, first) + inserted + good.substr(first));
    const std::string text = good.substr(0, second) + inserted;  // Signed as it stands.
    bad.push_back(text + "." + encode_base64url(key().sign(text).value()));
  }
  // HS256's 32 bytes leave two bits of the last character without meaning: any other character with the same four.
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t low = 1; low < 4; ++low) {
    bad.push_back(good.substr(0, good.size() - 1) + alphabet[alphabet.find(good.back()) + low]);
  }
  for (const std::string& text : bad) EXPECT_EQ(fault(text), is(TokenFault::malformed)) << text;
}

TEST_F(TokenTraps, AMemberTwiceIsNotOneOrTheOther) {
  EXPECT_EQ(fault_of_claims(R"({"sub":"ada","sub":"bob","roles":["player"],"exp":1800000060})"),
            is(TokenFault::malformed));
  EXPECT_EQ(fault_of_claims(R"({"sub":"ada","\u0073ub":"bob","exp":1800000060})"), is(TokenFault::malformed));
  EXPECT_EQ(fault_of_claims(R"({"exp":1,"exp":1800000060})"), is(TokenFault::malformed));
  EXPECT_EQ(fault(token(R"({"alg":"none","alg":"HS256","kid":"s"})", good_payload)), is(TokenFault::malformed));
}

TEST_F(TokenTraps, WhatIsNotAJsonObjectHasNoClaims) {
  for (const std::string payload :
       {"", " ", "null", "[]", "\"exp\"", "1", "{", "{}x", "{\"exp\":1800000060}{}", "\xef\xbb\xbf{\"exp\":1800000060}",
        "{\"exp\":1800000060,\"sub\":\"\xff\"}", "{'exp':1800000060}", "{\"exp\":NaN}", "{\"exp\":01800000060}"}) {
    EXPECT_EQ(fault_of_claims(payload), is(TokenFault::malformed)) << payload;
  }
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,"x":)" + deep + "}"), is(TokenFault::malformed));
}

TEST_F(TokenTraps, AHugeTokenIsNotRead) {
  const std::string padding(std::size_t{1} << 20, 'x');
  EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,"x":")" + padding + "\"}"), is(TokenFault::too_large));
  EXPECT_EQ(fault(std::string(TokenVerifier::token_bytes_max + 1, '.')), is(TokenFault::too_large));
  EXPECT_EQ(fault(std::string(TokenVerifier::token_bytes_max, '.')), is(TokenFault::malformed));
}

TEST_F(TokenTraps, ATokenHasAnEndAndTheEndIsANumber) {
  for (const std::string exp : {"\"1800000060\"", "null", "true", "[1800000060]", "-1", "1e300", "-1e300", "1e18",
                                "99999999999999", "18446744073709551615"}) {
    EXPECT_EQ(fault_of_claims(R"({"exp":)" + exp + "}"), is(TokenFault::no_expiry)) << exp;
  }
  EXPECT_EQ(fault_of_claims(R"({"sub":"ada"})"), is(TokenFault::no_expiry));
  EXPECT_EQ(fault_of_claims(R"({"exp":1.80000006e9})"), "");
  EXPECT_EQ(fault_of_claims(R"({"exp":1800000000.5})"), "");
}

TEST_F(TokenTraps, TimesCountToTheSecondWithHalfAMinuteOfLeeway) {
  EXPECT_EQ(fault_of_claims(R"({"exp":1799999970})"), is(TokenFault::expired));  // 30 s ago.
  EXPECT_EQ(fault_of_claims(R"({"exp":1799999971})"), "");
  EXPECT_EQ(fault_of_claims(R"({"exp":0})"), is(TokenFault::expired));
  for (const std::string name : {"nbf", "iat"}) {
    EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,")" + name + R"(":1800000030})"), "") << name;
    EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,")" + name + R"(":1800000031})"), is(TokenFault::not_yet_valid));
    EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,")" + name + R"(":"1"})"), is(TokenFault::bad_claim)) << name;
    EXPECT_EQ(fault_of_claims(R"({"exp":1800000060,")" + name + R"(":1e300})"), is(TokenFault::bad_claim)) << name;
  }
}

TEST_F(TokenTraps, ATokenForSomebodyElseIsNotForUs) {
  const TokenVerifier ours({.audience = "hunt"}, key_set_for_test({jwk_}));
  struct Case {
    const char* aud;
    bool is_for_hunt;
    bool is_for_nobody;
  };
  for (const Case& c : {Case{"", false, true}, Case{R"(,"aud":"hunt")", true, false},
                        Case{R"(,"aud":["chat","hunt"])", true, false}, Case{R"(,"aud":"Hunt")", false, false},
                        Case{R"(,"aud":"hunt ")", false, false}, Case{R"(,"aud":["chat"])", false, false},
                        Case{R"(,"aud":[])", false, false}, Case{R"(,"aud":{"hunt":1})", false, false},
                        Case{R"(,"aud":null)", false, false}, Case{R"(,"aud":[["hunt"]])", false, false}}) {
    const std::string signed_token = token(good_header, R"({"exp":1800000060)" + std::string(c.aud) + "}");
    EXPECT_EQ(ours.verify(signed_token, now).has_value(), c.is_for_hunt) << c.aud;
    EXPECT_EQ(verifier_.verify(signed_token, now).has_value(), c.is_for_nobody) << c.aud;
  }
}

TEST_F(TokenTraps, AnotherIssuerIsNotTrusted) {
  const TokenVerifier ours({.issuer = "https://id.example"}, key_set_for_test({jwk_}));
  for (const std::string iss : {R"(,"iss":"https://id.example.evil")", R"(,"iss":"https://id.example/")",
                                R"(,"iss":["https://id.example"])", R"(,"iss":null)", ""}) {
    const auto claims = ours.verify(token(good_header, R"({"exp":1800000060)" + iss + "}"), now);
    ASSERT_FALSE(claims) << iss;
    EXPECT_EQ(claims.error(), TokenFault::wrong_issuer) << iss;
  }
  EXPECT_TRUE(ours.verify(token(good_header, R"({"exp":1800000060,"iss":"https://id.example"})"), now));
}

TEST_F(TokenTraps, APlayerWithoutANameIsNobody) {
  for (const std::string& sub :
       {std::string(), std::string(R"("sub":"",)"), R"("sub":")" + std::string(129, 'a') + "\",",
        std::string(R"("sub":"a\u0000b",)"), std::string(R"("sub":"a\nb",)")}) {
    EXPECT_EQ(fault_of_claims("{" + sub + R"("roles":["player"],"exp":1800000060})"), is(TokenFault::no_player)) << sub;
  }
  EXPECT_EQ(fault_of_claims(R"({"sub":7,"roles":["player"],"exp":1800000060})"), is(TokenFault::bad_claim));
  EXPECT_EQ(fault_of_claims(R"({"roles":["ingest"],"exp":1800000060})"), "") << "a back end needs no name";
}

TEST_F(TokenTraps, NothingOfATokenIsInWhatIsSaidOfIt) {
  const std::string secret_claim = R"({"sub":"do-not-print-me","exp":1})";
  EXPECT_EQ(fault_of_claims(secret_claim).find("do-not-print-me"), std::string::npos);
}

}  // namespace
}  // namespace tallyho

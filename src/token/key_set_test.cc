#include "token/key_set.h"

#include <sys/stat.h>

#include <fstream>

#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "token/base64url.h"
#include "token/key_file.h"
#include "token/keys_for_test.h"

namespace tallyho {
namespace {

std::string problem_of(const std::string& file) {
  TokenKeySet keys;
  const auto added = keys.add(file);
  if (added) return "";
  EXPECT_TRUE(keys.keys().empty()) << "what has a problem adds nothing";
  return added.error();
}

bool says(const std::string& file, std::string_view words) {
  return problem_of(file).find(words) != std::string::npos;
}

TEST(TokenKeySet, ASecretIsTheBytesOfItsFileWithoutTheLineBreak) {
  const std::string secret(32, 's');
  TokenKeySet plain;
  TokenKeySet with_break;
  ASSERT_TRUE(plain.add(secret));
  ASSERT_TRUE(with_break.add(secret + "\r\n"));
  EXPECT_EQ(plain.keys()[0].thumbprint(), with_break.keys()[0].thumbprint());
  EXPECT_EQ(plain.keys()[0].algorithm(), TokenAlgorithm::hs256);
  TokenKeySet with_two;
  ASSERT_TRUE(with_two.add(secret + "\n\n"));
  EXPECT_NE(plain.keys()[0].thumbprint(), with_two.keys()[0].thumbprint());
}

TEST(TokenKeySet, WeakKeysAreRefused) {
  EXPECT_TRUE(says("", "at least 32 bytes"));
  EXPECT_TRUE(says(std::string(31, 's') + "\n", "at least 32 bytes, and this one has 31"));
  EXPECT_TRUE(says(R"({"kty":"oct","k":")" + encode_base64url(std::string(31, 's')) + "\"}", "at least 32 bytes"));
  EXPECT_TRUE(says(make_rsa_key_for_test("r", 1024).public_jwk, "at least 2048 bits, and this one has 1024"));
}

TEST(TokenKeySet, WhatIsNotAKeyIsRefused) {
  EXPECT_TRUE(says("{", "not JSON"));
  EXPECT_TRUE(says(R"({"keys":[]})", "no key"));
  EXPECT_TRUE(says(R"({"keys":[7]})", "lists objects"));
  EXPECT_TRUE(says(R"({"keys":[{"kty":"RSA"}]})", "key 1: "));
  EXPECT_TRUE(says(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})", "no key on P-256"));
  EXPECT_TRUE(says(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})", "no key for Ed25519"));
  EXPECT_TRUE(says(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", "are taken"));
  EXPECT_TRUE(says(R"({"kty":"RSA","alg":"RS512","n":"AA","e":"AQAB"})", "are taken"));
  EXPECT_TRUE(says(R"({"kty":"RSA","alg":"none","n":"AA","e":"AQAB"})", "are taken"));
  // Not on the curve.
  const std::string ones = encode_base64url(std::string(32, '\1'));
  EXPECT_TRUE(says(R"({"kty":"EC","crv":"P-256","x":")" + ones + R"(","y":")" + ones + "\"}", "no key on P-256"));
}

TEST(TokenKeySet, NoPartOfAKeyIsInWhatIsSaidOfIt) {
  EXPECT_EQ(problem_of("a-secret-that-is-too-short").find("secret-that"), std::string::npos);
  EXPECT_EQ(problem_of(R"({"kty":"oct","k":"c2hvcnQ"})").find("c2hvcnQ"), std::string::npos);
}

TEST(TokenKeySet, KeysForEncryptionAreLeftOut) {
  const std::string secret = make_secret_key_for_test("s", 'k');
  TokenKeySet keys;
  ASSERT_TRUE(keys.add(R"({"keys":[{"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AA","e":"AQAB"},)" + secret + "]}"));
  ASSERT_EQ(keys.keys().size(), 1U);
  EXPECT_EQ(keys.keys()[0].id(), "s");
}

TEST(TokenKeySet, AnIdIsThereOnce) {
  const std::string secret = make_secret_key_for_test("s", 'k');
  const std::string other = make_secret_key_for_test("s", 'l');
  EXPECT_TRUE(says(R"({"keys":[)" + secret + "," + other + "]}", "same 'kid'"));
  TokenKeySet keys = key_set_for_test({secret});
  EXPECT_FALSE(keys.add(other));
  EXPECT_EQ(keys.keys().size(), 1U);
}

TEST(TokenKeySet, FindsTheKeysThatATokenMayBeSignedWith) {
  TokenKeySet keys;
  ASSERT_TRUE(keys.add(std::string(32, 'a')));
  ASSERT_TRUE(keys.add(std::string(32, 'b')));  // Two secrets without an id: one of them is on its way out.
  ASSERT_TRUE(keys.add(make_secret_key_for_test("s", 'c')));
  EXPECT_EQ(keys.candidates("").size(), 2U);
  EXPECT_EQ(keys.candidates("s").size(), 1U);
  EXPECT_EQ(keys.candidates("t").size(), 0U);
}

TEST(TokenKeySet, TellsWhetherThePrivatePartIsThere) {
  const JwkForTest ec = make_ec_key_for_test("e");
  EXPECT_TRUE(key_set_for_test({ec.private_jwk}).has_private_parts());
  EXPECT_FALSE(key_set_for_test({ec.public_jwk}).has_private_parts());
  EXPECT_TRUE(key_set_for_test({ec.public_jwk}).has_public_keys());
  EXPECT_FALSE(key_set_for_test({make_secret_key_for_test("s", 'k')}).has_public_keys());
  EXPECT_FALSE(key_set_for_test({ec.public_jwk}).keys()[0].sign("text"));
}

// Such keys were taken once: `tallyho token` signed tokens with them that no server took. Found by key_fuzz.
TEST(TokenKeySet, APrivatePartThatIsAnotherKeysMakesNoKey) {
  const auto mixed = [](const JwkForTest& one, const JwkForTest& other) {
    const std::string& jwk = other.private_jwk;
    return one.public_jwk.substr(0, one.public_jwk.size() - 1) + jwk.substr(jwk.find(",\"d\":"));
  };
  const JwkForTest rsa = make_rsa_key_for_test("r");
  const JwkForTest ec = make_ec_key_for_test("e");
  const JwkForTest ed = make_ed25519_key_for_test("d");
  for (const JwkForTest& jwk : {rsa, ec, ed}) EXPECT_EQ(problem_of(mixed(jwk, jwk)), "");
  EXPECT_TRUE(says(mixed(rsa, make_rsa_key_for_test("r")), "no RSA key"));
  EXPECT_TRUE(says(mixed(ec, make_ec_key_for_test("e")), "no key on P-256"));
  EXPECT_TRUE(says(mixed(ed, make_ed25519_key_for_test("d")), "no key for Ed25519"));
}

// With an exponent of 1 a signature is its text: everybody could make one.
TEST(TokenKeySet, AnRsaKeyWhoseSignaturesAnybodyCouldMakeIsRefused) {
  const std::string jwk = make_rsa_key_for_test("r").public_jwk;
  for (const char* exponent : {"", "AA", "AQ", "Ag"}) {  // None, 0, 1, 2.
    EXPECT_TRUE(says(jwk.substr(0, jwk.find(",\"e\":")) + ",\"e\":\"" + exponent + "\"}", "no RSA key")) << exponent;
  }
}

TEST(KeyFile, ANewSecretIsForItsOwnersEyesAndNeverOverwritten) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/secret";
  ASSERT_TRUE(make_secret_file(path));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto keys = read_key_files(std::array{path});
  ASSERT_TRUE(keys) << keys.error();
  EXPECT_FALSE(make_secret_file(path));
  EXPECT_EQ(read_key_files(std::array{path})->keys()[0].thumbprint(), keys->keys()[0].thumbprint());
}

TEST(KeyFile, SaysWhichFileHasTheProblem) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/short";
  std::ofstream(path) << "short";
  EXPECT_NE(read_key_files(std::array{path}).error().find(path), std::string::npos);
  EXPECT_NE(read_key_files(std::array{folder.path() + "/none"}).error().find("can't be read"), std::string::npos);
}

}  // namespace
}  // namespace tallyho

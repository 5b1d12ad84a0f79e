#include "token/base64url.h"

#include "gtest/gtest.h"

namespace tallyho {
namespace {

// RFC 4648 section 10, without padding; and the two characters that differ from plain Base64.
TEST(Base64url, IsAsTheStandardSays) {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  for (const Case& c : {Case{"", ""}, Case{"f", "Zg"}, Case{"fo", "Zm8"}, Case{"foo", "Zm9v"}, Case{"foob", "Zm9vYg"},
                        Case{"fooba", "Zm9vYmE"}, Case{"foobar", "Zm9vYmFy"}, Case{"\xfb\xff", "-_8"}}) {
    EXPECT_EQ(encode_base64url(c.bytes), c.text);
    EXPECT_EQ(decode_base64url(c.text), c.bytes) << c.text;
  }
}

TEST(Base64url, OnlyTheOneSpellingIsTaken) {
  for (const std::string_view text :
       {"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v ", " Zm9v", "Zm\n9v", "-/8", "+_8", "Zm9vY", "Zg=", "Zm9vYmF\xc3"}) {
    EXPECT_EQ(decode_base64url(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_base64url(std::string_view("Zm\0v", 4)), std::nullopt);
}

TEST(Base64url, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes) << i;
  }
}

}  // namespace
}  // namespace tallyho

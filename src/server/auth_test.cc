#include "server/auth.h"

#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

TEST(Authority, RefusesToServeWithoutTokensAndWithoutDev) {
  const auto authority = Authority::create(false, "127.0.0.1", "127.0.0.1");
  ASSERT_FALSE(authority);
  EXPECT_NE(authority.error().find("--dev"), std::string::npos) << authority.error();
}

TEST(Authority, DevServesLoopbackOnly) {
  EXPECT_TRUE(Authority::create(true, "127.0.0.1", "::1"));
  EXPECT_TRUE(Authority::create(true, "localhost", "127.8.8.8"));
  EXPECT_FALSE(Authority::create(true, "0.0.0.0", "127.0.0.1"));
  EXPECT_FALSE(Authority::create(true, "127.0.0.1", "192.168.1.1"));
  EXPECT_FALSE(Authority::create(true, "::", "127.0.0.1"));
}

TEST(Authority, KnowsLoopbackHosts) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:7070", "127.255.0.9", "localhost", "LocalHost:80", "[::1]", "[::1]:7070", "::1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "127.example.com", "127.0.0.1.example.com", "localhost.example.com", "evil.example",
                           "128.0.0.1", "127.0.0", "127.0.0.256", "127.0.0.1.1", "[::2]", "0.0.0.0"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Authority, KeepsOutPagesFromElsewhere) {
  const auto authority = Authority::create(true, "127.0.0.1", "127.0.0.1");
  ASSERT_TRUE(authority);
  struct Case {
    const char* host;
    const char* origin;
    bool is_allowed;
  };
  for (const Case& c :
       {Case{"127.0.0.1:7070", "", true}, Case{"localhost", "http://localhost:3000", true},
        Case{"localhost", "https://127.0.0.1", true}, Case{"localhost", "null", false},
        Case{"localhost", "http://evil.example", false}, Case{"localhost", "http://localhost.evil.example", false},
        Case{"rebound.example", "", false}, Case{"", "", false}}) {
    EXPECT_EQ(authority->allows(c.host, c.origin), c.is_allowed) << c.host << " " << c.origin;
  }
  EXPECT_TRUE(authority->allows_admin("127.0.0.1:7071", ""));
  EXPECT_FALSE(authority->allows_admin("127.0.0.1:7071", "http://localhost"));
  EXPECT_FALSE(authority->allows_admin("rebound.example", ""));
}

}  // namespace
}  // namespace tallyho

#include "server/auth.h"

#include <string>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

std::shared_ptr<TokenVerifier> some_tokens() {
  TokenKeySet keys;
  EXPECT_TRUE(keys.add(std::string(32, 'k')));
  return std::make_shared<TokenVerifier>(TokenVerifier::Options{}, std::move(keys));
}

// What is said of a server that is not started; "" of one that is.
std::string refusal_of(Authority::Options options) {
  const auto authority = Authority::create(std::move(options));
  return authority ? "" : authority.error();
}

bool says(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST(Authority, RefusesToServeWithoutTokensAndWithoutDev) {
  const std::string refusal = refusal_of({});
  EXPECT_TRUE(says(refusal, "--dev")) << refusal;
  EXPECT_TRUE(says(refusal, "--token-key")) << refusal;
  EXPECT_EQ(refusal_of({.tokens = some_tokens()}), "");
}

TEST(Authority, DevServesLoopbackOnly) {
  struct Case {
    const char* listen;
    const char* admin;
    bool is_served;
  };
  for (const Case& c :
       {Case{"127.0.0.1", "::1", true}, Case{"localhost", "127.8.8.8", true}, Case{"0.0.0.0", "127.0.0.1", false},
        Case{"127.0.0.1", "192.168.1.1", false}, Case{"::", "127.0.0.1", false}}) {
    // Whatever else is configured: --dev asks for no tokens.
    EXPECT_EQ(refusal_of({.dev = true,
                          .has_tls = true,
                          .listen_host = c.listen,
                          .admin_host = c.admin,
                          .tokens = some_tokens(),
                          .origins = {"none"}})
                  .empty(),
              c.is_served)
        << c.listen << " " << c.admin;
  }
}

TEST(Authority, BeforeOtherMachinesItNamesEachThingThatIsMissing) {
  const Authority::Options safe{
      .has_tls = true, .listen_host = "0.0.0.0", .tokens = some_tokens(), .origins = {"https://game.example"}};
  EXPECT_EQ(refusal_of(safe), "");
  Authority::Options behind_proxy = safe;
  behind_proxy.has_tls = false;
  behind_proxy.is_behind_proxy = true;
  EXPECT_EQ(refusal_of(behind_proxy), "");

  Authority::Options plain = safe;
  plain.has_tls = false;
  Authority::Options tokenless = safe;
  tokenless.tokens = nullptr;
  Authority::Options for_any_page = safe;
  for_any_page.origins = {};
  Authority::Options nameless_admin = safe;
  nameless_admin.admin_host = "10.0.0.1";
  struct Case {
    Authority::Options options;
    const char* remedy;
  };
  for (const Case& c : {Case{plain, "--tls-certificate"}, Case{tokenless, "--token-key"},
                        Case{for_any_page, "--origin"}, Case{nameless_admin, "--admin-host"}}) {
    const std::string refusal = refusal_of(c.options);
    for (const char* remedy : {"--tls-certificate", "--token-key", "--origin", "--admin-host"}) {
      EXPECT_EQ(says(refusal, remedy), std::string_view(remedy) == c.remedy) << refusal;
    }
  }
  const std::string refusal = refusal_of({.listen_host = "0.0.0.0"});
  for (const char* remedy : {"0.0.0.0", "--tls-certificate", "--behind-proxy", "--token-key", "--origin"}) {
    EXPECT_TRUE(says(refusal, remedy)) << refusal;
  }
}

TEST(Authority, AnAdminListenerForOtherMachinesIsNoSaferThanTheFirst) {
  EXPECT_TRUE(says(refusal_of({.admin_host = "192.168.1.1", .tokens = some_tokens()}), "192.168.1.1"));
}

TEST(Authority, FindsTheTokenAmongProtocols) {
  EXPECT_EQ(token_in_protocols("tallyho.v1, bearer.a.b.c"), "a.b.c");
  EXPECT_EQ(token_in_protocols("bearer.a.b.c ,tallyho.v1"), "a.b.c");
  for (const char* offered : {"", ",", "tallyho.v1", "bearer", "Bearer.a", "xbearer.a", "tallyho.v1 bearer.a"}) {
    EXPECT_EQ(token_in_protocols(offered), "") << offered;
  }
}

TEST(Authority, WhoShowsNoTokenHasNoRoleAndWhoShowsABadOneIsRefused) {
  const auto authority = Authority::create({.tokens = some_tokens()});
  ASSERT_TRUE(authority);
  const auto nobody = authority->caller("", "", {});
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->roles.ingest || nobody->roles.read || nobody->roles.admin || !nobody->roles.player.empty());
  for (const char* header : {"Bearer", "Bearer ", "Bearer x", "Basic YTpi", "x", " "}) {
    const auto caller = authority->caller(header, "", {});
    ASSERT_FALSE(caller) << header;
    EXPECT_EQ(caller.error().code, Code::unauthorized);
  }
}

TEST(Authority, ATokenHoldsUntilItEndsOrItsKeyIsGone) {
  const auto tokens = some_tokens();
  const auto authority = Authority::create({.tokens = tokens});
  ASSERT_TRUE(authority);
  TokenKeySet signer;
  ASSERT_TRUE(signer.add(std::string(32, 'k')));
  const TokenDraft draft{.subject = "backend",
                         .roles = {.ingest = true, .admin = true},
                         .issued = {1000, 0},
                         .expires = {1060, 0},
                         .issuer = "",
                         .audience = ""};
  auto caller = authority->caller("bEARER " + sign_token(draft, signer.keys()[0]).value(), "", {1000, 0});
  ASSERT_TRUE(caller) << caller.error().message;
  EXPECT_TRUE(caller->roles.ingest && caller->roles.admin && caller->roles.read) << "an admin reads";
  EXPECT_EQ(caller->roles.player, "") << "a subject is a player only with that role";
  EXPECT_TRUE(authority->holds(caller->grant, {1089, 0}));
  EXPECT_FALSE(authority->holds(caller->grant, {1090, 0}));
  TokenKeySet both;
  ASSERT_TRUE(both.add(std::string(32, 'k')) && both.add(std::string(32, 'l')));
  tokens->replace(std::move(both));
  EXPECT_TRUE(authority->holds(caller->grant, {1000, 0}));
  TokenKeySet other;
  ASSERT_TRUE(other.add(std::string(32, 'l')));
  tokens->replace(std::move(other));
  EXPECT_FALSE(authority->holds(caller->grant, {1000, 0}));
}

TEST(Authority, ServesThePagesThatAreNamed) {
  struct Case {
    std::vector<std::string> origins;
    const char* origin;
    bool is_allowed;
  };
  for (const Case& c :
       {Case{{"https://game.example"}, "https://game.example", true},
        Case{{"https://game.example"}, "https://GAME.example", true},
        Case{{"https://game.example"}, "http://game.example", false},
        Case{{"https://game.example"}, "https://game.example.evil", false},
        Case{{"https://game.example"}, "https://evil.example", false},
        Case{{"https://game.example"}, "https://xgame.example", false},
        Case{{"https://game.example"}, "https://game.example:8443", false},
        Case{{"https://game.example"}, "null", false}, Case{{"https://game.example"}, "http://localhost", false},
        Case{{"https://game.example"}, "", true}, Case{{"a", "https://b.example"}, "https://b.example", true},
        Case{{"none"}, "none", false}, Case{{"none"}, "https://game.example", false}, Case{{"none"}, "", true},
        Case{{"*"}, "https://any.example", true}}) {
    const auto authority =
        Authority::create({.has_tls = true, .listen_host = "0.0.0.0", .tokens = some_tokens(), .origins = c.origins});
    ASSERT_TRUE(authority);
    EXPECT_EQ(authority->allows("game.example", c.origin), c.is_allowed) << c.origins[0] << " " << c.origin;
  }
}

TEST(Authority, TheAdminListenerKnowsItsNames) {
  const auto authority = Authority::create({.is_behind_proxy = true,
                                            .listen_host = "0.0.0.0",
                                            .admin_host = "10.0.0.1",
                                            .tokens = some_tokens(),
                                            .origins = {"*"},
                                            .admin_hosts = {"admin.example", "10.0.0.1:7071"}});
  ASSERT_TRUE(authority);
  for (const char* host : {"admin.example", "ADMIN.example:7071", "10.0.0.1", "10.0.0.1:7071"}) {
    EXPECT_TRUE(authority->allows_admin(host, "")) << host;
    EXPECT_FALSE(authority->allows_admin(host, "https://admin.example")) << host;
  }
  for (const char* host : {"", "localhost", "127.0.0.1", "admin.example.evil", "example", "10.0.0.2"}) {
    EXPECT_FALSE(authority->allows_admin(host, "")) << host;
  }
  EXPECT_FALSE(authority->is_listener_private() || authority->is_admin_listener_private());
}

TEST(Authority, BehindAProxyLoopbackIsNotPrivate) {
  const auto authority = Authority::create({.is_behind_proxy = true, .tokens = some_tokens()});
  ASSERT_TRUE(authority);
  EXPECT_FALSE(authority->is_listener_private());
  EXPECT_FALSE(authority->allows("game.example", "http://localhost:3000"));
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
  const auto authority = Authority::create({.dev = true});
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

#include "server/request_target.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/routes.h"

namespace tallyho {
namespace {

TEST(RequestTarget, IsTakenApartAndDecoded) {
  Arena arena;
  const auto target = parse_target("/v1/boards/a%20b+c%2Fd?group=Z%C3%BCrich+West&limit=3&flag", arena);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string_view>{"v1", "boards", "a b+c/d"}));
  ASSERT_EQ(target->parameters.size(), 3U);
  EXPECT_EQ(target->parameters[0], (std::pair<std::string_view, std::string_view>("group", "Zürich West")));
  EXPECT_EQ(target->parameters[1], (std::pair<std::string_view, std::string_view>("limit", "3")));
  EXPECT_EQ(target->parameters[2], (std::pair<std::string_view, std::string_view>("flag", "")));
}

TEST(RequestTarget, AProxysAbsoluteFormIsTheSamePath) {
  Arena arena;
  EXPECT_EQ(parse_target("http://localhost:7070/v1/boards", arena)->segments.size(), 2U);
  EXPECT_EQ(parse_target("http://localhost:7070", arena)->segments, (std::vector<std::string_view>{""}));
}

TEST(RequestTarget, BrokenOnesAreInvalidArguments) {
  for (const char* target : {"", "v1", "*", "/%", "/%4", "/%zz", "/%C3", "/%FF", "/%ED%A0%80", "/a?x=%", "/a?%=1",
                             "/a?x=1&x=2", "/a?x=1&%78=2"}) {
    Arena arena;
    const auto parsed = parse_target(target, arena);
    ASSERT_FALSE(parsed) << target;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument) << target;
  }
}

Route route_of(std::string_view path, Arena& arena) {
  return find_route(*parse_target(path, arena));
}

TEST(Routes, KnowTheirPathsAndMethods) {
  Arena arena;
  EXPECT_EQ(route_of("/v1/events", arena).allow, "POST");
  EXPECT_EQ(route_of("/v1/boards", arena).allow, "GET, HEAD");
  EXPECT_EQ(route_of("/v1/boards/global/ranks", arena).allow, "POST");
  EXPECT_EQ(route_of("/healthz", arena).kind, Route::Kind::health);
  const Route member = route_of("/v1/boards/global/members/ada%2Fb", arena);
  EXPECT_EQ(member.read.what, ReadRequest::What::member);
  EXPECT_EQ(member.read.selector.board, "global");
  EXPECT_EQ(member.read.name, "ada/b");
  for (const char* path : {"/", "/v1", "/v1/", "/v2/boards", "/v1/boards/global/", "/v1/boards/global/members",
                           "/v1/players", "/v1/players/ada/x", "/healthz/", "/v1/healthz"}) {
    EXPECT_EQ(route_of(path, arena).kind, Route::Kind::none) << path;
  }
}

std::optional<Code> problem_of(std::string_view path) {
  Arena arena;
  const auto target = parse_target(path, arena);
  const auto read = read_parameters(find_route(*target).read, *target, Limits{});
  return read ? std::nullopt : std::optional(read.error().code);
}

TEST(Routes, ParametersAreCheckedForNameAndRange) {
  for (const char* path : {"/v1/boards/global?limit=1", "/v1/boards/global?limit=1000&offset=0",
                           "/v1/boards/global?ranking=dense&group=x&window=y", "/v1/boards/global?cursor=1.2.3",
                           "/v1/boards/global/members/ada?around=50"}) {
    EXPECT_EQ(problem_of(path), std::nullopt) << path;
  }
  for (const char* path :
       {"/v1/boards/global?limit=0", "/v1/boards/global?limit=1001", "/v1/boards/global?limit=-1",
        "/v1/boards/global?limit=", "/v1/boards/global?limit=1.0", "/v1/boards/global?limit=1x",
        "/v1/boards/global?limit=+1", "/v1/boards/global?offset=9223372036854775808", "/v1/boards/global?ranking=other",
        "/v1/boards/global?offset=1&cursor=1.2.3", "/v1/boards/global?around=1", "/v1/boards?limit=1",
        "/v1/players/ada?limit=1", "/v1/boards/global/members/ada?around=51", "/v1/boards/global/members/ada?limit=1",
        "/v1/ruleset?x", "/v1/boards/global?Limit=1"}) {
    EXPECT_EQ(problem_of(path), Code::invalid_argument) << path;
  }
}

TEST(Routes, DetailListsWords) {
  Arena arena;
  const auto detail = detail_parameter(*parse_target("/v1/events?detail=fired,ranks", arena));
  ASSERT_TRUE(detail);
  EXPECT_TRUE(detail->fired);
  EXPECT_TRUE(detail->ranks);
  EXPECT_FALSE(detail->notices);
  EXPECT_FALSE(detail_parameter(*parse_target("/v1/events?detail=fires", arena)));
  EXPECT_FALSE(detail_parameter(*parse_target("/v1/events?details=fired", arena)));
}

}  // namespace
}  // namespace tallyho

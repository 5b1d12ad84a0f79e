// The description has every path and method that the server has, and no other. That answers are as it says is tested
// from outside, in test/server.
#include "server/openapi.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "server/http_answer.h"
#include "server/routes.h"
#include "simdjson.h"

namespace tallyho {
namespace {

struct Operation {
  std::string path;
  std::string method;
};

// "/v1/boards/{id}" → "/v1/boards/x".
std::string filled_in(std::string path) {
  while (path.find('{') != std::string::npos) {
    const std::size_t open = path.find('{');
    path.replace(open, path.find('}') - open + 1, "x");
  }
  return path;
}

class OpenApi : public testing::Test {
 protected:
  OpenApi() {
    const simdjson::dom::object paths = parser_.parse(openapi_json())["paths"];
    for (const auto [path, item] : paths) {
      for (const auto [name, operation] : item.get_object()) {
        if (name == "servers" || name == "parameters") continue;
        std::string method(name);
        std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 32); });
        operations_.push_back({std::string(path), method});
      }
    }
  }

  // As either listener offers it.
  static std::vector<Route> routes_of(const std::string& path, std::string_view method) {
    Arena arena;
    const auto target = parse_target(path, arena);
    const Route route = find_route(*target);
    std::vector<Route> routes = {route};
    if (route.kind == Route::Kind::read && route.read.what == ReadRequest::What::player) {
      routes.push_back(with_delete(route, method));
    }
    if (route.kind == Route::Kind::read && route.read.what == ReadRequest::What::ruleset) {
      routes.push_back(with_put(route, method));
    }
    return routes;
  }

  simdjson::dom::parser parser_;
  std::vector<Operation> operations_;
};

TEST_F(OpenApi, WhatItDescribesIsServed) {
  for (const auto& [path, method] : operations_) {
    const auto routes = routes_of(filled_in(path), method);
    EXPECT_TRUE(std::ranges::any_of(routes, [&](const Route& route) { return allows_method(route, method); }))
        << method << " " << path;
  }
}

TEST_F(OpenApi, WhatIsServedIsDescribed) {
  std::set<Route::Kind> kinds;
  std::set<ReadRequest::What> reads;
  for (const auto& [path, described] : operations_) {
    for (const std::string_view method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
      for (const Route& route : routes_of(filled_in(path), method)) {
        if (!allows_method(route, method)) continue;
        EXPECT_TRUE(std::ranges::any_of(operations_,
                                        [&](const Operation& one) { return one.path == path && one.method == method; }))
            << method << " " << path;
        kinds.insert(route.kind);
        if (route.kind == Route::Kind::read) reads.insert(route.read.what);
      }
    }
  }
  for (int kind = 1; kind < Route::kinds; ++kind) {
    EXPECT_TRUE(kinds.contains(static_cast<Route::Kind>(kind))) << "nothing describes the path of kind " << kind;
  }
  EXPECT_EQ(reads.size(), 6U) << "of reads: boards, page, member, player, ledger, ruleset";
}

}  // namespace
}  // namespace tallyho

#include "cel/environment.h"

#include <gtest/gtest.h>

#include <string>

#include "cel/suggestion.h"

namespace tallyho::cel {
namespace {

const Type int64 = Type::simple(Type::Kind::int64);
const Type text = Type::simple(Type::Kind::string);

TEST(TypeTest, TypesAreWrittenAsCelWritesThem) {
  EXPECT_EQ(Type().to_string(), "dyn");
  EXPECT_EQ(Type::list(text).to_string(), "list(string)");
  EXPECT_EQ(Type::map(text, Type::optional(int64)).to_string(), "map(string, optional_type(int))");
  EXPECT_EQ(Type::type_of(Type::simple(Type::Kind::timestamp)).to_string(), "type(google.protobuf.Timestamp)");
  EXPECT_EQ(Type::opaque("set").to_string(), "set");
  EXPECT_EQ(Type::opaque("pair", {int64, Type::parameter("B")}).to_string(), "pair(int, B)");
}

TEST(TypeTest, TypesAreComparedByStructure) {
  EXPECT_EQ(Type::list(text), Type::list(text));
  EXPECT_NE(Type::list(text), Type::list(int64));
  EXPECT_NE(Type::list(text), Type::optional(text));
  EXPECT_NE(Type::opaque("set"), Type::opaque("window"));
  EXPECT_NE(Type::opaque("set", {text}), Type::opaque("set"));
  EXPECT_EQ(Type(), Type::simple(Type::Kind::dyn));
  EXPECT_EQ(Type::record("r", {{.name = "f", .type = text, .slot = 1}}),
            Type::record("r", {{.name = "f", .type = text, .slot = 1}}));
  EXPECT_NE(Type::record("r", {{.name = "f", .type = text, .slot = 1}}),
            Type::record("r", {{.name = "f", .type = text, .slot = 2}}));
}

TEST(EnvironmentTest, AChildSeesAndShadowsItsParent) {
  Environment parent;
  parent.declare({.name = "a", .type = int64, .slot = 1});
  parent.declare({.name = "b", .type = int64, .slot = 2});
  Environment child(&parent);
  child.declare({.name = "b", .type = text, .slot = 3});
  EXPECT_EQ(child.find_variable("a")->slot, 1U);
  EXPECT_EQ(child.find_variable("b")->slot, 3U);
  EXPECT_EQ(parent.find_variable("b")->slot, 2U);
  EXPECT_EQ(child.find_variable("c"), nullptr);
}

TEST(EnvironmentTest, OverloadsOfAParentComeFirst) {
  Environment parent;
  parent.add_function({.function = "f", .id = "f_int", .parameters = {int64}, .result = int64});
  Environment child(&parent);
  child.add_function({.function = "f", .id = "f_string", .parameters = {text}, .result = int64});
  ASSERT_EQ(child.find_overloads("f").size(), 2U);
  EXPECT_EQ(child.find_overloads("f")[0]->id, "f_int");
  EXPECT_EQ(child.find_overloads("f")[1]->id, "f_string");
  EXPECT_EQ(parent.find_overloads("f").size(), 1U);
  EXPECT_TRUE(child.find_overloads("g").empty());
  EXPECT_TRUE(child.has_function("f"));
  EXPECT_FALSE(child.has_function("g"));
}

TEST(EnvironmentTest, OverloadsStayWhereTheyAre) {
  Environment environment;
  environment.add_function({.function = "f", .id = "first", .parameters = {int64}, .result = int64});
  const Overload* first = environment.find_overloads("f").front();
  for (int i = 0; i < 1000; ++i) {
    environment.add_function({.function = "g" + std::to_string(i), .id = "g", .parameters = {}, .result = int64});
  }
  EXPECT_EQ(environment.find_overloads("f").front(), first);
  EXPECT_EQ(first->id, "first");
}

TEST(EnvironmentTest, TheStandardLibraryHasEveryFunctionOfTheProfile) {
  const std::string_view functions[] = {"!_",
                                        "-_",
                                        "_+_",
                                        "_-_",
                                        "_*_",
                                        "_/_",
                                        "_%_",
                                        "_==_",
                                        "_!=_",
                                        "_<_",
                                        "_<=_",
                                        "_>_",
                                        "_>=_",
                                        "@in",
                                        "_&&_",
                                        "_||_",
                                        "_?_:_",
                                        "_[_]",
                                        "_[?_]",
                                        "@not_strictly_false",
                                        "size",
                                        "contains",
                                        "startsWith",
                                        "endsWith",
                                        "matches",
                                        "int",
                                        "uint",
                                        "double",
                                        "string",
                                        "bool",
                                        "bytes",
                                        "timestamp",
                                        "duration",
                                        "dyn",
                                        "type",
                                        "getFullYear",
                                        "getMonth",
                                        "getDate",
                                        "getDayOfMonth",
                                        "getDayOfWeek",
                                        "getDayOfYear",
                                        "getHours",
                                        "getMinutes",
                                        "getSeconds",
                                        "getMilliseconds",
                                        "math.@max",
                                        "math.@min",
                                        "math.ceil",
                                        "math.floor",
                                        "math.round",
                                        "math.trunc",
                                        "math.abs",
                                        "math.sign",
                                        "math.sqrt",
                                        "math.isNaN",
                                        "math.isInf",
                                        "math.isFinite",
                                        "math.bitAnd",
                                        "math.bitOr",
                                        "math.bitXor",
                                        "math.bitNot",
                                        "math.bitShiftLeft",
                                        "math.bitShiftRight",
                                        "charAt",
                                        "indexOf",
                                        "lastIndexOf",
                                        "join",
                                        "lowerAscii",
                                        "upperAscii",
                                        "replace",
                                        "split",
                                        "substring",
                                        "trim",
                                        "reverse",
                                        "strings.quote",
                                        "format",
                                        "base64.encode",
                                        "base64.decode",
                                        "optional.of",
                                        "optional.none",
                                        "optional.ofNonZeroValue",
                                        "hasValue",
                                        "value",
                                        "or",
                                        "orValue",
                                        "cel.@mapInsert"};
  for (const std::string_view function : functions) {
    EXPECT_TRUE(Environment::standard().has_function(function)) << function;
  }
}

TEST(SuggestionTest, TheNearestNameIsTheOneWithTheFewestMistakes) {
  const std::string_view known[] = {"points", "player", "event", "now", "startsWith", "geo.distance"};
  EXPECT_EQ(nearest_name("point", known), "points");
  EXPECT_EQ(nearest_name("pionts", known), "points");
  EXPECT_EQ(nearest_name("palyer", known), "player");
  EXPECT_EQ(nearest_name("Event", known), "event");
  EXPECT_EQ(nearest_name("startswith", known), "startsWith");
  EXPECT_EQ(nearest_name("geo.distnace", known), "geo.distance");
  EXPECT_EQ(nearest_name("nwo", known), "now");
  EXPECT_EQ(nearest_name("score", known), "");
  EXPECT_EQ(nearest_name("x", known), "");
  EXPECT_EQ(nearest_name("", known), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'p'), known), "");
}

}  // namespace
}  // namespace tallyho::cel

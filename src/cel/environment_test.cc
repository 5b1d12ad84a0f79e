#include "cel/environment.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "cel/operator.h"
#include "cel/overloads.h"
#include "cel/suggestion.h"
#include "cel/unification.h"

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

// What an operator's call is resolved to without the table of sole overloads.
std::optional<Resolution> resolved(const Environment& environment, Operator op, std::span<const Type> types,
                                   Arena& arena) {
  const Expr literal;
  const std::vector<const Expr*> args(types.size(), &literal);
  Unifier unifier;
  return resolve_call({.function = name_of(op),
                       .overloads = environment.find_overloads(op),
                       .is_method = false,
                       .types = types,
                       .args = args},
                      unifier, arena);
}

// Every operator with operands of all types, settled or not, in turns.
template <typename Visit>
void for_each_use(Visit visit) {
  for (std::size_t op = 1; op < operators_count; ++op) {
    for (auto a = std::size_t{0}; a <= static_cast<std::size_t>(Type::Kind::duration); ++a) {
      for (auto b = std::size_t{0}; b <= static_cast<std::size_t>(Type::Kind::duration); ++b) {
        visit(static_cast<Operator>(op), static_cast<Type::Kind>(a), static_cast<Type::Kind>(b));
      }
    }
  }
}

bool is_unary(Operator op) {
  return op == Operator::logical_not || op == Operator::negate || op == Operator::not_strictly_false;
}

TEST(EnvironmentTest, AnOperatorsSoleOverloadIsWhatItsCallsResolveTo) {
  Environment host(&Environment::standard());
  const Type boolean = Type::simple(Type::Kind::boolean);
  const Type time = Type::simple(Type::Kind::timestamp);
  const auto add = [&](Operator op, std::vector<Type> parameters, Type result) {
    host.add_function({.function = std::string(name_of(op)),
                       .id = "host_" + std::to_string(parameters.size()),
                       .parameters = std::move(parameters),
                       .result = std::move(result)});
  };
  add(Operator::add, {int64, text}, text);                                    // The only one for these.
  add(Operator::equal, {int64, int64}, boolean);                              // Beside (A, A).
  add(Operator::subtract, {int64}, int64);                                    // For fewer than the grammar gives it.
  add(Operator::multiply, {Type(), int64}, int64);                            // For anything.
  add(Operator::divide, {time, time}, Type::list(time));                      // Of something that is not plain.
  add(Operator::modulo, {Type::parameter("A"), Type::parameter("B")}, text);  // For any two.
  Arena arena;
  std::size_t found = 0;
  for (const Environment* environment : {&Environment::standard(), static_cast<const Environment*>(&host)}) {
    for_each_use([&](Operator op, Type::Kind a, Type::Kind b) {
      const Overloads sole = environment->find_sole_overload(op, a, b);
      if (sole.empty() || (is_unary(op) && a != b)) return;
      ++found;
      const std::array types = {Type::simple(a), Type::simple(b)};
      const auto resolution = resolved(*environment, op, std::span(types).first(is_unary(op) ? 1 : 2), arena);
      const std::string use = std::string(name_of(op)) + ": " + types[0].to_string() + ", " + types[1].to_string();
      ASSERT_TRUE(resolution) << use;
      ASSERT_EQ(resolution->overloads.size(), 1U) << use;
      EXPECT_EQ(resolution->overloads[0], sole[0]) << use;
      EXPECT_EQ(resolution->result, sole[0]->result) << use;
    });
  }
  EXPECT_GT(found, 100U);
}

TEST(EnvironmentTest, EveryStandardOperatorOnPlainTypesHasASoleOverload) {
  Arena arena;
  for_each_use([&](Operator op, Type::Kind a, Type::Kind b) {
    if (a < Type::Kind::boolean || b < Type::Kind::boolean) return;
    if (op == Operator::conditional || op == Operator::optional_select) return;  // The checker's own.
    if (is_unary(op) && a != b) return;
    const std::array types = {Type::simple(a), Type::simple(b)};
    const auto resolution = resolved(Environment::standard(), op, std::span(types).first(is_unary(op) ? 1 : 2), arena);
    EXPECT_EQ(!Environment::standard().find_sole_overload(op, a, b).empty(), resolution.has_value())
        << name_of(op) << ": " << types[0].to_string() << ", " << types[1].to_string();
  });
}

TEST(OperatorTest, EveryOperatorIsKnownByItsName) {
  for (std::size_t op = 1; op < operators_count; ++op) {
    EXPECT_EQ(operator_named(name_of(static_cast<Operator>(op))), static_cast<Operator>(op));
  }
  for (const std::string_view other : {"", "size", "_+", "_+_+", "@not_strictly_fals", "math.@max"}) {
    EXPECT_EQ(operator_named(other), Operator::none) << other;
  }
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

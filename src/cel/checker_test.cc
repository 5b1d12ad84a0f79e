#include "cel/checker.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "cel/parser.h"

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;
using Reference = Expr::Reference;

const Type boolean = Type::simple(TypeKind::boolean);
const Type int64 = Type::simple(TypeKind::int64);
const Type uint64 = Type::simple(TypeKind::uint64);
const Type float64 = Type::simple(TypeKind::float64);
const Type text = Type::simple(TypeKind::string);
const Type timestamp = Type::simple(TypeKind::timestamp);
const Type a = Type::parameter("A");
const Type b = Type::parameter("B");
const Type set = Type::opaque("set");

void add(Environment& environment, std::string function, std::vector<Type> parameters, Type result,
         bool is_method = false) {
  std::string id = function;
  for (const Type& parameter : parameters) id += "_" + parameter.to_string();
  environment.add_function({.function = std::move(function),
                            .id = std::move(id),
                            .parameters = std::move(parameters),
                            .result = std::move(result),
                            .is_method = is_method,
                            .implementation = nullptr,
                            .cost = {}});
}

void add_arithmetic(Environment& environment) {
  for (const Type& type : {int64, uint64, float64, text, Type::list(a)}) add(environment, "_+_", {type, type}, type);
  for (const Type& type : {int64, uint64, float64}) {
    add(environment, "_*_", {type, type}, type);
    add(environment, "-_", {type}, type);
  }
  for (const Type& type : {int64, uint64, float64, text}) add(environment, "_<_", {type, type}, boolean);
}

void add_logic(Environment& environment) {
  for (const auto* op : {"_&&_", "_||_"}) add(environment, op, {boolean, boolean}, boolean);
  for (const auto* op : {"!_", "@not_strictly_false"}) add(environment, op, {boolean}, boolean);
  for (const auto* op : {"_==_", "_!=_"}) add(environment, op, {a, a}, boolean);
  add(environment, "_?_:_", {boolean, a, a}, a);
  add(environment, "@in", {a, Type::list(a)}, boolean);
  add(environment, "@in", {a, Type::map(a, b)}, boolean);
  add(environment, "_[_]", {Type::list(a), int64}, a);
  add(environment, "_[_]", {Type::map(a, b), a}, b);
}

void add_functions(Environment& environment) {
  add(environment, "size", {text}, int64);
  add(environment, "size", {text}, int64, true);
  add(environment, "size", {Type::list(a)}, int64);
  add(environment, "size", {Type::list(a)}, int64, true);
  add(environment, "startsWith", {text, text}, boolean, true);
  add(environment, "dyn", {a}, Type());
  add(environment, "double", {int64}, float64);
  add(environment, "string", {int64}, text);
  add(environment, "type", {a}, Type::type_of(a));
  add(environment, "geo.distance", {float64, float64}, float64);
  add(environment, "optional.of", {a}, Type::optional(a));
  add(environment, "optional.none", {}, Type::optional(a));
  add(environment, "hasValue", {Type::optional(a)}, boolean, true);
  add(environment, "value", {Type::optional(a)}, a, true);
  add(environment, "math.@max", {int64}, int64);
  add(environment, "math.@max", {Type::list(a)}, a);
  add(environment, "math.@max", {int64, int64}, int64);
  add(environment, "math.@max", {Type(), Type(), Type()}, Type());
  add(environment, "contains", {set, text}, boolean, true);
  add(environment, "@in", {text, set}, boolean);
  add(environment, "cel.@mapInsert", {Type::map(a, b), a, b}, Type::map(a, b));
  add(environment, "pair", {a, b}, Type::opaque("pair", {a, b}));
}

// A game's environment, as a ruleset would make it.
class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    add_arithmetic(environment);
    add_logic(environment);
    add_functions(environment);
    environment.declare({.name = "event",
                         .type = Type::record("event", {{.name = "value", .type = int64, .slot = 1},
                                                        {.name = "accuracy", .type = float64, .slot = 2},
                                                        {.name = "region",
                                                         .type = text,
                                                         .slot = 3,
                                                         .optional = true,
                                                         .bounds = {.size_max = 256, .item_size_max = 0}},
                                                        {.name = "tags", .type = Type::list(text), .slot = 4}})});
    environment.declare(
        {.name = "player", .type = Type::record("player", {{.name = "found", .type = set, .slot = 5}})});
    environment.declare(
        {.name = "params",
         .type = Type::record("params", {{.name = "bonus", .type = int64, .constant = Value::int64(20)}})});
    environment.declare({.name = "now", .type = timestamp, .slot = 7});
    environment.declare({.name = "points", .type = int64, .slot = 8});
    environment.declare({.name = "counts", .type = Type::map(text, int64), .slot = 9});
    environment.declare({.name = "a.b.c", .type = text, .slot = 10});
    environment.declare({.name = "a.b", .type = Type::map(text, int64), .slot = 11});
    environment.declare({.name = "x.y", .type = boolean, .slot = 12});
    environment.declare({.name = "y", .type = text, .slot = 13});
    environment.declare({.name = "any", .type = Type(), .slot = 14});
  }

  // The type, or "issues: [2,3) …".
  std::string type_of(std::string_view source) {
    ast_ = *parse(source);
    const std::vector<Issue> issues = check(ast_, environment);
    if (issues.empty()) return ast_.root->type.to_string();
    std::string all = "issues:";
    for (const Issue& issue : issues) {
      all += " [" + std::to_string(issue.begin) + "," + std::to_string(issue.end) + ") " + issue.message;
    }
    return all;
  }
  const Expr& checked(std::string_view source) {
    EXPECT_EQ(type_of(source).find("issues"), std::string::npos) << type_of(source);
    return *ast_.root;
  }
  std::string places(std::string_view source) {
    ast_ = *parse(source);
    std::string all;
    for (const Issue& issue : check(ast_, environment)) {
      if (!all.empty()) all += ' ';
      all += std::to_string(issue.begin) + "-" + std::to_string(issue.end);
    }
    return all;
  }
  void expect_types(std::initializer_list<std::pair<std::string_view, std::string_view>> cases) {
    for (const auto& [source, type] : cases) EXPECT_EQ(type_of(source), type) << source;
  }

  Environment environment;
  Ast ast_;
};

TEST_F(CheckerTest, LiteralsAndAggregatesHaveTypes) {
  expect_types({
      {"1", "int"},
      {"1u", "uint"},
      {"1.5", "double"},
      {"'a'", "string"},
      {"b'a'", "bytes"},
      {"null", "null_type"},
      {"[]", "list(dyn)"},
      {"{}", "map(dyn, dyn)"},
      {"[1, 2]", "list(int)"},
      {"[1, 'a']", "list(dyn)"},
      {"{'a': 1, 'b': 2}", "map(string, int)"},
      {"{1: 2u, 2u: 3}", "map(dyn, dyn)"},
      {"{1.5: 'a', null: 'b'}", "map(dyn, string)"},
      {"[[], [[]], [[[]]], [[[[]]]]]", "list(list(list(list(list(dyn)))))"},
      {"[[[[[]]]], [], [[[]]]]", "list(list(list(list(list(dyn)))))"},
      {"[1, dyn(2)]", "list(dyn)"},
      {"[now, null]", "list(google.protobuf.Timestamp)"},
      {"[null, now]", "list(google.protobuf.Timestamp)"},
      {"[1, null]", "list(dyn)"},
  });
}

TEST_F(CheckerTest, OverloadsAreChosenByType) {
  expect_types({
      {"1 + 2", "int"},
      {"event.value * 2 + points", "int"},
      {"event.accuracy * 2.0", "double"},
      {"'a' + y", "string"},
      {"[] + [1] + []", "list(int)"},
      {"[1, 2u] + []", "list(dyn)"},
      {"dyn(1) + 2", "int"},
      {"dyn(1) + dyn(2)", "dyn"},
      {"any < any", "bool"},
      {"1 in [1, 2]", "bool"},
      {"'a' in counts", "bool"},
      {"counts['a']", "int"},
      {"event.tags[0]", "string"},
      {"any[0]", "dyn"},
      {"true ? 1 : 2", "int"},
      {"true ? dyn(1) : 2", "dyn"},
      {"true ? [] : [1]", "list(int)"},
      {"type(1) == int", "bool"},
      {"type([1]) == list", "bool"},
      {"size('a') + 'a'.size() + [1].size()", "int"},
      {"pair(1, 'a')", "pair(int, string)"},
      {"pair(dyn(1), 'a') == pair(1, 'b')", "bool"},
      {"[pair(1, 2u), pair(dyn(1), dyn(2u))][0]", "pair(dyn, dyn)"},
  });
}

TEST_F(CheckerTest, ACallNamesTheOverloadsThatMayApply) {
  EXPECT_EQ(checked("1 + 2").overloads.size(), 1U);
  EXPECT_EQ(ast_.root->overloads.front()->id, "_+__int_int");
  EXPECT_EQ(ast_.root->reference, Reference::overload);
  EXPECT_EQ(checked("any + any").overloads.size(), 5U);
  EXPECT_EQ(checked("any + 1").overloads.size(), 1U);
}

TEST_F(CheckerTest, TypesAreValuesToo) {
  expect_types({
      {"int", "type(int)"},
      {"google.protobuf.Timestamp", "type(google.protobuf.Timestamp)"},
      {"[int, type]", "list(type(int))"},
      {"optional_type", "type(optional_type(dyn))"},
  });
  EXPECT_EQ(checked("google.protobuf.Duration").reference, Reference::constant);
  EXPECT_EQ(ast_.root->value.as_type(), "google.protobuf.Duration");
  EXPECT_NE(type_of("dyn").find("is a function"), std::string::npos);
}

TEST_F(CheckerTest, VariablesAreSlots) {
  EXPECT_EQ(checked("points").reference, Reference::slot);
  EXPECT_EQ(ast_.root->slot, 8U);
  EXPECT_EQ(checked("counts.a").reference, Reference::none);
  EXPECT_EQ(ast_.root->target->slot, 9U);
}

TEST_F(CheckerTest, FieldsOfRecordsAreSlotsOrConstants) {
  EXPECT_EQ(checked("event.value").reference, Reference::slot);
  EXPECT_EQ(ast_.root->slot, 1U);
  EXPECT_FALSE(ast_.root->optional_field);
  EXPECT_EQ(checked("event.region").bounds.size_max, 256U);
  EXPECT_TRUE(ast_.root->optional_field);
  EXPECT_EQ(checked("params.bonus").reference, Reference::constant);
  EXPECT_EQ(ast_.root->value.as_int64(), 20);
}

TEST_F(CheckerTest, HasAsksOnlyWhereAFieldMayBeMissing) {
  EXPECT_EQ(checked("has(event.region)").reference, Reference::slot);
  EXPECT_EQ(ast_.root->slot, 3U);
  EXPECT_TRUE(ast_.root->test_only);
  EXPECT_EQ(ast_.root->type.to_string(), "bool");
  EXPECT_EQ(checked("has(event.value)").reference, Reference::constant);
  EXPECT_TRUE(ast_.root->value.is_true());
  EXPECT_EQ(checked("has(params.bonus)").reference, Reference::constant);
  EXPECT_TRUE(ast_.root->value.is_true());
  EXPECT_EQ(type_of("has(counts.a)"), "bool");
  EXPECT_EQ(type_of("has(any.a.b)"), "bool");
}

TEST_F(CheckerTest, ARecordHasNoValueOfItsOwn) {
  const std::string_view cases[] = {
      "event",  "event == event",     "[event]",       "event['value']",       "size(event)",
      "-event", "event.all(x, true)", "event ? 1 : 2", "cel.bind(e, event, 1)"};
  for (const std::string_view source : cases) {
    EXPECT_NE(type_of(source).find("'event' has no value of its own; name one of its fields, as in event.value"),
              std::string::npos)
        << source << ": " << type_of(source);
  }
}

TEST_F(CheckerTest, TheLongestQualifiedNameWins) {
  EXPECT_EQ(type_of("a.b.c"), "string");
  EXPECT_EQ(type_of("a.b.d"), "int");
  EXPECT_EQ(type_of(".a.b.c"), "string");
  EXPECT_EQ(checked("a.b.c").kind, Expr::Kind::identifier);
  EXPECT_EQ(ast_.root->name, "a.b.c");
  EXPECT_EQ(ast_.root->slot, 10U);
}

TEST_F(CheckerTest, NamesAreSoughtFromTheContainerOutwards) {
  environment.set_container("x.inner");
  EXPECT_EQ(checked("y").slot, 12U);   // x.y
  EXPECT_EQ(checked(".y").slot, 13U);  // A leading dot means the outermost.
  environment.set_container("geo");
  EXPECT_EQ(type_of("distance(1.0, 2.0)"), "double");
  EXPECT_EQ(ast_.root->name, "geo.distance");
}

TEST_F(CheckerTest, LoopVariablesHideEveryOtherName) {
  environment.set_container("x");
  expect_types({
      {"[1].map(y, y)", "list(int)"},
      {"[1].map(y, .y)", "list(string)"},
      {"[1].map(y, [2.0].map(y, y))", "list(list(double))"},
      {"[{'b': 1.0}].map(a, a.b)", "list(double)"},
      {"[{'b': 1.0}].map(a, .a.b.c)", "list(string)"},
      {"[1].map(points, points)[0] + points", "int"},
      {"['s'].map(geo, geo.size())", "list(int)"},
  });
}

TEST_F(CheckerTest, QualifiedFunctionsLoseTheirTarget) {
  const Expr& call = checked("geo.distance(1.0, 2.0)");
  EXPECT_EQ(call.target, nullptr);
  EXPECT_EQ(call.name, "geo.distance");
  EXPECT_EQ(type_of(".geo.distance(1.0, 2.0)"), "double");
  EXPECT_EQ(type_of("event.tags.size()"), "int");
}

TEST_F(CheckerTest, FoldsTypeTheirVariables) {
  expect_types({
      {"[1].all(x, x < 2)", "bool"},
      {"event.tags.exists(t, t == 'boss')", "bool"},
      {"[1, 2].map(x, double(x))", "list(double)"},
      {"[1, 2].map(x, x < 2, 'a')", "list(string)"},
      {"[1.0].filter(x, x < 2.0)", "list(double)"},
      {"counts.map(k, counts[k])", "list(int)"},
      {"counts.transformList(k, v, k + string(v))", "list(string)"},
      {"['a'].transformList(i, v, i)", "list(int)"},
      {"['a'].transformMap(i, v, v)", "map(int, string)"},
      {"any.map(x, x)", "list(dyn)"},
      {"[].map(x, x)", "list(dyn)"},
      {"[1].exists_one(x, x == 1)", "bool"},
      {"cel.bind(x, event.value * 2, x + x)", "int"},
      {"[1].map(x, [x, x]).map(x, [x, x])", "list(list(list(int)))"},
  });
}

TEST_F(CheckerTest, LoopVariablesAreNumbered) {
  checked("[1].map(x, x + points)");
  EXPECT_EQ(ast_.locals_max, 2U);  // The accumulator and x.
  const Expr& sum = *ast_.root->fold->step->args[1]->args[0];
  EXPECT_EQ(sum.args[0]->reference, Reference::local);
  EXPECT_EQ(sum.args[0]->local, 1U);
  EXPECT_EQ(sum.args[1]->reference, Reference::slot);
  EXPECT_EQ(ast_.root->fold->result->local, 0U);
  checked("[1].map(x, [2].all(i, y, x < y))");
  EXPECT_EQ(ast_.locals_max, 5U);
}

TEST_F(CheckerTest, OptionalsFlowThroughSelections) {
  expect_types({
      {"counts.?a", "optional_type(int)"},
      {"{'a': {'b': 1}}.?a.b", "optional_type(int)"},
      {"{'a': {'b': 1}}.?a.?b", "optional_type(int)"},
      {"has({'a': {'b': 1}}.?a.b)", "bool"},
      {"any.?a", "optional_type(dyn)"},
      {"event.?region", "optional_type(string)"},
      {"event.?value", "optional_type(int)"},
      {"[?counts.?a, 2]", "list(int)"},
      {"{?'a': counts.?a}", "map(string, int)"},
      {"counts.?a.optMap(x, x + 1)", "optional_type(int)"},
      {"counts.?a.optFlatMap(x, optional.of('a'))", "optional_type(string)"},
      {"[optional.none(), optional.of(1)]", "list(optional_type(int))"},
      {"[optional.of(1), optional.of(dyn(1))]", "list(optional_type(dyn))"},
      {"true ? optional.of(dyn(1)) : optional.of(1)", "optional_type(dyn)"},
      {"[optional.of(1), null][0]", "optional_type(int)"},
      {"[null, optional.of(1)][0]", "optional_type(int)"},
  });
  EXPECT_NE(type_of("[?1]").find("takes an optional, and this is int"), std::string::npos);
}

TEST_F(CheckerTest, AnOptionalFieldOfARecordIsAskedForFirst) {
  EXPECT_EQ(to_text(checked("event.?region")),
            "_?_:_(event.region~test-only~, optional.of(event.region), optional.none())");
  EXPECT_EQ(ast_.root->args[0]->slot, 3U);
  EXPECT_NE(type_of("event.?regoin").find("did you mean 'region'?"), std::string::npos);
}

TEST_F(CheckerTest, GreatestTakesTheCommonTypeOfItsArguments) {
  expect_types({
      {"math.greatest(1)", "int"},
      {"math.greatest([1.5])", "double"},
      {"math.greatest(1, 2)", "int"},
      {"math.greatest(1, 2, points)", "int"},
      {"math.greatest(1.0, 2.0, 3.0, 4.0)", "double"},
      {"math.greatest(1, 2.0, 3)", "dyn"},
      {"math.greatest(1, any, 3)", "dyn"},
  });
  EXPECT_EQ(places("math.greatest(1, 'a', true)"), "17-20 22-26");
}

TEST_F(CheckerTest, HostStateIsTakenOnlyByItsOwnFunctions) {
  expect_types({{"player.found.contains('a')", "bool"}, {"'a' in player.found", "bool"}});
  const std::string_view cases[] = {"player.found == player.found", "[player.found]", "dyn(player.found)",
                                    "cel.bind(s, player.found, true)", "true ? player.found : player.found"};
  for (const std::string_view source : cases) EXPECT_NE(places(source), "") << source;
}

TEST_F(CheckerTest, MixedNumbersAreToldWhatToWrite) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"event.value * event.accuracy", "no overload of '*' for (int, double); write double(event.value)"},
      {"event.accuracy * 2", "no overload of '*' for (double, int); write 2.0"},
      {"event.accuracy < points", "no overload of '<' for (double, int); write double(points)"},
      {"1 == 1.0", "no overload of '==' for (int, double); write 1.0"},
      {"(points + 1) * 1.5", "no overload of '*' for (int, double); write double(…)"},
      {"'a' + points", "no overload of '+' for (string, int); write string(points)"},
      {"geo.distance(1, 2.0)", "no overload of 'geo.distance' for (int, double); write 1.0"},
      {"geo.distance(1, points)", "no overload of 'geo.distance' for (int, int); write 1.0 and double(points)"},
      {"1u + 1", "no overload of '+' for (uint, int); write int(1u)"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_NE(type_of(source).find(message), std::string::npos) << source << ": " << type_of(source);
  }
}

TEST_F(CheckerTest, UnknownNamesComeWithTheNearestKnownOne) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"pionts", "unknown name 'pionts'; did you mean 'points'?"},
      {"evnt.value", "unknown name 'evnt'; did you mean 'event'?"},
      {"event.vlaue", "'event' has no field 'vlaue'; did you mean 'value'?"},
      {"has(event.vlaue)", "'event' has no field 'vlaue'; did you mean 'value'?"},
      {"[1].map(item, itm)", "unknown name 'itm'; did you mean 'item'?"},
      {"zzz", "unknown name 'zzz'"},
      {"siz('a')", "unknown function 'siz'; did you mean 'size'?"},
      {"'a'.startswith('b')", "unknown function 'startswith'; did you mean 'startsWith'?"},
      {"geo.distnace(1.0, 2.0)", "unknown function 'geo.distnace'; did you mean 'geo.distance'?"},
      {"size", "'size' is a function; call it: size(…)"},
      {"'a'.size", "string has no fields; to call the method write size()"},
      {"points.x", "int has no fields"},
      {"[1].all(x)", "'all' takes other arguments: write list.all(item, condition)"},
      {"cel.bind(x, 1)", "'bind' takes other arguments: write cel.bind(name, value, expression)"},
      {"startsWith('a', 'b')", "there is string.startsWith(string)"},
      {"'a'.startsWith(1)", "no overload of 'startsWith' for string.(int)"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_NE(type_of(source).find(message), std::string::npos) << source << ": " << type_of(source);
  }
}

TEST_F(CheckerTest, WhatIsWrongIsToldInItsOwnWords) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"points && true", "[0,6) each side of '&&' must be bool, and this is int"},
      {"points ? 1 : 2", "[0,6) the condition must be bool, and this is int"},
      {"true ? 1 : 'a'", "[5,6) both results of '?:' must be of one type, and these are int and string"},
      {"[1].filter(x, x)", "[14,15) the condition must be bool, and this is int"},
      {"points.all(x, true)", "[0,6) only lists and maps can be gone through, and this is int"},
      {"M{a: 1}", "there are no messages here"},
      {"{1: 'a'}.b", "the keys of this map are int"},
      {"1 == null", "no overload of '==' for (int, null_type)"},
  };
  for (const auto& [source, message] : cases) {
    EXPECT_NE(type_of(source).find(message), std::string::npos) << source << ": " << type_of(source);
  }
}

TEST_F(CheckerTest, EveryErrorIsToldOnceWhereItStands) {
  EXPECT_EQ(places("pionts + 1 < 2 && evnt.x == 'a'"), "0-6 18-22");
  EXPECT_EQ(places("1 + 'a' + 2u"), "2-3");  // What was not found has no type to complain about.
  EXPECT_EQ(places("(1 + 'a').size() + foo.bar.baz"), "3-4 19-22");
  EXPECT_EQ(places("event.x.y.z"), "6-7");
  EXPECT_EQ(places("zzz.map(x, x + 1).size() == yyy"), "0-3 28-31");
  EXPECT_EQ(places("size(zzz, 1 * 'a')"), "5-8 12-13");
  EXPECT_EQ(places("[zzz, 1].all(x, x)"), "1-4");
  EXPECT_EQ(places("event.value * event.accuracy"), "12-13");
}

TEST_F(CheckerTest, NestedMapsDoNotMakeTypesExplode) {
  std::string source;
  std::string name = "1";
  for (int i = 0; i < 100; ++i) {
    const std::string next = "v" + std::to_string(i);
    source.append("cel.bind(").append(next).append(", {").append(name).append(": [").append(name).append("]}, ");
    name = next;
  }
  source += name + std::string(100, ')');
  EXPECT_LT(type_of(source).size(), 4000U);
}

TEST_F(CheckerTest, TypesThatExplodeAreRefusedInTime) {
  // v1 = pair(v0, v0), v2 = pair(v1, v1), …
  std::string source;
  std::string name = "1";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "v" + std::to_string(i);
    source.append("cel.bind(").append(next).append(", pair(").append(name).append(", ").append(name).append("), ");
    name = next;
  }
  source += name + std::string(60, ')');
  EXPECT_NE(type_of(source).find("too large to be checked"), std::string::npos);
}

}  // namespace
}  // namespace tallyho::cel

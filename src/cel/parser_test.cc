#include "cel/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tallyho::cel {
namespace {

std::string parsed(std::string_view source) {
  const auto ast = parse(source);
  if (ast) return to_text(*ast->root);
  std::string text = "issues:";
  for (const Issue& issue : ast.error()) {
    text += " [" + std::to_string(issue.begin) + "," + std::to_string(issue.end) + ") " + issue.message;
  }
  return text;
}

// Every place that is told of, as "2-3 7-8".
std::string places(std::string_view source) {
  const auto ast = parse(source);
  if (ast) return "";
  std::string text;
  for (const Issue& issue : ast.error()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(issue.begin) + "-" + std::to_string(issue.end);
  }
  return text;
}

std::string first_message(std::string_view source) {
  const auto ast = parse(source);
  return ast ? "" : ast.error().front().message;
}

struct Case {
  std::string_view source;
  std::string_view text;
};

void expect_parsed(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(parsed(c.source), c.text) << c.source;
}

std::string repeated(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST(ParserTest, LiteralsKeepTheirValue) {
  expect_parsed({
      {"null", "null"},
      {"true", "true"},
      {"42", "42"},
      {"0xF", "15"},
      {"18446744073709551615u", "18446744073709551615u"},
      {"0xFFFFFFFFFFFFFFFFu", "18446744073709551615u"},
      {"1.5e3", "1500.0"},
      {"1e-324", "0.0"},
      {"'a' ", "'a'"},
      {"b'a\\xff'", "b'a\\xff'"},
      {"-1", "-1"},
      {"- 1.5", "-1.5"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-0x8000000000000000", "-9223372036854775808"},
      {"-0x55555555", "-1431655765"},
  });
}

TEST(ParserTest, OperatorsBindAsTheGrammarSays) {
  expect_parsed({
      {"a + b * c - d", "_-_(_+_(a, _*_(b, c)), d)"},
      {"(a + b) * c", "_*_(_+_(a, b), c)"},
      {"a / b % c", "_%_(_/_(a, b), c)"},
      {"a < b == c", "_==_(_<_(a, b), c)"},
      {"a + 1 >= b && c in d || !e", "_||_(_&&_(_>=_(_+_(a, 1), b), @in(c, d)), !_(e))"},
      {"a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"},
      {"a ? b ? 1 : 2 : 3", "_?_:_(a, _?_:_(b, 1, 2), 3)"},
      {"4--4", "_-_(4, -4)"},
      {"4 - -a", "_-_(4, -_(a))"},
      {"-a.b", "-_(a.b)"},
      {"-5u", "-_(5u)"},
      {"!a.b(c)", "!_(a.b(c))"},
      {"!!a", "a"},
      {"---a", "-_(a)"},
      {"-1.abs()", "-1.abs()"},
  });
}

TEST(ParserTest, ChainsOfLogicAreBalanced) {
  expect_parsed({
      {"a && b && c", "_&&_(_&&_(a, b), c)"},
      {"a && b && c && d", "_&&_(_&&_(a, b), _&&_(c, d))"},
      {"a || b && c || d", "_||_(_||_(a, _&&_(b, c)), d)"},
  });
  const auto ast = parse(repeated("a && ", 9999) + "a");
  ASSERT_TRUE(ast.has_value());
  EXPECT_LE(ast->root->height, 16U);
}

TEST(ParserTest, MembersCallsAndIndexesFollowEachOther) {
  expect_parsed({
      {"a.b.c", "a.b.c"},
      {".a.b", ".a.b"},
      {"a.b(1, c)[d].e", "_[_](a.b(1, c), d).e"},
      {"f()", "f()"},
      {".f(a)", ".f(a)"},
      {"a.while.package", "a.while.package"},
      {"a.for(1)", "a.for(1)"},
      {"a.`content-type`", "a.content-type"},
      {"[1, 2,][0]", "_[_]([1, 2], 0)"},
      {"{'a': 1, b: [],}", "{'a': 1, b: []}"},
      {"{}.a", "{}.a"},
      {"(a).b", "a.b"},
      {"'a'.size()", "'a'.size()"},
  });
}

TEST(ParserTest, OptionalSyntaxIsMarkedAndCalled) {
  expect_parsed({
      {"a.?b", "_?._(a, 'b')"},
      {"a.?`b-c`.d", "_?._(a, 'b-c').d"},
      {"a[?b]", "_[?_](a, b)"},
      {"[?a, b]", "[?a, b]"},
      {"{?'k': v, l: w}", "{?'k': v, l: w}"},
      {"M{?f: v}", "M{?f: v}"},
  });
}

TEST(ParserTest, MessagesAreReadForTheCheckerToRefuse) {
  expect_parsed({
      {"M{}", "M{}"},
      {"a.b.M{f: 1, `in`: M{}}", "a.b.M{f: 1, in: M{}}"},
      {".a.M{while: 1,}.f", ".a.M{while: 1}.f"},
  });
}

TEST(ParserTest, MacrosBecomeFolds) {
  expect_parsed({
      {"has(a.b.c)", "a.b.c~test-only~"},
      {"has(a.`b-c`)", "a.b-c~test-only~"},
      {"a.all(x, p)",
       "__comprehension__(x, a, @result, true, @not_strictly_false(@result), _&&_(@result, p), @result)"},
      {"a.exists(x, p)",
       "__comprehension__(x, a, @result, false, @not_strictly_false(!_(@result)), _||_(@result, p), @result)"},
      {"a.exists_one(x, p)",
       "__comprehension__(x, a, @result, 0, true, _?_:_(p, _+_(@result, 1), @result), _==_(@result, 1))"},
      {"a.existsOne(x, p)",
       "__comprehension__(x, a, @result, 0, true, _?_:_(p, _+_(@result, 1), @result), _==_(@result, 1))"},
      {"a.map(x, t)", "__comprehension__(x, a, @result, [], true, _+_(@result, [t]), @result)"},
      {"a.map(x, p, t)", "__comprehension__(x, a, @result, [], true, _?_:_(p, _+_(@result, [t]), @result), @result)"},
      {"a.filter(x, p)", "__comprehension__(x, a, @result, [], true, _?_:_(p, _+_(@result, [x]), @result), @result)"},
      {"cel.bind(x, a, b)", "__comprehension__(#unused, [], x, a, false, x, b)"},
  });
}

TEST(ParserTest, MacrosThatAreNotAllowedStayCalls) {
  const auto text = [](std::string_view source, Macros macros) { return to_text(*parse(source, macros)->root); };
  EXPECT_EQ(text("has(a.b)", Macros::none), "has(a.b)");
  EXPECT_EQ(text("has(a.b)", Macros::standard), "a.b~test-only~");
  EXPECT_EQ(text("a.all(i, v, v)", Macros::standard), "a.all(i, v, v)");
  EXPECT_EQ(text("cel.bind(x, 1, x)", Macros::standard), "cel.bind(x, 1, x)");
  EXPECT_NE(text("cel.bind(x, 1, x)", Macros::all), "cel.bind(x, 1, x)");
}

TEST(ParserTest, MacrosOfTwoVariablesNameBoth) {
  expect_parsed({
      {"a.all(i, x, p)",
       "__comprehension__(i, x, a, @result, true, @not_strictly_false(@result), _&&_(@result, p), @result)"},
      {"a.transformList(i, x, t)", "__comprehension__(i, x, a, @result, [], true, _+_(@result, [t]), @result)"},
      {"a.transformList(i, x, p, t)",
       "__comprehension__(i, x, a, @result, [], true, _?_:_(p, _+_(@result, [t]), @result), @result)"},
      {"a.transformMap(k, v, t)",
       "__comprehension__(k, v, a, @result, {}, true, cel.@mapInsert(@result, k, t), @result)"},
      {"a.transformMapEntry(k, v, p, e)",
       "__comprehension__(k, v, a, @result, {}, true, _?_:_(p, cel.@mapInsert(@result, e), @result), @result)"},
  });
}

TEST(ParserTest, OptionalMapsEvaluateTheirTargetOnce) {
  expect_parsed({
      {"a.optMap(x, t)",
       "__comprehension__(#unused, [], @target, a, false, @target, _?_:_(@target.hasValue(), optional.of("
       "__comprehension__(#unused, [], x, @target.value(), false, x, t)), optional.none()))"},
      {"a.optFlatMap(x, t)",
       "__comprehension__(#unused, [], @target, a, false, @target, _?_:_(@target.hasValue(), "
       "__comprehension__(#unused, [], x, @target.value(), false, x, t), optional.none()))"},
  });
}

TEST(ParserTest, GreatestAndLeastTakeAnyNumberOfArguments) {
  expect_parsed({
      {"math.greatest(1)", "math.@max(1)"},
      {"math.least(1, b, 2.0)", "math.@min(1, b, 2.0)"},
      {"other.greatest(1)", "other.greatest(1)"},
  });
}

TEST(ParserTest, MacroNamesWithOtherArgumentsAreCalls) {
  expect_parsed({
      {"a.all(x)", "a.all(x)"},
      {"all(x, y)", "all(x, y)"},
      {"a.has(b.c)", "a.has(b.c)"},
      {"a.bind(x, y, z)", "a.bind(x, y, z)"},
  });
}

TEST(ParserTest, NodesKnowWhereTheyWereWritten) {
  const std::string_view source = "(a + b) * c.size()";
  const auto ast = parse(source);
  ASSERT_TRUE(ast.has_value());
  const Expr& product = *ast->root;
  EXPECT_EQ(std::pair(product.begin, product.end), std::pair(0U, 18U));
  EXPECT_EQ(product.position, 8U);
  EXPECT_EQ(std::pair(product.args[0]->begin, product.args[0]->end), std::pair(1U, 6U));
  EXPECT_EQ(product.args[0]->position, 3U);
  EXPECT_EQ(product.args[1]->position, 12U);  // `size`
}

TEST(ParserTest, TermsOfAChainKeepTheirBrackets) {
  const auto ast = parse("(a || b) && (c)");
  ASSERT_TRUE(ast.has_value());
  EXPECT_EQ(std::pair(ast->root->begin, ast->root->end), std::pair(0U, 15U));
}

TEST(ParserTest, AMacroStandsWhereItsCallStood) {
  const auto ast = parse("1 + [a].map(x, x).size()");
  ASSERT_TRUE(ast.has_value());
  const Expr& fold = *ast->root->args[1]->target;
  EXPECT_EQ(std::pair(fold.begin, fold.end), std::pair(4U, 17U));
  EXPECT_EQ(fold.fold->step->begin, 4U);
}

TEST(ParserTest, EveryErrorIsToldAtOnce) {
  EXPECT_EQ(places("a = 1 && b = 2"), "2-3 11-12");
  EXPECT_EQ(places("a + * b + (c d) + 'e"), "4-5 13-14 18-20");
  EXPECT_EQ(places("[1 2, 3 4]"), "3-4 8-9");
  EXPECT_EQ(places("f(for, a.in, 5x)"), "2-5 9-11 13-15");
  EXPECT_EQ(places("a and b or not c"), "2-5 8-10 11-14");
  EXPECT_EQ(places("f(g(1, [2"), "1-2 3-4 7-8");
}

TEST(ParserTest, WhatFollowsTheEndIsTold) {
  EXPECT_EQ(places("a b"), "2-3");
  EXPECT_EQ(places("a)"), "1-2");
  EXPECT_EQ(places("a, b"), "1-2");
  EXPECT_EQ(places("a : b"), "2-3");
  EXPECT_EQ(places("'a' 'b'"), "4-7");
  EXPECT_EQ(places("a(){}"), "3-4");
}

TEST(ParserTest, MessagesSayWhatWouldBeRight) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "an expression is missing"},
      {"1 +", "missing at the end"},
      {"a and b", "write '&&'"},
      {"not a", "write '!'"},
      {"a not in b", "!(a in b)"},
      {"a is b", "write '=='"},
      {"if a", "condition ? a : b"},
      {"x ? y", "':' is missing"},
      {"(a]", "')' is missing before ']', to close '(' at column 1"},
      {"a &&\n f(b]", "to close '(' at line 2, column 3"},
      {"f(", "'(' is never closed"},
      {"f(1,)", "argument is missing"},
      {"(a, b)", "a list is written in [ ]"},
      {"{a}", "{key: value}"},
      {"a.", "name of a field or method is missing"},
      {"`a`", "after a '.'"},
      {"while", "reserved word"},
      {"has(a)", "has(a.b)"},
      {"has(a[0])", "has(a.b)"},
      {"a.map(1, b)", "simple name"},
      {"a.map(.x, b)", "simple name"},
      {"a.all(x, x, p)", "different names"},
      {"9223372036854775808", "out of int's range"},
      {"0xFFFFFFFFFFFFFFFFF", "out of int's range"},
      {"18446744073709551616u", "too large for a uint"},
      {"1.99e90000009", "too large for a double"},
      {"-!a", "brackets"},
      {"'a' + \xff", "not UTF-8"},
  };
  for (const auto& [source, says] : cases) {
    EXPECT_NE(first_message(source).find(says), std::string::npos) << source << ": " << first_message(source);
  }
}

TEST(ParserTest, IssuesHaveAnEnd) {
  const auto ast = parse(repeated("a = b && ", 1000) + "a");
  ASSERT_FALSE(ast.has_value());
  EXPECT_EQ(ast.error().size(), issues_max);
}

TEST(ParserTest, TextsThatTheSpecificationWantsAreNotTooLarge) {
  for (const std::string_view op : {" + ", " || ", " && ", " ? a : ", " == "}) {
    EXPECT_EQ(places(repeated("a" + std::string(op), 200) + "a"), "") << op;
  }
  EXPECT_EQ(places(repeated("(", 200) + "a" + repeated(")", 200)), "");
  EXPECT_EQ(places(repeated("[", 200) + repeated("]", 200)), "");
  EXPECT_EQ(places("f(" + repeated("a, ", 2000) + "a)"), "");
  EXPECT_EQ(places("a" + repeated(".b", 200)), "");
  EXPECT_EQ(places(repeated("!", 20000) + "a"), "");
  EXPECT_EQ(places(repeated("-", 20000) + "a"), "");
}

TEST(ParserTest, TextsThatAreTooDeepAreRefusedAndDoNotCrash) {
  const std::string cases[] = {
      repeated("a + ", 8000) + "a",
      repeated("(", 60000),
      repeated("(", 30000) + repeated(")", 30000),
      repeated("[", 60000),
      repeated("{a:", 20000),
      repeated("f(", 30000),
      repeated("a[", 30000),
      "a" + repeated(".b", 30000),
      "a" + repeated(".b()", 10000),
      "a" + repeated("[0]", 10000),
      repeated("a ? b : ", 8000) + "c",
      repeated("a ? ", 15000),
      repeated("a == ", 10000) + "a",
      repeated("!(", 30000),
      repeated("-a-", 20000),
      repeated("a.map(x, ", 7000),
      repeated("a.map(x, ", 100) + "x" + repeated(")", 100),
      repeated("a.optMap(x, ", 5000),
  };
  for (const std::string& source : cases) {
    const auto ast = parse(source);
    ASSERT_FALSE(ast.has_value()) << source.substr(0, 20);
    bool is_told = false;
    for (const Issue& issue : ast.error()) is_told = is_told || issue.message.find("too deep") != std::string::npos;
    EXPECT_TRUE(is_told) << source.substr(0, 20) << ": " << ast.error().front().message;
  }
}

TEST(ParserTest, TextsThatAreTooLongAreRefused) {
  EXPECT_EQ(places(repeated(" ", source_bytes_max - 1) + "a"), "");
  EXPECT_NE(first_message(repeated(" ", source_bytes_max) + "a").find("longer than"), std::string::npos);
}

}  // namespace
}  // namespace tallyho::cel

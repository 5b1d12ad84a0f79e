// The library's functions, as tables of expression and value. What the values should be: cel-spec's langdef, and
// cel-go's documentation of the math, strings and encoders extensions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

void expect(std::initializer_list<Example> examples) {
  TestHost host;
  for (const Example& example : examples) EXPECT_EQ(host.evaluate(example.source), example.value) << example.source;
}

TEST(Conversions, NumbersTruncateAndStayInRange) {
  expect({{"int(3.99)", "3"},
          {"int(-3.99)", "-3"},
          {"int(9223372036854775807.0)", "error: overflow"},
          {"int(-9223372036854775808.0)", "error: overflow"},
          {"int(9223372036854774784.0)", "9223372036854774784"},
          {"int(double('NaN'))", "error: overflow"},
          {"int(18446744073709551615u)", "error: overflow"},
          {"uint(-1)", "error: overflow"},
          {"uint(-0.5)", "error: overflow"},
          {"uint(18446744073709551616.0)", "error: overflow"},
          {"double(9007199254740993)", "9007199254740992.0"},
          {"int(timestamp('2001-09-09T01:46:40.9Z'))", "1000000000"},
          {"int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"}});
}

TEST(Conversions, TextMustBeANumberAsAWhole) {
  expect({{"int('-42')", "-42"},
          {"int('+42')", "42"},
          {"int('+-42')", "error: the value can't be converted"},
          {"int('42 ')", "error: the value can't be converted"},
          {"int('')", "error: the value can't be converted"},
          {"int('9223372036854775808')", "error: the value can't be converted"},
          {"uint('-1')", "error: the value can't be converted"},
          {"double('1e-400')", "0.0"},
          {"double('1e400')", "error: the value can't be converted"},
          {"double('.5')", "0.5"},
          {"double('+1.5')", "1.5"},
          {"double('+-1.5')", "error: the value can't be converted"},
          {"double('-inf')", "double('-Infinity')"},
          {"double('1,5')", "error: the value can't be converted"},
          {"bool('TRUE')", "true"},
          {"bool('tRuE')", "error: the value can't be converted"},
          {"bool('0')", "false"}});
}

TEST(Conversions, NumbersBecomeTheShortestText) {
  expect({{"string(-4.5e-3)", "'-0.0045'"},
          {"string(123.456)", "'123.456'"},
          {"string(0.1 + 0.2)", "'0.30000000000000004'"},
          {"string(1e20)", "'100000000000000000000'"},
          {"string(1e21)", "'1e+21'"},
          {"string(0.00001)", "'1e-05'"},
          {"string(9876u)", "'9876'"},
          {"string(-0.0)", "'-0'"},
          {"string(true)", "'true'"},
          {"string(b'\\xc3\\xa9')", "'é'"},
          {"string(b'\\xff')", "error: not valid UTF-8"},
          {"string(b'\\xed\\xa0\\x80')", "error: not valid UTF-8"},
          {"string(b'\\xc0\\x80')", "error: not valid UTF-8"},
          {"bytes('é')", "b'\\xc3\\xa9'"},
          {"string(duration('1000000s'))", "'1000000s'"},
          {"string(timestamp('2009-02-13T23:31:30Z'))", "'2009-02-13T23:31:30Z'"}});
}

TEST(Times, LeavingTheRangeIsAnError) {
  expect({{"timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", "error: out of range"},
          {"timestamp('0001-01-01T00:00:00Z') - duration('1ns')", "error: out of range"},
          {"timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "error: out of range"},
          {"timestamp(253402300800)", "error: out of range"},
          {"timestamp(0)", "timestamp('1970-01-01T00:00:00Z')"},
          {"timestamp('10000-01-01T00:00:00Z')", "error: the value can't be converted"},
          {"duration('320000000000s')", "error: the value can't be converted"},
          {"duration('9223372036s') + duration('9223372036s')", "error: overflow"}});
}

TEST(Times, AccessorsCountAsCelDoes) {
  // 2009-02-13 was a Friday, the 44th day of the year.
  const std::string t = "timestamp('2009-02-13T23:31:30.123456789Z')";
  TestHost host;
  const std::pair<std::string, std::string> fields[] = {
      {"getFullYear()", "2009"},
      {"getMonth()", "1"},
      {"getDate()", "13"},
      {"getDayOfMonth()", "12"},
      {"getDayOfWeek()", "5"},
      {"getDayOfYear()", "43"},
      {"getHours()", "23"},
      {"getMinutes()", "31"},
      {"getSeconds()", "30"},
      {"getMilliseconds()", "123"},
      {"getDate('+01:00')", "14"},
      {"getHours('Asia/Kolkata')", "5"},
      {"getMinutes('Asia/Kolkata')", "1"},
      {"getHours('US/Central')", "17"},
      {"getHours('02:00')", "1"},
      {"getMinutes('-02:30')", "1"},
      {"getHours('UT' + 'C')", "23"},
      {"getHours('No' + 'where')", "error: invalid argument"},
      {"getHours('Nowhere')", "issue: unknown time zone: write an IANA name or an offset like '+02:00'"},
  };
  for (const auto& [call, value] : fields) EXPECT_EQ(host.evaluate(t + "." + call), value) << call;
}

TEST(Times, DurationsGiveTotalsButTheRestOfMilliseconds) {
  expect({{"duration('93784s').getHours()", "26"},
          {"duration('93784s').getMinutes()", "1563"},
          {"duration('93784.5s').getSeconds()", "93784"},
          {"duration('123.321456789s').getMilliseconds()", "321"},
          {"duration('-90m').getHours()", "-1"}});
}

TEST(Strings, AreCountedInCodePoints) {
  expect({{"size('žluťoučký 🐴')", "11"},
          {"'žluť'.size()", "4"},
          {"size(b'\\xc3\\xa9')", "2"},
          {"'žluť'.charAt(1)", "'l'"},
          {"'žluť'.charAt(4)", "''"},
          {"'žluť'.charAt(5)", "error: index out of range"},
          {"'žluť'.charAt(-1)", "error: index out of range"},
          {"'žluť'.indexOf('uť')", "2"},
          {"'žluť'.indexOf('x')", "-1"},
          {"'tacocat'.indexOf('a', 2)", "5"},
          {"'tacocat'.indexOf('')", "0"},
          {"'tacocat'.indexOf('', 7)", "7"},
          {"'tacocat'.indexOf('a', 30)", "error: index out of range"},
          {"'tacocat'.lastIndexOf('a')", "5"},
          {"'tacocat'.lastIndexOf('a', 4)", "1"},
          {"'tacocat'.lastIndexOf('')", "7"},
          {"'žluť'.substring(1)", "'luť'"},
          {"'žluť'.substring(0, 1)", "'ž'"},
          {"'žluť'.substring(4)", "''"},
          {"'žluť'.substring(5)", "error: index out of range"},
          {"'žluť'.substring(2, 1)", "error: index out of range"},
          {"'žluť 🐴'.reverse()", "'🐴 ťulž'"}});
}

TEST(Strings, AreTakenApartAndPutTogether) {
  expect({{"['a', 'b', 'c'].join()", "'abc'"},
          {"['a', 'b', 'c'].join('-')", "'a-b-c'"},
          {"[].join('-')", "''"},
          {"'a,b,,c'.split(',')", "['a', 'b', '', 'c']"},
          {"'a,b,c'.split(',', 2)", "['a', 'b,c']"},
          {"'a,b,c'.split(',', 1)", "['a,b,c']"},
          {"'a,b,c'.split(',', 0)", "[]"},
          {"'a,b,c'.split(',', -9223372036854775808)", "['a', 'b', 'c']"},
          {"'žlu'.split('')", "['ž', 'l', 'u']"},
          {"''.split(',')", "['']"},
          {"''.split('')", "[]"},
          {"'hello hello'.replace('he', 'we')", "'wello wello'"},
          {"'hello hello'.replace('he', 'we', 1)", "'wello hello'"},
          {"'hello'.replace('he', 'we', 0)", "'hello'"},
          {"'hello hello'.replace('he', 'we', -9223372036854775808)", "'wello wello'"},
          {"'žl'.replace('', '_')", "'_ž_l_'"},
          {"'žl'.replace('', '_', 2)", "'_ž_l'"},
          {"'TacoCÆt'.lowerAscii()", "'tacocÆt'"},
          {"'tacocæt'.upperAscii()", "'TACOCæT'"},
          {"'\\u2000 a b\\u3000\\n'.trim()", "'a b'"},
          {"' '.trim()", "''"},
          {"strings.quote('a\\n\"b\"\\\\')", R"('"a\\n\\"b\\"\\\\"')"}});
}

TEST(Strings, MatchAnywhereUnlessAnchored) {
  expect({{"'foobar'.matches('o+b')", "true"},
          {"matches('foobar', '^o')", "false"},
          {"'ž'.matches('^.$')", "true"},
          {"'ab'.matches('a' + 'b$')", "true"},
          {"['a', 'b('].exists(p, 'x'.matches(p))", "error: invalid regular expression"},
          {"'x'.contains('') && 'x'.startsWith('x') && !'x'.endsWith('y')", "true"}});
}

TEST(Strings, FormatFillsClauses) {
  expect({{"'%s|%s|%s'.format([1, 'a', [1.5, null, {'b': true, 'a': duration('2s')}]])",
           "'1|a|[1.5, null, {a: 2s, b: true}]'"},
          {"'%d %d'.format([-7, 7u])", "'-7 7'"},
          {"'%.2f %f %.0f'.format([3.14159, 1, 2.5])", "'3.14 1.000000 2'"},
          {"'%.3e'.format([1052.03])", "'1.052e+03'"},
          {"'%b %b %o'.format([5, true, 8])", "'101 1 10'"},
          {"'%x %X %x'.format([-30, 'Z', b'\\xff'])", "'-1e 5A ff'"},
          {"'100%%'.format([])", "'100%'"},
          {"'%f'.format([double('-inf')])", "'-Infinity'"},
          {"'%d'.format(['a'])", "error: invalid argument"},
          {"'%q'.format([1])", "error: invalid argument"},
          {"'%s %s'.format([1])", "error: index out of range"},
          {"'%'.format([1])", "error: invalid argument"},
          {"'%.99999f'.format([1.0])", "error: invalid argument"}});
}

TEST(Encoders, Base64TakesTextWithAndWithoutPadding) {
  expect({{"base64.encode(b'hello')", "'aGVsbG8='"},
          {"base64.decode('aGVsbG8=')", "b'hello'"},
          {"base64.decode('aGVsbG8')", "b'hello'"},
          {"base64.decode('?')", "error: the value can't be converted"}});
}

TEST(Math, GreatestAndLeastMixKinds) {
  expect({{"math.greatest(1, 2, 3)", "3"},
          {"math.least(1, 2, 3)", "1"},
          {"math.greatest(1, 2.5)", "2.5"},
          {"math.greatest(1u, dyn(-2), 0.5, 7, 3)", "7"},
          {"math.greatest([1, 3, 2])", "3"},
          {"math.least([dyn(1), 0.5, 2u])", "0.5"},
          {"math.greatest(1, 1.0)", "1"},
          {"math.greatest(dyn('a'), 1)", "error: no such overload"},
          {"math.least(dyn([]))", "error: invalid argument"},
          {"math.least(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1)", "-1"}});
}

TEST(Math, RoundsAwayFromZeroAtHalves) {
  expect({{"math.round(1.5)", "2.0"},
          {"math.round(-1.5)", "-2.0"},
          {"math.round(0.49999999999999994)", "0.0"},
          {"math.ceil(1.2)", "2.0"},
          {"math.floor(-1.2)", "-2.0"},
          {"math.trunc(-1.9)", "-1.0"},
          {"math.ceil(dyn(1))", "error: no such overload"},
          {"math.abs(-9223372036854775808)", "error: overflow"},
          {"math.abs(-1.5)", "1.5"},
          {"math.sign(-3)", "-1"},
          {"math.sign(0.0)", "0.0"},
          {"math.sign(7u)", "1u"},
          {"math.sqrt(9)", "3.0"},
          {"math.isNaN(math.sqrt(-1.0))", "true"},
          {"math.isInf(1.0 / 0.0)", "true"},
          {"math.isFinite(1.0 / 0.0)", "false"}});
}

TEST(Math, ShiftsAreLogical) {
  expect({{"math.bitAnd(6, 3)", "2"},
          {"math.bitOr(6u, 3u)", "7u"},
          {"math.bitXor(6, 3)", "5"},
          {"math.bitNot(0u)", "18446744073709551615u"},
          {"math.bitShiftLeft(1, 2)", "4"},
          {"math.bitShiftRight(-1024, 3)", "2305843009213693824"},
          {"math.bitShiftLeft(1, 64)", "0"},
          {"math.bitShiftRight(-1, 64)", "0"},
          {"math.bitShiftLeft(1, -1)", "error: invalid argument"}});
}

}  // namespace
}  // namespace tallyho::cel

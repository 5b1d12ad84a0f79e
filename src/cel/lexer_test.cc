#include "cel/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cel/text_literal.h"

namespace tallyho::cel {
namespace {

using TokenKind = Token::Kind;

// The tokens as written, separated by spaces.
std::string words(std::string_view source) {
  std::vector<Issue> issues;
  std::string text;
  for (const Token& token : tokenize(source, issues)) {
    if (token.kind == TokenKind::end) break;
    if (!text.empty()) text += ' ';
    text += source.substr(token.begin, token.end - token.begin);
  }
  EXPECT_TRUE(issues.empty()) << source << ": " << (issues.empty() ? "" : issues.front().message);
  return text;
}

TokenKind only_kind(std::string_view source) {
  std::vector<Issue> issues;
  const std::vector<Token> tokens = tokenize(source, issues);
  return tokens.size() == 2 ? tokens.front().kind : TokenKind::end;
}

struct Mistake {
  std::string_view source;
  std::uint32_t begin;
  std::uint32_t end;
  std::string_view says;
};

TEST(LexerTest, TextIsDividedWhereTheGrammarDividesIt) {
  EXPECT_EQ(words("a.b(1)"), "a . b ( 1 )");
  EXPECT_EQ(words("a<=b!=c"), "a <= b != c");
  EXPECT_EQ(words("4--4.1"), "4 - - 4.1");
  EXPECT_EQ(words("1.size()"), "1 . size ( )");
  EXPECT_EQ(words("a?.5:.5e-3"), "a ? .5 : .5e-3");
  EXPECT_EQ(words("a.?b[?0]"), "a . ? b [ ? 0 ]");
  EXPECT_EQ(words("1e5 1E+5 0x1Fu 7U"), "1e5 1E+5 0x1Fu 7U");
  EXPECT_EQ(words("1 // + 2\n+ 3 // end"), "1 + 3");
  EXPECT_EQ(words("\t1\r\n\f+ 2 "), "1 + 2");
  EXPECT_EQ(words("a.`content-type`"), "a . `content-type`");
}

TEST(LexerTest, NumbersHaveTheTypeThatTheirFormSays) {
  EXPECT_EQ(only_kind("12"), TokenKind::int64);
  EXPECT_EQ(only_kind("0xff"), TokenKind::int64);
  EXPECT_EQ(only_kind("12u"), TokenKind::uint64);
  EXPECT_EQ(only_kind("0xffU"), TokenKind::uint64);
  EXPECT_EQ(only_kind("1.0"), TokenKind::float64);
  EXPECT_EQ(only_kind(".5"), TokenKind::float64);
  EXPECT_EQ(only_kind("1e3"), TokenKind::float64);
}

TEST(LexerTest, WordsOfTheLanguageAreNoIdentifiers) {
  EXPECT_EQ(only_kind("in"), TokenKind::keyword_in);
  EXPECT_EQ(only_kind("true"), TokenKind::keyword_true);
  EXPECT_EQ(only_kind("null"), TokenKind::keyword_null);
  EXPECT_EQ(only_kind("inn"), TokenKind::identifier);
  EXPECT_EQ(only_kind("while"), TokenKind::identifier);  // The parser's matter: it may name a field.
  EXPECT_TRUE(is_reserved("while"));
  EXPECT_FALSE(is_reserved("in"));
}

TEST(LexerTest, StringsEndWhereTheyBegan) {
  EXPECT_EQ(words(R"('a"b' "c'd")"), R"('a"b' "c'd")");
  EXPECT_EQ(words(R"("a\"b" 'c\\')"), R"("a\"b" 'c\\')");
  EXPECT_EQ(words(R"(r"\" + r'\')"), R"(r"\" + r'\')");  // Raw: a backslash is only that.
  EXPECT_EQ(words("'''a\n'b''c''' \"\"\"d\"\"\""), "'''a\n'b''c''' \"\"\"d\"\"\"");
  EXPECT_EQ(words("'' \"\""), "'' \"\"");
  for (const std::string_view bytes : {"b'a'", "B\"a\"", "br'a'", "bR\"a\"", "Br'''a'''"}) {
    EXPECT_EQ(only_kind(bytes), TokenKind::bytes) << bytes;
  }
  for (const std::string_view text : {"'a'", "r'a'", "R\"\"\"a\"\"\""}) {
    EXPECT_EQ(only_kind(text), TokenKind::string) << text;
  }
}

TEST(LexerTest, WhatIsNoTokenIsToldWithWhatToWrite) {
  const Mistake mistakes[] = {
      {"a = b", 2, 3, "write '=='"},
      {"a === b", 2, 5, "write '=='"},
      {"a & b", 2, 3, "write '&&'"},
      {"a | b", 2, 3, "write '||'"},
      {"a <> b", 2, 4, "write '!='"},
      {"a => b", 2, 4, "write '>='"},
      {"a ** b", 2, 4, "'*'"},
      {"'abc", 0, 4, "' is missing"},
      {"'abc\n'", 0, 4, "before the end of the line"},
      {"'''abc'", 0, 7, "''' is missing"},
      {"5x", 0, 2, "no number"},
      {"1_000", 0, 5, "without '_'"},
      {"0X1F", 0, 4, "0x in lower case"},
      {"rb'a'", 0, 2, "'br'"},
      {"a # b", 2, 5, "'//'"},
      {"a ; b", 2, 3, "one expression"},
      {"a $ b", 2, 3, "no meaning"},
      {"“a”", 0, 3, "typographic"},
      {"a.`b", 2, 4, "ends with '`'"},
      {"a.``", 2, 4, "backquotes"},
      {std::string_view("a \0 b", 5), 2, 3, "control character"},
  };
  for (const Mistake& mistake : mistakes) {
    std::vector<Issue> issues;
    tokenize(mistake.source, issues);
    ASSERT_FALSE(issues.empty()) << mistake.source;
    EXPECT_EQ(issues.front().begin, mistake.begin) << mistake.source;
    EXPECT_EQ(issues.front().end, mistake.end) << mistake.source;
    EXPECT_NE(issues.front().message.find(mistake.says), std::string::npos) << issues.front().message;
  }
}

TEST(TextLiteralTest, EscapesAreDecoded) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"('\a\b\f\n\r\t\v')", "\a\b\f\n\r\t\v"},
      {R"('\\\?\"\'\`')", "\\?\"'`"},
      {R"('\x41\X42\103')", "ABC"},
      {R"('\u00ff')", "\xc3\xbf"},
      {R"('\xff')", "\xc3\xbf"},  // A code point in a string,
      {R"('\377')", "\xc3\xbf"},
      {R"(b'\xff\377')", "\xff\xff"},  // an octet in bytes.
      {"b'ÿ'", "\xc3\xbf"},
      {R"('\U0001F431')", "\xf0\x9f\x90\xb1"},
      {R"(r'\n\x')", "\\n\\x"},
      {R"(br'\n')", "\\n"},
      {R"('''a'b''')", "a'b"},
      {"\"\"\"a\r\nb\rc\nd\"\"\"", "a\nb\nc\nd"},
      {"''", ""},
      {"''''''", ""},
  };
  for (const auto& [written, text] : cases) {
    const auto decoded = decode_text_literal(written, 0);
    ASSERT_TRUE(decoded.has_value()) << written << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, text) << written;
    EXPECT_EQ(plain_text_literal(written).value_or(text), text) << written;
  }
}

TEST(TextLiteralTest, TextsWithoutEscapesAreLeftWhereTheyStand) {
  for (const std::string_view written : {"'ab'", "\"it's\"", "''", "r'a'", "b'ÿ'", "'ä'", "'\"\"\"\"'"}) {
    const auto plain = plain_text_literal(written);
    ASSERT_TRUE(plain.has_value()) << written;
    EXPECT_EQ(*plain, *decode_text_literal(written, 0)) << written;
    EXPECT_GE(plain->data(), written.data());
  }
  for (const std::string_view written : {R"('\n')", R"(r'\n')", "'''a'''", "''''''", "\"\"\"a\r\nb\"\"\""}) {
    EXPECT_FALSE(plain_text_literal(written).has_value()) << written;
  }
}

TEST(TextLiteralTest, EscapesThatMeanNothingAreToldWhereTheyStand) {
  const Mistake mistakes[] = {
      {R"('a\q')", 12, 14, "no escape"},     {R"('\x4')", 11, 14, "2 hex digits"},
      {R"('\xg1')", 11, 15, "2 hex digits"}, {R"('\u12')", 11, 15, "4 hex digits"},
      {R"('\ud800')", 11, 17, "code point"}, {R"('\U00110000')", 11, 21, "code point"},
      {R"(b'\u0041')", 12, 18, "bytes"},     {R"('\09')", 11, 14, "3 octal digits"},
      {R"('\400')", 11, 13, "no escape"},    {"'\\ä'", 11, 14, "no escape"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto decoded = decode_text_literal(mistake.source, 10);
    ASSERT_FALSE(decoded.has_value()) << mistake.source;
    EXPECT_EQ(decoded.error().begin, mistake.begin) << mistake.source;
    EXPECT_EQ(decoded.error().end, mistake.end) << mistake.source;
    EXPECT_NE(decoded.error().message.find(mistake.says), std::string::npos) << decoded.error().message;
  }
}

}  // namespace
}  // namespace tallyho::cel

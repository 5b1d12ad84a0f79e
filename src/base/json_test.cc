#include "base/json.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

TEST(JsonWriterTest, PutsTheCommas) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("code").text("ok");
  json.key("fired").array();
  json.array().text("find-base").number(std::int64_t{20}).end();
  json.array().end();
  json.object().end();
  json.end();
  json.key("last").boolean(true).key("no").boolean(false).key("none").null();
  json.end();
  EXPECT_EQ(out, R"({"code":"ok","fired":[["find-base",20],[],{}],"last":true,"no":false,"none":null})");
}

TEST(JsonWriterTest, AppendsToWhatIsThere) {
  std::string out = "data: ";
  JsonWriter(out).array().raw("1").raw(R"({"a":2})").end();
  EXPECT_EQ(out, R"(data: [1,{"a":2}])");
}

// Goal: bytes looked through together are as they are one by one. Method: every byte at every place of texts that are
// no longer than a few of those groups, between the bytes that come closest to being escaped themselves.
TEST(JsonWriterTest, EscapesWhatJsonForbidsWhereverItStands) {
  for (const char filler : {'a', ' ', '!', '#', '[', '\x7f', '\x80', '\xff'}) {
    for (std::size_t size = 1; size <= 19; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
          std::string text(size, filler);
          text[at] = static_cast<char>(byte);
          std::string out;
          append_json_string(out, text);
          std::string there(1, text[at]);
          if (byte < 0x20) there = std::string("\\u00") + (byte < 16 ? '0' : '1') + "0123456789abcdef"[byte % 16];
          if (byte == '\n') there = "\\n";
          if (byte == '\r') there = "\\r";
          if (byte == '\t') there = "\\t";
          if (byte == '"' || byte == '\\') there = "\\" + there;
          const std::string expected = '"' + std::string(at, filler) + there + std::string(size - at - 1, filler) + '"';
          ASSERT_EQ(out, expected) << "byte " << byte << " at " << at << " of " << size;
        }
      }
    }
  }
}

TEST(JsonWriterTest, EscapesWhatJsonForbids) {
  struct {
    std::string_view text;
    std::string_view json;
  } const rows[] = {
      {"", R"("")"},
      {"ada", R"("ada")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\n\r\t", R"("\n\r\t")"},
      {std::string_view("\0\x01\x1f", 3), R"("\u0000\u0001\u001f")"},
      {"\x7f/ z\u00fcrich \u2028 \U0001f3c6", "\"\x7f/ z\u00fcrich \u2028 \U0001f3c6\""},
      {"end\"", R"("end\"")"},
  };
  for (const auto& row : rows) {
    std::string out;
    append_json_string(out, row.text);
    EXPECT_EQ(out, row.json);
  }
}

TEST(JsonWriterTest, WritesNumbersShortAndExact) {
  const auto number = [](auto value) {
    std::string out;
    JsonWriter(out).number(value);
    return out;
  };
  EXPECT_EQ(number(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(number(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(1e300), "1e+300");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(1.7976931348623157e308), "1.7976931348623157e+308");
}

TEST(JsonWriterTest, WritesNullForWhatIsNoNumber) {
  std::string out;
  JsonWriter json(out);
  json.array().number(std::nan("")).number(std::numeric_limits<double>::infinity());
  json.number(-std::numeric_limits<double>::infinity()).end();
  EXPECT_EQ(out, "[null,null,null]");
}

TEST(JsonWriterTest, NestsDeeply) {
  std::string out;
  JsonWriter json(out);
  for (int i = 0; i < 60; ++i) json.array().number(std::int64_t{1});
  for (int i = 0; i < 60; ++i) json.end();
  std::string expected = "[1";
  for (int i = 1; i < 60; ++i) expected += ",[1";
  expected += std::string(60, ']');
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace tallyho

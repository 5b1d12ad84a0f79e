#include "ruleset/yaml_text.h"

#include <gtest/gtest.h>

#include <random>

#include "ruleset/yaml_node.h"

namespace tallyho {
namespace {

struct Case {
  const char* name;
  std::string source;  // A document `k: …`.
  std::string value;   // What it decodes to.
  std::string needle;  // In the value…
  std::size_t begin;   // …and where it was written.
  std::size_t end;
};

// The scalar under the only key of a document.
YamlNode scalar_of(const std::string& source) {
  const SourceText text(source);
  Report report("f", text);
  std::optional<YamlNode> root = parse_yaml(report);
  for (const Diagnostic& diagnostic : report.take()) ADD_FAILURE() << to_text(diagnostic, source);
  if (!root || !root->is_map() || root->items.size() != 1) {
    ADD_FAILURE() << source;
    return {};
  }
  return std::move(root->items[0]);
}

TEST(ScalarPlaces, FindsWhereAPartWasWritten) {
  const Case cases[] = {
      {"plain", "k: ab + cd\n", "ab + cd", "cd", 8, 10},
      {"plain, code points before", "k: ä + cd\n", "ä + cd", "cd", 8, 10},
      {"plain, two lines", "k: ab\n    cd\n", "ab cd", "cd", 10, 12},
      {"plain, blanks at the line end", "k: ab  \n    cd\n", "ab cd", "cd", 12, 14},
      {"plain, CR LF", "k: ab\r\n    cd\r\n", "ab cd", "cd", 11, 13},
      {"plain, an empty line", "k: ab\n\n    cd\n", "ab\ncd", "cd", 11, 13},
      {"plain, two empty lines", "k: ab\n\n \n    cd\n", "ab\n\ncd", "cd", 13, 15},
      {"plain, blanks within", "k: ab   cd\n", "ab   cd", "cd", 8, 10},
      {"plain, three lines", "k: ab\n  cd\n  ef\n", "ab cd ef", "ef", 13, 15},
      {"plain, comment after", "k: ab # x\n", "ab", "b", 4, 5},
      {"plain on the next line", "k:\n  ab cd\n", "ab cd", "cd", 8, 10},
      {"single quotes", "k: 'ab + cd'\n", "ab + cd", "cd", 9, 11},
      {"single quotes, doubled", "k: 'a''b + cd'\n", "a'b + cd", "cd", 11, 13},
      {"single quotes, the doubled one", "k: 'a''b'\n", "a'b", "'", 5, 7},
      {"single quotes, two lines", "k: 'ab  \n   cd'\n", "ab cd", "cd", 12, 14},
      {"single quotes, an empty line", "k: 'ab\n\n  cd'\n", "ab\ncd", "cd", 10, 12},
      {"single quotes, a line of its own", "k: 'ab\n\n  cd'\n", "ab\ncd", "\n", 6, 7},
      {"double quotes", "k: \"ab cd\"\n", "ab cd", "cd", 7, 9},
      {"double quotes, \\n", "k: \"ab\\ncd\"\n", "ab\ncd", "cd", 8, 10},
      {"double quotes, the escape itself", "k: \"ab\\ncd\"\n", "ab\ncd", "\n", 6, 8},
      {"double quotes, \\x", "k: \"\\x41 + cd\"\n", "A + cd", "cd", 11, 13},
      {"double quotes, \\u", "k: \"caf\\u00e9 + cd\"\n", "café + cd", "cd", 16, 18},
      {"double quotes, a \\u of two bytes", "k: \"caf\\u00e9 + cd\"\n", "café + cd", "é", 7, 13},
      {"double quotes, \\U", "k: \"\\U0001f600cd\"\n", "😀cd", "cd", 14, 16},
      {"double quotes, quote and backslash", "k: \"\\\" \\\\ cd\"\n", "\" \\ cd", "cd", 10, 12},
      {"double quotes, folded", "k: \"ab\n   cd\"\n", "ab cd", "cd", 10, 12},
      {"double quotes, joined", "k: \"ab\\\n   cd\"\n", "abcd", "cd", 11, 13},
      {"double quotes, joined after a blank", "k: \"ab \\\n   cd\"\n", "ab cd", "cd", 12, 14},
      {"double quotes, escaped blank after a join", "k: \"ab\\\n   \\ cd\"\n", "ab cd", "cd", 13, 15},
      {"double quotes, an empty line", "k: \"ab\n\n   cd\"\n", "ab\ncd", "cd", 11, 13},
      {"double quotes, escaped newline then a line", "k: \"ab\\n\n   cd\"\n", "ab\n cd", "cd", 12, 14},
      {"literal", "k: |\n  ab\n  cd\n", "ab\ncd\n", "cd", 12, 14},
      {"literal, stripped", "k: |-\n  ab\n  cd\n", "ab\ncd", "cd", 13, 15},
      {"literal, kept", "k: |+\n  ab\n  cd\n\n", "ab\ncd\n\n", "cd", 13, 15},
      {"literal, deeper lines", "k: |\n  ab\n    cd\n", "ab\n  cd\n", "cd", 14, 16},
      {"literal, empty lines", "k: |\n  ab\n\n  cd\n", "ab\n\ncd\n", "cd", 13, 15},
      {"literal, blank lines", "k: |\n  ab\n \n  cd\n", "ab\n\ncd\n", "cd", 14, 16},
      {"literal, empty first line", "k: |\n\n  ab\n  cd\n", "\nab\ncd\n", "cd", 13, 15},
      {"literal, indentation given", "k: |2\n    ab\n  cd\n", "  ab\ncd\n", "cd", 15, 17},
      {"literal, comment in the header", "k: | # why\n  ab\n  cd\n", "ab\ncd\n", "cd", 18, 20},
      {"literal, CR LF", "k: |\r\n  ab\r\n  cd\r\n", "ab\ncd\n", "cd", 14, 16},
      {"literal, tabs within", "k: |\n  a\tb\n  cd\n", "a\tb\ncd\n", "cd", 13, 15},
      {"literal, blanks at the end", "k: |\n  ab  \n  cd\n", "ab  \ncd\n", "cd", 14, 16},
      {"folded", "k: >\n  ab\n  cd\n", "ab cd\n", "cd", 12, 14},
      {"folded, stripped", "k: >-\n  ab\n  cd\n", "ab cd", "cd", 13, 15},
      {"folded, an empty line", "k: >-\n  ab\n\n  cd\n", "ab\ncd", "cd", 14, 16},
      {"folded, two empty lines", "k: >-\n  ab\n\n\n  cd\n", "ab\n\ncd", "cd", 15, 17},
      {"folded, deeper", "k: >-\n  ab\n    cd\n  ef\n", "ab\n  cd\nef", "ef", 20, 22},
      {"folded, deeper itself", "k: >-\n  ab\n    cd\n  ef\n", "ab\n  cd\nef", "cd", 15, 17},
      {"folded, three lines", "k: >-\n  ab\n  cd\n  ef\n", "ab cd ef", "ef", 18, 20},
      {"folded, blanks at the end", "k: >-\n  ab \n  cd\n", "ab  cd", "cd", 14, 16},
      {"tagged", "k: !!str ab cd\n", "ab cd", "cd", 12, 14},
      {"tagged, quoted on the next line", "k: !!str # a text\n  'ab cd'\n", "ab cd", "cd", 24, 26},
      {"in a flow map", "k: ab cd", "ab cd", "cd", 6, 8},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const YamlNode node = scalar_of(c.source);
    EXPECT_EQ(node.text, c.value);
    const ScalarPlaces places(c.source, node.begin, node.text);
    EXPECT_TRUE(places.is_exact());
    const std::size_t offset = node.text.find(c.needle);
    ASSERT_NE(offset, std::string::npos);
    if (c.needle == "\n") {
      EXPECT_EQ(places.at(offset).begin, c.begin);
      EXPECT_EQ(places.at(offset).end, c.end);
      continue;
    }
    const ScalarPlaces::Range range = places.range(offset, offset + c.needle.size());
    EXPECT_EQ(range.begin, c.begin);
    EXPECT_EQ(range.end, c.end);
  }
}

TEST(ScalarPlaces, PointsBehindTheLastCharacter) {
  const struct {
    std::string source;
    std::size_t begin;
  } cases[] = {
      {"k: ab\n", 5},
      {"k: 'ab'\n", 6},
      {"k: \"ab\\x41\"\n", 10},
      {"k: |\n  ab\n  cd\n", 14},
      {"k: >-\n  ab\n  cd\n\n", 15},
  };
  for (const auto& [source, begin] : cases) {
    const YamlNode node = scalar_of(source);
    const ScalarPlaces places(source, node.begin, node.text);
    EXPECT_EQ(places.at(node.text.size()).begin, begin) << source;
    EXPECT_EQ(places.at(node.text.size() + 100).begin, begin) << source;
  }
}

TEST(ScalarPlaces, AnEmptyTextIsAtItsQuote) {
  const std::string source = "k: ''\n";
  const YamlNode node = scalar_of(source);
  const ScalarPlaces places(source, node.begin, node.text);
  EXPECT_EQ(places.at(0).begin, 3U);
  EXPECT_EQ(places.whole().end, 5U);
}

TEST(ScalarPlaces, KnowsTheWholeScalar) {
  const std::string source = "k: 'a''b'  # x\n";
  const YamlNode node = scalar_of(source);
  EXPECT_EQ(source.substr(node.begin, node.end - node.begin), "'a''b'");
}

TEST(ScalarPlaces, SaysWhenSourceAndValueDisagree) {
  const ScalarPlaces places("abc", 0, "abx");
  EXPECT_FALSE(places.is_exact());
  EXPECT_EQ(places.at(1).begin, 1U);
  EXPECT_EQ(places.at(2).begin, 2U);
}

TEST(ScalarPlaces, SurvivesAnyOffset) {
  EXPECT_FALSE(ScalarPlaces("", 5, "abc").is_exact());
  EXPECT_TRUE(ScalarPlaces("", 0, "").is_exact());
  EXPECT_FALSE(ScalarPlaces("|", 0, "x").is_exact());
  EXPECT_TRUE(ScalarPlaces("\"ab", 0, "ab").is_unterminated());
}

// Writes random words in every style, where the place of each word is known, and looks every word up.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  struct Word {
    std::string text;
    std::size_t source = 0;
    std::size_t value = 0;
  };

  std::string source = "k: ";
  std::string value;
  std::vector<Word> words;

  void write() {
    switch (pick(4)) {
      case 0: return write_flow('\0');
      case 1: return write_flow('\'');
      case 2: return write_flow('"');
      default: return write_block();
    }
  }

 private:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void word() {
    static const std::vector<std::string> texts{"alpha", "b", "größe", "x1", "€uro", "w😀w"};
    const std::string& text = texts[pick(texts.size())];
    words.push_back({text, source.size(), value.size()});
    source += text;
    value += text;
  }

  void escape(char quote) {
    if (quote == '\'') {
      source += "''";
      value += "'";
    } else if (quote == '"') {
      static const std::vector<std::pair<std::string, std::string>> escapes{
          {"\\n", "\n"}, {"\\\"", "\""}, {"\\\\", "\\"}, {"\\x41", "A"}, {"\\u00e4", "ä"}, {"\\U0001F600", "😀"}};
      const auto& [written, meant] = escapes[pick(escapes.size())];
      source += written;
      value += meant;
    }
  }

  void write_flow(char quote) {
    if (quote != '\0') source += quote;
    word();
    for (std::size_t i = pick(12); i > 0; --i) {
      switch (pick(quote == '"' ? 5 : 4)) {
        case 0:
          escape(quote);
          word();
          break;
        case 1: {
          const std::string blanks(1 + pick(3), ' ');
          source += blanks;
          value += blanks;
          word();
          break;
        }
        case 2:
        case 3: {  // A line end, and perhaps empty lines.
          const std::size_t empty = pick(3);
          source += std::string(pick(3), ' ') + line_end();
          for (std::size_t j = 0; j < empty; ++j) source += std::string(pick(3), ' ') + line_end();
          source += std::string(1 + pick(4), ' ');
          value += empty == 0 ? " " : std::string(empty, '\n');
          word();
          break;
        }
        default:
          source += "\\" + line_end() + std::string(1 + pick(4), ' ');
          word();
          break;
      }
    }
    if (quote != '\0') source += quote;
    source += '\n';
  }

  void write_block() {
    const bool is_folded = pick(2) == 1;
    const std::string indentation(1 + pick(4), ' ');
    source += is_folded ? ">" : "|";
    if (pick(2) == 1) source += "-";
    source += line_end();
    bool was_deeper = false;
    const std::size_t lines = 1 + pick(6);
    std::size_t empty = 0;
    for (std::size_t i = 0; i < lines; ++i) {
      const std::string deeper(i > 0 && pick(3) == 0 ? 1 + pick(3) : 0, ' ');
      if (i > 0) {
        const bool is_fold = is_folded && deeper.empty() && !was_deeper;
        value += is_fold ? (empty == 0 ? " " : std::string(empty, '\n')) : std::string(empty + 1, '\n');
      }
      source += indentation + deeper;
      value += deeper;
      was_deeper = !deeper.empty();
      word();
      source += line_end();
      empty = i + 1 < lines ? pick(3) : 0;
      for (std::size_t j = 0; j < empty; ++j) source += std::string(pick(indentation.size() + 1), ' ') + line_end();
    }
  }

  std::string line_end() { return pick(4) == 0 ? "\r\n" : "\n"; }

  std::mt19937_64 random_;
};

TEST(ScalarPlaces, EveryWordOfRandomScalarsIsFound) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Writer writer(seed);
    writer.write();
    const YamlNode node = scalar_of(writer.source);
    ASSERT_TRUE(node.text == writer.value || node.text == writer.value + "\n") << writer.source;
    const ScalarPlaces places(writer.source, node.begin, node.text);
    ASSERT_TRUE(places.is_exact()) << writer.source;
    for (const Writer::Word& word : writer.words) {
      const ScalarPlaces::Range range = places.range(word.value, word.value + word.text.size());
      ASSERT_EQ(range.begin, word.source) << writer.source;
      ASSERT_EQ(range.end, word.source + word.text.size()) << writer.source;
    }
  }
}

}  // namespace
}  // namespace tallyho

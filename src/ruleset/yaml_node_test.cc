#include "ruleset/yaml_node.h"

#include <gtest/gtest.h>

#include "fmt/format.h"

namespace tallyho {
namespace {

// The problems of a text as "LINE:COLUMN: message" lines, or its tree, as `{a: [b, 'c']}` with quotes where written.
std::string shape(const YamlNode& node) {
  std::string text;
  switch (node.kind) {
    case YamlNode::Kind::null: return "null";
    case YamlNode::Kind::scalar: return node.is_plain ? node.text : fmt::format("'{}'", node.text);
    case YamlNode::Kind::list:
      for (const YamlNode& item : node.items) text += (text.empty() ? "" : ", ") + shape(item);
      return "[" + text + "]";
    case YamlNode::Kind::map:
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        text += (text.empty() ? "" : ", ") + shape(node.keys[i]) + ": " + shape(node.items[i]);
      }
      return "{" + text + "}";
  }
  return "";
}

std::string read(std::string_view source) {
  const SourceText text(source);
  Report report("f", text);
  const std::optional<YamlNode> root = parse_yaml(report);
  std::string problems;
  for (const Diagnostic& diagnostic : report.take()) {
    problems += fmt::format("{}:{}: {}", diagnostic.line, diagnostic.column, diagnostic.message);
  }
  return root ? shape(*root) + problems : problems;
}

TEST(ParseYaml, ReadsWhatRulesetsAreMadeOf) {
  EXPECT_EQ(read("a: 1\nb: [x, 'y', \"z\"]\nc:\n  - d: e\n    f: |\n      g\n  -\nh:\n"),
            "{a: 1, b: [x, 'y', 'z'], c: [{d: e, f: 'g\n'}, null], h: null}");
  EXPECT_EQ(read("%YAML 1.2\n---\na: ~\n...\n"), "{a: null}");
  EXPECT_EQ(read("\xef\xbb\xbfname: b\n"), "{name: b}");
  EXPECT_EQ(read("a: !!str 1\nb: !!int 2\n"), "{a: '1', b: 2}");
  EXPECT_EQ(read("a: {b, c: d}\n"), "{a: {b: null, c: d}}");
  EXPECT_EQ(read("a: 1\r\nb: 2\r\n"), "{a: 1, b: 2}");
  EXPECT_EQ(read("a: 1\na: 2\n"), "{a: 1, a: 2}") << "keys that occur twice are the readers' to refuse";
}

TEST(ParseYaml, KeepsThePlacesOfNodes) {
  const std::string source = "\xef\xbb\xbfkey: 'va''lue'\nnone:\nlist: [1]\n";
  const SourceText text(source);
  Report report("f", text);
  const YamlNode root = parse_yaml(report).value();
  const auto written = [&](const YamlNode& node) { return source.substr(node.begin, node.end - node.begin); };
  EXPECT_EQ(written(root.keys[0]), "key");
  EXPECT_EQ(written(root.items[0]), "'va''lue'");
  EXPECT_EQ(written(root.items[1]), "none") << "an empty value is at its key";
  EXPECT_EQ(written(root.items[2]), "[");
}

TEST(ParseYaml, RefusesWhatItDoesNotUse) {
  const struct {
    std::string_view source;
    std::string_view problem;
  } cases[] = {
      {"a: &x 1\n", "1:4: anchors (&) are not used in rulesets; quote an expression that begins so"},
      {"a: *x\n", "1:4: aliases (*) are not used in rulesets; quote an expression that begins so"},
      {"a: &x 1\nb: *x\n", "1:4: anchors (&) are not used in rulesets; quote an expression that begins so"},
      {"a: \"b\\Nc\"\n", R"(1:4: the escapes \N and \_ are not used in rulesets; write \u0085 or \u00A0)"},
      {"\"a\\_b\": 1\n", R"(1:1: the escapes \N and \_ are not used in rulesets; write \u0085 or \u00A0)"},
      {"a:\n  <<: {b: 1}\n", "2:3: merge keys (<<) are not used in rulesets; write the members out"},
      {"a: !player.ready\n",
       "1:4: '!' begins a YAML tag, and '!player.ready' is none that rulesets know; quote an expression that begins "
       "so, as in \"!player.ready\""},
      {"a: !player.ready && x\n",
       "1:4: '!' begins a YAML tag, and '!player.ready' is none that rulesets know; quote an expression that begins "
       "so, as in \"!player.ready\""},
      {"a: !!binary aGk=\n",
       "1:4: '!' begins a YAML tag, and 'tag:yaml.org,2002:binary' is none that rulesets know; quote an expression "
       "that begins so, as in \"!player.ready\""},
      {"a: 1\n---\nb: 2\n", "2:1: a ruleset is one YAML document; this is a second one"},
      {"? [a]\n: b\n", "1:3: a key must be a plain text, not a list"},
      {"a: 'x\n", "1:4: this quoted text is not closed; it needs a '"},
      {"a: \"x\\\"\nb: 1\n", "1:4: this quoted text is not closed; it needs a \""},
      {"", "1:1: the file is empty; a ruleset begins with `tallyho: 1`"},
      {"# only a comment\n", "1:1: the file is empty; a ruleset begins with `tallyho: 1`"},
      {"a: b ? c : d\n",
       "1:10: ': ' is only allowed after a key; quote an expression or text that contains it, or write it as a block "
       "(>-)"},
      {"a: 'x' + y\n",
       "1:8: text after a closing quote; quote the whole expression, as in \"'Hello ' + event.player\""},
      {"a:\n  b: 1\n\tc: 2\n", "3:1: a tab cannot indent in YAML; use spaces"},
      {"a: @x\n", "1:4: a value cannot begin with this character; quote it"},
      {"a: x\x01y\n", "1:5: control character U+0001 in the file; in a text, write it as an escape in double quotes"},
      {"a: x\ry\n", "1:5: control character U+000D in the file; in a text, write it as an escape in double quotes"},
      {"a: x\x04\n", "1:5: control character U+0004 in the file; in a text, write it as an escape in double quotes"},
      {"a: \xff\n", "1:4: byte 0xff is not UTF-8; save the file as UTF-8"},
      {"\xff\xfe"
       "a",
       "1:1: byte 0xff is not UTF-8; save the file as UTF-8"},
  };
  for (const auto& [source, problem] : cases) EXPECT_EQ(read(source), problem) << source;
}

TEST(ParseYaml, RefusesWhatIsTooLargeOrTooDeep) {
  EXPECT_EQ(read(std::string(ruleset_bytes_max + 1, '#')),
            "1:1: the file is larger than 1048576 bytes, the most that a ruleset may have");
  EXPECT_EQ(read(std::string(ruleset_bytes_max, '#')), "1:1: the file is empty; a ruleset begins with `tallyho: 1`");
  EXPECT_EQ(read(std::string(33, '[') + "x" + std::string(33, ']')), "1:33: nested more than 32 levels deep");
  std::string maps = "x";
  for (int i = 0; i < 33; ++i) maps = "{a: " + maps + "}";
  EXPECT_EQ(read(maps), "1:129: nested more than 32 levels deep");
  std::string dashes;
  for (int i = 0; i < 1000; ++i) dashes += "- ";
  EXPECT_EQ(read(dashes), "1:65: nested more than 32 levels deep");
  EXPECT_EQ(read(std::string(32, '[') + "x" + std::string(32, ']')), std::string(32, '[') + "x" + std::string(32, ']'));
}

TEST(ParseYaml, TakesManyOfAnythingWithoutHarm) {
  for (const std::string_view piece :
       {"[", "{", "- ", "a: ", "? ", "'", "\"", "|\n", "!x ", "&a ", "*a ", "\\", "[a, "}) {
    std::string text;
    while (text.size() < ruleset_bytes_max / 8) text += piece;
    EXPECT_NE(read(text), "") << piece;
  }
}

}  // namespace
}  // namespace tallyho

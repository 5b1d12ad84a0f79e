#include "ruleset/yaml_value.h"

#include <gtest/gtest.h>

#include <cmath>

#include "fmt/format.h"

namespace tallyho {
namespace {

YamlNode plain(std::string text) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.is_plain = true;
  node.end = text.size();
  node.text = std::move(text);
  return node;
}

std::string resolved(const YamlNode& node) {
  const std::optional<YamlScalar> value = resolve(node);
  if (!value) return "out of range";
  switch (value->index()) {
    case 0: return "null";
    case 1: return std::get<bool>(*value) ? "bool true" : "bool false";
    case 2: return fmt::format("int {}", std::get<std::int64_t>(*value));
    case 3: return fmt::format("double {}", std::get<double>(*value));
    default: return fmt::format("text {}", std::get<std::string_view>(*value));
  }
}

TEST(Resolve, FollowsTheCoreSchema) {
  const struct {
    std::string_view text;
    std::string_view value;
  } cases[] = {
      {"~", "null"},
      {"null", "null"},
      {"Null", "null"},
      {"nULL", "text nULL"},
      {"true", "bool true"},
      {"TRUE", "bool true"},
      {"False", "bool false"},
      {"tRUE", "text tRUE"},
      {"yes", "text yes"},
      {"no", "text no"},
      {"on", "text on"},
      {"off", "text off"},
      {"y", "text y"},
      {"0", "int 0"},
      {"-0", "int 0"},
      {"+7", "int 7"},
      {"-12", "int -12"},
      {"017", "int 17"},
      {"0o17", "int 15"},
      {"0x1F", "int 31"},
      {"-0x1F", "text -0x1F"},
      {"0b1", "text 0b1"},
      {"9223372036854775807", "int 9223372036854775807"},
      {"-9223372036854775808", "int -9223372036854775808"},
      {"9223372036854775808", "out of range"},
      {"0xffffffffffffffff", "out of range"},
      {"1.0", "double 1"},
      {"1.", "double 1"},
      {".5", "double 0.5"},
      {"-.5", "double -0.5"},
      {"1e3", "double 1000"},
      {"+1.5E-1", "double 0.15"},
      {"1e", "text 1e"},
      {"e1", "text e1"},
      {".", "text ."},
      {"1.2.3", "text 1.2.3"},
      {"1e400", "out of range"},
      {"1e-400", "double 0"},
      {"1_000", "text 1_000"},
      {"12:30", "text 12:30"},
      {".inf", "double inf"},
      {"-.INF", "double -inf"},
      {".nan", "double nan"},
      {"-", "text -"},
      {"+", "text +"},
      {"2026-07-19", "text 2026-07-19"},
      {"0x", "text 0x"},
      {"0o8", "text 0o8"},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(resolved(plain(std::string(text))), value) << text;
  YamlNode quoted = plain("12");
  quoted.is_plain = false;
  EXPECT_EQ(resolved(quoted), "text 12");
  EXPECT_EQ(resolved(YamlNode()), "null");
}

// Runs a reader on a plain scalar and returns its problem, or "".
template <typename Read>
std::string problem(const std::string& text, Read read) {
  const SourceText source(text);
  Report report("f", source);
  const bool is_read = read(plain(text), report);
  const std::vector<Diagnostic> problems = report.take();
  EXPECT_EQ(is_read, problems.empty());
  return problems.empty() ? "" : problems[0].message;
}

TEST(Readers, SayWhatWouldBeRight) {
  const auto boolean = [](const YamlNode& node, Report& report) { return read_bool(node, "'b'", report).has_value(); };
  EXPECT_EQ(problem("true", boolean), "");
  EXPECT_EQ(problem("yes", boolean), "'b' must be true or false, not 'yes'");

  const auto small = [](const YamlNode& node, Report& report) {
    return read_int(node, "'n'", 1, 10, report).has_value();
  };
  EXPECT_EQ(problem("10", small), "");
  EXPECT_EQ(problem("11", small), "'n' must be an integer from 1 to 10, not '11'");
  EXPECT_EQ(problem("1.0", small), "'n' must be an integer from 1 to 10, not '1.0'");
  EXPECT_EQ(problem("many", small), "'n' must be an integer from 1 to 10, not 'many'");

  const auto duration = [](const YamlNode& node, Report& report) {
    return read_duration(node, "'d'", report).has_value();
  };
  EXPECT_EQ(problem("1h30m", duration), "");
  EXPECT_EQ(problem("5 minutes", duration),
            "'d' must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not '5 minutes'");
  EXPECT_EQ(problem("1d", duration),
            "'d' must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not '1d'");

  const auto time = [](const YamlNode& node, Report& report) {
    return read_timestamp(node, "'t'", report).has_value();
  };
  EXPECT_EQ(problem("2026-07-19T19:00:00Z", time), "");
  EXPECT_EQ(problem("1784487600000", time), "");
  EXPECT_EQ(problem("2026-07-19", time), "'t' must be a time such as 2026-07-19T19:00:00Z, not '2026-07-19'");
  EXPECT_EQ(problem("-9223372036854775808", time),
            "'t' must be a time such as 2026-07-19T19:00:00Z, not '-9223372036854775808'");

  const auto choice = [](const YamlNode& node, Report& report) {
    return read_choice(node, "'c'", {"sum", "best", "latest"}, report).has_value();
  };
  EXPECT_EQ(problem("best", choice), "");
  EXPECT_EQ(problem("lates", choice), "'c' must be one of sum, best, latest, not 'lates'; did you mean 'latest'?");
  EXPECT_EQ(problem("max", choice), "'c' must be one of sum, best, latest, not 'max'");
}

TEST(Readers, ReadIntegersBeforeTheEpoch) {
  const SourceText source("-1");
  Report report("f", source);
  EXPECT_EQ(read_timestamp(plain("-1"), "'t'", report), Timestamp::from_millis(-1));
}

}  // namespace
}  // namespace tallyho

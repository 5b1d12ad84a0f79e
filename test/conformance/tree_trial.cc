#include "tree_trial.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "cel/checker.h"
#include "cel/parser.h"
#include "cel/utf8.h"
#include "fmt/format.h"
#include "go_text.h"
#include "world.h"

namespace tallyho::conformance {
namespace {

using cel::Type;

// An error of cel-go's.
struct GoError {
  std::string_view kind;
  std::size_t at = 0;  // The byte it blames.
  std::string_view message;
};

// Words of messages, cel-go's and ours, that tell the kind. All others are of the kind "type".
struct KindWords {
  std::string_view words;
  std::string_view kind;
};
constexpr std::array kind_words = {
    KindWords{"undeclared reference", "name"}, KindWords{"found no matching overload", "overload"},
    KindWords{"unknown name", "name"},         KindWords{"no overload of", "overload"},
    KindWords{"unknown function", "name"},     KindWords{"takes other arguments", "name"},
};

std::string_view kind_of(std::string_view message) {
  for (const auto& [words, kind] : kind_words) {
    if (message.find(words) != std::string_view::npos) return kind;
  }
  return "type";
}

// The byte at a line and column that count from 1, columns in code points.
std::size_t byte_at(std::string_view source, int line, int column) {
  std::size_t begin = 0;
  while (--line > 0) begin = source.find('\n', begin) + 1;
  return begin + cel::byte_of_code_point(source.substr(begin), static_cast<std::size_t>(column - 1));
}

// From "ERROR: <input>:1:2: found no matching overload …\n | source\n | .^\nERROR: …".
std::vector<GoError> errors_of_go(const Test& test) {
  const std::string_view text = test.text("error");
  std::vector<GoError> errors;
  for (std::size_t at = text.find("ERROR: "); at != std::string_view::npos; at = text.find("\nERROR: ", at + 1)) {
    std::string_view rest = text.substr(at);
    rest = rest.substr(rest.find(':', rest.find("ERROR: ") + 7) + 1);
    int line = 0;
    int column = 0;
    const char* end = std::from_chars(rest.data(), rest.data() + rest.size(), line).ptr;
    std::from_chars(end + 1, rest.data() + rest.size(), column);
    const std::string_view message = rest.substr(0, rest.find('\n'));
    errors.push_back({.kind = kind_of(message), .at = byte_at(test.expr(), line, column), .message = message});
  }
  return errors;
}

// Whether the byte is among those that the issue underlines, or is what belongs to them: cel-go blames a call's opening
// bracket and a selection's dot where we underline the name between them.
bool points_at(const cel::Issue& issue, std::size_t at, std::string_view source) {
  const bool has_dot = issue.begin > 0 && source[issue.begin - 1] == '.';
  return at + (has_dot ? 1 : 0) >= issue.begin && at <= issue.end;
}

std::string difference(const std::vector<GoError>& expected, const std::vector<cel::Issue>& found) {
  std::string out = "the errors differ";
  for (const GoError& error : expected) out += fmt::format("\n    expected byte {}:{}", error.at, error.message);
  for (const cel::Issue& issue : found) out += fmt::format("\n    got byte {}: {}", issue.begin, issue.message);
  return out;
}

std::optional<std::string> syntax_failure(const Test& test, const std::vector<cel::Issue>& issues) {
  const std::vector<GoError> expected = errors_of_go(test);
  for (const cel::Issue& issue : issues) {
    if (points_at(issue, expected[0].at, test.expr())) return {};
  }
  return difference(expected, issues);
}

// Each of ours is one of cel-go's, which has more: what only follows from another problem, we leave out.
std::optional<std::string> check_failure(const Test& test, const std::vector<cel::Issue>& issues) {
  const std::vector<GoError> expected = errors_of_go(test);
  for (const cel::Issue& issue : issues) {
    const bool is_known = std::ranges::any_of(expected, [&](const GoError& error) {
      return kind_of(issue.message) == error.kind && points_at(issue, error.at, test.expr());
    });
    if (!is_known) return difference(expected, issues);
  }
  return issues.empty() ? std::optional(difference(expected, issues)) : std::nullopt;
}

std::string messages_of(const std::vector<cel::Issue>& issues) {
  std::string out;
  for (const cel::Issue& issue : issues) out += fmt::format("\n    byte {}: {}", issue.begin, issue.message);
  return out;
}

// The names that cel-go's tests of its checker take for granted.
void declare_names_of_go(cel::Environment& environment) {
  using Kind = Type::Kind;
  const std::pair<const char*, Kind> variables[] = {{"is", Kind::string},  {"ii", Kind::int64},   {"iu", Kind::uint64},
                                                    {"iz", Kind::boolean}, {"id", Kind::float64}, {"ix", Kind::null},
                                                    {"ib", Kind::bytes}};
  for (const auto& [name, kind] : variables) {
    environment.declare({.name = name, .type = Type::simple(kind), .bounds = {}, .constant = {}});
  }
  const Type string = Type::simple(Kind::string);
  environment.add_function({.function = "fg_s", .id = "fg_s_0", .parameters = {}, .result = string});
  environment.add_function(
      {.function = "fi_s_s", .id = "fi_s_s_0", .parameters = {string}, .result = string, .is_method = true});
}

}  // namespace

std::optional<std::string> tree_failure(const Test& test) {
  auto ast = cel::parse(test.expr(), cel::Macros::standard);
  const std::string_view parsed = test.text("ast");
  if (!ast) {
    if (parsed.empty()) return syntax_failure(test, ast.error());
    return "the parser refuses it:" + messages_of(ast.error());
  }
  if (parsed.empty()) return fmt::format("the parser takes it; cel-go: {}", test.text("error"));
  if (const std::string text = to_go_text(*ast->root, Adornment::kind); text != parsed) {
    return fmt::format("expected the tree {}, got {}", parsed, text);
  }
  World world;
  if (test.file == "checking") declare_names_of_go(world.environment());
  if (const std::string problem = world.declare(test.original()); !problem.empty()) return "cannot declare " + problem;
  const std::vector<cel::Issue> issues = cel::check(*ast, world.environment());
  const std::string_view checked = test.text("checkedAst");
  if (checked.empty()) return check_failure(test, issues);
  if (!issues.empty()) return "the checker refuses it:" + messages_of(issues);
  if (const std::string text = to_go_text(*ast->root, Adornment::meaning); text != checked) {
    return fmt::format("expected the checked tree {}, got {}", checked, text);
  }
  return {};
}

}  // namespace tallyho::conformance

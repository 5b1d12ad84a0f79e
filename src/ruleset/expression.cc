#include "ruleset/expression.h"

#include <algorithm>

#include "cel/checker.h"
#include "cel/parser.h"
#include "fmt/format.h"
#include "ruleset/yaml_text.h"

namespace tallyho {
namespace {

using cel::Expr;
using cel::Type;

// Calls `visit` for every node, parents first. No recursion: a long sum is a deep tree.
template <typename Visit>
void walk(const Expr* root, Visit visit) {
  std::vector<const Expr*> left{root};
  while (!left.empty()) {
    const Expr* expr = left.back();
    left.pop_back();
    if (expr == nullptr) continue;
    visit(*expr);
    left.push_back(expr->target);
    left.insert(left.end(), expr->args.begin(), expr->args.end());
    if (const Expr::Fold* fold = expr->fold) {
      left.insert(left.end(), {fold->range, fold->init, fold->condition, fold->step, fold->result});
    }
  }
}

// What the checker cannot know: names that may not be used here.
struct Misuse {
  std::vector<cel::Issue> refused;
  bool uses_broken = false;  // Uses a name whose declaration has a problem.
};

Misuse find_misuse(std::string_view text, const Vocabulary& vocabulary) {
  Misuse misuse;
  auto ast = cel::parse(text);
  if (!ast) return misuse;
  cel::check(*ast, vocabulary.environment);
  walk(ast->root, [&](const Expr& expr) {
    const std::string* refusal = expr.reference == Expr::Reference::slot ? vocabulary.refusal(expr.slot) : nullptr;
    if (refusal == nullptr) return;
    misuse.uses_broken = misuse.uses_broken || refusal->empty();
    if (!refusal->empty()) misuse.refused.push_back({expr.begin, expr.end, *refusal});
  });
  return misuse;
}

// A text without quotes of its own is the commonest mistake, and reads as names that are not known.
std::string_view text_hint(const YamlNode& node, const Vocabulary& vocabulary, const Type& expected) {
  const bool has_quotes = node.text.contains('\'') || node.text.contains('"');
  if (!expected.is(Type::Kind::string) || has_quotes) return "";
  if (cel::Program::compile(node.text, vocabulary.environment)) return "";  // Right in itself, but no text.
  return "; a constant text needs quotes of its own: \"'text'\"";
}

}  // namespace

std::optional<cel::Program> compile(const YamlNode& node, std::string_view what, const Vocabulary& vocabulary,
                                    const Type& expected, Report& report) {
  if (!node.is_scalar()) {
    report.error(node.begin, node.end,
                 node.is_null() ? fmt::format("{} is empty; it must be an expression", what)
                                : fmt::format("{} must be an expression, not {}", what, node.kind_name()));
    return std::nullopt;
  }
  Misuse misuse = find_misuse(node.text, vocabulary);
  std::vector<cel::Issue> issues = std::move(misuse.refused);
  // The type of a name that may not be used says nothing about the type of the whole.
  auto program = cel::Program::compile(node.text, vocabulary.environment, issues.empty() ? expected : Type());
  if (!program && !misuse.uses_broken) {
    program.error().front().message += text_hint(node, vocabulary, expected);
    issues.insert(issues.end(), program.error().begin(), program.error().end());
  }
  if (!issues.empty()) {
    const ScalarPlaces places(report.source().text(), node.begin, node.text);
    for (const cel::Issue& issue : issues) {
      const ScalarPlaces::Range range = places.range(issue.begin, issue.end);
      report.error(range.begin, range.end, issue.message);
    }
  }
  if (!program || misuse.uses_broken || !issues.empty()) return std::nullopt;
  return std::move(*program);
}

bool is_event_player(const cel::Program& program, const Vocabulary& vocabulary) {
  auto ast = cel::parse(program.source());
  if (!ast) return false;
  cel::check(*ast, vocabulary.environment);
  return ast->root->reference == Expr::Reference::slot &&
         ast->root->slot == make_slot(SlotRecord::event_envelope, static_cast<std::uint16_t>(EnvelopeSlot::player));
}

std::vector<SizedRead> sized_reads(std::string_view expression, const Vocabulary& vocabulary) {
  std::vector<SizedRead> reads;
  auto ast = cel::parse(expression);
  if (!ast) return reads;
  cel::check(*ast, vocabulary.environment);
  walk(ast->root, [&](const Expr& expr) {
    if (expr.reference != Expr::Reference::slot || expr.bounds.size_max == 0) return;
    reads.push_back({.text = std::string(expression.substr(expr.begin, expr.end - expr.begin)),
                     .begin = expr.begin,
                     .end = expr.end,
                     .slot = expr.slot,
                     .size_max = expr.bounds.size_max});
  });
  std::ranges::sort(reads, [](const SizedRead& a, const SizedRead& b) {
    return a.size_max != b.size_max ? a.size_max > b.size_max : a.text < b.text;
  });
  return reads;
}

}  // namespace tallyho

#include "cli/comparison_text.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "cli/progress.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

constexpr std::size_t shown_moves = 10;  // Of a section.
constexpr std::size_t shown_sections = 20;

std::string signed_with_commas(std::int64_t number) {
  const auto size = number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
  return (number < 0 ? "-" : "") + with_commas(size);
}

constexpr std::string_view row = "{} {:<24} {:>11} {:>11} {:>9} {:>9} {:>14} {:>14}\n";

void append_rule(std::string& out, const std::string& rule, const RuleTally& was, const RuleTally& is) {
  const bool is_same = was.fired == is.fired && was.paid == is.paid && was.refused == is.refused;
  out += fmt::format(row, is_same ? ' ' : '*', rule, with_commas(was.fired), with_commas(is.fired),
                     with_commas(was.refused), with_commas(is.refused), signed_with_commas(was.paid),
                     signed_with_commas(is.paid));
}

void append_rules(std::string& out, const Comparison& comparison) {
  const auto& before = comparison.tally_before().rules();
  const auto& after = comparison.tally_after().rules();
  out += fmt::format(row, ' ', "rule", "fired", "after", "refused", "after", "paid", "after");
  for (const RuleTally& was : before) {
    const auto is = std::ranges::find(after, was.rule, &RuleTally::rule);
    append_rule(out, was.rule, was, is == after.end() ? RuleTally{} : *is);
  }
  for (const RuleTally& is : after) {
    const bool is_new = std::ranges::find(before, is.rule, &RuleTally::rule) == before.end();
    if (is_new) append_rule(out, is.rule, {}, is);
  }
  out +=
      fmt::format(row, ' ', "(added to totals)", "", "", "", "", signed_with_commas(comparison.tally_before().points()),
                  signed_with_commas(comparison.tally_after().points()));
}

std::string rank_text(Rank rank) {
  return rank == 0 ? "-" : std::to_string(rank);
}

void append_section(std::string& out, const TopDifference& section) {
  out += section.board;
  if (!section.group.empty()) out += ", " + section.group;
  if (!section.window.empty()) out += ", " + section.window;
  out += fmt::format(": {} of the first {} stand elsewhere\n", section.moves.size(), compared_places);
  for (std::size_t i = 0; i < std::min(section.moves.size(), shown_moves); ++i) {
    const TopMove& move = section.moves[i];
    out += fmt::format("  {:>4} -> {:<4} {:<24} {:>14} -> {}\n", rank_text(move.before), rank_text(move.after),
                       move.member, move.before == 0 ? "" : signed_with_commas(move.value_before),
                       move.after == 0 ? "" : signed_with_commas(move.value_after));
  }
  if (section.moves.size() > shown_moves) out += fmt::format("  … {} more\n", section.moves.size() - shown_moves);
}

}  // namespace

std::string text_of(const ChangedEvent& changed) {
  return fmt::format("position {}, {}{}{}: {} -> {}, {} -> {} points", changed.position, changed.player,
                     changed.id.empty() ? "" : ", ", changed.id, name_of(changed.before), name_of(changed.after),
                     changed.points_before, changed.points_after);
}

std::string text_of(const Comparison& comparison, const std::vector<TopDifference>& boards,
                    const std::vector<std::string>& changed) {
  std::string out;
  append_rules(out, comparison);
  out += '\n';
  for (std::size_t i = 0; i < std::min(boards.size(), shown_sections); ++i) append_section(out, boards[i]);
  if (boards.size() > shown_sections) {
    out += fmt::format("… and {} more sections of boards\n", boards.size() - shown_sections);
  }
  if (boards.empty()) out += fmt::format("nobody among the first {} of any board stands elsewhere\n", compared_places);
  out +=
      fmt::format("\nof {} events, {} come to another code, {} to other points\n", with_commas(comparison.compared()),
                  with_commas(comparison.other_codes()), with_commas(comparison.other_points()));
  for (const std::string& one : changed) out += "  " + one + '\n';
  if (comparison.other_codes() > changed.size()) {
    out += fmt::format("  … {} more: --json has them all\n", with_commas(comparison.other_codes() - changed.size()));
  }
  return out;
}

}  // namespace tallyho::cli

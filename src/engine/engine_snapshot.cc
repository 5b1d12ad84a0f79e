// How an engine is written down, and how another one becomes it: where in the log it is, symbols, counters, state,
// what was done to players, boards.

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/ruleset_record.h"
#include "fmt/format.h"

namespace tallyho {
namespace {

constexpr std::size_t text_bytes_max = 1 << 20;

template <typename Keys>
std::vector<Symbol> sorted(const Keys& keys) {
  std::vector<Symbol> all(keys.begin(), keys.end());
  std::ranges::sort(all);
  return all;
}

// Symbols go on being the numbers they were: of equals at one position the smaller is ahead.
void restore_symbols(FormReader& in, SymbolTable& symbols) {
  const std::uint64_t count = in.number(no_symbol);
  for (std::uint64_t i = 0; i < count && !in.has_failed(); ++i) {
    const std::string_view text = in.text(text_bytes_max);
    if (!in.has_failed() && symbols.intern(text) != i) in.fail("a symbol's text comes twice");
  }
}

}  // namespace

void Engine::Impl::save(FormWriter& out) const {
  out.number(version);
  out.time(arrival);
  out.number(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i) out.text(symbols.text(static_cast<Symbol>(i)));
  out.number(rule_counts.size());
  for (std::size_t i = 0; i < rule_counts.size(); ++i) {
    out.text(ruleset->rules[i].id);
    out.number(rule_counts[i].fired);
    out.number(rule_counts[i].failed);
  }
  state.save(out);
  out.number(banned.size());
  for (const Symbol player : sorted(banned)) out.number(player);
  std::vector<Symbol> adjusted;
  for (const auto& [player, ids] : adjustments) adjusted.push_back(player);
  out.number(adjusted.size());
  for (const Symbol player : sorted(adjusted)) {
    out.number(player);
    adjustments.at(player).save(out);
  }
  out.number(boards.size());
  for (std::size_t i = 0; i < boards.size(); ++i) {
    out.text(ruleset->boards[i].id);
    out.flag(ruleset->boards[i].ranks_players);
    boards[i]->save(out);
  }
}

// Behind position, arrival and symbols.
void Engine::Impl::restore(FormReader& in, std::vector<std::string>& stays) {
  restore_rule_counts(in);
  stays = state.restore(in);
  restore_players(in);
  restore_boards(in, stays);
}

// What rules did that are no more is nothing to keep: counters begin anew when a process does, too.
void Engine::Impl::restore_rule_counts(FormReader& in) {
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) {
    const std::string id(in.text(text_bytes_max));
    const RuleCounts counts{.fired = in.number(), .failed = in.number()};
    const auto rule = std::ranges::find(ruleset->rules, id, &Rule::id);
    if (rule != ruleset->rules.end()) rule_counts[static_cast<std::size_t>(rule - ruleset->rules.begin())] = counts;
  }
}

// Who is banned is hidden on every board that ranks players, also on those that begin anew.
void Engine::Impl::restore_players(FormReader& in) {
  std::vector<BoardChange> none;
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) {
    const Symbol player = in.symbol(symbols.size());
    if (in.has_failed()) return;
    if (!banned.insert(player).second) return in.fail("a player is banned twice");
    for (std::size_t i = 0; i < boards.size(); ++i) {
      if (ruleset->boards[i].ranks_players) boards[i]->hide(player, none);
    }
  }
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) {
    const auto [ids, is_new] = adjustments.try_emplace(in.symbol(symbols.size()));
    if (!is_new) in.fail("a player's adjustments come twice");
    ids->second.restore(in, adjustment_limits);
  }
}

void Engine::Impl::restore_boards(FormReader& in, std::vector<std::string>& stays) {
  std::vector<bool> is_loaded(boards.size(), false);
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) {
    const std::string id(in.text(text_bytes_max));
    const bool ranked_players = in.flag();
    const auto found = ruleset->find_board(id);
    std::string why;
    if (found && is_loaded[*found]) return in.fail("a board comes twice");
    if (found) is_loaded[*found] = true;
    if (found && ruleset->boards[*found].ranks_players == ranked_players) {
      why = boards[*found]->restore(in, arrival, symbols.size());
    } else {
      why = found ? "it ranks players in one and something else in the other" : "there is no such board";
      Board::pass_over(in, symbols.size());
    }
    if (!why.empty()) stays.push_back(fmt::format("board {}: {}", id, why));
  }
  std::vector<std::uint32_t> none;
  for (const auto& board : boards) board->advance(arrival, none);
}

void Engine::save(FormWriter& out) const {
  impl_->save(out);
}

std::vector<std::string> Engine::restore(FormReader& in) {
  return become(impl_->ruleset, in);
}

// What was written, in a new engine on the same log.
std::vector<std::string> Engine::become(std::shared_ptr<const Ruleset> ruleset, FormReader& in) {
  const Position version = in.number();
  const Timestamp arrival = in.time({});
  auto next = std::make_unique<Impl>(std::move(ruleset), std::move(impl_->log), impl_->options,
                                     [&in](SymbolTable& symbols) { restore_symbols(in, symbols); });
  const std::unique_ptr<Impl> was = std::exchange(impl_, std::move(next));
  impl_->version = version;
  impl_->arrival = arrival;
  std::vector<std::string> stays;
  impl_->restore(in, stays);
  std::vector<std::optional<BoardIndex>> boards;
  for (const BoardDefinition& board : was->ruleset->boards) boards.push_back(impl_->ruleset->find_board(board.id));
  impl_->feed.take_over(was->feed, boards, version);
  return stays;
}

Result<Engine::Swap> Engine::swap(std::shared_ptr<const Ruleset> ruleset, Timestamp arrival, std::string_view by) {
  arrival = std::max(arrival, impl_->arrival);
  const std::string record = to_ruleset_record(ruleset->source, by);
  const Result<Position> position = impl_->log->append(record, arrival, RecordKind::ruleset);
  if (!position) return std::unexpected(position.error());
  return Swap{.position = *position,
              .stays = replay(std::move(ruleset), {*position, RecordKind::ruleset, arrival, record})};
}

std::vector<std::string> Engine::replay(std::shared_ptr<const Ruleset> ruleset, const LogRecord& record) {
  impl_->version = record.position;
  impl_->advance(record.arrival);
  std::deque<std::vector<std::byte>> chunks;
  FormWriter out([&chunks](std::span<const std::byte> bytes) { chunks.emplace_back(bytes.begin(), bytes.end()); });
  impl_->save(out);
  out.flush();
  std::vector<std::byte> current;
  FormReader in([&]() -> std::span<const std::byte> {
    if (chunks.empty()) return {};
    current = std::move(chunks.front());
    chunks.pop_front();
    return current;
  });
  return become(std::move(ruleset), in);
}

std::unique_ptr<Log> Engine::take_log() {
  return std::move(impl_->log);
}

}  // namespace tallyho

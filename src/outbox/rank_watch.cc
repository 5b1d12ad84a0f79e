#include "outbox/rank_watch.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/container/flat_hash_map.h"

namespace tallyho {
namespace {

using What = RankThreshold::What;
constexpr std::array<std::string_view, 3> names = {"entered", "left", "overtaken"};
constexpr std::uint32_t top_max = 1000;

// The ranks of some members; 0 for others.
class Ranks {
 public:
  Ranks(const std::vector<Member>& members, std::size_t begin, std::size_t end) {
    ranks_.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) ranks_.emplace(members[i], i + 1);
  }
  Rank of(Member member) const {
    const auto found = ranks_.find(member);
    return found == ranks_.end() ? 0 : found->second;
  }

 private:
  absl::flat_hash_map<Member, Rank> ranks_;
};

}  // namespace

std::string_view name_of(What what) {
  return names[static_cast<std::size_t>(what)];
}

std::expected<RankThreshold, std::string> parse_rank_threshold(std::string_view text) {
  const std::size_t last = text.rfind(':');
  const std::size_t middle = last == std::string_view::npos || last == 0 ? last : text.rfind(':', last - 1);
  const auto wrong = [text](std::string_view why) {
    return std::unexpected("'" + std::string(text) +
                           "' is no BOARD:CHANGE:TOP such as global:entered:10: " + std::string(why));
  };
  if (middle == std::string_view::npos || middle == 0) return wrong("it has not three parts");
  const auto* const what = std::ranges::find(names, text.substr(middle + 1, last - middle - 1));
  if (what == names.end()) return wrong("the change is entered, left or overtaken");
  const std::string_view number = text.substr(last + 1);
  RankThreshold threshold{.board = std::string(text.substr(0, middle)),
                          .what = static_cast<What>(what - names.begin())};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), threshold.top);
  const bool is_number = error == std::errc() && end == number.data() + number.size();
  if (!is_number || threshold.top < 1 || threshold.top > top_max) return wrong("the top is from 1 to 1000");
  return threshold;
}

std::vector<std::string> RankWatch::begin(const Engine& engine) {
  engine_ = &engine;
  firsts_.clear();
  changes_.clear();
  watched_.assign(engine.ruleset().boards.size(), {});
  std::vector<std::string> unknown;
  for (const RankThreshold& threshold : thresholds_) {
    const auto board = engine.ruleset().find_board(threshold.board);
    if (!board) {
      if (std::ranges::find(unknown, threshold.board) == unknown.end()) unknown.push_back(threshold.board);
      continue;
    }
    Watched& watched = watched_[*board];
    watched.thresholds.push_back(&threshold);
    watched.top = std::max(watched.top, threshold.top);
  }
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const auto board = static_cast<BoardIndex>(i);
    if (watched_[board].top == 0) continue;
    for (const BoardSection* section : engine.board(board).sections()) {
      firsts_[{board, section->number}] = first_of(board, section);
    }
  }
  return unknown;
}

// One more than the greatest top: who was in it and is not may be there.
std::vector<Member> RankWatch::first_of(BoardIndex board, const BoardSection* section) {
  std::vector<Member> members;
  if (section == nullptr) return members;
  standings_.clear();
  section->leaderboard->read(1, watched_[board].top + 1, standings_);
  members.reserve(standings_.size());
  for (const Standing& standing : standings_) members.push_back(standing.member);
  return members;
}

void RankWatch::changed(BoardIndex board, const BoardChange& change) {
  if (board >= watched_.size() || watched_[board].top == 0 || !change.value_changed) return;
  const Rank top = watched_[board].top + 1;  // As first_of() has it.
  const bool is_among_first =
      (change.move.rank > 0 && change.move.rank <= top) || (change.move.was > 0 && change.move.was <= top);
  if (is_among_first) changes_.push_back({{board, change.section}, change.member});
}

void RankWatch::collect(std::vector<RankNews>& news) {
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    // Of several changes of one section only the last is looked at: the boards are already what they are.
    const auto is_same = [&](const Change& later) { return later.section == changes_[i].section; };
    if (std::none_of(changes_.begin() + static_cast<std::ptrdiff_t>(i) + 1, changes_.end(), is_same)) {
      compare(changes_[i], news);
    }
  }
  changes_.clear();
  if (firsts_.size() >= prune_at_) prune();
}

void RankWatch::compare(const Change& change, std::vector<RankNews>& news) {
  const auto [board, number] = change.section;
  const BoardSection* section = engine_->board(board).section(number);
  std::vector<Member> now = first_of(board, section);
  std::vector<Member>& was = firsts_[change.section];
  const auto [first, first_was] = std::ranges::mismatch(now, was);
  const auto begin = static_cast<std::size_t>(first - now.begin());
  std::size_t end = now.size();
  while (now.size() == was.size() && end > begin && now[end - 1] == was[end - 1]) --end;
  const std::size_t end_was = now.size() == was.size() ? end : was.size();
  const Ranks ranks(now, begin, end);
  const Ranks ranks_was(was, begin, end_was);

  for (const RankThreshold* threshold : watched_[board].thresholds) {
    const auto tell = [&](Member member, Rank rank, Rank rank_was, Member by) {
      news.push_back({threshold, board, section, member, rank, rank_was, by});
    };
    const Rank top = threshold->top;
    if (threshold->what == What::entered) {
      for (std::size_t i = begin; i < std::min<std::size_t>(end, top); ++i) {
        const Rank before = ranks_was.of(now[i]);
        if (before == 0 || before > top) tell(now[i], i + 1, before, no_symbol);
      }
      continue;
    }
    for (std::size_t i = begin; i < std::min<std::size_t>(end_was, top); ++i) {
      const Member member = was[i];
      Rank rank = ranks.of(member);
      if (rank == 0 && section != nullptr) {
        const auto standing = section->leaderboard->find(member);
        rank = standing ? standing->rank : 0;
      }
      if (threshold->what == What::left && (rank == 0 || rank > top)) tell(member, rank, i + 1, no_symbol);
      const bool is_passed = rank > i + 1 && member != change.cause;
      if (threshold->what == What::overtaken && is_passed) tell(member, rank, i + 1, change.cause);
    }
  }
  was = std::move(now);
}

// Forgets the sections that are no more.
void RankWatch::prune() {
  std::erase_if(firsts_, [this](const auto& item) {
    return engine_->board(item.first.first).section(item.first.second) == nullptr;
  });
  prune_at_ = std::max<std::size_t>(1024, firsts_.size() * 2);
}

}  // namespace tallyho

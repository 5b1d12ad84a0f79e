// Random operations: a board is what a naive model makes of the specification, for every operator, order, window, kind
// of groups, limit and attempts.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "boards/board.h"
#include "boards/scale_test.h"

namespace tallyho {
namespace {

struct Entry {
  Points value = 0;
  Position reached = 0;
};
using Members = std::map<Member, Entry>;

// The specification in maps: nothing is kept in order, everything is computed when it is asked for.
class Model {
 public:
  explicit Model(BoardOptions options)
      : options_(std::move(options)), calendar_(options_.every, options_.time_zone, options_.every_length) {}

  void advance(Timestamp arrival) {
    greatest_arrival_ = std::max(greatest_arrival_, arrival);
    std::erase_if(windows_, [&](const auto& window) { return window.first < oldest(); });
    std::erase_if(attempts_, [&](const auto& count) { return count.first.first < oldest(); });
  }

  void follow(Member member, Symbol group, Position at) {
    if (!options_.follows_player) return;
    for (auto& [starts, groups] : windows_) {
      for (auto& [from, members] : groups) {
        const auto found = members.find(member);
        if (found == members.end() || from == group) continue;
        const Points value = found->second.value;
        members.erase(found);
        if (group != no_group) enter(groups[group], member, value, at);
        break;
      }
    }
  }

  // The answer of plan(); what counts is done.
  Code count(Member member, Symbol group, Points value, Timestamp now, Position at, bool is_attempt) {
    if (options_.is_grouped && group == no_group) return Code::ok;
    const Timestamp starts = options_.every == Every::never ? Timestamp{} : calendar_.period(now).starts;
    if (options_.every != Every::never && starts < oldest()) return Code::ok;
    if (options_.attempts && is_attempt && attempts_[{starts, member}] >= *options_.attempts) return Code::ok;
    const bool is_new_group = options_.is_grouped && !groups().contains(group);
    if (is_new_group && groups().size() >= options_.groups_max) return Code::capacity;
    follow(member, group, at);
    if (is_attempt) ++attempts_[{starts, member}];
    Members& members = windows_[starts][group];
    const auto old = members.find(member);
    if (old != members.end() && options_.op == Operator::sum) value += old->second.value;
    if (old != members.end() && options_.op == Operator::best && !is_better(value, old->second.value)) return Code::ok;
    enter(members, member, value, at);
    return Code::ok;
  }

  void hide(Member member) { hidden_.insert(member); }
  void show(Member member) {
    if (hidden_.erase(member) == 0) return;
    for (auto& [starts, groups] : windows_) {
      for (auto& [group, members] : groups) {
        if (options_.limit && visible(members) > *options_.limit) members.erase(worst(members));
      }
    }
  }
  void forget(Member member) {
    hidden_.erase(member);
    for (auto& [starts, groups] : windows_) {
      for (auto& [group, members] : groups) members.erase(member);
    }
    std::erase_if(attempts_, [&](const auto& count) { return count.first.second == member; });
  }

  // Who is in a group and in sight, in order, with shared ranks as asked for.
  std::vector<Standing> standings(Timestamp starts, Symbol group, Ranking ranking = Ranking::ordinal) const {
    std::vector<Standing> standings;
    const auto window = windows_.find(starts);
    if (window == windows_.end() || !window->second.contains(group)) return standings;
    for (const auto& [member, entry] : window->second.at(group)) {
      if (!hidden_.contains(member)) standings.push_back({0, member, entry.value, entry.reached});
    }
    std::ranges::sort(standings, [&](const Standing& a, const Standing& b) {
      if (a.value != b.value) return is_better(a.value, b.value);
      return a.reached < b.reached;
    });
    for (Standing& standing : standings) {
      std::set<Points> better;
      for (const Standing& other : standings) {
        const bool is_before =
            ranking == Ranking::ordinal ? &other < &standing : is_better(other.value, standing.value);
        if (!is_before) continue;
        ++standing.rank;
        better.insert(other.value);
      }
      standing.rank = 1 + (ranking == Ranking::dense ? better.size() : standing.rank);
    }
    return standings;
  }

  // Groups that somebody is in, by window.
  std::map<Symbol, int> groups() const {
    std::map<Symbol, int> groups;
    for (const auto& [starts, window] : windows_) {
      for (const auto& [group, members] : window) {
        if (!members.empty()) ++groups[group];
      }
    }
    return groups;
  }

  Timestamp oldest() {
    if (options_.every == Every::never) return Timestamp{};
    return calendar_.before(calendar_.period(greatest_arrival_), static_cast<int>(options_.keep)).starts;
  }

 private:
  bool is_better(Points a, Points b) const { return options_.order == Order::descending ? a > b : a < b; }

  void enter(Members& members, Member member, Points value, Position at) {
    const auto old = members.find(member);
    if (old != members.end()) {
      if (old->second.value != value) old->second = {value, at};
      return;
    }
    if (options_.limit && !hidden_.contains(member) && visible(members) >= *options_.limit) {
      if (!is_better(value, members[worst(members)].value)) return;
      members.erase(worst(members));
    }
    members[member] = {value, at};
  }

  std::size_t visible(const Members& members) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(members, [&](const auto& entry) { return !hidden_.contains(entry.first); }));
  }

  // Of those in sight.
  Member worst(const Members& members) const {
    Member worst = no_symbol;
    for (const auto& [member, entry] : members) {
      if (hidden_.contains(member)) continue;
      if (worst == no_symbol) worst = member;
      const Entry& other = members.at(worst);
      const bool is_worse =
          entry.value == other.value ? entry.reached > other.reached : is_better(other.value, entry.value);
      if (is_worse) worst = member;
    }
    return worst;
  }

  BoardOptions options_;
  Calendar calendar_;
  Timestamp greatest_arrival_;
  std::map<Timestamp, std::map<Symbol, Members>> windows_;
  std::map<std::pair<Timestamp, Member>, std::uint32_t> attempts_;
  std::set<Member> hidden_;
};

// The same board as somebody sees it who only hears of the changes.
class Listener {
 public:
  void apply(const BoardChange& change) {
    std::vector<Member>& members = sections[change.section];
    if (change.move.was != 0) {
      ASSERT_LE(change.move.was, members.size());
      ASSERT_EQ(members[change.move.was - 1], change.member);
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(change.move.was) - 1);
    }
    if (change.move.rank != 0) {
      ASSERT_LE(change.move.rank, members.size() + 1);
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(change.move.rank) - 1, change.member);
    }
    if (change.dropped != no_symbol) {
      ASSERT_EQ(members.back(), change.dropped);
      members.pop_back();
    }
  }
  std::map<std::uint32_t, std::vector<Member>> sections;
};

enum class Groups { none, own, following };
struct WindowChoice {
  const char* name;
  Every every;
  Duration length;
  std::uint32_t keep;
};
std::ostream& operator<<(std::ostream& out, const WindowChoice& window) {
  return out << window.name;
}

using Choice = std::tuple<Operator, Order, WindowChoice, Groups>;

class BoardModel : public testing::TestWithParam<Choice> {
 protected:
  void run(const BoardOptions& options, std::uint64_t seed, int operations) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Board board(options);
    Board untold(options);  // Where nobody asks what changed.
    Model model(options);
    Listener listener;
    std::vector<BoardChange> unheard;
    std::vector<std::uint32_t> unheard_numbers;
    // Over both changes of the clocks in Berlin, in 2026: on 29 March and 25 October.
    Timestamp arrival = parse_timestamp(seed % 2 == 0 ? "2026-03-28T20:00:00Z" : "2026-10-24T20:00:00Z").value();
    for (Position at = 1; at <= static_cast<Position>(operations); ++at) {
      if (random() % 4 == 0) arrival.seconds += static_cast<std::int64_t>(random() % 1800);
      std::vector<std::uint32_t> dropped;
      board.advance(arrival, dropped);
      model.advance(arrival);
      untold.advance(arrival, unheard_numbers);
      for (const std::uint32_t number : dropped) listener.sections.erase(number);

      const auto member = static_cast<Member>(random() % 12);
      const Symbol group = options.is_grouped && random() % 6 != 0 ? 100 + static_cast<Symbol>(random() % 4) : no_group;
      const auto value = static_cast<Points>(random() % 9) - 3;
      // From too late to a little early.
      Timestamp now = arrival;
      now.seconds -= random() % 3 == 0 ? static_cast<std::int64_t>(random() % 200'000) : 0;
      now.seconds += random() % 9 == 0 ? static_cast<std::int64_t>(random() % 5'000) : 0;

      std::vector<BoardChange> changes;
      const std::uint64_t choice = random() % 100;
      if (choice < 5) {
        board.hide(member, changes);
        untold.hide(member, unheard);
        model.hide(member);
      } else if (choice < 9) {
        board.show(member, changes);
        untold.show(member, unheard);
        model.show(member);
      } else if (choice < 10) {
        board.forget(member, changes);
        untold.forget(member, unheard);
        model.forget(member);
      } else if (choice < 28) {
        if (!board.can_follow(member, group)) continue;
        ASSERT_TRUE(!board.stays(member, group) || is_unmoved(board, member, group, at));
        board.follow(member, group, at, changes);
        untold.follow(member, group, at, unheard);
        model.follow(member, group, at);
      } else {
        const bool is_attempt = random() % 8 != 0;
        if (random() % 2 == 0) prepare(board, static_cast<Member>(random() % 16));
        Board::Plan plan;
        const Status planned = board.plan(member, group, value, now, plan, is_attempt);
        if (planned && random() % 2 == 0) board.prepare_commit(plan);
        ASSERT_EQ(planned ? Code::ok : planned.error().code, model.count(member, group, value, now, at, is_attempt));
        if (planned) check_commit(board, plan, at, changes);
        if (untold.plan(member, group, value, now, plan, is_attempt)) untold.commit(plan, at, nullptr);
      }
      ASSERT_EQ(words_of(board), words_of(untold));
      for (const BoardChange& change : changes) listener.apply(change);
      if (HasFatalFailure()) return;
      compare(board, model, listener, options);
    }
  }

  // Following a group that it is in already, or being nowhere, changes nothing.
  static bool is_unmoved(Board& board, Member member, Symbol group, Position at) {
    const std::vector<std::uint64_t> before = words_of(board);
    std::vector<BoardChange> changes;
    board.follow(member, group, at, changes);
    return changes.empty() && words_of(board) == before;
  }

  // All that a board holds.
  static std::vector<std::uint64_t> words_of(const Board& board) {
    std::vector<std::uint64_t> words;
    board.hash([&](std::span<const std::uint64_t> more) { words.insert(words.end(), more.begin(), more.end()); });
    return words;
  }

  // Hints, which change nothing, whoever they are for.
  static void prepare(const Board& board, Member member) {
    board.prepare_far(member);
    board.prepare(member);
    board.prepare_near(member);
  }

  // Commits, and looks at which section it says that it counted on.
  static void check_commit(Board& board, const Board::Plan& plan, Position at, std::vector<BoardChange>& changes) {
    const std::uint32_t number = board.commit(plan, at, &changes);
    ASSERT_EQ(number != 0, plan.counts);
    if (number == 0) return;
    ASSERT_EQ(board.section(number)->group, plan.group);
    for (const BoardChange& change : changes) {
      if (change.section != number || change.member != plan.member) continue;
      const auto standing = board.section(number)->leaderboard->find(plan.member);
      ASSERT_EQ(change.move.rank, standing ? standing->rank : 0);
    }
  }

  // Every way to look at a leaderboard comes to the same.
  static void compare_reads(const Leaderboard& leaderboard, const Model& model, Timestamp starts, Symbol group) {
    const std::vector<Standing> expected = model.standings(starts, group);
    for (const Ranking ranking : {Ranking::ordinal, Ranking::competition, Ranking::dense}) {
      const std::vector<Standing> ranked = model.standings(starts, group, ranking);
      std::vector<Standing> read;
      leaderboard.read(1, 100, read, ranking);
      ASSERT_EQ(read, ranked);
      for (std::size_t i = 0; i < ranked.size(); ++i) {
        ASSERT_EQ(leaderboard.find(ranked[i].member, ranking), ranked[i]);
        read.clear();
        leaderboard.read(i + 1, 1, read, ranking);  // A page from the middle.
        ASSERT_EQ(read, std::vector{ranked[i]});
      }
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {  // The cursor behind each.
      ASSERT_EQ(leaderboard.rank_of(expected[i].value, expected[i].reached, expected[i].member + 1), i + 2);
    }
  }

  void compare(const Board& board, Model& model, Listener& listener, const BoardOptions& options) {
    for (const Period& period : board.periods()) {
      for (Symbol group = options.is_grouped ? 100 : no_group;; ++group) {
        const std::vector<Standing> expected = model.standings(period.starts, group);
        std::vector<Standing> standings;
        const BoardSection* section = board.find_section(group, period.starts);
        if (section != nullptr) section->leaderboard->read(1, 100, standings);
        ASSERT_EQ(standings, expected);
        if (section != nullptr) compare_reads(*section->leaderboard, model, period.starts, group);
        if (HasFatalFailure()) return;
        if (section != nullptr) {
          std::vector<Member> members;
          members.reserve(standings.size());
          for (const Standing& standing : standings) members.push_back(standing.member);
          ASSERT_EQ(listener.sections[section->number], members);
        }
        if (!options.is_grouped || group == 103) break;
      }
    }
    if (options.is_grouped) {
      ASSERT_EQ(board.groups(), model.groups().size());
    }
  }
};

// Goal: no sequence of events makes a board differ from the specification, and the changes it reports tell all of it.
// Method: a model written straight from the specification; everything compared after each event.
TEST_P(BoardModel, IsWhatTheSpecificationSays) {
  const auto& [op, order, window, groups] = GetParam();
  BoardOptions options{.op = op,
                       .order = order,
                       .is_grouped = groups != Groups::none,
                       .follows_player = groups == Groups::following,
                       .every = window.every,
                       .every_length = window.length,
                       .time_zone = TimeZone::load("Europe/Berlin").value(),
                       .keep = window.keep};
  std::uint64_t seed = std::random_device{}();
  for (const bool is_limited : {false, true}) {
    if (is_limited && op == Operator::sum) continue;
    for (const bool has_attempts : {false, true}) {
      options.limit = is_limited ? std::optional<std::uint32_t>(3) : std::nullopt;
      options.attempts = has_attempts ? std::optional<std::uint32_t>(4) : std::nullopt;
      // Where a group can be emptied, capacity depends on more than the model knows.
      options.groups_max = groups == Groups::own ? 3 : 10;
      run(options, seed++, 250 * test_scale());
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Choices, BoardModel,
                         testing::Combine(testing::Values(Operator::sum, Operator::best, Operator::latest),
                                          testing::Values(Order::descending, Order::ascending),
                                          testing::Values(WindowChoice{"all_time", Every::never, {}, 0},
                                                          WindowChoice{"hourly", Every::hourly, {}, 2},
                                                          WindowChoice{"daily", Every::daily, {}, 1},
                                                          WindowChoice{"weekly", Every::weekly, {}, 0},
                                                          WindowChoice{"every_45m", Every::fixed,
                                                                       std::chrono::minutes(45), 3}),
                                          testing::Values(Groups::none, Groups::own, Groups::following)));

}  // namespace
}  // namespace tallyho

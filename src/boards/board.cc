#include "boards/board.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "boards/board_impl.h"

namespace tallyho {

using board_parts::HiddenEntry;
using board_parts::Section;
using board_parts::Window;

namespace {

// One that moved to a section and whose value there then changed has entered with that value: nobody has seen more.
void merge_last(std::vector<BoardChange>& changes, std::size_t first) {
  if (changes.size() < first + 2) return;
  const BoardChange last = changes.back();
  for (std::size_t i = first; i + 1 < changes.size(); ++i) {
    BoardChange& earlier = changes[i];
    if (earlier.section != last.section) continue;
    earlier.move.rank = last.move.rank;
    earlier.value = last.value;
    changes.pop_back();
    return;
  }
}

template <typename Map>
std::size_t map_bytes(const Map& map) {
  return map.capacity() * (sizeof(typename Map::value_type) + 1);
}

}  // namespace

Window* Board::Impl::find_window(Timestamp starts) const {
  // From the end: nearly always it is the last.
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    if ((*window)->period.starts == starts) return window->get();
    if ((*window)->period.starts < starts) return nullptr;
  }
  return nullptr;
}

// The window in which an event at `now` counts; null if it has not begun. False: it counts in none.
bool Board::Impl::find_counting(Timestamp now, const Window*& window) {
  if (!windows.empty() && (periods.is_all_time() || windows.back()->period.contains(now))) {
    window = windows.back().get();
    return true;
  }
  const std::optional<Period> period = periods.counting_at(now);
  if (period) window = find_window(period->starts);
  return period.has_value();
}

Window& Board::Impl::open_window(const Period& period) {
  if (Window* window = find_window(period.starts)) return *window;
  const auto after = std::ranges::find_if(windows, [&](const auto& w) { return w->period.starts > period.starts; });
  const auto made = windows.insert(after, std::make_unique<Window>());
  (*made)->period = period;
  return **made;
}

Section& Board::Impl::open_section(const Period& period, Symbol group) {
  Window& window = open_window(period);
  if (Section* section = window.section(group)) return *section;
  auto made = std::make_unique<Section>(options.order);
  made->group = group;
  made->period = period;
  made->number = next_number++;
  Section& section = *made;
  sections.emplace(section.number, std::move(made));
  window.groups.emplace(group, &section);
  if (group == no_group) window.ungrouped = &section;
  if (options.is_grouped) ++sections_of_group[group];
  return section;
}

void Board::Impl::close_section(Window& window, Section& section) {
  const Symbol group = section.group;
  window.groups.erase(group);
  if (group == no_group) window.ungrouped = nullptr;
  sections.erase(section.number);
  if (!options.is_grouped) return;
  const auto count = sections_of_group.find(group);
  if (--count->second == 0) sections_of_group.erase(count);
}

bool Board::Impl::is_new_group_too_many(Symbol group) const {
  return options.is_grouped && !sections_of_group.contains(group) && sections_of_group.size() >= options.groups_max;
}

bool Board::Impl::is_better(Points value, Points than) const {
  return options.order == Order::descending ? value > than : value < than;
}

// Where in a window `member`'s value is, or would be, if it is in `group` now.
Section* Board::Impl::section_of(const Window& window, Member member, Symbol group) const {
  if (!options.follows_player) return window.section(group);
  const Symbol in = home(member);
  return in == no_group ? nullptr : window.section(in);
}

// Where `member` most probably counts next; null if that cannot be known without a group.
Section* Board::Impl::newest_section(Member member) const {
  if (windows.empty() || (options.is_grouped && !options.follows_player)) return nullptr;
  return section_of(*windows.back(), member, no_group);
}

// The new value of a member. A sum has been checked.
Points Board::Impl::combine(std::optional<Points> old, Points value) const {
  if (!old) return value;
  switch (options.op) {
    case Operator::sum: return *old + value;
    case Operator::best: return is_better(value, *old) ? value : *old;
    case Operator::latest: break;
  }
  return value;
}

// Gives a member a value in a section, as far as `limit` lets it.
void Board::Impl::enter(Section& section, Member member, Points value, Position at, const Aim& aim,
                        std::vector<BoardChange>* changes) const {
  if (!hidden.empty() && hidden.contains(member)) {
    const auto [entry, is_new] = section.hidden.try_emplace(member);
    if (is_new || entry->second.value != value) entry->second = {value, at};
    return;
  }
  Leaderboard& members = section.members;
  Member dropped = no_symbol;
  if (options.limit && members.size() >= *options.limit && !members.value(member)) {
    const std::optional<Standing> worst = members.last();
    if (!worst || !is_better(value, worst->value)) return;
    members.remove(worst->member);
    dropped = worst->member;
  }
  if (changes == nullptr) return members.change_untold(member, value, at, aim);
  const auto [move, old] = members.change(member, value, at, aim);
  BoardChange& change = changes->emplace_back();  // Filled where it is: a copy would wait for what was just written.
  change.section = section.number;
  change.member = member;
  change.move = move;
  change.value = value;
  change.value_changed = old != value;
  change.dropped = dropped;
}

// Takes a member and what it has out of a section. False if it was not there.
bool Board::Impl::leave(Section& section, Member member, std::vector<BoardChange>& changes) {
  if (section.hidden.erase(member) > 0) return true;
  const Move move = section.members.remove(member);
  if (move.was == 0) return false;
  changes.push_back({.section = section.number,
                     .member = member,
                     .move = move,
                     .value = 0,
                     .value_changed = true,
                     .dropped = no_symbol});
  return true;
}

// Puts a member back where it was, unless `limit` now has no room for it.
void Board::Impl::restore(Section& section, Member member, const HiddenEntry& entry,
                          std::vector<BoardChange>& changes) const {
  Leaderboard& members = section.members;
  Member dropped = no_symbol;
  if (options.limit && members.size() >= *options.limit) {
    if (members.rank_of(entry.value, entry.reached, member) > *options.limit) return;
    dropped = members.last()->member;
    members.remove(dropped);
  }
  changes.push_back({.section = section.number,
                     .member = member,
                     .move = members.set(member, entry.value, entry.reached),
                     .value = entry.value,
                     .value_changed = true,
                     .dropped = dropped});
}

void Board::Impl::move_home(Member member, Symbol from, Symbol to, Position at, std::vector<BoardChange>& changes) {
  for (const auto& window : windows) {
    Section* section = window->section(from);
    if (section == nullptr) continue;
    const std::optional<Points> value = section->value(member);
    if (!value) continue;
    leave(*section, member, changes);
    if (section->is_empty()) close_section(*window, *section);
    if (to != no_group) enter(open_section(window->period, to), member, *value, at, {}, &changes);
  }
}

// Every section, in the order in which they began: a hash map's own order goes nowhere.
std::vector<Section*> Board::Impl::sections_by_number() const {
  std::vector<Section*> all;
  for (const auto& [number, section] : sections) all.push_back(section.get());
  std::ranges::sort(all, {}, [](const Section* section) { return section->number; });
  return all;
}

Board::Board(BoardOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  if (!impl_->options.is_grouped) impl_->options.follows_player = false;
}
Board::~Board() = default;
Board::Board(Board&&) noexcept = default;
Board& Board::operator=(Board&&) noexcept = default;

void Board::prepare_far(Member member) const {
  if (impl_->options.follows_player) return impl_->homes.prefetch(member);
  const Section* section = impl_->newest_section(member);
  if (section != nullptr) section->members.prepare_far(member);
}

void Board::prepare(Member member) const {
  const Section* section = impl_->newest_section(member);
  if (section == nullptr) return;
  if (impl_->options.follows_player) return section->members.prepare_far(member);
  section->members.prepare(member);
}

void Board::prepare_near(Member member) const {
  const Section* section = impl_->newest_section(member);
  if (section == nullptr) return;
  if (impl_->options.follows_player) return section->members.prepare(member);
  section->members.prepare_rank(member);
}

Status Board::plan(Member member, Symbol group, Points value, Timestamp now, Plan& plan, bool is_attempt) {
  const BoardOptions& options = impl_->options;
  plan = {.member = member,
          .group = options.is_grouped ? group : no_group,
          .value = value,
          .now = now,
          .is_attempt = is_attempt};
  if (member == no_symbol || (options.is_grouped && group == no_group)) return {};
  const Window* window = nullptr;
  if (!impl_->find_counting(now, window)) return {};
  plan.result = value;
  if (window != nullptr) {
    if (options.attempts && is_attempt) {
      const auto used = window->attempts.find(member);
      if ((used == window->attempts.end() ? 0 : used->second) >= *options.attempts) return {};
    }
    Section* section = impl_->section_of(*window, member, plan.group);
    const std::optional<Points> old = section == nullptr ? std::nullopt : section->value(member);
    Points sum = 0;
    if (options.op == Operator::sum && __builtin_add_overflow(old.value_or(0), value, &sum)) {
      return std::unexpected(Error{.code = Code::rule_error});
    }
    plan.result = impl_->combine(old, value);
    plan.is_change = old != plan.result;
    if (section != nullptr && section->group == plan.group) plan.section = section;
  }
  // A group that has a section is none that is new.
  if (plan.section == nullptr && impl_->is_new_group_too_many(plan.group)) {
    return std::unexpected(Error{.code = Code::capacity});
  }
  plan.counts = true;
  return {};
}

std::uint32_t Board::commit(const Plan& plan, Position at, std::vector<BoardChange>* changes) {
  if (!plan.counts) return 0;
  const BoardOptions& options = impl_->options;
  const bool counts_attempt = options.attempts && plan.is_attempt;
  if (plan.section != nullptr && !counts_attempt) {
    impl_->enter(static_cast<Section&>(*plan.section), plan.member, plan.result, at, plan.aim, changes);
    return plan.section->number;
  }
  const std::optional<Period> period = impl_->periods.counting_at(plan.now);
  assert(period);  // Time has not advanced since it was planned.
  if (changes == nullptr) {
    impl_->untold.clear();
    changes = &impl_->untold;
  }
  const std::size_t first_change = changes->size();
  if (options.follows_player) {
    follow(plan.member, plan.group, at, *changes);
    impl_->homes.set(plan.member, plan.group);
  }
  if (counts_attempt) ++impl_->open_window(*period).attempts[plan.member];
  Section& section = impl_->open_section(*period, plan.group);
  // Moving may have lost what it had.
  const Points value = options.follows_player ? impl_->combine(section.value(plan.member), plan.value) : plan.result;
  impl_->enter(section, plan.member, value, at, plan.aim, changes);
  merge_last(*changes, first_change);
  return section.number;
}

void Board::prepare_commit(Plan& plan) const {
  if (plan.counts && plan.is_change && plan.section != nullptr) plan.aim = plan.section->leaderboard->aim(plan.result);
}

bool Board::stays(Member member, Symbol group) const {
  const Symbol home = impl_->options.follows_player ? impl_->home(member) : no_group;
  return home == no_group || home == group;
}

Status Board::can_follow(Member member, Symbol group) const {
  if (group == no_group || stays(member, group) || !impl_->is_new_group_too_many(group)) return {};
  const Symbol home = impl_->home(member);
  const bool moves = std::ranges::any_of(impl_->windows, [&](const auto& window) {
    const Section* section = window->section(home);
    return section != nullptr && section->value(member);
  });
  if (moves) return std::unexpected(Error{.code = Code::capacity});
  return {};
}

void Board::follow(Member member, Symbol group, Position at, std::vector<BoardChange>& changes) {
  if (stays(member, group)) return;
  const Symbol home = impl_->home(member);
  impl_->move_home(member, home, group, at, changes);
  if (group == no_group) {
    impl_->homes.erase(member);
  } else {
    impl_->homes.replace(member, group);
  }
}

void Board::hide(Member member, std::vector<BoardChange>& changes) {
  if (!impl_->hidden.insert(member).second) return;
  for (Section* section : impl_->sections_by_number()) {
    const std::optional<Standing> standing = section->members.find(member);
    if (!standing) continue;
    Impl::leave(*section, member, changes);
    section->hidden[member] = {standing->value, standing->reached};
  }
}

void Board::show(Member member, std::vector<BoardChange>& changes) {
  if (impl_->hidden.erase(member) == 0) return;
  for (Section* section : impl_->sections_by_number()) {
    const auto entry = section->hidden.find(member);
    if (entry == section->hidden.end()) continue;
    const HiddenEntry had = entry->second;
    section->hidden.erase(entry);
    impl_->restore(*section, member, had, changes);
  }
}

bool Board::is_hidden(Member member) const {
  return impl_->hidden.contains(member);
}

void Board::forget(Member member, std::vector<BoardChange>& changes) {
  for (Section* section : impl_->sections_by_number()) {
    if (!Impl::leave(*section, member, changes) || !impl_->options.is_grouped || !section->is_empty()) continue;
    impl_->close_section(*impl_->find_window(section->period.starts), *section);
  }
  for (const auto& window : impl_->windows) window->attempts.erase(member);
  if (impl_->home(member) != no_group) impl_->homes.erase(member);
  impl_->hidden.erase(member);
}

bool Board::advance(Timestamp arrival, std::vector<std::uint32_t>& dropped) {
  if (!impl_->periods.advance(arrival)) return false;
  const std::size_t first_dropped = dropped.size();
  while (!impl_->windows.empty() && !impl_->periods.is_readable(impl_->windows.front()->period)) {
    Window& window = *impl_->windows.front();
    std::vector<Section*> sections;
    for (const auto& [group, section] : window.groups) sections.push_back(section);
    for (Section* section : sections) {
      dropped.push_back(section->number);
      impl_->close_section(window, *section);
    }
    impl_->windows.erase(impl_->windows.begin());
  }
  // A hash map's order goes nowhere.
  std::ranges::sort(dropped.begin() + static_cast<std::ptrdiff_t>(first_dropped), dropped.end());
  return true;
}

const BoardSection* Board::find_section(Symbol group, std::optional<Timestamp> period_starts) const {
  const Window* window = impl_->find_window(period_starts.value_or(impl_->periods.current().starts));
  if (window == nullptr || !impl_->periods.is_readable(window->period)) return nullptr;
  return window->section(impl_->options.is_grouped ? group : no_group);
}

const BoardSection* Board::section(std::uint32_t number) const {
  const auto found = impl_->sections.find(number);
  return found == impl_->sections.end() ? nullptr : found->second.get();
}

std::vector<const BoardSection*> Board::sections() const {
  std::vector<const BoardSection*> sections;
  for (const auto& [number, section] : impl_->sections) sections.push_back(section.get());
  std::ranges::sort(sections, {}, [](const BoardSection* s) { return std::pair(s->period.starts, s->number); });
  return sections;
}

std::vector<Period> Board::periods() const {
  std::vector<Period> periods;
  for (auto window = impl_->windows.rbegin(); window != impl_->windows.rend(); ++window) {
    if ((*window)->period.starts > impl_->periods.current().starts) periods.push_back((*window)->period);
  }
  const std::vector<Period> readable = impl_->periods.readable();
  periods.insert(periods.end(), readable.begin(), readable.end());
  return periods;
}

bool Board::is_readable(const Period& period) const {
  return impl_->periods.is_readable(period);
}
const Period& Board::current_period() const {
  return impl_->periods.current();
}
std::string Board::period_name(const Period& period) const {
  return impl_->periods.name(period);
}

std::optional<Period> Board::period_named(std::string_view name) const {
  for (const Period& period : periods()) {
    if (period_name(period) == name) return period;
  }
  return std::nullopt;
}

const BoardOptions& Board::options() const {
  return impl_->options;
}
std::size_t Board::groups() const {
  return impl_->sections_of_group.size();
}

std::size_t Board::memory_bytes() const {
  std::size_t sum = sizeof(Board) + sizeof(Impl) + map_bytes(impl_->sections) + map_bytes(impl_->sections_of_group) +
                    impl_->homes.memory_bytes();
  for (const auto& window : impl_->windows) {
    sum += sizeof(Window) + map_bytes(window->groups) + map_bytes(window->attempts);
  }
  for (const auto& [number, section] : impl_->sections) {
    sum += sizeof(Section) + section->members.memory_bytes() + map_bytes(section->hidden);
  }
  return sum;
}

void Board::Impl::hash_section(const Section& section,
                               const std::function<void(std::span<const std::uint64_t>)>& add) const {
  const std::array<std::uint64_t, 2> head{section.group, section.members.size()};
  add(head);
  constexpr std::size_t page = 1024;
  std::vector<Standing> standings;
  std::vector<std::uint64_t> words;
  for (Rank first = 1; first <= section.members.size(); first += page) {
    standings.clear();
    words.clear();
    section.members.read(first, page, standings);
    for (const Standing& standing : standings) {
      words.insert(words.end(), {standing.member, static_cast<std::uint64_t>(standing.value), standing.reached});
    }
    add(words);
  }
  if (section.hidden.empty()) return;
  std::vector<Member> hidden_members;
  for (const auto& [member, entry] : section.hidden) hidden_members.push_back(member);
  std::ranges::sort(hidden_members);
  words.clear();
  for (const Member member : hidden_members) {
    const HiddenEntry& entry = section.hidden.at(member);
    words.insert(words.end(), {member, static_cast<std::uint64_t>(entry.value), entry.reached});
  }
  add(words);
}

void Board::hash(const std::function<void(std::span<const std::uint64_t>)>& add) const {
  const auto add_time = [&](Timestamp time) {
    const std::array<std::uint64_t, 2> words{static_cast<std::uint64_t>(time.seconds),
                                             static_cast<std::uint64_t>(time.nanos)};
    add(words);
  };
  add_time(impl_->periods.current().starts);
  for (const auto& window : impl_->windows) {
    add_time(window->period.starts);
    std::vector<const Section*> sections;
    for (const auto& [group, section] : window->groups) sections.push_back(section);
    std::ranges::sort(sections, {}, [](const Section* section) { return section->number; });
    for (const Section* section : sections) impl_->hash_section(*section, add);
    std::vector<std::pair<Member, std::uint32_t>> attempts(window->attempts.begin(), window->attempts.end());
    std::ranges::sort(attempts);
    for (const auto& [member, count] : attempts) {
      const std::array<std::uint64_t, 2> words{member, count};
      add(words);
    }
  }
}

}  // namespace tallyho

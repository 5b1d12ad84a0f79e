// How a board is written down and read back: what it is, so that a board of another ruleset can say whether it may go
// on with it; then its windows, with everything in them by member. Where somebody stands follows from value and
// position, and which group a member that follows is in from where its values are, so neither is written; nor is who is
// hidden, which whoever asked for that knows.

#include <algorithm>

#include "boards/board_impl.h"

namespace tallyho {
namespace {

using board_parts::HiddenEntry;
using board_parts::Section;
using board_parts::Window;

constexpr std::size_t zone_bytes_max = 256;
constexpr std::uint64_t number_max = 0xffffffff;

// What must be the same for a board to go on with what another one held.
struct Shape {
  Operator op = Operator::sum;
  Order order = Order::descending;
  bool is_grouped = false;
  bool follows_player = false;
  Every every = Every::never;
  Duration every_length{};
  std::string time_zone;
};

Shape shape_of(const BoardOptions& options) {
  const bool is_of_zone = options.every != Every::never && options.every != Every::fixed;
  return {.op = options.op,
          .order = options.order,
          .is_grouped = options.is_grouped,
          .follows_player = options.follows_player,
          .every = options.every,
          .every_length = options.every == Every::fixed ? options.every_length : Duration{},
          .time_zone = is_of_zone ? options.time_zone.absl().name() : ""};
}

void save_shape(FormWriter& out, const Shape& shape) {
  out.number(static_cast<std::uint64_t>(shape.op));
  out.number(static_cast<std::uint64_t>(shape.order));
  out.flag(shape.is_grouped);
  out.flag(shape.follows_player);
  out.number(static_cast<std::uint64_t>(shape.every));
  out.signed_number(shape.every_length.count());
  out.text(shape.time_zone);
}

Shape load_shape(FormReader& in) {
  Shape shape;
  shape.op = static_cast<Operator>(in.number(static_cast<std::uint64_t>(Operator::latest)));
  shape.order = static_cast<Order>(in.number(static_cast<std::uint64_t>(Order::ascending)));
  shape.is_grouped = in.flag();
  shape.follows_player = in.flag();
  shape.every = static_cast<Every>(in.number(static_cast<std::uint64_t>(Every::fixed)));
  shape.every_length = Duration(in.signed_number());
  shape.time_zone = in.text(zone_bytes_max);
  return shape;
}

// What keeps a board from going on, or "".
std::string_view difference(const Shape& was, const Shape& is) {
  if (was.op != is.op) return "its operator is another";
  if (was.order != is.order) return "its order is another";
  if (was.is_grouped != is.is_grouped) return "it is grouped in one and not in the other";
  if (was.follows_player != is.follows_player) return "its groups follow the player in one and not in the other";
  if (was.every != is.every || was.every_length != is.every_length) return "its windows are of another length";
  if (was.time_zone != is.time_zone) return "its windows are of another time zone";
  return "";
}

template <typename Map>
std::vector<Member> sorted_keys(const Map& map) {
  std::vector<Member> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::ranges::sort(keys);
  return keys;
}

void save_section(FormWriter& out, const Section& section) {
  out.number(section.number);
  out.number(section.group == no_group ? 0 : std::uint64_t{section.group} + 1);
  constexpr std::size_t page = 1024;
  std::vector<Standing> standings;
  out.number(section.members.size());
  for (Rank first = 1; first <= section.members.size(); first += page) {
    standings.clear();
    section.members.read(first, page, standings);
    for (const Standing& standing : standings) {
      out.number(standing.member);
      out.signed_number(standing.value);
      out.number(standing.reached);
    }
  }
  out.number(section.hidden.size());
  for (const Member member : sorted_keys(section.hidden)) {
    const HiddenEntry& entry = section.hidden.at(member);
    out.number(member);
    out.signed_number(entry.value);
    out.number(entry.reached);
  }
}

void save_window(FormWriter& out, const Window& window) {
  out.time(window.period.starts);
  out.number(window.attempts.size());
  for (const Member member : sorted_keys(window.attempts)) {
    out.number(member);
    out.number(window.attempts.at(member));
  }
  std::vector<const Section*> sections;
  for (const auto& [group, section] : window.groups) sections.push_back(section);
  std::ranges::sort(sections, {}, [](const Section* section) { return section->number; });
  out.number(sections.size());
  for (const Section* section : sections) save_section(out, *section);
}

}  // namespace

void Board::save(FormWriter& out) const {
  save_shape(out, shape_of(impl_->options));
  out.number(impl_->next_number);
  out.number(impl_->windows.size());
  for (const auto& window : impl_->windows) save_window(out, *window);
}

// Fills a board that holds nothing yet; or, if that may not have it, passes over what was written.
struct Board::Loading {
  FormReader& in;
  Impl& board;
  std::size_t symbols = 0;
  bool is_carried = true;
  std::uint32_t numbers = 0;  // Of sections, given out so far.

  void load();
  void load_window();
  Window* open_window(Timestamp starts);
  void load_section(Window* window);
  Section* open_section(Window* window, std::uint32_t number, Symbol group);
  void load_standing(Section* section);
  void load_hidden(Section* section);
  void settle(Section& section, Member member);
};

void Board::Loading::load() {
  numbers = static_cast<std::uint32_t>(in.number(number_max));
  if (numbers == 0) in.fail("a board's sections are not counted from 1");
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) load_window();
  board.next_number = numbers;
}

// Null: it is not wanted.
Window* Board::Loading::open_window(Timestamp starts) {
  if (!is_carried || in.has_failed()) return nullptr;
  const std::optional<Period> period = board.periods.counting_at(starts);
  if (!period) return nullptr;  // Fewer windows are kept than were.
  const bool is_new = period->starts == starts && board.find_window(starts) == nullptr;
  if (!is_new) in.fail("a window begins when none does, or was there before");
  return is_new ? &board.open_window(*period) : nullptr;
}

void Board::Loading::load_window() {
  Window* window = open_window(in.time({}));
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) {
    const Member member = in.symbol(symbols);
    const auto count = static_cast<std::uint32_t>(in.number(number_max));
    if (window == nullptr || !board.options.attempts) continue;
    if (!window->attempts.emplace(member, count).second) in.fail("a member's attempts come twice");
  }
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) load_section(window);
}

Section* Board::Loading::open_section(Window* window, std::uint32_t number, Symbol group) {
  if (window == nullptr || in.has_failed()) return nullptr;
  const bool is_new = number > 0 && number < numbers && !board.sections.contains(number) &&
                      window->section(group) == nullptr && board.options.is_grouped == (group != no_group);
  if (!is_new) in.fail("a section is none that its board can have, or comes twice");
  if (!is_new) return nullptr;
  board.next_number = number;
  return &board.open_section(window->period, group);
}

void Board::Loading::load_section(Window* window) {
  const auto number = static_cast<std::uint32_t>(in.number(number_max));
  const std::uint64_t group = in.number(symbols);
  Section* section = open_section(window, number, group == 0 ? no_group : static_cast<Symbol>(group - 1));
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) load_standing(section);
  for (std::uint64_t left = in.number(); left > 0 && !in.has_failed(); --left) load_hidden(section);
}

// They come best first, so that a smaller limit drops the worst.
void Board::Loading::load_standing(Section* section) {
  const Member member = in.symbol(symbols);
  const Points value = in.signed_number();
  const Position reached = in.number();
  if (section == nullptr || in.has_failed()) return;
  if (section->members.value(member)) return in.fail("a member is on a board twice");
  if (board.hidden.contains(member)) return in.fail("a hidden member is to be seen");
  if (board.options.limit && section->members.size() >= *board.options.limit) return;
  section->members.set(member, value, reached);
  settle(*section, member);
}

void Board::Loading::load_hidden(Section* section) {
  const Member member = in.symbol(symbols);
  const Points value = in.signed_number();
  const Position reached = in.number();
  if (section == nullptr || in.has_failed()) return;
  if (!board.hidden.contains(member)) return in.fail("a member is hidden on a part of a board only");
  if (!section->hidden.try_emplace(member, HiddenEntry{value, reached}).second) in.fail("a member is hidden twice");
  settle(*section, member);
}

void Board::Loading::settle(Section& section, Member member) {
  if (!board.options.follows_player) return;
  const Symbol home = board.home(member);
  if (home == no_group) board.homes.set(member, section.group);
  if (home != no_group && home != section.group) in.fail("a member is in two groups at once");
}

std::string Board::restore(FormReader& in, Timestamp arrival, std::size_t symbols) {
  impl_->periods.advance(arrival);
  const std::string_view why = difference(load_shape(in), shape_of(impl_->options));
  Loading{.in = in, .board = *impl_, .symbols = symbols, .is_carried = why.empty()}.load();
  return std::string(why);
}

void Board::pass_over(FormReader& in, std::size_t symbols) {
  load_shape(in);
  Impl none{BoardOptions{}};
  Loading{.in = in, .board = none, .symbols = symbols, .is_carried = false}.load();
}

}  // namespace tallyho

#include "server/page_cursor.h"

#include <charconv>
#include <vector>

namespace tallyho {
namespace {

struct Cursor {
  Points value = 0;
  Position reached = 0;
  std::uint32_t section = 0;
};

// Takes a number and the dot after it, or the end.
template <typename Number>
bool take(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return true;
  if (text.front() != '.' || text.size() == 1) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Cursor> parse(std::string_view text) {
  Cursor cursor;
  if (!take(text, cursor.value) || !take(text, cursor.reached) || !take(text, cursor.section) || !text.empty()) {
    return std::nullopt;
  }
  return cursor;
}

}  // namespace

std::string make_cursor(const Standing& last, const BoardSection& section) {
  return std::to_string(last.value) + '.' + std::to_string(last.reached) + '.' + std::to_string(section.number);
}

Answered<Rank> find_page(Place& place, std::string_view cursor, bool is_window_given) {
  const auto parsed = parse(cursor);
  if (!parsed) return refuse(Code::invalid_argument, "'cursor' is not one of this board's");
  const BoardSection* section = place.board->section(parsed->section);
  if (section == nullptr) return refuse(Code::not_found, "the cursor's window is not readable any more");
  if (section->group != place.group || (is_window_given && section != place.section)) {
    return refuse(Code::invalid_argument, "'cursor' is of another group or window");
  }
  place.section = section;
  if (place.board->options().every != Every::never) place.period = section->period;
  const Leaderboard& leaderboard = *section->leaderboard;
  const Rank rank = leaderboard.rank_of(parsed->value, parsed->reached);
  std::vector<Standing> here;
  leaderboard.read(rank, 1, here);
  const bool is_there = !here.empty() && here[0].value == parsed->value && here[0].reached == parsed->reached;
  return is_there ? rank + 1 : rank;
}

}  // namespace tallyho

#include "server/page_cursor.h"

#include <charconv>

#include "fmt/format.h"

namespace tallyho {
namespace {

struct Cursor {
  Points value = 0;
  Position reached = 0;
  Member member = 0;
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
  const bool is_whole = take(text, cursor.value) && take(text, cursor.reached) && take(text, cursor.member) &&
                        take(text, cursor.section) && text.empty() && cursor.member != no_symbol;
  return is_whole ? std::optional(cursor) : std::nullopt;
}

}  // namespace

std::string make_cursor(const Standing& last, const BoardSection& section) {
  return fmt::format("{}.{}.{}.{}", last.value, last.reached, last.member, section.number);
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
  return section->leaderboard->rank_of(parsed->value, parsed->reached, parsed->member + 1);
}

}  // namespace tallyho

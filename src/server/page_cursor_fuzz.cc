// Any bytes as the cursor of a page. Nothing crashes; what is taken leads to a rank of the board, and what the board
// itself gave out is taken.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "server/page_cursor.h"

namespace tallyho {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A board with a few members, among them equals.
class World {
 public:
  World() {
    for (Member member = 1; member <= 20; ++member) {
      Board::Plan plan;
      require(board_.plan(member, no_group, member / 2, Timestamp{}, plan).has_value(), "there is room");
      board_.commit(plan, member, nullptr);
    }
  }

  Place place() {
    Place place{};
    place.board = &board_;
    place.section = board_.find_section(no_group, std::nullopt);
    return place;
  }

  Board& board() { return board_; }

 private:
  Board board_{{.id = "board"}};
};

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tallyho::World world;
  const std::string_view cursor(reinterpret_cast<const char*>(data), size);
  tallyho::Place place = world.place();
  if (const auto rank = tallyho::find_page(place, cursor, false)) {
    tallyho::require(*rank >= 1 && *rank <= place.section->leaderboard->size() + 1, "a cursor leads to a rank");
  }
  const std::size_t first = size == 0 ? 1 : 1 + data[0] % 20;
  std::vector<tallyho::Standing> standings;
  place.section->leaderboard->read(first, 1, standings);
  const std::string own = tallyho::make_cursor(standings.front(), *place.section);
  const auto next = tallyho::find_page(place, own, true);
  tallyho::require(next && *next == first + 1, "the page after a member begins with the next");
  return 0;
}

#include "engine/hunt_events_for_test.h"

#include <array>
#include <chrono>

#include "fmt/format.h"

namespace tallyho {
namespace {

class Hunt {
 public:
  explicit Hunt(unsigned seed) : random_(seed) {}

  HuntEvent next() {
    advance();
    static constexpr std::array types{"location_ping",   "treasure_found",  "clue_solved",     "checkpoint_reached",
                                      "puzzle_attempt",  "photo_submitted", "chest_opened",    "hint_used",
                                      "session_started", "power_up_used",   "trade_completed", "prediction_settled",
                                      "team_joined",     "ticket_scanned",  "invite_accepted", "foul_reported"};
    const std::size_t type = below(3) == 0 ? 1 : below(types.size());  // Finds have most rules.
    std::string bytes = fmt::format(R"({{"type":"{}","player":"p{}")", types[type], below(12));
    if (below(2) == 0) bytes += fmt::format(R"(,"id":"e{}")", below(100));
    if (below(10) == 0)
      bytes += fmt::format(R"(,"ts":{})", now_.to_millis() - static_cast<std::int64_t>(below(100'000'000)));
    return {bytes + fields(type) + "}", now_};
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // Mostly seconds pass, at times hours.
  void advance() {
    const std::uint64_t minutes = below(200) == 0 ? below(1200) : 0;
    now_ = add(now_, std::chrono::milliseconds(minutes * 60'000 + below(3'000))).value();
  }

  std::string place() {
    const char* accuracy = below(20) == 0 ? "80.5" : "12";
    return fmt::format(R"(,"lat":48.{:03},"lon":11.{:03},"accuracy":{})", 100 + below(3), 500 + below(3), accuracy);
  }

  std::string fields(std::size_t type) {
    static constexpr std::array rarities{"common", "rare", "epic", "legendary"};
    static constexpr std::array powers{"double_points", "shield", "radar"};
    switch (type) {
      case 0: return place();
      case 1:
        return fmt::format(R"(,"treasure":"t{}","rarity":"{}","value":{})", below(300), rarities[below(4)],
                           below(500)) +
               place();
      case 2:
        return fmt::format(R"(,"clue":"c{}","difficulty":{},"seconds":{},"hints":{})", below(200), 1 + below(5),
                           below(400), below(3));
      case 3: return fmt::format(R"(,"checkpoint":"k{}")", below(60)) + place();
      case 4:
        return fmt::format(R"(,"puzzle":"z{}","correct":{},"difficulty":{})", below(200), below(2) == 0, 1 + below(5));
      case 5: return fmt::format(R"(,"photo":"f","checkpoint":"k{}","votes":{})", below(60), below(2000));
      case 6: return fmt::format(R"(,"chest":"h{}","locks":{},"seconds":{})", below(200), 1 + below(10), below(300));
      case 7: return fmt::format(R"(,"clue":"c{}")", below(200));
      case 8: return fmt::format(R"(,"platform":"web","region":"r{}")", below(4));
      case 9: return fmt::format(R"(,"kind":"{}")", powers[below(3)]);
      case 10: return fmt::format(R"(,"partner":"p{}","item":"i","value":{})", below(90), below(3));
      case 11: return fmt::format(R"(,"correct":{},"minute_error":{})", below(2) == 0, below(20));
      case 12: return fmt::format(R"(,"team":"m{}")", below(3));
      case 13: return R"(,"gate":"g","seat":"s")";
      case 14: return fmt::format(R"(,"friend":"p{}")", below(400));
      default: return fmt::format(R"(,"severity":{},"upheld":{})", 1 + below(3), below(3) == 0);
    }
  }

  std::mt19937 random_;
  Timestamp now_{1'784'484'000, 0};  // 2026-07-19T18:00:00Z
};

}  // namespace

std::vector<HuntEvent> make_hunt_events(std::size_t count, unsigned seed) {
  Hunt hunt(seed);
  std::vector<HuntEvent> events;
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) events.push_back(hunt.next());
  return events;
}

}  // namespace tallyho

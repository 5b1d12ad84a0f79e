#include "load/load_fields.h"

#include <array>

namespace tallyho {
namespace {

enum class Type : std::uint8_t {
  location_ping,
  treasure_found,
  clue_solved,
  checkpoint_reached,
  puzzle_attempt,
  photo_submitted,
  chest_opened,
  hint_used,
  session_started,
  power_up_used,
  trade_completed,
  prediction_settled,
  team_joined,
  ticket_scanned,
  invite_accepted,
  foul_reported,
};

struct TypeShare {
  std::string_view name;
  std::uint64_t per_thousand;
};

// By Type.
constexpr std::array<TypeShare, LoadFields::type_count> shares{{{"location_ping", 400},
                                                                {"treasure_found", 140},
                                                                {"clue_solved", 100},
                                                                {"checkpoint_reached", 80},
                                                                {"puzzle_attempt", 70},
                                                                {"photo_submitted", 40},
                                                                {"chest_opened", 40},
                                                                {"hint_used", 32},
                                                                {"session_started", 30},
                                                                {"power_up_used", 20},
                                                                {"trade_completed", 18},
                                                                {"prediction_settled", 10},
                                                                {"team_joined", 8},
                                                                {"ticket_scanned", 5},
                                                                {"invite_accepted", 5},
                                                                {"foul_reported", 2}}};

constexpr std::array<std::uint8_t, 1000> types_by_share() {
  std::array<std::uint8_t, 1000> types{};
  std::size_t at = 0;
  for (std::size_t type = 0; type < shares.size(); ++type) {
    for (std::uint64_t i = 0; i < shares[type].per_thousand; ++i) types[at++] = static_cast<std::uint8_t>(type);
  }
  return types;
}
constexpr std::array<std::uint8_t, 1000> types = types_by_share();
static_assert(types.back() == static_cast<std::uint8_t>(Type::foul_reported), "the shares add up to a thousand");

constexpr std::uint64_t teams = 1'000;
constexpr std::uint64_t regions = 20;
constexpr std::uint64_t checkpoints = 500;
constexpr std::uint64_t clues = 5'000;
constexpr std::uint64_t puzzles = 2'000;
constexpr std::uint64_t chests = 3'000;

template <std::size_t count>
std::string_view pick(const std::array<std::string_view, count>& choices, Random& random) {
  return choices[random.below(count)];
}

std::string_view draw_rarity(Random& random) {
  const std::uint64_t draw = random.below(100);
  if (draw < 70) return "common";
  if (draw < 90) return "rare";
  return draw < 98 ? "epic" : "legendary";
}

void clue_solved(LoadLine& line, Random& random) {
  const std::int64_t difficulty = random.between(1, 5);
  line.label("clue", 'q', 1 + random.below(clues), 4);
  line.integer("difficulty", difficulty);
  line.integer("seconds", random.between(0, 120 * difficulty));  // Half of them in time for the bonus.
  line.integer("hints", random.percent(50) ? 0 : random.between(1, 5));
}

void ticket_scanned(LoadLine& line, Random& random) {
  line.label("gate", 'g', 1 + random.below(24), 2);
  line.label("seat", 's', 1 + random.below(75'000), 5);
}

void player_name(LoadLine& line, std::string_view name, std::uint32_t player) {
  std::string text;  // Short enough to need no allocation.
  LoadFields::append_player(text, player);
  line.text(name, text);
}

}  // namespace

std::size_t LoadFields::draw_type(Random& random) {
  return types[random.below(types.size())];
}
std::string_view LoadFields::type_name(std::size_t type) {
  return shares[type].name;
}
std::uint64_t LoadFields::per_thousand(std::size_t type) {
  return shares[type].per_thousand;
}

void LoadFields::append_player(std::string& out, std::uint32_t player) {
  LoadLine::append_label(out, 'p', std::uint64_t{player} + 1, 7);
}

void LoadFields::write(std::size_t type, const Subject& subject, LoadLine& line, Random& random) {
  switch (static_cast<Type>(type)) {
    case Type::location_ping: return place(subject, line, random);
    case Type::treasure_found: return treasure_found(subject, line, random);
    case Type::clue_solved: return clue_solved(line, random);
    case Type::checkpoint_reached:
      line.label("checkpoint", 'c', 1 + random.below(checkpoints), 3);
      return place(subject, line, random);
    case Type::puzzle_attempt:
      line.label("puzzle", 'z', 1 + random.below(puzzles), 4);
      line.boolean("correct", random.percent(60));
      return line.integer("difficulty", random.between(1, 5));
    case Type::photo_submitted:
      line.label("photo", 'f', subject.number, 1);
      line.label("checkpoint", 'c', 1 + random.below(checkpoints), 3);
      return line.integer("votes", random.between(0, 1'000));
    case Type::chest_opened:
      line.label("chest", 'h', 1 + random.below(chests), 4);
      line.integer("locks", random.between(1, 10));
      return line.integer("seconds", random.between(0, 400));
    case Type::hint_used: return line.label("clue", 'q', 1 + random.below(clues), 4);
    case Type::session_started:
      line.text("platform", pick<3>({"ios", "android", "web"}, random));
      if (random.percent(90)) line.label("region", 'r', 1 + random.below(regions), 2);
      return;
    case Type::power_up_used: return line.text("kind", pick<3>({"double_points", "shield", "radar"}, random));
    case Type::trade_completed:
      player_name(line, "partner", players_.draw(random));
      line.label("item", 'i', 1 + random.below(200), 3);
      return line.integer("value", random.between(0, 500));
    case Type::prediction_settled:
      line.boolean("correct", random.percent(50));
      return line.integer("minute_error", random.between(0, 30));
    case Type::team_joined: return line.label("team", 'm', 1 + random.below(teams), 4);
    case Type::ticket_scanned: return ticket_scanned(line, random);
    case Type::invite_accepted: return player_name(line, "friend", players_.draw(random));
    case Type::foul_reported:
      line.integer("severity", random.between(1, 3));
      return line.boolean("upheld", random.percent(10));
  }
}

void LoadFields::treasure_found(const Subject& subject, LoadLine& line, Random& random) {
  line.label("treasure", 't', std::uint64_t{treasures_.draw(random)} + 1, 5);
  line.text("rarity", draw_rarity(random));
  line.integer("value", random.between(0, 500));
  place(subject, line, random);
}

// Where the player is, or with a teleport, anywhere: a reading that the next one takes back.
void LoadFields::place(const Subject& subject, LoadLine& line, Random& random) {
  Spot here = wanderers_.walk(subject.player, subject.millis, random);
  if (random.one_in(1'000)) here = Wanderers::anywhere(random);
  const bool is_bad = random.percent(2);
  line.decimal("lat", static_cast<std::uint64_t>(here.lat), 6);
  line.decimal("lon", static_cast<std::uint64_t>(here.lon), 6);
  line.decimal("accuracy", static_cast<std::uint64_t>(is_bad ? random.between(501, 2'000) : random.between(30, 300)),
               1);
}

}  // namespace tallyho

#include "load/wanderers.h"

#include <algorithm>

namespace tallyho {
namespace {

constexpr std::int32_t south = 48'060'000;
constexpr std::int32_t north = 48'240'000;
constexpr std::int32_t west = 11'360'000;
constexpr std::int32_t east = 11'720'000;

// Micrometres in a millionth of a degree: 2 pi * 6'371'008.8 m / 360; to the east times the cosine of the latitude,
// which is greatest in the south: 0.66835. Rounded up, so that nobody walks faster than allowed.
constexpr std::int64_t micrometres_north = 111'196;
constexpr std::int64_t micrometres_east = 74'318;

// The walk turns back at the border.
std::int32_t within(std::int64_t value, std::int32_t least, std::int32_t most) {
  if (value < least) value = std::int64_t{least} * 2 - value;
  if (value > most) value = std::int64_t{most} * 2 - value;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, least, most));
}

}  // namespace

Spot Wanderers::anywhere(Random& random) {
  return {static_cast<std::int32_t>(random.between(south, north)),
          static_cast<std::int32_t>(random.between(west, east))};
}

Spot Wanderers::walk(std::uint32_t number, std::int64_t millis, Random& random) {
  Player& player = players_[number];
  const auto now = static_cast<std::uint32_t>(millis / 100);
  if (player.place.lat == 0) {
    Random own(seed_ ^ mixed(number));
    player.place = anywhere(own);
  } else if (now > player.deciseconds) {
    // A step in any direction: a point of the disc of radius 1000.
    std::int64_t x = 0;
    std::int64_t y = 0;
    do {
      x = random.between(-1000, 1000);
      y = random.between(-1000, 1000);
    } while (x * x + y * y > 1'000'000);
    // 2 m/s are 200'000 micrometres a decisecond; the disc's radius is 1000. A day of it would cross the box.
    const std::int64_t reach = std::int64_t{std::min<std::uint32_t>(now - player.deciseconds, 864'000)} * 200;
    player.place.lat = within(player.place.lat + y * reach / micrometres_north, south, north);
    player.place.lon = within(player.place.lon + x * reach / micrometres_east, west, east);
  }
  player.deciseconds = now;
  return player.place;
}

}  // namespace tallyho

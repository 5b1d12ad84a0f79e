#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/load_line.h"
#include "load/random.h"
#include "load/wanderers.h"
#include "load/zipf.h"

namespace tallyho {

// Draws the types of the standard load and the fields that go with them, in the order the treasure hunt declares them.
// Threads: one owner.
class LoadFields {
 public:
  // What an event's fields are drawn for.
  struct Subject {
    std::uint64_t number;  // Of the event.
    std::uint32_t player;  // From 0.
    std::int64_t millis;   // Since the load's beginning.
  };

  // The references outlive it.
  LoadFields(const Zipf& players, Wanderers& wanderers) : players_(players), wanderers_(wanderers) {}

  // A number below type_count, as often as the load's shares say.
  static std::size_t draw_type(Random& random);
  static constexpr std::size_t type_count = 16;
  static std::string_view type_name(std::size_t type);
  static std::uint64_t per_thousand(std::size_t type);

  // Writes the fields of an event of this type.
  void write(std::size_t type, const Subject& subject, LoadLine& line, Random& random);

  // How the load calls a player: "p0000001" for number 0.
  static void append_player(std::string& out, std::uint32_t player);

 private:
  void place(const Subject& subject, LoadLine& line, Random& random);
  void treasure_found(const Subject& subject, LoadLine& line, Random& random);

  const Zipf& players_;
  Wanderers& wanderers_;
  Zipf treasures_{20'000, 0.8};
};

}  // namespace tallyho

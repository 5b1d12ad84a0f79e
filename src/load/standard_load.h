#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "load/flaw.h"

namespace tallyho {

// The standard load: a stream of events for the shipped treasure hunt, made line by line from a seed, on which every
// figure is measured. The same options give the same bytes on any machine: all draws are the project's own, and no
// function is used whose last digit may differ.
//
//     StandardLoad load({.seed = 1, .events = 1'000'000});
//     while (auto line = load.next()) out << line->text << '\n';
//
// Event n falls on 2026-07-19T18:00:00Z plus n / rate seconds; one in a hundred carries a time up to an hour earlier.
// Players are picked by a Zipf law. 0.5 % of the lines are one of the last thousand lines once more, byte for byte, as
// a sender that got no answer would repeat it. A share may be spoiled; a repeated line is as it was.
//
// Threads: one owner. Memory: 20 bytes a player and the last thousand lines; nothing grows with the events.
// Making a line is O(1) and allocates nothing once warm.
class StandardLoad {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::uint64_t events = 1'000'000;
    std::uint32_t players = 100'000;  // At least 1.
    double skew = 0.6;                // Exponent of the Zipf law over the players; not negative.
    double invalid_percent = 0;       // 0 to 100.
    std::uint64_t rate = 18'000;      // Events per simulated second; at least 1.
    bool has_ts = true;               // Whether events carry `ts`; live ones do not.
  };

  // A line of the load; its views are valid until the next one is made.
  struct Line {
    std::string_view text;     // Without a newline.
    std::string_view player;   // Whom it is about, also where the text does not say so any more.
    std::uint64_t number = 0;  // Counts lines from 1.
    Timestamp due;             // When it falls, in simulated time.
    Flaw flaw = Flaw::none;
    bool is_repeat = false;
  };

  // O(players).
  explicit StandardLoad(const Options& options);
  ~StandardLoad();
  StandardLoad(StandardLoad&&) noexcept;
  StandardLoad& operator=(StandardLoad&&) noexcept;

  // The next line, or nothing after the last one.
  std::optional<Line> next();

  // When the load begins.
  static Timestamp begins() { return {1'784'484'000, 0}; }  // 2026-07-19T18:00:00Z.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/replay.h"

namespace tallyho {

// What rules did over a run, by their ids: sums that outlive any one ruleset.
struct RuleTally {
  std::string rule;
  std::uint64_t fired = 0;    // For events that counted.
  std::uint64_t refused = 0;  // Events that it rejected, or failed over.
  std::int64_t paid = 0;      // Points, before the total's bounds.
};

// What a run came to.
class RunTally {
 public:
  // `ruleset` is what the outcome's rules are of. O(rules that fired).
  void add(const Ruleset& ruleset, const Replayed& replayed);

  std::uint64_t records() const { return records_; }
  std::uint64_t events() const { return events_; }
  std::int64_t points() const { return points_; }  // Added to totals by events.
  const std::array<std::uint64_t, code_count>& codes() const { return codes_; }
  // In the order of the rulesets.
  const std::vector<RuleTally>& rules() const { return rules_; }

 private:
  void enter(const Ruleset& ruleset);

  std::uint64_t records_ = 0;
  std::uint64_t events_ = 0;
  std::int64_t points_ = 0;
  std::array<std::uint64_t, code_count> codes_{};
  std::vector<RuleTally> rules_;
  std::string entered_;                     // The hash of the ruleset that was met last.
  std::vector<std::size_t> tally_of_rule_;  // Of its rules.
};

// The first places of one section of a board.
struct TopSection {
  std::string board;
  std::string group;   // "": not in a group.
  std::string window;  // "": all time.
  struct Place {
    std::string member;
    Points value = 0;
  };
  std::vector<Place> places;
};
inline constexpr std::size_t compared_places = 100;

// The first places of every section of every board, in order of the boards, up to `sections_max` of them. Copies:
// O(sections · compared_places).
std::vector<TopSection> tops_of(const Engine& engine,
                                std::size_t sections_max = std::numeric_limits<std::size_t>::max());

// Somebody who stands elsewhere in a section's first places.
struct TopMove {
  std::string member;
  Rank before = 0;  // 0: not among the first places.
  Rank after = 0;
  Points value_before = 0;
  Points value_after = 0;
};
struct TopDifference {
  std::string board, group, window;
  std::vector<TopMove> moves;  // By rank after, those who left last.
};
// Sections where somebody moved, those of `before` first.
std::vector<TopDifference> compare_tops(const std::vector<TopSection>& before, const std::vector<TopSection>& after);

// An event that comes to something else. Views are valid during the call that passes it on.
struct ChangedEvent {
  Position position = 0;
  std::string_view player;
  std::string_view id;
  Code before = Code::internal;
  Code after = Code::internal;
  std::int64_t points_before = 0;
  std::int64_t points_after = 0;
};

// The same records under two rulesets. Both sides are fed the records in order; one may be some dozens ahead.
//
//     Comparison comparison;
//     Replayer before(old_engine, {.told = [&](auto& one) { comparison.before(*old_ruleset, one); }});
//     Replayer after(new_engine, {.told = [&](auto& one) { comparison.after(*new_ruleset, one); }, …});
//     for (record : log) before.take(record), after.take(record);
//
// Threads: one owner. Memory: some dozens of events; what was changed is passed on, not kept.
class Comparison {
 public:
  using Take = std::function<void(const ChangedEvent&)>;
  // `take` is given the events that come to another code; may be empty.
  explicit Comparison(Take take = {}) : take_(std::move(take)) {}

  void before(const Ruleset& ruleset, const Replayed& replayed);
  void after(const Ruleset& ruleset, const Replayed& replayed);

  const RunTally& tally_before() const { return before_; }
  const RunTally& tally_after() const { return after_; }
  std::uint64_t compared() const { return compared_; }
  std::uint64_t other_codes() const { return other_codes_; }
  std::uint64_t other_points() const { return other_points_; }  // Of events with the same code.

 private:
  // What one side said of an event.
  struct Half {
    Position position = 0;  // 0: nothing yet.
    Code code = Code::internal;
    std::int64_t points = 0;
  };
  struct Pair {
    Half before, after;
    std::string player, id;
  };
  void put(const Replayed& replayed, Half Pair::* side);
  void compare(const Pair& pair);

  static constexpr std::size_t pairs = 256;  // A power of two, more than one side is ever ahead.
  const Take take_;
  RunTally before_;
  RunTally after_;
  std::vector<Pair> pairs_ = std::vector<Pair>(pairs);  // By position.
  std::uint64_t compared_ = 0;
  std::uint64_t other_codes_ = 0;
  std::uint64_t other_points_ = 0;
};

// {"position":7,"id":"e1","player":"ada","before":"ok","after":"rejected","points_before":20,"points_after":0}
void append_changed(JsonWriter& json, const ChangedEvent& changed);
// Members of an object: "events", "other_codes", "other_points", "points", "codes", "rules", "boards".
void append_comparison(JsonWriter& json, const Comparison& comparison, const std::vector<TopDifference>& boards);

}  // namespace tallyho

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/calendar.h"
#include "base/time.h"
#include "cel/code.h"
#include "cel/program.h"
#include "ruleset/slots.h"

namespace tallyho {

using EventTypeIndex = std::uint16_t;
using RuleIndex = std::uint16_t;
using BoardIndex = std::uint16_t;
using ScopeIndex = std::uint16_t;  // 0 is `player`.
inline constexpr ScopeIndex player_scope = 0;

// The type of an event's field.
struct FieldType {
  enum class Kind : std::uint8_t { boolean, int64, float64, string, timestamp, list, map };
  Kind kind = Kind::string;
  Kind item = Kind::string;  // Of a list or map (a scalar).
  bool operator==(const FieldType&) const = default;
};

// A declared field of an event type, with its bounds (all inclusive).
struct FieldDefinition {
  std::string name;
  FieldType type;
  bool optional = false;
  std::int64_t int_min = INT64_MIN, int_max = INT64_MAX;
  double float_min, float_max;              // Infinite where not given.
  std::vector<std::string> one_of_strings;  // Empty: any.
  std::vector<std::int64_t> one_of_ints;
  std::uint32_t min_bytes = 0, max_bytes = 256;  // Strings, and the strings and keys in lists and maps.
  std::uint32_t max_items = 64;
};

struct EventType {
  std::string name;
  std::vector<FieldDefinition> fields;       // In declared order; Event::fields has the same order.
  std::vector<std::uint16_t> field_of_slot;  // Field slot number (slots.h) → index in `fields`, or no_field.
  std::vector<RuleIndex> rules;              // That apply, in file order.
  std::vector<BoardIndex> boards;            // That may count it, in file order.
  bool player_may_send = false;              // Under `player_events`.
  std::uint64_t cost = 0;                    // Worst cost of one event, in units.
};
inline constexpr std::uint16_t no_field = 0xffff;

enum class StateType : std::uint8_t { boolean, int64, float64, string, timestamp, duration, set, window };

// A variable of a scope.
struct StateVariable {
  std::string name;
  StateType type = StateType::int64;
  cel::Value init;               // Scalars; points into the ruleset.
  Every resets = Every::never;   // Scalars.
  std::uint32_t max_bytes = 64;  // Strings and members of sets.
  std::uint32_t capacity = 0;    // Sets and windows.
  bool drop_oldest = false;      // Sets: on_full.
  Duration span{};               // Windows.
};

// What rules remember per key.
struct Scope {
  std::string name;
  std::optional<cel::Program> key;  // None for `player`, whose key is event.player.
  std::vector<StateVariable> variables;
};

// `set: {player.finds: …}`: a scalar gets a value. `add: {player.found: …}`: a set or window does.
struct Assignment {
  ScopeIndex scope = player_scope;
  std::uint16_t variable = 0;  // In Scope::variables.
  cel::Program value;
};

struct PointsCap {
  std::int64_t points = 0;
  Every per = Every::never;  // never: for ever.
  std::uint16_t number = 0;  // Counts the ruleset's caps from 0: where the state keeps what was paid.
};

struct Rule {
  std::string id;
  std::string description;
  std::vector<EventTypeIndex> on;  // Sorted; every type if the file says nothing.
  std::optional<cel::Program> when;
  std::optional<Duration> cooldown;
  std::uint16_t cooldown_number = 0;  // Counts the ruleset's cooldowns from 0: where the state keeps the last firing.
  std::optional<cel::Program> reject;
  std::optional<cel::Program> points;
  std::optional<PointsCap> cap;
  std::vector<Assignment> set;
  std::vector<Assignment> add;
  std::optional<cel::Program> notify;
  std::uint64_t cost = 0;  // Of its worst event, in units.
};

enum class BoardOperator : std::uint8_t { sum, best, latest };

struct BoardDefinition {
  std::string id;
  std::string description;
  std::vector<EventTypeIndex> on;
  std::optional<cel::Program> when;    // None: points != 0.
  std::optional<cel::Program> member;  // None: event.player.
  std::optional<cel::Program> value;   // None: points.
  BoardOperator op = BoardOperator::sum;
  bool ascending = false;
  std::optional<cel::Program> group_by;
  bool ranks_players = true;    // `member` is the player.
  bool follows_player = false;  // It is, and `group_by` reads only `player`.
  Every every = Every::never;   // Window; never: all time.
  Duration every_length{};      // every == fixed.
  std::uint32_t keep = 0;
  std::optional<std::uint32_t> limit;
  std::optional<Timestamp> starts, ends;
  std::optional<std::uint32_t> attempts;
};

// A checked, compiled, immutable ruleset (ruleset/loader.h makes it). Indexes into its vectors are what events,
// outcomes and state refer to. Shared between threads as shared_ptr<const Ruleset>.
struct Ruleset {
  // What the programs' constants and environments live in; opaque here. First, so that it goes last.
  std::shared_ptr<const void> storage;

  std::string name;
  std::string description;
  std::string source;  // The file's bytes.
  std::string hash;    // 32 hex digits: XXH3-128 of `source`.
  TimeZone time_zone;
  std::string time_zone_name = "UTC";
  Duration clock_late = std::chrono::hours(24);
  Duration clock_early = std::chrono::seconds(5);
  Duration dedupe_window = std::chrono::minutes(10);
  std::uint32_t dedupe_per_player = 32;
  std::optional<std::int64_t> total_min, total_max;
  bool is_public = false;
  bool reject_unknown_fields = false;
  int cost_model = cel::cost_model;  // The version of the table that costs are of.
  std::uint64_t budget = 200'000;

  std::vector<EventType> events;
  absl::flat_hash_map<std::string, EventTypeIndex> event_index;  // By name.
  std::vector<Scope> scopes;                                     // 0 is `player`.
  std::vector<Rule> rules;
  std::vector<BoardDefinition> boards;
  std::uint16_t caps = 0;  // How many rules have a cap, a cooldown.
  std::uint16_t cooldowns = 0;

  // All programs of rules and boards, compiled together; the keys of scopes are not among them.
  std::shared_ptr<const cel::Code> code;

  const EventType* find_event(std::string_view type) const;
  std::optional<BoardIndex> find_board(std::string_view id) const;
};

}  // namespace tallyho

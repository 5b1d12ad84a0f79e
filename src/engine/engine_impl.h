#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/activation.h"
#include "engine/board_rules.h"
#include "engine/engine.h"
#include "engine/refusal.h"
#include "engine/rule_applier.h"
#include "state/packed_time.h"
#include "state/state.h"

namespace tallyho {

// prepare.cc
State::Parts parts_of(const EventType& type, const Ruleset& ruleset, const State& state);
std::vector<ScopeIndex> scopes_keyed_by_fields(const EventType& type, const Ruleset& ruleset);

// An adjustment's id is remembered for its player while it has fewer newer ones than this, however long.
inline constexpr RememberedIds::Limits adjustment_limits{.window = Duration::max(), .per_player = 1024};

// What an Engine is made of, in the order in which an event meets it. Private to this folder.
struct Engine::Impl {
  // `fill`, if given, enters the symbols of an engine that this one takes the place of.
  using Fill = std::function<void(SymbolTable&)>;
  Impl(std::shared_ptr<const Ruleset> the_ruleset, std::unique_ptr<Log> the_log, const Options& the_options,
       const Fill& fill = {});

  Outcome take(const Event& event, const Sender& sender, const LogRecord& record, Arena& arena, bool wants_ranks);
  // prepare.cc: asking for what comes next, first what is known of players, then what lies behind that.
  void ask(std::span<const Event* const> events, bool is_ingest);
  void ask_behind(bool is_ingest);
  // The steps of take(), which explain() shares.
  void advance(Timestamp arrival);
  void begin(const Event& event, Timestamp now);
  void begin_for(const Event& event, Timestamp now);
  // What the event's id was answered when it was accepted, if it was.
  std::optional<std::int64_t> first_answer(const Event& event, const Sender& sender, Timestamp arrival) const;
  // Rules, total, boards' plans, limits: everything that can fail. False: `refusal` says why, and state must be rolled
  // back.
  bool apply(const Event& event, Timestamp arrival);
  bool check_time(const Event& event, Timestamp arrival);
  bool run_rules(const Event& event);
  // Without a type: of an adjustment, which is no event.
  bool plan_effects(std::optional<EventTypeIndex> type, std::int64_t points);
  bool settle_total(std::int64_t points);
  bool check_capacity();
  bool refuse(Code code, std::string_view message);
  // The same, telling what each rule did.
  bool explain_rules(const Event& event, Explanation& explanation);
  RuleExplanation explain_rule(RuleIndex index);
  // Everything that cannot fail.
  Outcome commit(const Event& event, const Sender& sender, Arena& arena, bool wants_ranks);
  Outcome answer_refusal(Arena& arena);
  Outcome answer_duplicate(std::int64_t points);
  // operate.cc
  void change_boards(const std::function<void(Board&, std::vector<BoardChange>&)>& change);
  void ban(Symbol player);
  void unban(Symbol player);
  void forget(Symbol player);
  Outcome adjust(const Operation& operation, Symbol player, Arena& caller);
  void hash_operations(HashInput& input) const;
  // engine_snapshot.cc
  void save(FormWriter& out) const;
  void restore(FormReader& in, std::vector<std::string>& stays);
  void restore_rule_counts(FormReader& in);
  void restore_players(FormReader& in);
  void restore_boards(FormReader& in, std::vector<std::string>& stays);
  bool refuses_player();
  void tell_feed(const Event& event, const Sender& sender, std::int64_t points, std::int64_t total);

  struct Prepared {
    const Event* event = nullptr;
    SymbolTable::Likely player;
    Record record = nullptr;
    bool pays = false;  // Probably, so that its boards change.
  };
  struct PreparedKey {
    ScopeIndex scope = player_scope;
    Symbol key = no_symbol;
  };
  // How well an event of a type has paid lately: from this on, its boards are worth preparing.
  static constexpr std::uint8_t pays_often = 8;
  bool pays(EventTypeIndex type) const { return payers[type] >= pays_often; }
  static constexpr std::uint8_t pays_always = 16;
  void note_pay(EventTypeIndex type, bool has_paid);
  // The symbol of the event's player, if prepare() has found it; no_symbol if it is not known.
  Symbol find_prepared(const Event& event);

  const std::shared_ptr<const Ruleset> ruleset;
  std::unique_ptr<Log> log;
  const Options options;

  SymbolTable symbols;
  State state;
  std::vector<std::unique_ptr<Board>> boards;
  Feed feed;

  Arena arena;  // Of the event at hand.
  EventActivation activation;
  RuleApplier applier;
  BoardRules board_rules;
  Refusal refusal;

  absl::flat_hash_set<Symbol> banned;
  absl::flat_hash_map<Symbol, OwnedIds> adjustments;  // By player: the ids of those made, and their points.

  Position version = 0;
  Timestamp arrival = Timestamp::min();      // The greatest so far.
  Timestamp quiet_until = Timestamp::min();  // No board's period ends before.
  // What an event's own time may be, when it arrives at `checked`.
  struct {
    Timestamp checked = never_happened;
    Timestamp earliest;
    Timestamp latest;
  } span;
  std::size_t symbols_before = 0;              // The event at hand.
  IdHash id_hash;                              // Of its id, if it has one.
  std::vector<State::Parts> parts;             // By event type: those of a player that it concerns;
  std::vector<std::vector<ScopeIndex>> keyed;  // and the scopes whose keys its fields are.
  std::size_t announced = 0;                   // Events that come next, as prepare() was told;
  std::vector<Prepared> prepared;              // those of players that are probably known;
  std::vector<PreparedKey> prepared_keys;      // and the keys in their fields that probably are.
  std::size_t next_prepared = 0;               // The first of them that has not come.
  bool is_alone = false;                       // The event at hand was not announced.
  std::vector<std::uint8_t> payers;            // By event type: how likely it pays; see prepare.cc.
  std::vector<SymbolTable::Wanted> wanted;     // Their names, and the texts in them,
  std::vector<ScopeIndex> wanted_in;           // which are keys of these scopes; player_scope: of none.
  bool fails_next = false;                     // For tests.
  std::vector<RuleCounts> rule_counts;
  std::vector<std::uint32_t> dropped_sections;
  std::vector<PlayerScore::Notice> feed_notices;
};

}  // namespace tallyho

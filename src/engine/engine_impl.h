#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/activation.h"
#include "engine/board_rules.h"
#include "engine/engine.h"
#include "engine/refusal.h"
#include "engine/rule_applier.h"
#include "state/state.h"

namespace tallyho {

// What an Engine is made of, in the order in which an event meets it. Private to this folder.
struct Engine::Impl {
  Impl(std::shared_ptr<const Ruleset> the_ruleset, std::unique_ptr<Log> the_log, const Options& the_options);

  Outcome take(const Event& event, const Sender& sender, const LogRecord& record, Arena& arena, bool wants_ranks);
  // The steps of that, which explain() shares.
  void advance(Timestamp arrival);
  void begin(const Event& event, Timestamp now);
  // What the event's id was answered when it was accepted, if it was.
  std::optional<std::int64_t> first_answer(const Event& event, const Sender& sender, Timestamp arrival) const;
  // Rules, total, boards' plans, limits: everything that can fail. False: `refusal` says why, and state must be rolled
  // back.
  bool apply(const Event& event, Timestamp arrival);
  bool check_time(const Event& event, Timestamp arrival);
  bool run_rules(const Event& event);
  bool plan_effects(const Event& event);
  bool settle_total();
  bool check_capacity();
  bool refuse(Code code, std::string_view message);
  // The same, telling what each rule did.
  bool explain_rules(const Event& event, Explanation& explanation);
  RuleExplanation explain_rule(RuleIndex index);
  // Everything that cannot fail.
  Outcome commit(const Event& event, const Sender& sender, Arena& arena, bool wants_ranks);
  Outcome answer_refusal(Arena& arena);
  Outcome answer_duplicate(std::int64_t points);
  void tell_feed(const Event& event, const Sender& sender, std::int64_t points, std::int64_t total);

  struct Prepared {
    Symbol player = no_symbol;
    Record record = nullptr;
  };

  const std::shared_ptr<const Ruleset> ruleset;
  const std::unique_ptr<Log> log;
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

  Position version = 0;
  Timestamp arrival = Timestamp::min();  // The greatest so far.
  std::size_t symbols_before = 0;        // The event at hand.
  std::vector<Prepared> prepared;        // Players whose events come next.
  bool fails_next = false;               // For tests.
  std::vector<RuleCounts> rule_counts;
  std::vector<std::uint32_t> dropped_sections;
  std::vector<PlayerScore::Notice> feed_notices;
};

}  // namespace tallyho

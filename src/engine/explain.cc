// explain(): an event's journey up to where its effects would begin, told rule by rule, and taken back.

#include <algorithm>

#include "engine/engine_impl.h"

namespace tallyho {

using Verdict = RuleExplanation::Verdict;

Explanation Engine::explain(const Event& event, Timestamp arrival) {
  Impl& engine = *impl_;
  arrival = std::max(arrival, engine.arrival);
  engine.begin(event, event.ts.value_or(arrival));
  Explanation explanation;
  for (const RuleIndex rule : engine.ruleset->events[event.type].rules) {
    explanation.rules.push_back({.rule = rule, .verdict = Verdict::not_reached, .findings = {}, .note = {}});
  }
  const bool is_banned = engine.refuses_player();
  if (const auto points = is_banned ? std::nullopt : engine.first_answer(event, Sender{}, arrival)) {
    explanation.code = Code::duplicate;
    explanation.points = *points;
    explanation.message = describe(Code::duplicate);
  } else if (!is_banned && engine.check_time(event, arrival) && engine.explain_rules(event, explanation) &&
             engine.plan_effects(event.type, engine.applier.points())) {
    explanation.points = engine.activation.points();
  } else {
    explanation.code = engine.refusal.code;
    explanation.message = engine.refusal.message;
  }
  if (explanation.code == Code::ok || explanation.code == Code::duplicate) {
    explanation.total = engine.state.total(engine.activation.player());
  }
  engine.state.roll_back();
  return explanation;
}

bool Engine::Impl::explain_rules(const Event& event, Explanation& explanation) {
  const std::vector<RuleIndex>& rules = ruleset->events[event.type].rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    explanation.rules[i] = explain_rule(rules[i]);
    const Verdict verdict = explanation.rules[i].verdict;
    if (verdict == Verdict::rejected || verdict == Verdict::failed) return false;
  }
  return true;
}

// Applies one rule and says what came of it.
RuleExplanation Engine::Impl::explain_rule(RuleIndex index) {
  const Rule& rule = ruleset->rules[index];
  RuleExplanation told{.rule = index, .findings = {}, .note = {}};
  switch (applier.apply(index)) {
    case RuleApplier::Verdict::fired:
      told.verdict = Verdict::fired;
      told.points = applier.fired().back().points;
      break;
    case RuleApplier::Verdict::condition_false:
      told.verdict = Verdict::condition_false;
      told.findings = rule.when->explain(activation, arena);
      break;
    case RuleApplier::Verdict::cooling_down: {
      told.verdict = Verdict::cooling_down;
      const auto until = applier.cools_until(rule);
      told.note = until ? "until " + format_timestamp(*until) : "for ever";
      break;
    }
    case RuleApplier::Verdict::stopped:
      refusal = applier.refusal();
      told.verdict = refusal.code == Code::rejected ? Verdict::rejected : Verdict::failed;
      told.note = refusal.message;
      if (rule.when && rule.when->evaluate(activation, arena).is_error()) {
        told.findings = rule.when->explain(activation, arena);
      }
      break;
  }
  return told;
}

}  // namespace tallyho

// The `rules` of a ruleset file.

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "ruleset/loading.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

using cel::Type;

constexpr std::size_t rules_max = 10'000;

class RuleReader {
 public:
  RuleReader(const YamlNode& node, std::string_view owner, Loading& loading)
      : node_(node), owner_(owner), loading_(loading), map_(node, owner, loading.report) {}

  Rule read() {
    if (const YamlNode* id = map_.require("id")) {
      rule_.id = read_name(*id, "a rule's id", loading_.report).value_or("");
    }
    if (const YamlNode* description = map_.find("description")) {
      rule_.description = read_text(*description, "'description'", loading_.report).value_or("");
    }
    const YamlNode* on = map_.find("on");
    rule_.on = read_event_types(on, "'on'", loading_);
    vocabulary_ = &loading_.vocabularies.for_events(rule_.on);
    rule_.when = compile(map_.find("when"), "'when'", Type::Kind::boolean);
    read_cooldown();
    read_reject();
    const YamlNode* points = map_.find("points");
    rule_.points = compile(points, "'points'", Type::Kind::int64);
    read_cap(points);
    if (const YamlNode* set = map_.find("set")) read_assignments(*set, false, rule_.set);
    if (const YamlNode* add = map_.find("add")) read_assignments(*add, true, rule_.add);
    rule_.notify = compile(map_.find("notify"), "'notify'", Type::Kind::string);
    map_.finish();
    return std::move(rule_);
  }

  std::vector<Priced> take_prices() { return std::move(prices_); }

 private:
  std::optional<cel::Program> compile(const YamlNode* node, std::string_view what, Type::Kind expected) {
    return loading_.compile(node, what, *vocabulary_, expected, owner_, prices_);
  }

  void read_cooldown() {
    const YamlNode* node = map_.find("cooldown");
    if (node == nullptr) return;
    rule_.cooldown = read_duration(*node, "'cooldown'", loading_.report);
    if (rule_.cooldown && *rule_.cooldown <= Duration::zero()) {
      loading_.error(*node, "'cooldown' must be longer than 0s");
    }
    rule_.cooldown_number = loading_.ruleset->cooldowns++;
  }

  // Nothing that a rejected event does is kept, so that a rule that rejects can do nothing else.
  void read_reject() {
    const YamlNode* reject = map_.find("reject");
    rule_.reject = compile(reject, "'reject'", Type::Kind::string);
    if (reject == nullptr) return;
    for (const std::string_view effect : {"points", "cap", "set", "add", "notify", "cooldown"}) {
      for (const YamlNode& key : node_.keys) {
        if (key.text != effect) continue;
        loading_.error(key, fmt::format("a rule with 'reject' ends the event, and '{}' would have no effect; make it a "
                                        "rule of its own",
                                        effect));
      }
    }
  }

  void read_cap(const YamlNode* points) {
    const YamlNode* node = map_.find("cap");
    if (node == nullptr) return;
    PointsCap cap;
    MapReader map(*node, "'cap'", loading_.report);
    if (const YamlNode* most = map.require("points")) {
      cap.points = read_int(*most, "'points' of a cap", 1, std::numeric_limits<std::int64_t>::max(), loading_.report)
                       .value_or(1);
    }
    if (const YamlNode* per = map.require("per")) {
      cap.per = read_every(*per, "'per'", true, loading_.report).value_or(Every::never);
    }
    map.finish();
    if (points == nullptr) loading_.error(*node, "'cap' limits 'points', which this rule does not have");
    cap.number = loading_.ruleset->caps++;
    rule_.cap = cap;
  }

  void read_assignments(const YamlNode& node, bool is_add, std::vector<Assignment>& assignments) {
    for (const YamlEntry& entry : read_entries(node, is_add ? "'add'" : "'set'", loading_.report)) {
      read_assignment(entry, is_add, assignments);
    }
  }

  // `player.finds: player.finds + 1`
  void read_assignment(const YamlEntry& entry, bool is_add, std::vector<Assignment>& assignments) {
    const YamlNode& key = *entry.key;
    const std::optional<ScopeIndex> scope_index = find_scope(key);
    if (!scope_index) return;
    const Scope& scope = loading_.ruleset->scopes[*scope_index];
    const std::string_view name = std::string_view(key.text).substr(scope.name.size() + 1);
    const auto found = std::ranges::find(scope.variables, name, &StateVariable::name);
    if (found == scope.variables.end()) {
      report_unknown_variable(key, scope, name);
      return;
    }
    const bool is_collection = found->type == StateType::set || found->type == StateType::window;
    if (is_collection != is_add) {
      loading_.error(
          key, fmt::format("'{}' is a {}: use '{}'", key.text, to_string(found->type), is_collection ? "add" : "set"));
      return;
    }
    if (!check_usable(key, scope)) return;
    const Type expected = found->type == StateType::set      ? Type::simple(Type::Kind::string)
                          : found->type == StateType::window ? Type::simple(Type::Kind::timestamp)
                                                             : to_cel(found->type);
    const std::string what = fmt::format("'{}'", key.text);
    if (auto program = loading_.compile(entry.value, what, *vocabulary_, expected, owner_, prices_)) {
      const auto variable = static_cast<std::uint16_t>(found - scope.variables.begin());
      assignments.push_back({*scope_index, variable, std::move(*program)});
    }
  }

  std::optional<ScopeIndex> find_scope(const YamlNode& key) {
    const std::vector<Scope>& scopes = loading_.ruleset->scopes;
    const std::size_t point = key.text.find('.');
    const std::string_view name = std::string_view(key.text).substr(0, point);
    if (point == std::string::npos) {
      loading_.error(key, fmt::format("'{}' is no state; write scope.variable, such as player.{}", key.text, key.text));
      return std::nullopt;
    }
    const auto found = std::ranges::find(scopes, name, &Scope::name);
    if (found != scopes.end()) return static_cast<ScopeIndex>(found - scopes.begin());
    if (loading_.declarations.broken.contains(fmt::format("scope:{}", name))) return std::nullopt;
    std::vector<std::string_view> known;
    known.reserve(scopes.size());
    for (const Scope& scope : scopes) known.push_back(scope.name);
    loading_.error(key, fmt::format("unknown scope '{}'{}", name, suggestion(name, known)));
    return std::nullopt;
  }

  void report_unknown_variable(const YamlNode& key, const Scope& scope, std::string_view name) {
    if (loading_.declarations.broken.contains(key.text)) return;
    if (key.text == "player.total") {
      loading_.error(key, "'player.total' cannot be set; use 'points' to change it");
      return;
    }
    std::vector<std::string_view> known;
    known.reserve(scope.variables.size());
    for (const StateVariable& variable : scope.variables) known.push_back(variable.name);
    loading_.error(key, fmt::format("scope '{}' has no '{}'{}", scope.name, name, suggestion(name, known)));
  }

  // Whether every event type of the rule has what the scope's key needs.
  bool check_usable(const YamlNode& key, const Scope& scope) {
    const cel::Variable* variable = vocabulary_->environment.find_variable(scope.name);
    const std::string* refusal = variable != nullptr ? vocabulary_->refusal(variable->slot) : nullptr;
    if (refusal == nullptr) return true;
    if (!refusal->empty()) loading_.error(key, *refusal);
    return false;
  }

  const YamlNode& node_;
  std::string owner_;
  Loading& loading_;
  MapReader map_;
  const Vocabulary* vocabulary_ = nullptr;
  std::vector<Priced> prices_;
  Rule rule_;
};

// "rule 'find-base'", or "rule 3" while it has no id.
std::string name_rule(const YamlNode& node, std::size_t index) {
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i].text == "id" && node.items[i].is_scalar()) return fmt::format("rule '{}'", node.items[i].text);
  }
  return fmt::format("rule {}", index + 1);
}

}  // namespace

void load_rules(MapReader& root, Loading& loading) {
  const YamlNode* rules = root.find("rules");
  if (rules == nullptr || rules->is_null()) return;
  if (!rules->is_list()) {
    loading.error(*rules, fmt::format("'rules' must be a list, not {}", rules->kind_name()));
    return;
  }
  if (rules->items.size() > rules_max) {
    loading.error(*rules, fmt::format("{} rules; at most {} are possible", rules->items.size(), rules_max));
    return;
  }
  absl::flat_hash_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < rules->items.size(); ++i) {
    const YamlNode& node = rules->items[i];
    RuleReader reader(node, name_rule(node, i), loading);
    if (!node.is_map()) {
      if (node.is_null()) loading.error(node, "an empty rule; it needs at least an id");
      continue;
    }
    Rule rule = reader.read();
    if (!rule.id.empty() && !places.emplace(rule.id, node.begin).second) {
      loading.error(node, fmt::format("a rule '{}' is there already, on line {}", rule.id,
                                      loading.report.source().place(places[rule.id]).line));
    }
    loading.ruleset->rules.push_back(std::move(rule));
    loading.rule_prices.push_back(reader.take_prices());
  }
}

}  // namespace tallyho

// What the worst event of each type costs, and who is to blame when that is too much.

#include <algorithm>
#include <limits>
#include <set>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "ruleset/expression.h"
#include "ruleset/loading.h"
#include "ruleset/yaml_text.h"

namespace tallyho {
namespace {

constexpr std::size_t shown_bytes_max = 60;  // Of an expression in a message.

// What rules and boards take beside their expressions, in units: a part of cost_model 1, which
// docs/reference/ruleset.md explains. They are constant: how much state there is, is bounded by memory, not here.
struct EffectTable {
  std::uint64_t rule = 20;     // To see whether it fires, and to book its points.
  std::uint64_t limit = 40;    // A cooldown or a cap: reads and writes a time or a sum.
  std::uint64_t write = 60;    // An assignment, with the old value in the journal; and one for each byte of a text.
  std::uint64_t notice = 60;   // A notice, and one for each byte.
  std::uint64_t key = 100;     // Finding the entry of a key, or making it.
  std::uint64_t board = 1000;  // A new value of a member: finds both places in the tree, and the ranks between.
};
constexpr EffectTable effects;

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

// The price of everything that an event's type runs, and the dearest single expression of it.
struct Sum {
  std::uint64_t units = 0;
  const Priced* dearest = nullptr;

  void add(const Priced& priced) {
    units = add_saturating(units, priced.cost.units);
    if (dearest == nullptr || priced.cost.units > dearest->cost.units) dearest = &priced;
  }
  void add(std::uint64_t more) { units = add_saturating(units, more); }
  void add(const Sum& other) {
    units = add_saturating(units, other.units);
    if (dearest == nullptr || (other.dearest != nullptr && other.dearest->cost.units > dearest->cost.units)) {
      dearest = other.dearest;
    }
  }
};

// The scopes but `player` that these expressions read.
void collect_scopes(const std::vector<Priced>& prices, std::set<std::size_t>& scopes) {
  const std::size_t first = slot_record(scope_slot(player_scope, 0));
  for (const Priced& priced : prices) {
    for (const cel::Slot slot : priced.slots) {
      if (slot_record(slot) > first) scopes.insert(slot_record(slot) - first);
    }
  }
}

void add_with_keys(const std::vector<Priced>& prices, std::set<std::size_t> scopes, const Loading& loading, Sum& sum) {
  collect_scopes(prices, scopes);
  for (const Priced& priced : prices) sum.add(priced);
  for (const std::size_t scope : scopes) {
    for (const Priced& key : loading.key_prices[scope]) sum.add(key);
    sum.add(effects.key);
  }
}

std::uint64_t units_of_write(const cel::Program& value, std::uint64_t fixed) {
  const bool is_text = value.type().is(cel::Type::Kind::string);
  return is_text ? add_saturating(fixed, value.cost().result_size) : fixed;
}

Sum sum_of(const Rule& rule, const std::vector<Priced>& prices, const Loading& loading) {
  Sum sum;
  sum.add(effects.rule);
  std::set<std::size_t> written;
  for (const std::vector<Assignment>* assignments : {&rule.set, &rule.add}) {
    for (const Assignment& assignment : *assignments) {
      if (assignment.scope != player_scope) written.insert(assignment.scope);
      sum.add(units_of_write(assignment.value, effects.write));
    }
  }
  if (rule.cooldown) sum.add(effects.limit);
  if (rule.cap) sum.add(effects.limit);
  if (rule.notify) sum.add(units_of_write(*rule.notify, effects.notice));
  add_with_keys(prices, std::move(written), loading, sum);
  return sum;
}

Sum sum_of(const EventType& type, const Loading& loading) {
  Sum sum;
  for (const RuleIndex index : type.rules) {
    sum.add(sum_of(loading.ruleset->rules[index], loading.rule_prices[index], loading));
  }
  for (const BoardIndex index : type.boards) {
    sum.add(effects.board);
    add_with_keys(loading.board_prices[index], {}, loading, sum);
  }
  return sum;
}

// The bound behind a read: "max_items"; "" if it has none that could be lowered.
std::string_view bound_name(const SizedRead& read, const Loading& loading) {
  const std::uint16_t record = slot_record(read.slot);
  if (record == static_cast<std::uint16_t>(SlotRecord::event_field)) {
    const FieldType& type = loading.declarations.field_slots[slot_number(read.slot)].second;
    return type.kind == FieldType::Kind::string ? "max_bytes" : "max_items";
  }
  if (record >= static_cast<std::uint16_t>(SlotRecord::first_scope)) {
    const Scope& scope = loading.ruleset->scopes[record - static_cast<std::uint16_t>(SlotRecord::first_scope)];
    return scope.variables[slot_number(read.slot)].type == StateType::string ? "max_bytes" : "capacity";
  }
  return "";
}

// Whether the read is a part of what costs most: of the ranges that it is repeated for, or of itself.
bool is_dominant(const SizedRead& read, const cel::Cost& cost) {
  const auto covers = [&](std::uint32_t begin, std::uint32_t end) { return begin <= read.begin && read.end <= end; };
  return covers(cost.dominant_begin, cost.dominant_end) ||
         std::ranges::any_of(cost.dominant_loops, [&](const cel::CostLoop& l) { return covers(l.begin, l.end); });
}

// "lower max_items of event.tags (64)": of the reads that make the dearest part dear, else of all, the largest; or what
// to do where no bound is to blame.
std::string advice(const Priced& priced, const Loading& loading) {
  const std::vector<SizedRead> reads = sized_reads(priced.node->text, *priced.vocabulary);
  for (const bool only_dominant : {true, false}) {
    for (const SizedRead& read : reads) {
      if (only_dominant && !is_dominant(read, priced.cost)) continue;
      const std::string_view bound = bound_name(read, loading);
      if (!bound.empty()) return fmt::format("lower {} of {} ({})", bound, read.text, read.size_max);
    }
  }
  return "make the expression simpler";
}

std::string shortened(std::string_view text) {
  if (text.size() <= shown_bytes_max) return std::string(text);
  std::size_t end = shown_bytes_max;
  while (is_continuation_byte(text[end])) --end;
  return fmt::format("{}…", text.substr(0, end));
}

// "`a == b`: 44 units, up to 4096 times (64 × event.tags · 64 × event.friends)".
std::string describe_dominant(const cel::Cost& cost, std::string_view text) {
  std::string out = fmt::format("`{}`: {} units, up to {} times",
                                shortened(text.substr(cost.dominant_begin, cost.dominant_end - cost.dominant_begin)),
                                cost.dominant_units, cost.dominant_times);
  std::vector<std::string> loops;
  for (const cel::CostLoop& loop : cost.dominant_loops) {
    loops.push_back(fmt::format("{} × {}", loop.size, shortened(text.substr(loop.begin, loop.end - loop.begin))));
  }
  if (!loops.empty()) out += fmt::format(" ({})", fmt::join(loops, " · "));
  return out;
}

// One problem per expression to blame, however many event types it makes too dear.
void report_over_budget(const Priced& priced, const std::vector<const EventType*>& types, Loading& loading) {
  const auto dearest = std::ranges::max_element(types, {}, &EventType::cost);
  const cel::Cost& cost = priced.cost;
  const std::string_view text = priced.node->text;
  const bool has_dominant = cost.dominant_begin < cost.dominant_end && cost.dominant_end <= text.size();
  std::string message =
      fmt::format("the worst event of type '{}' costs {} units, over the budget of {}; {} costs most of it, {} units",
                  (*dearest)->name, (*dearest)->cost, loading.ruleset->budget, priced.what, cost.units);
  if (has_dominant) message += fmt::format(", most of them for {}", describe_dominant(cost, text));
  if (types.size() > 1) message += fmt::format(" ({} more types are over it too)", types.size() - 1);
  message += fmt::format("; {}, or raise 'budget'", advice(priced, loading));
  const ScalarPlaces places(loading.report.source().text(), priced.node->begin, text);
  const ScalarPlaces::Range range =
      has_dominant ? places.range(cost.dominant_begin, cost.dominant_end) : places.range(0, text.size());
  loading.report.error(range.begin, range.end, std::move(message));
}

// An event type that no expression makes dear, but the number of its rules and boards.
void report_many_effects(const EventType& type, Loading& loading) {
  loading.report.error(
      0, 0,
      fmt::format("the worst event of type '{}' costs {} units, over the budget of {}, for its {} rules "
                  "and {} boards alone; raise 'budget'",
                  type.name, type.cost, loading.ruleset->budget, type.rules.size(), type.boards.size()));
}

}  // namespace

void load_costs(Loading& loading) {
  Ruleset& ruleset = *loading.ruleset;
  for (std::size_t i = 0; i < ruleset.rules.size(); ++i) {
    for (const EventTypeIndex type : ruleset.rules[i].on) {
      ruleset.events[type].rules.push_back(static_cast<RuleIndex>(i));
    }
  }
  for (std::size_t i = 0; i < ruleset.boards.size(); ++i) {
    for (const EventTypeIndex type : ruleset.boards[i].on) {
      ruleset.events[type].boards.push_back(static_cast<BoardIndex>(i));
    }
  }
  for (std::size_t i = 0; i < ruleset.rules.size(); ++i) {
    ruleset.rules[i].cost = sum_of(ruleset.rules[i], loading.rule_prices[i], loading).units;
  }
  std::vector<std::pair<const Priced*, std::vector<const EventType*>>> blamed;
  for (EventType& type : ruleset.events) {
    const Sum sum = sum_of(type, loading);
    type.cost = sum.units;
    if (sum.units <= ruleset.budget) continue;
    if (sum.dearest == nullptr) {
      report_many_effects(type, loading);
      continue;
    }
    auto known = std::ranges::find(blamed, sum.dearest, &decltype(blamed)::value_type::first);
    if (known == blamed.end()) known = blamed.insert(blamed.end(), {sum.dearest, {}});
    known->second.push_back(&type);
  }
  for (const auto& [priced, types] : blamed) report_over_budget(*priced, types, loading);
}

}  // namespace tallyho

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
  }
}

Sum sum_of(const EventType& type, const Loading& loading) {
  Sum sum;
  for (const RuleIndex index : type.rules) {
    const Rule& rule = loading.ruleset->rules[index];
    std::set<std::size_t> written;
    for (const std::vector<Assignment>* assignments : {&rule.set, &rule.add}) {
      for (const Assignment& assignment : *assignments) {
        if (assignment.scope != player_scope) written.insert(assignment.scope);
      }
    }
    add_with_keys(loading.rule_prices[index], std::move(written), loading, sum);
  }
  for (const BoardIndex index : type.boards) add_with_keys(loading.board_prices[index], {}, loading, sum);
  return sum;
}

// "lower max_items of event.tags (64)", for what the expression reads that is largest; or "".
std::string advice(const Priced& priced, const Loading& loading) {
  for (const SizedRead& read : sized_reads(priced.node->text, *priced.vocabulary)) {
    const std::uint16_t record = slot_record(read.slot);
    std::string_view bound;
    if (record == static_cast<std::uint16_t>(SlotRecord::event_field)) {
      const FieldType& type = loading.declarations.field_slots[slot_number(read.slot)].second;
      bound = type.kind == FieldType::Kind::string ? "max_bytes" : "max_items";
    } else if (record >= static_cast<std::uint16_t>(SlotRecord::first_scope)) {
      const Scope& scope = loading.ruleset->scopes[record - static_cast<std::uint16_t>(SlotRecord::first_scope)];
      const StateVariable& variable = scope.variables[slot_number(read.slot)];
      bound = variable.type == StateType::string ? "max_bytes" : "capacity";
    }
    if (!bound.empty()) return fmt::format("lower {} of {} ({})", bound, read.text, read.size_max);
  }
  return "make the expression simpler";
}

std::string shortened(std::string_view text) {
  if (text.size() <= shown_bytes_max) return std::string(text);
  std::size_t end = shown_bytes_max;
  while (is_continuation_byte(text[end])) --end;
  return fmt::format("{}…", text.substr(0, end));
}

// One problem per expression to blame, however many event types it makes too dear.
void report_over_budget(const Priced& priced, const std::vector<const EventType*>& types, Loading& loading) {
  const auto dearest = std::ranges::max_element(types, {}, &EventType::cost);
  const cel::Cost& cost = priced.cost;
  const std::string_view text = priced.node->text;
  const std::size_t end = std::min<std::size_t>(cost.dominant_end, text.size());
  const std::size_t begin = std::min<std::size_t>(cost.dominant_begin, end);
  std::string message =
      fmt::format("the worst event of type '{}' costs {} units, over the budget of {}; {} costs most of it, {} units",
                  (*dearest)->name, (*dearest)->cost, loading.ruleset->budget, priced.what, cost.units);
  if (begin < end) {
    message += fmt::format(", most of them for `{}`: {} units, up to {} times",
                           shortened(text.substr(begin, end - begin)), cost.dominant_units, cost.dominant_times);
  }
  if (types.size() > 1) message += fmt::format(" ({} more types are over it too)", types.size() - 1);
  message += fmt::format("; {}, or raise 'budget'", advice(priced, loading));
  const ScalarPlaces places(loading.report.source().text(), priced.node->begin, text);
  const ScalarPlaces::Range range = begin < end ? places.range(begin, end) : places.range(0, text.size());
  loading.report.error(range.begin, range.end, std::move(message));
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
  std::vector<std::pair<const Priced*, std::vector<const EventType*>>> blamed;
  for (EventType& type : ruleset.events) {
    const Sum sum = sum_of(type, loading);
    type.cost = sum.units;
    if (sum.units <= ruleset.budget) continue;
    auto known = std::ranges::find(blamed, sum.dearest, &decltype(blamed)::value_type::first);
    if (known == blamed.end()) known = blamed.insert(blamed.end(), {sum.dearest, {}});
    known->second.push_back(&type);
  }
  for (const auto& [priced, types] : blamed) report_over_budget(*priced, types, loading);
}

}  // namespace tallyho

#include "cel/plan_parts.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

namespace tallyho::cel {
namespace {

// A shared part costs a cell, and a run of its own when it is first needed.
constexpr std::uint64_t saved_weight_min = 8;
constexpr std::uint32_t shared_weight_min = 3;
// A numbering costs a look-up for each event.
constexpr std::uint32_t numbered_uses_min = 4;
constexpr std::uint32_t operands_max = 255;

const Overload* standard_overload(std::string_view function, std::string_view id) {
  for (const Overload* overload : Environment::standard().find_overloads(function)) {
    if (overload->id == id) return overload;
  }
  return nullptr;
}

std::uint32_t own_weight(const Node& node) {
  switch (node.opcode) {
    case Opcode::constant:
    case Opcode::slot:
    case Opcode::optional_slot:
    case Opcode::has_slot:
    case Opcode::local:
    case Opcode::logical_not:
    case Opcode::all_of:
    case Opcode::any_of: return 0;
    case Opcode::matches: return 40;
    case Opcode::time_field: return 15;
    case Opcode::fold:
    case Opcode::concatenate:
    case Opcode::make_list:
    case Opcode::make_map: return 10;
    case Opcode::call:
    case Opcode::in: return 6;
    case Opcode::index:
    case Opcode::select:
    case Opcode::in_constants: return 4;
    case Opcode::compare:
    case Opcode::equal:
    case Opcode::not_equal: return 2;
    default: return 1;
  }
}

}  // namespace

bool Part::is_shared() const {
  return !is_open && uses >= 2 && weight >= shared_weight_min && std::uint64_t{weight} * (uses - 1) >= saved_weight_min;
}

bool Numbering::is_worthwhile() const {
  return uses >= numbered_uses_min;
}

void Numbering::add(std::string_view text) {
  if (numbers.try_emplace(text, texts.size() + 1).second) texts.push_back(text);
}

Type::Kind type_of(const Plan& plan, std::uint32_t node) {
  if (plan.nodes[node].opcode != Opcode::constant) return plan.types[node];
  switch (plan.nodes[node].constant.kind()) {
    case Kind::boolean: return Type::Kind::boolean;
    case Kind::int64: return Type::Kind::int64;
    case Kind::uint64: return Type::Kind::uint64;
    case Kind::float64: return Type::Kind::float64;
    case Kind::string: return Type::Kind::string;
    case Kind::bytes: return Type::Kind::bytes;
    case Kind::timestamp: return Type::Kind::timestamp;
    case Kind::duration: return Type::Kind::duration;
    case Kind::list: return Type::Kind::list;
    case Kind::map: return Type::Kind::map;
    default: return Type::Kind::dyn;
  }
}

bool is_text_set(const Map& set) {
  for (std::uint32_t i = 0; i < set.size; ++i) {
    if (!set.pairs[2 * std::size_t{i}].is(Kind::string)) return false;
  }
  return true;
}

PlanParts::PlanParts(const std::function<bool(Slot)>& is_fixed, std::size_t nodes)
    : is_fixed_(is_fixed),
      contains_(standard_overload("contains", "contains_string")),
      starts_with_(standard_overload("startsWith", "starts_with_string")),
      ends_with_(standard_overload("endsWith", "ends_with_string")),
      to_float64_(standard_overload("double", "int64_to_double")),
      subtract_times_(standard_overload("_-_", "subtract_timestamp_timestamp")) {
  parts_.reserve(nodes);
  numbers_.reserve(nodes);
}

void PlanParts::add(const Plan& plan) {
  const std::span<NodeFacts> facts = arena_.array<NodeFacts>(plan.nodes.size());
  facts_.push_back(facts);
  lowest_locals_.assign(plan.nodes.size(), no_node);
  for (std::uint32_t i = 0; i < plan.nodes.size(); ++i) {
    const Node& node = plan.nodes[i];
    std::uint32_t lowest_local = node.opcode == Opcode::local ? node.a : no_node;
    bool is_whole = is_native(plan, node);
    for_each_child(plan, node, [&](std::uint32_t child) {
      lowest_local = std::min(lowest_local, lowest_locals_[child]);
      is_whole = is_whole && (facts[child].is_native || lowest_locals_[child] == no_node);
    });
    // The variables of a fold are its own.
    if (node.opcode == Opcode::fold && lowest_local >= plan.folds[node.a].result_local) lowest_local = no_node;
    lowest_locals_[i] = lowest_local;
    facts[i].is_native = is_whole;
    if (is_leaf(node.opcode)) continue;
    facts[i].part = intern(plan, i, facts);
    parts_[facts[i].part].is_open = lowest_local != no_node;
    count_texts(plan, node);
  }
  if (const std::uint32_t root = facts[plan.root].part; root != no_part) ++parts_[root].uses;
}

// The number of a node's part, and if it is new, what it is.
std::uint32_t PlanParts::intern(const Plan& plan, std::uint32_t node, std::span<const NodeFacts> facts) {
  key_.clear();
  write_key(plan, node, facts);
  Key key{.words = key_};
  for (const std::uint64_t word : key_) {
    key.hash = (key.hash ^ word) * 0x9e3779b97f4a7c15U;
    key.hash ^= key.hash >> 32U;
  }
  const auto number = static_cast<std::uint32_t>(parts_.size());
  bool is_new = false;
  const auto found = numbers_.lazy_emplace(key, [&](const auto& make) {
    is_new = true;
    const std::span<std::uint64_t> words = arena_.array<std::uint64_t>(key_.size());
    std::ranges::copy(key_, words.begin());
    key.words = words;
    make(key, number);
  });
  if (!is_new) return found->second;
  const Node& source = plan.nodes[node];
  Part part{.program = static_cast<std::uint32_t>(facts_.size() - 1), .first = {&plan, node}};
  std::uint64_t weight = own_weight(source);
  for_each_child(plan, source, [&](std::uint32_t child) {
    if (facts[child].part == no_part) {
      const Node& leaf = plan.nodes[child];
      const bool reads =
          leaf.opcode == Opcode::slot || leaf.opcode == Opcode::optional_slot || leaf.opcode == Opcode::has_slot;
      part.changes = part.changes || (reads && !is_fixed_(leaf.a));
      return;
    }
    Part& inner = parts_[facts[child].part];
    ++inner.uses;
    weight += inner.weight;
    part.changes = part.changes || inner.changes;
  });
  part.weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(weight, std::numeric_limits<std::uint32_t>::max()));
  parts_.push_back(part);
  return number;
}

// Its size, and its bytes in words.
void PlanParts::write_text(std::string_view text) {
  write(text.size());
  for (std::size_t at = 0; at < text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
    write(word);
  }
}

void PlanParts::write_constant(const Value& value) {
  write(static_cast<std::uint64_t>(value.kind()));
  switch (value.kind()) {
    case Kind::string:
    case Kind::bytes: write_text(value.as_string()); return;
    case Kind::boolean:
    case Kind::int64:
    case Kind::uint64:
    case Kind::float64:
    case Kind::duration: write(value.as_uint64()); return;
    case Kind::list:
      write(value.as_list().size());
      for (const Value& item : value.as_list()) write_constant(item);
      return;
    case Kind::map:
      write(value.as_map().size);
      for (std::size_t i = 0; i < 2 * std::size_t{value.as_map().size}; ++i) write_constant(value.as_map().pairs[i]);
      return;
    default: write_text(to_literal(value));
  }
}

// What a node is. No number of a part is such a word.
void PlanParts::write_head(const Plan& plan, std::uint32_t number) {
  constexpr std::uint64_t mark = std::uint64_t{1} << 63U;
  const Node& node = plan.nodes[number];
  write(mark | static_cast<std::uint64_t>(node.opcode) | std::uint64_t{node.detail} << 8U |
        static_cast<std::uint64_t>(type_of(plan, number)) << 16U | std::uint64_t{node.count} << 32U);
}

void PlanParts::write_leaf(const Plan& plan, std::uint32_t number) {
  const Node& node = plan.nodes[number];
  write_head(plan, number);
  if (node.opcode == Opcode::constant) return write_constant(node.constant);
  write(node.a);
}

// What a node has itself, its leaves, and the numbers of its other children's parts.
void PlanParts::write_key(const Plan& plan, std::uint32_t number, std::span<const NodeFacts> facts) {
  const Node& node = plan.nodes[number];
  write_head(plan, number);
  for_each_child(plan, node, [&](std::uint32_t child) {
    if (facts[child].part == no_part) return write_leaf(plan, child);
    write(facts[child].part);
  });
  switch (node.opcode) {
    case Opcode::select:
    case Opcode::has_select:
    case Opcode::optional_select:
    case Opcode::in_constants: write_constant(node.constant); return;
    case Opcode::matches: write_text(plan.patterns[node.b]->pattern()); return;
    case Opcode::time_field: write_text(plan.zones[node.b].absl().name()); return;
    case Opcode::make_list:
    case Opcode::make_map:
      if (node.detail == 0) return;
      for (std::uint32_t i = 0; i < node.count; ++i) write(plan.operands[node.b + node.count + i]);
      return;
    case Opcode::call:
      for (const Candidate& candidate : plan.calls[node.a].candidates) {
        write(reinterpret_cast<std::uintptr_t>(candidate.overload));
      }
      return;
    case Opcode::fold: {
      const FoldPlan& fold = plan.folds[node.a];
      for (const std::uint32_t child : {fold.range, fold.init, fold.condition, fold.second_step, fold.result}) {
        write(child == no_node ? 0 : 1);
      }
      write(fold.result_local);
      write(fold.has_second ? 1 : 0);
      return;
    }
    default: return;
  }
}

const Numbering* PlanParts::numbering(Slot slot) const {
  const auto found = numberings_.find(slot);
  return found != numberings_.end() && found->second.is_worthwhile() ? &found->second : nullptr;
}

// Notes what texts a slot is compared with.
void PlanParts::count_texts(const Plan& plan, const Node& node) {
  const auto add = [&](std::uint32_t slot_node, const Value& text) {
    numberings_[plan.nodes[slot_node].a].add(text.as_string());
  };
  const auto is_text_slot = [&](std::uint32_t n) {
    return plan.nodes[n].opcode == Opcode::slot && plan.types[n] == Type::Kind::string;
  };
  if (node.opcode == Opcode::equal_string || node.opcode == Opcode::not_equal_string) {
    for (const auto& [slot, constant] : {std::pair(node.a, node.b), std::pair(node.b, node.a)}) {
      if (!is_text_slot(slot) || type_of(plan, constant) != Type::Kind::string) continue;
      if (plan.nodes[constant].opcode != Opcode::constant) continue;
      add(slot, plan.nodes[constant].constant);
      ++numberings_[plan.nodes[slot].a].uses;
    }
  }
  if (node.opcode == Opcode::in_constants && is_text_slot(node.a) && is_text_set(*plan.sets[node.b])) {
    for (const Value& text : node.constant.as_list()) add(node.a, text);
    ++numberings_[plan.nodes[node.a].a].uses;
  }
}

Op PlanParts::test_of(const Plan& plan, const Node& node) const {
  if (node.opcode != Opcode::call || plan.calls[node.a].candidates.size() != 1) return Op::unreachable;
  const Overload* overload = plan.calls[node.a].candidates[0].overload;
  if (overload == contains_) return Op::contains_text;
  if (overload == starts_with_) return Op::starts_with;
  if (overload == ends_with_) return Op::ends_with;
  return Op::unreachable;
}

Op PlanParts::maker_of(const Plan& plan, const Node& node) const {
  const CallPlan& call = plan.calls[node.a];
  if (call.candidates.size() != 1) return Op::call;
  if (call.candidates[0].overload == to_float64_) return Op::to_float64;
  if (call.candidates[0].overload == subtract_times_) return Op::subtract_times;
  return Op::call;
}

// Whether there are instructions for a node, if there are for its children.
bool PlanParts::is_native(const Plan& plan, const Node& node) const {
  switch (node.opcode) {
    case Opcode::constant: return !node.constant.is_error();
    case Opcode::not_strictly_false:
    case Opcode::optional_or:
    case Opcode::optional_or_value:
    case Opcode::optional_select:
    case Opcode::optional_index:
    case Opcode::make_list:
    case Opcode::make_map: return false;
    case Opcode::concatenate: return node.count <= operands_max;
    case Opcode::call: return node.count <= operands_max && plan.calls[node.a].candidates.size() == 1;
    case Opcode::in_constants: {
      const Type::Kind type = type_of(plan, node.a);
      return type == Type::Kind::string || type == Type::Kind::int64 || type == Type::Kind::uint64 ||
             type == Type::Kind::boolean;
    }
    case Opcode::fold: {
      const auto kind = static_cast<FoldKind>(node.detail);
      return kind != FoldKind::to_map;
    }
    default: return true;
  }
}

}  // namespace tallyho::cel

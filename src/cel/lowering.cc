#include "cel/lowering.h"

#include <algorithm>
#include <limits>

#include "cel/containers.h"

namespace tallyho::cel {
namespace {

constexpr std::size_t cells_max = 65'535;

}  // namespace

std::uint16_t Cells::add(const Cell& cell, const Value& value) {
  if (code_.cells.size() >= cells_max) {
    is_full_ = true;
    return 0;
  }
  code_.cells.push_back(cell);
  code_.values.push_back(value);
  return static_cast<std::uint16_t>(code_.cells.size() - 1);
}

std::uint16_t Cells::constant(const Value& value) {
  const bool is_text = value.is(Kind::string) || value.is(Kind::bytes);
  const bool is_word = value.is(Kind::boolean) || value.is(Kind::int64) || value.is(Kind::uint64) ||
                       value.is(Kind::float64) || value.is(Kind::duration);
  const Cell cell{.source = Cell::Source::constant};
  if (!is_text && !is_word) return add(cell, value);
  std::string key(1, static_cast<char>(value.kind()));
  const std::uint64_t word = is_word ? value.as_uint64() : 0;
  if (is_word) key.append(reinterpret_cast<const char*>(&word), sizeof word);
  if (is_text) key += value.as_string();
  const auto [found, is_new] = constants_.try_emplace(std::move(key), std::uint16_t{0});
  if (is_new) found->second = add(cell, value);
  return found->second;
}

std::uint16_t Cells::slot(const Plan& plan, std::uint32_t number) {
  const Node& node = plan.nodes[number];
  const Type::Kind type = node.opcode == Opcode::has_slot ? Type::Kind::boolean : plan.types[number];
  const std::uint64_t key =
      node.a | static_cast<std::uint64_t>(type) << 32 | static_cast<std::uint64_t>(node.opcode) << 40;
  const auto [found, is_new] = slots_.try_emplace(key, std::uint16_t{0});
  if (!is_new) return found->second;
  Cell cell{
      .source = Cell::Source::slot, .is_fixed = code_.is_fixed(node.a), .kinds = kinds_of(type), .number = node.a};
  if (node.opcode == Opcode::optional_slot) cell.source = Cell::Source::optional_slot;
  if (node.opcode == Opcode::has_slot) cell.source = Cell::Source::has_slot;
  found->second = add(cell, not_loaded());
  return found->second;
}

std::optional<std::uint16_t> Cells::numbering(const Plan& plan, std::uint32_t node) {
  if (plan.nodes[node].opcode != Opcode::slot) return std::nullopt;
  const Slot slot_number = plan.nodes[node].a;
  const Numbering* numbering = parts_.numbering(slot_number);
  if (numbering == nullptr) return std::nullopt;
  const auto [found, is_new] = numberings_.try_emplace(slot_number, std::uint16_t{0});
  if (!is_new) return found->second;
  std::vector<Value> pairs;
  for (const std::string_view text : numbering->texts) {
    pairs.push_back(Value::string(text));
    pairs.push_back(Value::int64(static_cast<std::int64_t>(pairs.size() / 2) + 1));
  }
  const std::uint16_t text_cell = slot(plan, node);
  code_.numberings.push_back(make_map(pairs, code_.arena).value_or(Value()));
  found->second = add({.source = Cell::Source::numbering,
                       .is_fixed = code_.is_fixed(slot_number),
                       .kinds = kind_bit(Kind::int64),
                       .number = static_cast<std::uint32_t>(code_.numberings.size() - 1),
                       .from = text_cell},
                      not_loaded());
  return found->second;
}

std::uint16_t Cells::shared(std::uint32_t part) {
  const auto [found, is_new] = shared_.try_emplace(part, std::uint16_t{0});
  if (!is_new) return found->second;
  const Cell cell{.source = Cell::Source::shared,
                  .is_fixed = !parts_.parts()[part].changes,
                  .number = static_cast<std::uint32_t>(shared_parts_.size())};
  found->second = add(cell, not_loaded());
  shared_parts_.push_back(part);
  return found->second;
}

// If it does not fit into jumps or cells, the exact evaluator takes all of it.
void Lowering::lower(std::uint32_t root, bool is_shared) {
  const std::size_t begin = code_.instructions.size();
  if (is_shared) root_ = root;
  if (is_branching(root)) {
    Label yes;
    Label no;
    branch(root, yes, no, &yes);
    place(yes);
    emit(Op::give_true);
    place(no);
    emit(Op::give_false);
  } else {
    const std::uint16_t result = value(root);
    emit(Op::give, result);
  }
  if (!is_too_far_ && !cells_.is_full()) return;
  code_.instructions.resize(begin);
  emit(Op::hand_over);
}

std::uint16_t Lowering::new_temporary() {
  if (temporaries_used_ == temporaries_.size()) temporaries_.push_back(cells_.add({}, Value()));
  return temporaries_[temporaries_used_++];
}

void Lowering::set_local(std::uint32_t local, std::uint16_t cell) {
  if (locals_.size() <= local) locals_.resize(local + 1);
  locals_[local] = cell;
}

void Lowering::set_jump(std::size_t from, std::size_t to) {
  const auto distance = static_cast<std::ptrdiff_t>(to) - static_cast<std::ptrdiff_t>(from);
  if (distance < std::numeric_limits<std::int16_t>::min() || distance > std::numeric_limits<std::int16_t>::max()) {
    is_too_far_ = true;
    return;
  }
  code_.instructions[from].jump = static_cast<std::int16_t>(distance);
}

void Lowering::jump_to(Label& label) {
  const std::size_t from = code_.instructions.size() - 1;
  if (label.place) {
    set_jump(from, *label.place);
  } else {
    label.jumps.push_back(from);
  }
}

void Lowering::place(Label& label) {
  label.place = code_.instructions.size();
  for (const std::size_t from : label.jumps) set_jump(from, *label.place);
}

std::optional<std::uint16_t> Lowering::existing_cell(std::uint32_t number) {
  const Node& node = plan_.nodes[number];
  switch (node.opcode) {
    case Opcode::constant:
      if (node.constant.is_error()) return std::nullopt;
      return cells_.constant(node.constant);
    case Opcode::slot:
    case Opcode::optional_slot:
    case Opcode::has_slot: return cells_.slot(plan_, number);
    case Opcode::local: return locals_[node.a];
    default: break;
  }
  if (number != root_ && parts_.is_shared(facts_[number])) return cells_.shared(facts_[number].part);
  return std::nullopt;
}

std::uint16_t Lowering::value(std::uint32_t node) {
  if (const auto cell = existing_cell(node)) return *cell;
  const std::uint16_t cell = new_temporary();
  const std::size_t used = temporaries_used_;
  make_into(node, cell);
  temporaries_used_ = used;
  return cell;
}

void Lowering::move(std::uint16_t from, std::uint16_t to) {
  emit(Op::move, from).cells = {.b = 0, .c = to, .index = 0};
}

void Lowering::make_truth(std::uint32_t node, std::uint16_t cell) {
  Label yes;
  Label no;
  Label end;
  branch(node, yes, no, &yes);
  place(yes);
  move(cells_.constant(Value::boolean(true)), cell);
  emit(Op::jump);
  jump_to(end);
  place(no);
  move(cells_.constant(Value::boolean(false)), cell);
  place(end);
}

void Lowering::make_conditional(const Node& node, std::uint16_t cell) {
  Label yes;
  Label no;
  Label end;
  branch(node.a, yes, no, &yes);
  place(yes);
  make_into(node.b, cell);
  emit(Op::jump);
  jump_to(end);
  place(no);
  make_into(node.third(), cell);
  place(end);
}

void Lowering::make_exact(std::uint32_t node, std::uint16_t cell) {
  code_.exact.push_back({&plan_, node});
  emit(Op::exact).cells = {.b = 0, .c = cell, .index = static_cast<std::uint32_t>(code_.exact.size() - 1)};
}

std::uint32_t Lowering::add_operands(const Node& node) {
  std::vector<std::uint16_t> operands;
  for (std::uint32_t i = 0; i < node.count; ++i) operands.push_back(value(plan_.operands[node.b + i]));
  const auto first = static_cast<std::uint32_t>(code_.operands.size());
  code_.operands.insert(code_.operands.end(), operands.begin(), operands.end());
  return first;
}

// Whether no argument can be of another kind than the candidate takes: slots are checked when they are loaded, and
// constants are what they are.
bool Lowering::is_proven(const Node& node, const Candidate& candidate) const {
  if (candidate.kinds.size() != node.count) return false;
  for (std::uint32_t i = 0; i < node.count; ++i) {
    const Node& arg = plan_.nodes[plan_.operands[node.b + i]];
    const bool is_slot = arg.opcode == Opcode::slot || arg.opcode == Opcode::optional_slot;
    const std::uint32_t kinds = is_slot                          ? kinds_of(plan_.types[plan_.operands[node.b + i]])
                                : arg.opcode == Opcode::constant ? kind_bit(arg.constant.kind())
                                                                 : ~std::uint32_t{0};
    if ((kinds & ~candidate.kinds[i]) != 0) return false;
  }
  return true;
}

void Lowering::make_call(const Node& node, std::uint16_t cell) {
  const Op op = parts_.maker_of(plan_, node);
  if (op != Op::call) {
    const std::uint16_t a = value(plan_.operands[node.b]);
    const std::uint16_t b = node.count > 1 ? value(plan_.operands[node.b + 1]) : std::uint16_t{0};
    emit(op, a).cells = {.b = b, .c = cell, .index = 0};
    return;
  }
  const Candidate& candidate = plan_.calls[node.a].candidates[0];
  const std::uint32_t operands = add_operands(node);
  if (code_.calls.size() > std::numeric_limits<std::uint16_t>::max()) is_too_far_ = true;
  code_.calls.push_back({&candidate, is_proven(node, candidate)});
  Instruction& call = emit(Op::call, static_cast<std::uint16_t>(code_.calls.size() - 1));
  call.count = static_cast<std::uint8_t>(node.count);
  call.cells = {.b = 0, .c = cell, .index = operands};
}

// all and exists are branches.
void Lowering::make_fold(const Node& node, std::uint16_t cell) {
  const FoldPlan& fold = plan_.folds[node.a];
  switch (static_cast<FoldKind>(node.detail)) {
    case FoldKind::to_list: return make_list(fold, cell);
    case FoldKind::bind: set_local(fold.result_local, value(fold.init)); break;
    default: accumulate(fold, new_temporary());
  }
  make_into(fold.result, cell);
}

// Takes the items of a range one by one, from `again` on; when there are no more, goes on at `done`.
void Lowering::begin_loop(const FoldPlan& fold, std::uint16_t range, Label& again, Label& done) {
  const std::uint16_t counter = new_temporary();
  std::uint16_t item = 0;
  if (fold.has_second) {
    item = cells_.add({}, Value());
    set_local(fold.second_local, cells_.add({}, Value()));
  } else {
    item = new_temporary();
  }
  set_local(fold.item_local, item);
  emit(Op::begin_fold, range).cells = {.b = 0, .c = counter, .index = 0};
  place(again);
  emit(fold.has_second ? Op::next_pair : Op::next_item, range).cells = {.b = counter, .c = item, .index = 0};
  jump_to(done);
}

// map, filter, transformList.
void Lowering::make_list(const FoldPlan& fold, std::uint16_t cell) {
  const std::uint16_t range = value(fold.range);
  const std::uint16_t list = new_temporary();
  emit(Op::begin_list, range).cells = {.b = 0, .c = list, .index = 0};
  Label again;
  Label done;
  begin_loop(fold, range, again, done);
  if (fold.condition != no_node) {
    Label keep;
    branch(fold.condition, keep, again, &keep);
    place(keep);
  }
  emit(Op::append, value(fold.step)).cells = {.b = 0, .c = list, .index = 0};
  emit(Op::jump);
  jump_to(again);
  place(done);
  move(list, cell);
}

// exists_one, and what else is a fold: its accumulator is a cell.
void Lowering::accumulate(const FoldPlan& fold, std::uint16_t cell) {
  const std::uint16_t range = value(fold.range);
  make_into(fold.init, cell);
  set_local(fold.result_local, cell);
  Label again;
  Label done;
  begin_loop(fold, range, again, done);
  Label further;
  branch(fold.condition, further, done, &further);
  place(further);
  make_into(fold.step, cell);
  emit(Op::jump);
  jump_to(again);
  place(done);
}

void Lowering::make_into(std::uint32_t number, std::uint16_t cell) {
  if (const auto existing = existing_cell(number)) return move(*existing, cell);
  const Node& node = plan_.nodes[number];
  if (!facts_[number].is_native) return make_exact(number, cell);
  if (is_branching(number)) return make_truth(number, cell);
  static constexpr std::pair<Opcode, Op> unary_and_binary[] = {
      {Opcode::add_int64, Op::add_int64},
      {Opcode::subtract_int64, Op::subtract_int64},
      {Opcode::multiply_int64, Op::multiply_int64},
      {Opcode::divide_int64, Op::divide_int64},
      {Opcode::modulo_int64, Op::modulo_int64},
      {Opcode::negate_int64, Op::negate_int64},
      {Opcode::add_float64, Op::add_float64},
      {Opcode::subtract_float64, Op::subtract_float64},
      {Opcode::multiply_float64, Op::multiply_float64},
      {Opcode::divide_float64, Op::divide_float64},
      {Opcode::negate_float64, Op::negate_float64},
      {Opcode::index, Op::index},
  };
  switch (node.opcode) {
    case Opcode::conditional: return make_conditional(node, cell);
    case Opcode::call: return make_call(node, cell);
    case Opcode::concatenate: {
      const std::uint32_t operands = add_operands(node);
      Instruction& made = emit(Op::concatenate);
      made.detail = node.detail;
      made.count = static_cast<std::uint8_t>(node.count);
      made.cells = {.b = 0, .c = cell, .index = operands};
      return;
    }
    case Opcode::time_field: {
      const std::uint16_t a = value(node.a);
      code_.zones.push_back(&plan_.zones[node.b]);
      Instruction& made = emit(Op::time_field, a);
      made.detail = node.detail;
      made.cells = {.b = 0, .c = cell, .index = static_cast<std::uint32_t>(code_.zones.size() - 1)};
      return;
    }
    case Opcode::select: {
      const std::uint16_t a = value(node.a);
      emit(Op::select, a).cells = {.b = cells_.constant(node.constant), .c = cell, .index = 0};
      return;
    }
    case Opcode::fold: return make_fold(node, cell);
    default: break;
  }
  const auto* const found = std::ranges::find(unary_and_binary, node.opcode, &std::pair<Opcode, Op>::first);
  if (found == std::end(unary_and_binary)) return make_exact(number, cell);
  const bool is_unary = node.opcode == Opcode::negate_int64 || node.opcode == Opcode::negate_float64;
  const std::uint16_t a = value(node.a);
  const std::uint16_t b = is_unary ? std::uint16_t{0} : value(node.b);
  emit(found->second, a).cells = {.b = b, .c = cell, .index = 0};
}

}  // namespace tallyho::cel

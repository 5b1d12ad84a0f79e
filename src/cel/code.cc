#include "cel/code.h"

#include <algorithm>
#include <utility>

#include "cel/instruction.h"
#include "cel/lowering.h"
#include "cel/plan_parts.h"
#include "cel/program_impl.h"

namespace tallyho::cel {

Code::Code(std::unique_ptr<CodeImpl> impl) : impl_(std::move(impl)) {}
Code::~Code() = default;

std::size_t Code::instructions() const {
  return impl_->instructions.size();
}
std::size_t Code::shared_parts() const {
  return impl_->shared.size();
}
std::size_t Code::exact_parts() const {
  return impl_->exact.size();
}

Code::Preload Code::preload(std::span<const Slot> slots) const {
  Preload preload;
  for (std::size_t i = 0; i < impl_->cells.size(); ++i) {
    const Cell& cell = impl_->cells[i];
    const bool is_slot = cell.source == Cell::Source::slot || cell.source == Cell::Source::optional_slot;
    if (!is_slot) continue;
    const auto found = std::ranges::find(slots, cell.number);
    if (found == slots.end()) continue;
    const auto position = static_cast<std::uint32_t>(found - slots.begin());
    preload.entries_.push_back({position, cell.kinds, static_cast<std::uint16_t>(i), cell.is_fixed});
  }
  return preload;
}

// Each without its last instruction if that is give_false: where it stood, the next condition begins.
Code::Conditions Code::conditions(std::vector<const Program*> programs) const {
  auto made = std::make_shared<ConditionsImpl>();
  for (std::uint64_t i = 0; i < programs.size(); ++i) {
    made->entries.push_back(static_cast<std::uint32_t>(made->instructions.size()));
    const std::uint32_t entry =
        programs[i] == nullptr ? CodeImpl::always_true : impl_->entries[programs[i]->code_number_];
    for (const Instruction* at = impl_->instructions.data() + entry;; ++at) {
      if (at->op == Op::give_false) break;
      Instruction& copy = made->instructions.emplace_back(*at);
      if (at->op == Op::give_true) copy.word = i;
      if (at->op == Op::give) copy.word = i;
      const bool is_last = at->op == Op::give || at->op == Op::hand_over || entry == CodeImpl::always_true;
      if (is_last) break;
    }
  }
  made->instructions.push_back({.op = Op::give_false});
  made->programs = std::move(programs);
  return Conditions(std::move(made));
}

namespace {

bool is_one_of(std::span<const Slot> slots, Slot slot) {
  return std::ranges::find(slots, slot) != slots.end();
}

// Whether a node, or one below it, reads one of these slots.
bool reads_one_of(const Plan& plan, std::uint32_t number, std::span<const Slot> slots) {
  const Node& node = plan.nodes[number];
  const bool is_slot =
      node.opcode == Opcode::slot || node.opcode == Opcode::optional_slot || node.opcode == Opcode::has_slot;
  if (is_slot) return is_one_of(slots, node.a);
  bool found = false;
  for_each_child(plan, node, [&](std::uint32_t child) { found = found || reads_one_of(plan, child, slots); });
  return found;
}

}  // namespace

Code::Dependents Code::dependents(std::span<const Slot> slots) const {
  Dependents dependents;
  for (std::size_t i = 0; i < impl_->cells.size(); ++i) {
    const Cell& cell = impl_->cells[i];
    bool depends = false;
    switch (cell.source) {
      case Cell::Source::slot:
      case Cell::Source::optional_slot:
      case Cell::Source::has_slot: depends = is_one_of(slots, cell.number); break;
      case Cell::Source::numbering: depends = is_one_of(slots, impl_->cells[cell.from].number); break;
      case Cell::Source::shared: {
        const PlanPart& part = impl_->shared_parts[cell.number];
        depends = reads_one_of(*part.plan, part.node, slots);
        break;
      }
      case Cell::Source::constant:
      case Cell::Source::temporary: break;
    }
    if (depends) dependents.cells_.push_back(static_cast<std::uint16_t>(i));
  }
  return dependents;
}

Code::Kept Code::kept(Slot slot) const {
  Kept kept;
  const auto cell = std::ranges::find_if(
      impl_->cells, [slot](const Cell& one) { return one.source == Cell::Source::slot && one.number == slot; });
  if (cell == impl_->cells.end()) return kept;
  kept.cell_ = static_cast<std::uint16_t>(cell - impl_->cells.begin());
  kept.kinds_ = cell->kinds;
  return kept;
}

CodeBuilder::CodeBuilder(std::function<bool(Slot)> is_fixed) : impl_(std::make_unique<CodeImpl>()) {
  impl_->is_fixed = std::move(is_fixed);
  impl_->instructions.push_back({.op = Op::give_true});
}
CodeBuilder::~CodeBuilder() = default;

void CodeBuilder::add(Program& program) {
  program.code_number_ = static_cast<std::uint32_t>(impl_->programs.size());
  impl_->programs.push_back(&program.impl_->plan);
}

std::shared_ptr<const Code> CodeBuilder::build(Evaluation evaluation) {
  CodeImpl& code = *impl_;
  if (evaluation == Evaluation::exact) {
    code.entries.assign(code.programs.size(), static_cast<std::uint32_t>(code.instructions.size()));
    code.instructions.push_back({.op = Op::hand_over});
    return std::make_shared<const Code>(std::move(impl_));
  }
  std::size_t nodes = 0;
  for (const Plan* plan : code.programs) nodes += plan->nodes.size();
  PlanParts parts(code.is_fixed, nodes);
  for (const Plan* plan : code.programs) parts.add(*plan);

  Cells cells(code, parts);
  // Programs run one after the other, so that they can use the same cells. A shared part runs in the midst of others.
  std::vector<std::uint16_t> temporaries;
  code.entries.reserve(code.programs.size());
  code.instructions.reserve(nodes / 2);
  for (std::uint32_t i = 0; i < code.programs.size(); ++i) {
    const Plan& plan = *code.programs[i];
    code.entries.push_back(static_cast<std::uint32_t>(code.instructions.size()));
    Lowering(code, cells, parts, plan, parts.facts(i), temporaries).lower(plan.root, false);
  }
  for (std::size_t i = 0; i < cells.shared_parts().size(); ++i) {
    const Part& shared = parts.parts()[cells.shared_parts()[i]];
    const PlanPart& part = shared.first;
    std::vector<std::uint16_t> own;
    code.shared.push_back(static_cast<std::uint32_t>(code.instructions.size()));
    code.shared_parts.push_back(part);
    Lowering(code, cells, parts, *part.plan, parts.facts(shared.program), own).lower(part.node, true);
  }
  return std::make_shared<const Code>(std::move(impl_));
}

}  // namespace tallyho::cel

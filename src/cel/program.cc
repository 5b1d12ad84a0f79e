#include "cel/program.h"

#include <algorithm>
#include <utility>

#include "cel/checker.h"
#include "cel/cost.h"
#include "cel/evaluator.h"
#include "cel/parser.h"
#include "cel/program_impl.h"

namespace tallyho::cel {
namespace {

std::vector<Issue> wrong_result(const Expr& root, const Type& expected) {
  std::string message = "this must be " + expected.to_string() + ", but is " + root.type.to_string();
  if (root.type.is(Type::Kind::dyn)) message += "; write a conversion such as " + expected.to_string() + "(…)";
  return {{root.begin, root.end, std::move(message)}};
}

}  // namespace

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

std::expected<Program, std::vector<Issue>> Program::compile(std::string_view source, const Environment& environment,
                                                            const Type& expected) {
  auto impl = std::make_unique<Impl>();
  impl->source = source;
  auto ast = parse(impl->source);
  if (!ast) return std::unexpected(std::move(ast.error()));
  std::vector<Issue> issues = check(*ast, environment);
  if (!issues.empty()) return std::unexpected(std::move(issues));
  const Expr& root = *ast->root;
  if (!expected.is(Type::Kind::dyn) && root.type != expected) return std::unexpected(wrong_result(root, expected));
  auto plan = make_plan(root, environment, Checked::yes, ast->release_arena());
  if (!plan) return std::unexpected(std::move(plan.error()));
  impl->plan = std::move(*plan);
  impl->type = root.type;
  impl->cost = estimate_cost(root);
  impl->environment = &environment;
  return Program(std::move(impl));
}

std::expected<Program, std::vector<Issue>> Program::compile_unchecked(std::string_view source,
                                                                      const Environment& environment) {
  auto impl = std::make_unique<Impl>();
  impl->source = source;
  auto ast = parse(impl->source);
  if (!ast) return std::unexpected(std::move(ast.error()));
  auto plan = make_plan(*ast->root, environment, Checked::no, ast->release_arena());
  if (!plan) return std::unexpected(std::move(plan.error()));
  impl->plan = std::move(*plan);
  impl->cost = {.units = UINT64_MAX, .result_size = UINT64_MAX, .arena_bytes = UINT64_MAX, .depth = ast->root->height};
  impl->environment = &environment;
  impl->checked = Checked::no;
  return Program(std::move(impl));
}

Value Program::evaluate(Activation& activation, Arena& arena) const {
  return Evaluator<>(impl_->plan, activation, arena).run();
}

const std::string& Program::source() const {
  return impl_->source;
}
const Type& Program::type() const {
  return impl_->type;
}
const Cost& Program::cost() const {
  return impl_->cost;
}
const std::vector<Slot>& Program::slots() const {
  return impl_->plan.slots;
}

const Value* Program::constant() const {
  const Node& root = impl_->plan.nodes[impl_->plan.root];
  return root.opcode == Opcode::constant ? &root.constant : nullptr;
}

std::optional<Slot> Program::slot() const {
  const Node& root = impl_->plan.nodes[impl_->plan.root];
  if (root.opcode != Opcode::slot) return std::nullopt;
  return root.a;
}

}  // namespace tallyho::cel

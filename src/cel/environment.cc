#include "cel/environment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tallyho::cel {
namespace {

template <typename ByName>
void add_sorted(const ByName& named, std::vector<std::string_view>& names) {
  const auto first = static_cast<std::ptrdiff_t>(names.size());
  for (const auto& [name, _] : named) names.push_back(name);
  std::sort(names.begin() + first, names.end());
}

}  // namespace

// What `overload`, the one of this number, is to operands of these plain types, as SoleOverloads has it; 0: it does not
// take them.
std::uint8_t Environment::sole_mark(Operator op, const Overload& overload, Type::Kind a, Type::Kind b,
                                    std::size_t number) {
  const bool is_unary = op == Operator::negate || op == Operator::logical_not || op == Operator::not_strictly_false;
  const std::size_t arity = is_unary ? 1 : 2;
  if (overload.is_method || overload.parameters.size() != arity) return 0;
  const std::array given = {a, b};
  const Type* variable = nullptr;  // What the first parameter is, if it may be anything.
  for (std::size_t i = 0; i < arity; ++i) {
    const Type& parameter = overload.parameters[i];
    if (parameter.is(Type::Kind::parameter)) {
      if (variable != nullptr && *variable == parameter && a != b) return 0;
      variable = &parameter;
    } else if (parameter.is(Type::Kind::dyn) || parameter.is(Type::Kind::error) || parameter.is(Type::Kind::null)) {
      return not_sole;
    } else if (parameter.kind() != given[i]) {
      return 0;
    }
  }
  return is_plain(overload.result.kind()) && number < not_sole - 1 ? static_cast<std::uint8_t>(number + 1) : not_sole;
}

Overloads Environment::find_sole_overload(Operator op, Type::Kind a, Type::Kind b) const {
  if (!is_plain(a) || !is_plain(b)) return {};
  const std::uint8_t mark = sole_[static_cast<std::size_t>(op)][plain_index(a)][plain_index(b)];
  if (mark == 0 || mark == not_sole) return {};
  return find_overloads(op).subspan(mark - 1U, 1);
}

void Environment::declare(Variable variable) {
  std::string name = variable.name;
  variables_.insert_or_assign(std::move(name), std::move(variable));
}

void Environment::add_function(Overload overload) {
  const Overload& kept = overloads_.emplace_back(std::move(overload));
  const auto [named, is_new] = functions_.try_emplace(kept.function);
  if (is_new && parent_ != nullptr) {
    const Overloads inherited = parent_->find_overloads(kept.function);
    named->second.assign(inherited.begin(), inherited.end());
  }
  named->second.push_back(&kept);
  const Operator op = operator_named(kept.function);
  if (op == Operator::none) return;
  operators_[static_cast<std::size_t>(op)] = &named->second;
  SoleOverloads& sole = sole_[static_cast<std::size_t>(op)];
  for (std::size_t a = 0; a < plain_types; ++a) {
    for (std::size_t b = 0; b < plain_types; ++b) {
      const auto type = [](std::size_t index) {
        return static_cast<Type::Kind>(static_cast<std::size_t>(Type::Kind::boolean) + index);
      };
      const std::uint8_t mark = sole_mark(op, kept, type(a), type(b), named->second.size() - 1);
      if (mark != 0) sole[a][b] = sole[a][b] == 0 ? mark : not_sole;
    }
  }
}

const Variable* Environment::find_variable(std::string_view name) const {
  if (const auto found = variables_.find(name); found != variables_.end()) return &found->second;
  return parent_ != nullptr ? parent_->find_variable(name) : nullptr;
}

Overloads Environment::find_overloads(std::string_view function) const {
  if (const Operator op = operator_named(function); op != Operator::none) return find_overloads(op);
  if (const auto found = functions_.find(function); found != functions_.end()) return found->second;
  return parent_ != nullptr ? parent_->find_overloads(function) : Overloads();
}

bool Environment::has_function(std::string_view function) const {
  return functions_.contains(function) || (parent_ != nullptr && parent_->has_function(function));
}

std::vector<std::string_view> Environment::variable_names() const {
  std::vector<std::string_view> names;
  if (parent_ != nullptr) names = parent_->variable_names();
  add_sorted(variables_, names);
  return names;
}

std::vector<std::string_view> Environment::function_names() const {
  std::vector<std::string_view> names;
  if (parent_ != nullptr) names = parent_->function_names();
  add_sorted(functions_, names);
  return names;
}

}  // namespace tallyho::cel

#include "cel/environment.h"

#include <algorithm>
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
}

const Variable* Environment::find_variable(std::string_view name) const {
  if (const auto found = variables_.find(name); found != variables_.end()) return &found->second;
  return parent_ != nullptr ? parent_->find_variable(name) : nullptr;
}

Overloads Environment::find_overloads(std::string_view function) const {
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

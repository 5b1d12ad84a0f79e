#include "cel/environment.h"

#include <utility>

namespace tallyho::cel {

void Environment::declare(Variable variable) {
  std::string name = variable.name;
  variables_.insert_or_assign(std::move(name), std::move(variable));
}

void Environment::add_function(Overload overload) {
  const Overload& kept = overloads_.emplace_back(std::move(overload));
  functions_[kept.function].push_back(&kept);
}

const Variable* Environment::find_variable(std::string_view name) const {
  if (const auto found = variables_.find(name); found != variables_.end()) return &found->second;
  return parent_ != nullptr ? parent_->find_variable(name) : nullptr;
}

std::vector<const Overload*> Environment::find_overloads(std::string_view function) const {
  std::vector<const Overload*> overloads;
  if (parent_ != nullptr) overloads = parent_->find_overloads(function);
  if (const auto found = functions_.find(function); found != functions_.end()) {
    overloads.insert(overloads.end(), found->second.begin(), found->second.end());
  }
  return overloads;
}

bool Environment::has_function(std::string_view function) const {
  return functions_.contains(function) || (parent_ != nullptr && parent_->has_function(function));
}

std::vector<std::string_view> Environment::variable_names() const {
  std::vector<std::string_view> names;
  if (parent_ != nullptr) names = parent_->variable_names();
  for (const auto& [name, variable] : variables_) names.push_back(name);
  return names;
}

std::vector<std::string_view> Environment::function_names() const {
  std::vector<std::string_view> names;
  if (parent_ != nullptr) names = parent_->function_names();
  for (const auto& [name, overloads] : functions_) names.push_back(name);
  return names;
}

}  // namespace tallyho::cel

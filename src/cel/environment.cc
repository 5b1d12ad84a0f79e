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

// A name of at most eight bytes as a number, for a switch.
constexpr std::uint64_t packed(std::string_view name) {
  std::uint64_t bytes = 0;
  for (const char c : name) bytes = bytes << 8U | static_cast<unsigned char>(c);
  return bytes;
}

}  // namespace

// The place of an operator among them; operators_max for every other function.
std::size_t Environment::operator_index(std::string_view function) {
  if (function.size() > 5) return operators_max;
  switch (packed(function)) {
    case packed("_&&_"): return 0;
    case packed("_||_"): return 1;
    case packed("!_"): return 2;
    case packed("_?_:_"): return 3;
    case packed("_==_"): return 4;
    case packed("_!=_"): return 5;
    case packed("_<_"): return 6;
    case packed("_<=_"): return 7;
    case packed("_>_"): return 8;
    case packed("_>=_"): return 9;
    case packed("@in"): return 10;
    case packed("_+_"): return 11;
    case packed("_-_"): return 12;
    case packed("_*_"): return 13;
    case packed("_/_"): return 14;
    case packed("_%_"): return 15;
    case packed("-_"): return 16;
    case packed("_[_]"): return 17;
    case packed("_?._"): return 18;
    case packed("_[?_]"): return 19;
    default: return operators_max;
  }
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
  if (const std::size_t index = operator_index(kept.function); index < operators_max)
    operators_[index] = &named->second;
}

const Variable* Environment::find_variable(std::string_view name) const {
  if (const auto found = variables_.find(name); found != variables_.end()) return &found->second;
  return parent_ != nullptr ? parent_->find_variable(name) : nullptr;
}

Overloads Environment::find_overloads(std::string_view function) const {
  if (const std::size_t index = operator_index(function); index < operators_max) {
    return operators_[index] != nullptr ? Overloads(*operators_[index]) : Overloads();
  }
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

#include "world.h"

#include <utility>

#include "json_values.h"

namespace tallyho::conformance {

using cel::Type;
using cel::Value;
using simdjson::dom::element;

bool flag(element json, const char* name) {
  bool value = false;
  return json[name].get(value) == simdjson::SUCCESS && value;
}

bool has(element json, const char* name) {
  element found;
  return json[name].get(found) == simdjson::SUCCESS;
}

void World::declare_variable(std::string name, const Type& type) {
  environment_.declare({.name = std::move(name),
                        .type = type,
                        .slot = static_cast<cel::Slot>(values_.size()),
                        .bounds = {},
                        .constant = {}});
  values_.push_back(Value::error(cel::ErrorKind::unbound));
}

bool World::declare_function(const std::string& name, element json) {
  for (const element each : json["overloads"]) {
    cel::Overload overload{.function = name,
                           .id = std::string(each["overloadId"].get_string().value()),
                           .parameters = {},
                           .result = {},
                           .is_method = flag(each, "isInstanceFunction")};
    simdjson::dom::array params;
    if (each["params"].get(params) == simdjson::SUCCESS) {
      for (const element param : params) {
        const auto type = read_type(param);
        if (!type) return false;
        overload.parameters.push_back(*type);
      }
    }
    const auto result = read_type(each["resultType"]);
    if (!result) return false;
    overload.result = *result;
    environment_.add_function(std::move(overload));
  }
  return true;
}

std::string World::declare(element original) {
  if (std::string_view container; original["container"].get(container) == simdjson::SUCCESS) {
    environment_.set_container(std::string(container));
  }
  simdjson::dom::array declarations;
  if (original["typeEnv"].get(declarations) == simdjson::SUCCESS) {
    for (const element each : declarations) {
      const std::string name(each["name"].get_string().value());
      if (conformance::has(each, "function")) {
        if (!declare_function(name, each["function"])) return "the function " + name;
        continue;
      }
      const auto type = read_type(each["ident"]["type"]);
      if (!type) return "the variable " + name;
      declare_variable(name, *type);
    }
  }
  simdjson::dom::object bindings;
  if (original["bindings"].get(bindings) == simdjson::SUCCESS) return bind(bindings);
  return "";
}

std::string World::bind(simdjson::dom::object bindings) {
  for (const auto& [key, binding] : bindings) {
    const std::string name(key);
    if (environment_.find_variable(name) == nullptr) declare_variable(name, Type());
    element json;
    if (binding["value"].get(json) != simdjson::SUCCESS) return "the binding of " + name;
    const auto value = read_value(json, arena_);
    if (!value) return "the value of " + name;
    values_[environment_.find_variable(name)->slot] = *value;
  }
  return "";
}

}  // namespace tallyho::conformance

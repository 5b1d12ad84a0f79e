#pragma once

#include <string>
#include <vector>

#include "cel/program.h"
#include "simdjson.h"

namespace tallyho::conformance {

// What a test declares and binds: variables, functions without implementation, a container.
class World final : public cel::Activation {
 public:
  World() : environment_(&cel::Environment::standard()) {}

  // Takes them from a cel.expr.conformance.test.SimpleTest. Returns what it cannot declare since it needs protobuf, or
  // "".
  std::string declare(simdjson::dom::element original);

  cel::Environment& environment() { return environment_; }
  Arena& arena() { return arena_; }

  cel::Value read(cel::Slot slot, Arena&) override { return values_[slot]; }
  bool has(cel::Slot slot) override { return !values_[slot].is_error(); }

 private:
  void declare_variable(std::string name, const cel::Type& type);
  bool declare_function(const std::string& name, simdjson::dom::element json);
  std::string bind(simdjson::dom::object bindings);

  cel::Environment environment_;
  Arena arena_;
  std::vector<cel::Value> values_;
};

// A member of a test that is true or left out.
bool flag(simdjson::dom::element json, const char* name);

// Whether a test has that member.
bool has(simdjson::dom::element json, const char* name);

}  // namespace tallyho::conformance

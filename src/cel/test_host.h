#pragma once

// For tests of cel/: variables with values, and expressions evaluated over them.

#include <string>
#include <string_view>
#include <vector>

#include "cel/program.h"

namespace tallyho::cel {

class TestHost final : public Activation {
 public:
  TestHost() : environment_(&Environment::standard()) {}

  // A variable with a value; an error value is an absent one.
  void add(const std::string& name, const Type& type, const Value& value, Bounds bounds = {}) {
    environment_.declare({.name = name, .type = type, .slot = next_slot(value), .bounds = bounds, .constant = {}});
  }
  // A slot that fields of a record may name.
  Slot next_slot(const Value& value) {
    values_.push_back(value);
    return static_cast<Slot>(values_.size() - 1);
  }
  Environment& environment() { return environment_; }
  Arena& arena() { return arena_; }

  Value read(Slot slot, Arena&) override {
    ++reads_;
    return values_[slot];
  }
  bool has(Slot slot) override { return !values_[slot].is_error(); }
  int reads() const { return reads_; }
  void set(Slot slot, const Value& value) { values_[slot] = value; }

  // The value of an expression as a literal, "error: …", or "issue: …" if it does not compile.
  std::string evaluate(std::string_view source) { return text(Program::compile(source, environment_)); }
  std::string evaluate_unchecked(std::string_view source) {
    return text(Program::compile_unchecked(source, environment_));
  }

 private:
  std::string text(const std::expected<Program, std::vector<Issue>>& program) {
    if (!program) return "issue: " + program.error()[0].message;
    return to_literal(program->evaluate(*this, arena_));
  }

  Environment environment_;
  Arena arena_;
  std::vector<Value> values_;
  int reads_ = 0;
};

// A row of a table: an expression, and its value as to_literal() writes it.
struct Example {
  std::string_view source;
  std::string_view value;
};

}  // namespace tallyho::cel

#pragma once

#include <array>
#include <string>
#include <vector>

#include "cel/containers.h"
#include "cel/environment.h"
#include "cel/program.h"

namespace tallyho::cel {

// Slots in an array: the least that a host can do.
class Slots final : public Activation {
 public:
  Value read(Slot slot, Arena&) override { return values[slot]; }
  bool has(Slot slot) override { return !values[slot].is_error(); }

  std::vector<Value> values;
};

// What the expressions of the benchmarks read: an event of a game, with a value in every slot.
class Host {
 public:
  Host() : environment_(&Environment::standard()) {
    const Type int64 = Type::simple(Type::Kind::int64);
    const Type string = Type::simple(Type::Kind::string);
    const Type float64 = Type::simple(Type::Kind::float64);
    const Type boolean = Type::simple(Type::Kind::boolean);
    add("amount", float64, Value::float64(75.5));
    add("region", string, Value::string("US"));
    add("level", int64, Value::int64(25));
    add("banned", boolean, Value::boolean(false));
    add("vip", boolean, Value::boolean(false));
    add("streak", int64, Value::int64(4));
    add("mode", string, Value::string("ranked"));
    add("qty", int64, Value::int64(3));
    add("score", float64, Value::float64(12345.0));
    add("base", int64, Value::int64(7));
    const std::array<Value, 4> tags = {Value::string("a"), Value::string("night"), Value::string("boss"),
                                       Value::string("z")};
    add("tags", Type::list(string), make_list(tags, arena_));
  }

  void add(const std::string& name, const Type& type, const Value& value) {
    environment_.declare({.name = name,
                          .type = type,
                          .slot = static_cast<Slot>(slots_.values.size()),
                          .bounds = {64, 64},
                          .constant = {}});
    slots_.values.push_back(value);
  }
  const Environment& environment() const { return environment_; }
  Slots& slots() { return slots_; }

 private:
  Arena arena_;
  Environment environment_;
  Slots slots_;
};

}  // namespace tallyho::cel

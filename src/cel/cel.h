#pragma once

// The Common Expression Language (https://cel.dev) as a library of its own: small, without protobuf, with the worst
// case of an expression known before it runs. This header is all that one needs to include; examples/cel is a program
// that does what follows.
//
//
// 1. What expressions may use
//
// An Environment has functions, variables and their types. Everything of CEL itself is in Environment::standard(). A
// variable has a name, a type, and a number of your choice, its slot:
//
//     cel::Environment environment(&cel::Environment::standard());
//     environment.declare({.name = "amount", .type = Type::simple(Type::Kind::float64), .slot = 0});
//     environment.declare({.name = "tags", .type = Type::list(Type::simple(Type::Kind::string)), .slot = 1,
//                          .bounds = {.size_max = 16, .item_size_max = 32}});
//
// Bounds are what you promise about the values: at most 16 items of at most 32 bytes. Costs are computed from them.
// A variable with fields, such as `event.amount`, is a Type::record(): each field has a slot, and may be optional.
//
//
// 2. From text to program
//
//     auto program = cel::Program::compile("amount > 50.0 && 'vip' in tags", environment, boolean);
//     if (!program) {
//       for (const cel::Issue& issue : program.error()) …  // All of them: issue.begin, issue.end, issue.message.
//     }
//
// Whatever can be found wrong without running it is found here: syntax, names, types, bad regular expressions. A
// program is immutable and may be used by several threads at once. It stands on its environment, which has to outlive
// it.
//
//
// 3. What it may cost
//
//     program->cost().units        // About as many nanoseconds, at worst.
//     program->cost().arena_bytes  // At worst, too.
//
// The cost is a bound, from the declared sizes: check it once, when the expression comes in, and refuse what is too
// dear. There is no limit to be watched at run time, since there is nothing left to exceed. What has no declared bound
// costs 2^64 - 1.
//
//
// 4. Evaluating
//
// An Activation gives the values, slot by slot, when they are first needed; whatever has to be allocated lies in an
// Arena, to be reset after each evaluation:
//
//     class Sale final : public cel::Activation {
//       cel::Value read(cel::Slot slot, Arena& arena) override {
//         return slot == 0 ? cel::Value::float64(amount) : cel::make_list(tags, arena);
//       }
//       bool has(cel::Slot) override { return true; }
//     };
//
//     cel::Value value = program->evaluate(sale, arena);
//     if (value.is_error()) …   // cel::describe(value.error_kind()), and where: value.error_position().
//     if (value.is_true()) …
//
// A Value is 16 bytes and borrows what is larger: a string points into the arena, the program, or your own memory.
// Errors are values, as CEL wants it: `amount / 0.0 > 1.0 || true` is true. Nothing throws.
//
//
// 5. Functions and types of your own
//
// A function is a plain one from a Call to a Value, with a signature and a cost. It gets no errors, and no arguments
// of other types than it asked for:
//
//     cel::Value call_distance(const cel::Call& call) {
//       return cel::Value::float64(std::abs(call.args[0].as_float64() - call.args[1].as_float64()));
//     }
//
//     environment.add_function({.function = "geo.distance", .id = "geo_distance_double_double",
//                               .parameters = {float64, float64}, .result = float64,
//                               .implementation = call_distance, .cost = {.base = 5}});
//
// Overloads share a name; `.is_method = true` makes the first parameter a target: x.f(y). A type of your own is an
// Opaque: expressions pass its values on to functions that name Type::opaque("…"), and can do nothing else with them.
//
//     class Basket final : public cel::Opaque {
//       std::string_view type_name() const override { return "basket"; }
//     };
//     … cel::Value::opaque(&basket) …            // A value of it.
//     … .parameters = {Type::opaque("basket")}   // A function for it.
//
//
// 6. Why is it false?
//
//     for (const cel::Finding& finding : program->explain(sale, arena)) …  // "amount > 50.0" "false", "amount" "12.5"
//
// explain() names the first part of a condition that isn't true, and the values it read.
//
//
// 7. Many expressions over one event
//
// Programs that are evaluated together, over the same values, run several times as fast when they are compiled together
// to a Code, which a Machine runs: see cel/code.h.
//
//
// What is in it: all of CEL's definition but protobuf messages, with optional values, comprehensions of two variables,
// and the extensions for strings (format and quote too), math, base64 and cel.bind. docs/reference/ruleset.md has an
// example of every macro and function; `./dev conformance` shows what of the specification's tests passes.

#include "base/arena.h"       // Arena.
#include "cel/code.h"         // Code, CodeBuilder, Machine.
#include "cel/containers.h"   // make_list, make_map.
#include "cel/environment.h"  // Environment, Variable, Overload, Call.
#include "cel/program.h"      // Program, Activation, Cost, Finding.
#include "cel/type.h"         // Type, Field, Bounds.
#include "cel/value.h"        // Value, Opaque, ErrorKind, to_literal.

#include "cel/macros.h"

#include <array>
#include <string>
#include <utility>

namespace tallyho::cel {
namespace {

constexpr std::string_view result_name = "@result";
constexpr std::string_view unused_name = "#unused";

// Makes what one macro call stands for. Every node it adds has the place of the call, so that an error in it points
// to what was written.
class Expansion {
 public:
  Expansion(MacroCall& call, AstBuilder& builder, std::vector<Issue>& issues)
      : place_(call.place), target_(call.target), args_(call.args), builder_(builder), issues_(issues) {}

  Expr* has() {
    Expr* field = args_[0];
    if (field->kind != Expr::Kind::select || field->test_only) {
      return fail(*field, "has() asks for a field: write has(a.b)");
    }
    return builder_.select({place_.begin, place_.end, field->position}, field->target, field->name, true);
  }

  Expr* all() {
    return fold(boolean(true), call("@not_strictly_false", {result()}), call("_&&_", {result(), args_.back()}),
                result());
  }

  Expr* exists() {
    return fold(boolean(false), call("@not_strictly_false", {call("!_", {result()})}),
                call("_||_", {result(), args_.back()}), result());
  }

  Expr* exists_one() {
    return fold(number(0), boolean(true), call("_?_:_", {args_.back(), call("_+_", {result(), number(1)}), result()}),
                call("_==_", {result(), number(1)}));
  }

  // Lists: with `filter` null, of every item.
  Expr* collect(Expr* filter, Expr* item) {
    Expr* items = builder_.aggregate(Expr::Kind::list, place_, {item});
    return fold(builder_.aggregate(Expr::Kind::list, place_, {}), boolean(true),
                where(filter, call("_+_", {result(), items})), result());
  }

  // Maps: `entry` is what follows the map in cel.@mapInsert.
  Expr* collect_entries(Expr* filter, Exprs entry) {
    entry.insert(entry.begin(), result());
    return fold(builder_.aggregate(Expr::Kind::map, place_, {}), boolean(true),
                where(filter, call("cel.@mapInsert", entry)), result());
  }

  Expr* bind() { return bind(variable(0), args_[1], args_[2]); }

  // cel.bind(@target, target, @target.hasValue() ? of(cel.bind(name, @target.value(), args[1])) : none): cel-go
  // writes the target twice instead, which doubles the work with each optMap of a chain.
  Expr* optional_map(bool is_flat) {
    const std::string_view target_name = "@target";
    Expr* value = builder_.method(place_, builder_.identifier(place_, target_name), "value", {});
    Expr* mapped = bind(variable(0), value, args_[1]);
    if (!is_flat) mapped = call("optional.of", {mapped});
    Expr* has_value = builder_.method(place_, builder_.identifier(place_, target_name), "hasValue", {});
    return bind(target_name, target_, call("_?_:_", {has_value, mapped, call("optional.none", {})}));
  }

  Expr* call(std::string_view function, AstBuilder::Args args) { return builder_.call(place_, function, args); }

  Expr* arg(std::size_t index) { return args_[index]; }
  const Exprs& args() const { return args_; }
  void set_variables(std::size_t count) { variables_ = count; }

 private:
  Expr* fail(const Expr& at, std::string message) {
    issues_.push_back({at.begin, at.end, std::move(message)});
    return builder_.literal(place_, Value());
  }

  Expr* result() { return builder_.identifier(place_, result_name); }
  Expr* boolean(bool value) { return builder_.literal(place_, Value::boolean(value)); }
  Expr* number(std::int64_t value) { return builder_.literal(place_, Value::int64(value)); }

  // The name of the variable that argument `index` introduces.
  std::string_view variable(std::size_t index) {
    const Expr& name = *args_[index];
    if (name.kind == Expr::Kind::identifier && !name.name.starts_with('.')) return name.name;
    fail(name, "this introduces a variable, so it must be a simple name");
    return unused_name;
  }

  Expr* where(Expr* filter, Expr* step) { return filter == nullptr ? step : call("_?_:_", {filter, step, result()}); }

  Expr* bind(std::string_view name, Expr* value, Expr* body) {
    return builder_.fold(place_, {.item_name = unused_name,
                                  .second_name = {},
                                  .result_name = name,
                                  .range = builder_.aggregate(Expr::Kind::list, place_, {}),
                                  .init = value,
                                  .condition = boolean(false),
                                  .step = builder_.identifier(place_, name),
                                  .result = body});
  }

  Expr* fold(Expr* init, Expr* condition, Expr* step, Expr* result) {
    const std::string_view item = variable(0);
    const std::string_view second = variables_ == 2 ? variable(1) : std::string_view();
    if (item == second && item != unused_name) fail(*args_[1], "the two variables need different names");
    return builder_.fold(place_, {.item_name = item,
                                  .second_name = second,
                                  .result_name = result_name,
                                  .range = target_,
                                  .init = init,
                                  .condition = condition,
                                  .step = step,
                                  .result = result});
  }

  AstBuilder::Place place_;
  Expr* target_;
  Exprs& args_;
  std::size_t variables_ = 1;
  AstBuilder& builder_;
  std::vector<Issue>& issues_;
};

struct Macro {
  std::string_view target;  // "": none. "*": any. Else the identifier it has.
  std::string_view name;
  std::size_t args;  // 0: any number but none.
  std::size_t variables;
  Expr* (*expand)(Expansion&);
  Macros set = Macros::all;  // Where it belongs.
};

Expr* all(Expansion& e) {
  return e.all();
}
Expr* exists(Expansion& e) {
  return e.exists();
}
Expr* exists_one(Expansion& e) {
  return e.exists_one();
}
Expr* greatest(Expansion& e) {
  return e.call("math.@max", e.args());
}
Expr* least(Expansion& e) {
  return e.call("math.@min", e.args());
}

constexpr std::array macros = {
    Macro{"", "has", 1, 0, [](Expansion& e) { return e.has(); }, Macros::standard},
    Macro{"*", "all", 2, 1, all, Macros::standard},
    Macro{"*", "all", 3, 2, all},
    Macro{"*", "exists", 2, 1, exists, Macros::standard},
    Macro{"*", "exists", 3, 2, exists},
    Macro{"*", "exists_one", 2, 1, exists_one, Macros::standard},
    Macro{"*", "exists_one", 3, 2, exists_one},
    Macro{"*", "existsOne", 2, 1, exists_one, Macros::standard},
    Macro{"*", "existsOne", 3, 2, exists_one},
    Macro{"*", "map", 2, 1, [](Expansion& e) { return e.collect(nullptr, e.arg(1)); }, Macros::standard},
    Macro{"*", "map", 3, 1, [](Expansion& e) { return e.collect(e.arg(1), e.arg(2)); }, Macros::standard},
    Macro{"*", "filter", 2, 1, [](Expansion& e) { return e.collect(e.arg(1), e.arg(0)); }, Macros::standard},
    Macro{"*", "transformList", 3, 2, [](Expansion& e) { return e.collect(nullptr, e.arg(2)); }},
    Macro{"*", "transformList", 4, 2, [](Expansion& e) { return e.collect(e.arg(2), e.arg(3)); }},
    Macro{"*", "transformMap", 3, 2, [](Expansion& e) { return e.collect_entries(nullptr, {e.arg(0), e.arg(2)}); }},
    Macro{"*", "transformMap", 4, 2, [](Expansion& e) { return e.collect_entries(e.arg(2), {e.arg(0), e.arg(3)}); }},
    Macro{"*", "transformMapEntry", 3, 2, [](Expansion& e) { return e.collect_entries(nullptr, {e.arg(2)}); }},
    Macro{"*", "transformMapEntry", 4, 2, [](Expansion& e) { return e.collect_entries(e.arg(2), {e.arg(3)}); }},
    Macro{"cel", "bind", 3, 0, [](Expansion& e) { return e.bind(); }},
    Macro{"*", "optMap", 2, 0, [](Expansion& e) { return e.optional_map(false); }},
    Macro{"*", "optFlatMap", 2, 0, [](Expansion& e) { return e.optional_map(true); }},
    Macro{"math", "greatest", 0, 0, greatest},
    Macro{"math", "least", 0, 0, least},
};

bool fits(const Macro& macro, const MacroCall& call) {
  if (macro.name != call.function) return false;
  if (macro.args == 0 ? call.args.empty() : macro.args != call.args.size()) return false;
  if (macro.target.empty()) return call.target == nullptr;
  if (call.target == nullptr) return false;
  return macro.target == "*" || (call.target->kind == Expr::Kind::identifier && call.target->name == macro.target);
}

struct Usage {
  std::string_view name;
  std::string_view text;
};

constexpr std::array usages = {
    Usage{"has", "has(a.field)"},
    Usage{"all", "list.all(item, condition)"},
    Usage{"exists", "list.exists(item, condition)"},
    Usage{"exists_one", "list.exists_one(item, condition)"},
    Usage{"existsOne", "list.existsOne(item, condition)"},
    Usage{"map", "list.map(item, value) or list.map(item, condition, value)"},
    Usage{"filter", "list.filter(item, condition)"},
    Usage{"transformList",
          "list.transformList(index, item, value) or list.transformList(index, item, condition, value)"},
    Usage{"transformMap",
          "map.transformMap(key, value, new_value) or map.transformMap(key, value, condition, new_value)"},
    Usage{"transformMapEntry", "map.transformMapEntry(key, value, {new_key: new_value})"},
    Usage{"bind", "cel.bind(name, value, expression)"},
    Usage{"optMap", "optional.optMap(name, expression)"},
    Usage{"optFlatMap", "optional.optFlatMap(name, optional_expression)"},
    Usage{"greatest", "math.greatest(a, b, …)"},
    Usage{"least", "math.least(a, b, …)"},
};

}  // namespace

Expr* expand_macro(MacroCall call, Macros allowed, AstBuilder& builder, std::vector<Issue>& issues) {
  for (const Macro& macro : macros) {
    if (macro.set > allowed || !fits(macro, call)) continue;
    Expansion expansion(call, builder, issues);
    expansion.set_variables(macro.variables);
    return macro.expand(expansion);
  }
  return nullptr;
}

std::string_view macro_usage(std::string_view name) {
  for (const Usage& usage : usages) {
    if (usage.name == name) return usage.text;
  }
  return {};
}

}  // namespace tallyho::cel

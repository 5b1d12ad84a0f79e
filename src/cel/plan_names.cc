// Names in programs that were not checked: the longest qualified name that the environment knows, as the checker would
// have found it.

#include <algorithm>

#include "cel/names.h"
#include "cel/planner.h"

namespace tallyho::cel {
const Variable* Planner::find_qualified(std::string_view name) const {
  const Variable* found = nullptr;
  find_candidate(environment_.container(), name, [&](std::string_view candidate) {
    found = environment_.find_variable(candidate);
    return found != nullptr;
  });
  return found;
}

Planner::Part Planner::lower_unchecked_name(const Expr& expr) {
  const std::string name = qualified_name(expr);
  const bool may_be_qualified = !name.empty() && !find_local(first_name(name));
  if (const Variable* variable = may_be_qualified ? find_qualified(name) : nullptr) {
    if (variable->constant) return add_constant(expr, *variable->constant);
    if (variable->type.is(Type::Kind::record)) return add_error(expr, ErrorKind::no_such_overload);
    Part part = add(Opcode::slot, expr);
    node(part).a = variable->slot;
    part.reads_slots = true;
    slots_.push_back(variable->slot);
    return part;
  }
  if (may_be_qualified) {
    std::string_view type;
    const auto is_type = [&](std::string_view candidate) {
      if (type_named(candidate)) type = plan_.arena.copy(candidate);
      return !type.empty();
    };
    if (find_candidate(environment_.container(), name, is_type)) return add_constant(expr, Value::type(type));
  }
  if (expr.kind != Expr::Kind::select) return add_error(expr, ErrorKind::unbound);
  const std::string target_name = qualified_name(*expr.target);
  if (!target_name.empty() && !find_local(first_name(target_name))) {
    const Variable* record = find_qualified(target_name);
    if (record != nullptr && record->type.is(Type::Kind::record)) {
      const Field* field = record->type.find_field(expr.name);
      if (field == nullptr) return add_error(expr, ErrorKind::no_such_field);
      if (field->constant) {
        return add_constant(expr, expr.test_only ? Value::boolean(true) : *field->constant);
      }
      Expr slot = expr;
      slot.slot = field->slot;
      slot.optional_field = field->optional;
      return lower_slot(slot);
    }
  }
  const Part part = add_unary(expr.test_only ? Opcode::has_select : Opcode::select, expr, *expr.target);
  node(part).constant = Value::string(plan_.arena.copy(expr.name));
  return part;
}

// A call with a target may be a function with a qualified name, `math.abs(x)`, or a method. Only overloads for this
// number of arguments are given.
std::vector<const Overload*> Planner::overloads_of(const Expr& expr, bool& is_method) const {
  std::vector<const Overload*> found;
  const auto look_up = [&](std::string_view name, std::size_t args, bool method) {
    const bool is_variadic = name == "math.@max" || name == "math.@min";
    const std::size_t parameters = is_variadic ? std::min(args, variadic_parameters) : args;
    find_candidate(method ? std::string_view() : environment_.container(), name, [&](std::string_view candidate) {
      for (const Overload* overload : environment_.find_overloads(candidate)) {
        if (overload->is_method == method && overload->parameters.size() == parameters) found.push_back(overload);
      }
      return !found.empty();
    });
  };
  is_method = false;
  if (expr.target == nullptr) {
    look_up(expr.name, expr.args.size(), false);
    return found;
  }
  const std::string target_name = qualified_name(*expr.target);
  if (!target_name.empty() && !find_local(first_name(target_name))) {
    look_up(target_name + "." + std::string(expr.name), expr.args.size(), false);
    if (!found.empty()) return found;
  }
  is_method = true;
  look_up(expr.name, expr.args.size() + 1, true);
  return found;
}

}  // namespace tallyho::cel

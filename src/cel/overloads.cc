#include "cel/overloads.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cel/names.h"
#include "cel/parser.h"

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;

bool is_scalar(const Type& type) {
  return type.kind() >= TypeKind::boolean && type.kind() <= TypeKind::duration;
}

// Nothing is of this kind that is not, and nothing of another one fits it; whatever its parts are.
bool is_definite(TypeKind kind) {
  return kind != TypeKind::dyn && kind != TypeKind::error && kind != TypeKind::null && kind != TypeKind::parameter;
}

// Nothing in it is open, or fits what it is not.
bool is_settled(const Type& type) {
  switch (type.kind()) {
    case TypeKind::dyn:
    case TypeKind::error:
    case TypeKind::null:
    case TypeKind::parameter: return false;
    default: return std::ranges::all_of(type.parameters(), is_settled);
  }
}

// What the variables of a signature stand for: a handful at most.
struct Bindings {
  const Type* find(const std::string& name) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (*names[i] == name) return types[i];
    }
    return nullptr;
  }
  bool bind(const std::string& name, const Type& type) {
    if (count == names.size()) return false;
    names[count] = &name;
    types[count++] = &type;
    return true;
  }

  std::array<const std::string*, 4> names = {};
  std::array<const Type*, 4> types = {};
  std::size_t count = 0;
};

// Whether `type`, which is settled, is part by part what the parameter says. False is no answer: there are types that
// fit without being the same.
bool is_just(const Type& parameter, const Type& type, Bindings& bindings) {
  if (parameter.is(TypeKind::parameter)) {
    const Type* bound = bindings.find(parameter.name());
    return bound != nullptr ? *bound == type : bindings.bind(parameter.name(), type);
  }
  if (parameter.kind() != type.kind()) return false;
  if (parameter.is_simple()) return true;
  if (parameter.is(TypeKind::opaque) || parameter.is(TypeKind::record)) return parameter == type;
  const auto& wanted = parameter.parameters();
  const auto& given = type.parameters();
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_just(wanted[i], given[i], bindings)) return false;
  }
  return true;
}

// The result of the overload if it takes these arguments. Of most, as of scalars, nothing is to be found out but
// whether they are the same.
std::optional<Type> result_of(const Overload& overload, const CallSite& site, std::span<const Type> types,
                              Unifier& unifier) {
  if (overload.is_method != site.is_method || overload.parameters.size() != types.size()) return std::nullopt;
  bool are_all_scalars = is_scalar(overload.result);
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeKind given = types[i].kind();
    const TypeKind wanted = overload.parameters[i].kind();
    if (given != wanted && is_definite(given) && is_definite(wanted)) return std::nullopt;
    if (overload.parameters[i].is(TypeKind::parameter) && is_held_by_host(*site.args[i], types[i])) return std::nullopt;
    are_all_scalars = are_all_scalars && given == wanted && is_scalar(types[i]);
  }
  if (are_all_scalars) return overload.result;
  if (is_scalar(overload.result) && std::ranges::all_of(types, is_settled)) {
    Bindings bindings;
    bool are_just = true;
    for (std::size_t i = 0; are_just && i < types.size(); ++i) {
      are_just = is_just(overload.parameters[i], types[i], bindings);
    }
    if (are_just) return overload.result;
  }
  Unifier::Renaming renaming;
  std::vector<Type> parameters;
  parameters.reserve(types.size());
  for (const Type& parameter : overload.parameters) parameters.push_back(unifier.instantiate(parameter, renaming));
  if (!unifier.assignable(types, parameters)) return std::nullopt;
  return unifier.resolve(unifier.instantiate(overload.result, renaming));
}

bool takes(const CallSite& site, std::span<const Type> types, Unifier& unifier) {
  const std::size_t before = unifier.mark();
  const bool found = std::ranges::any_of(
      site.overloads, [&](const Overload* overload) { return result_of(*overload, site, types, unifier).has_value(); });
  unifier.roll_back(before);
  return found;
}

std::string list_of(std::span<const Type> types) {
  std::string text = "(";
  for (const Type& type : types) {
    if (text.size() > 1) text += ", ";
    text += type.to_string();
  }
  return text + ")";
}

std::string signature(const Overload& overload) {
  std::span<const Type> parameters = overload.parameters;
  std::string text;
  if (overload.is_method) {
    text = parameters[0].to_string() + ".";
    parameters = parameters.subspan(1);
  }
  return text.append(written_name(overload.function)) + list_of(parameters);
}

bool is_number(const Type& type) {
  return type.is(TypeKind::int64) || type.is(TypeKind::uint64) || type.is(TypeKind::float64);
}

// How to write this argument as another type.
std::string conversion(const Expr& arg, const Type& from, const Type& to) {
  if (arg.kind == Expr::Kind::literal && from.is(TypeKind::int64)) {
    const std::string digits = to_literal(arg.value);
    if (to.is(TypeKind::float64)) return digits + ".0";
    if (to.is(TypeKind::uint64) && arg.value.as_int64() >= 0) return digits + "u";
  }
  const bool is_short = arg.kind == Expr::Kind::literal || !qualified_name(arg).empty();
  return to.to_string() + "(" + (is_short ? to_text(arg) : "…") + ")";
}

// What the call would take if its numbers were of this kind, or, for string, everything that string() takes.
std::string hint_for(TypeKind kind, const CallSite& site, std::span<const Type> types, Unifier& unifier) {
  const Type wanted = Type::simple(kind);
  std::vector<Type> converted(types.begin(), types.end());
  std::string hint;
  for (std::size_t i = 0; i < types.size(); ++i) {
    bool is_convertible = is_number(types[i]);
    if (kind == TypeKind::string) {
      is_convertible = is_convertible || types[i].is(TypeKind::boolean) || types[i].is(TypeKind::timestamp) ||
                       types[i].is(TypeKind::duration);
    }
    if (!is_convertible || types[i] == wanted) continue;
    converted[i] = wanted;
    hint.append(hint.empty() ? "; write " : " and ").append(conversion(*site.args[i], types[i], wanted));
  }
  return !hint.empty() && takes(site, converted, unifier) ? hint : std::string();
}

// First what one of the arguments is already, then what the function wants of them.
std::string conversion_hint(const CallSite& site, std::span<const Type> types, Unifier& unifier) {
  for (const TypeKind kind : {TypeKind::float64, TypeKind::int64, TypeKind::uint64, TypeKind::string}) {
    if (std::ranges::find(types, Type::simple(kind)) == types.end()) continue;
    if (std::string hint = hint_for(kind, site, types, unifier); !hint.empty()) return hint;
  }
  for (const TypeKind kind : {TypeKind::float64, TypeKind::int64}) {
    if (std::string hint = hint_for(kind, site, types, unifier); !hint.empty()) return hint;
  }
  return {};
}

// "; there is string.startsWith(string)", the first few of them.
std::string signatures(const CallSite& site) {
  constexpr std::size_t shown_max = 4;
  std::string text;
  std::size_t count = 0;
  for (const Overload* overload : site.overloads) {
    if (++count > shown_max) return text + ", …";
    text.append(count == 1 ? "; there is " : ", ").append(signature(*overload));
  }
  return text;
}

}  // namespace

bool is_held_by_host(const Expr& arg, const Type& type) {
  return type.is(TypeKind::opaque) && arg.reference == Expr::Reference::slot;
}

std::optional<Resolution> resolve_call(const CallSite& site, Unifier& unifier, Arena& arena) {
  Resolution resolution;
  std::span<const Overload*> several;
  for (std::size_t i = 0; i < site.overloads.size(); ++i) {
    const std::optional<Type> result = result_of(*site.overloads[i], site, site.types, unifier);
    if (!result) continue;
    const std::size_t found = resolution.overloads.size();
    if (found == 0) {
      resolution = {site.overloads.subspan(i, 1), *result};
      continue;
    }
    if (several.empty()) {
      several = arena.array<const Overload*>(site.overloads.size());
      several[0] = resolution.overloads[0];
    }
    several[found] = site.overloads[i];
    resolution.overloads = several.first(found + 1);
    if (resolution.result != *result) resolution.result = Type();
  }
  if (resolution.overloads.empty()) return std::nullopt;
  return resolution;
}

std::string explain_mismatch(const CallSite& site, Unifier& unifier) {
  for (std::size_t i = 0; i < site.args.size(); ++i) {
    if (!is_held_by_host(*site.args[i], site.types[i])) continue;
    return "'" + to_text(*site.args[i]) + "' is a " + site.types[i].to_string() +
           ", which only its own functions take; '" + std::string(written_name(site.function)) + "' does not";
  }
  std::vector<Type> types;
  types.reserve(site.types.size());
  for (const Type& type : site.types) types.push_back(unifier.resolve(type, true));
  const std::string_view written = written_name(site.function);
  const bool is_operator = written != site.function && !site.function.starts_with("math.");
  std::string text = "no overload of '" + std::string(written) + "' for ";
  if (site.is_method) text += types[0].to_string() + ".";
  text += list_of(std::span<const Type>(types).subspan(site.is_method ? 1 : 0));
  const std::string hint = conversion_hint(site, types, unifier);
  if (!hint.empty()) return text + hint;
  if (is_operator) return text;
  return text + signatures(site);
}

}  // namespace tallyho::cel

#include "cel/unification.h"

#include <algorithm>

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;

bool is_dyn_or_error(const Type& type) {
  return type.is(TypeKind::dyn) || type.is(TypeKind::error);
}

bool may_be_null(const Type& type) {
  return type.is(TypeKind::null) || type.is(TypeKind::timestamp) || type.is(TypeKind::duration) ||
         type.is(TypeKind::optional) || type.is(TypeKind::opaque);
}

// Whether `a` says no more than `b`.
bool is_as_general(const Type& a, const Type& b) {
  if (a.is(TypeKind::dyn) || a.is(TypeKind::parameter)) return true;
  if (b.is(TypeKind::dyn) || b.is(TypeKind::parameter)) return false;
  if (a.kind() != b.kind()) return b.is(TypeKind::null);
  switch (a.kind()) {
    case TypeKind::type: return true;
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::optional:
    case TypeKind::opaque:
      return a.name() == b.name() && std::ranges::equal(a.parameters(), b.parameters(), is_as_general);
    default: return a == b;
  }
}

const Type& more_general(const Type& a, const Type& b) {
  return is_as_general(a, b) ? a : b;
}

// `type` with other parameters.
Type rebuild(const Type& type, std::vector<Type> parameters) {
  switch (type.kind()) {
    case TypeKind::list: return Type::list(std::move(parameters[0]));
    case TypeKind::map: return Type::map(std::move(parameters[0]), std::move(parameters[1]));
    case TypeKind::type: return Type::type_of(std::move(parameters[0]));
    case TypeKind::optional: return Type::optional(std::move(parameters[0]));
    case TypeKind::opaque: return Type::opaque(type.name(), std::move(parameters));
    default: return type;
  }
}

}  // namespace

Type Unifier::fresh() {
  return Type::parameter("#" + std::to_string(fresh_count_++));
}

Type Unifier::instantiate(const Type& type, Renaming& renaming) {
  if (type.is(TypeKind::parameter)) {
    const auto found = renaming.find(type.name());
    return found != renaming.end() ? found->second : renaming.emplace(type.name(), fresh()).first->second;
  }
  if (type.parameters().empty()) return type;
  std::vector<Type> parameters;
  parameters.reserve(type.parameters().size());
  for (const Type& parameter : type.parameters()) parameters.push_back(instantiate(parameter, renaming));
  return rebuild(type, std::move(parameters));
}

bool Unifier::assignable(const Type& from, const Type& to) {
  return assignable({&from, 1}, {&to, 1});
}

bool Unifier::assignable(std::span<const Type> from, std::span<const Type> to) {
  const std::size_t before = mark();
  if (fits_all(from, to)) return true;
  roll_back(before);
  return false;
}

Type Unifier::join(const Type& a, const Type& b) {
  if (a.is(TypeKind::error) || b.is(TypeKind::error)) return Type::simple(TypeKind::error);
  if (a.is_simple() && b.is_simple() && a.kind() == b.kind()) return a;
  return assignable(a, b) ? more_general(a, b) : Type::simple(TypeKind::dyn);
}

Type Unifier::resolve_parts(const Type& type, bool free_is_dyn) const {
  if (!may_go_on()) return {};
  if (const Type* known = find(type)) return resolve(*known, free_is_dyn);
  if (type.is(TypeKind::parameter)) return free_is_dyn ? Type() : type;
  if (std::ranges::all_of(type.parameters(), &Type::is_simple)) return type;
  std::vector<Type> parameters;
  parameters.reserve(type.parameters().size());
  for (const Type& parameter : type.parameters()) parameters.push_back(resolve(parameter, free_is_dyn));
  return parameters == type.parameters() ? type : rebuild(type, std::move(parameters));
}

void Unifier::roll_back(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    auto& [name, before] = trail_.back();
    if (before) {
      known_.insert_or_assign(name, *before);
    } else {
      known_.erase(name);
    }
  }
}

const Type* Unifier::find(const Type& variable) const {
  if (!variable.is(TypeKind::parameter)) return nullptr;
  const auto found = known_.find(variable.name());
  return found != known_.end() ? &found->second : nullptr;
}

void Unifier::bind(const Type& variable, const Type& type) {
  const Type* before = find(variable);
  trail_.emplace_back(variable.name(), before != nullptr ? std::optional(*before) : std::nullopt);
  known_.insert_or_assign(variable.name(), type);
}

bool Unifier::fits(const Type& a, const Type& b) {
  if (!may_go_on()) return true;
  if (b.is(TypeKind::parameter)) {
    const Substitution found = substitute(b, a);
    if (found.is_valid) return true;
    if (found.was_known) return false;
    // Else `a` may still be the variable that stands for `b`.
  }
  if (a.is(TypeKind::parameter)) return substitute(a, b).is_valid;
  if (is_dyn_or_error(a) || is_dyn_or_error(b)) return true;
  if (a.is(TypeKind::null)) return may_be_null(b);
  if (b.is(TypeKind::null)) return may_be_null(a);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case TypeKind::type: return true;
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::optional:
    case TypeKind::opaque: return a.name() == b.name() && fits_all(a.parameters(), b.parameters());
    case TypeKind::record: return a == b;
    default: return true;
  }
}

bool Unifier::fits_all(std::span<const Type> a, std::span<const Type> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!fits(a[i], b[i])) return false;
  }
  return true;
}

// Whether `type` may stand for the variable.
Unifier::Substitution Unifier::substitute(const Type& variable, const Type& type) {
  if (type == variable) return {.is_valid = true, .was_known = true};
  if (const Type* known = find(variable)) {
    const Type before = *known;
    if (type == before) return {.is_valid = true, .was_known = true};
    if (!fits(type, before)) return {.is_valid = false, .was_known = true};
    const Type& general = more_general(type, before);
    if (!occurs(variable, general)) bind(variable, general);
    return {.is_valid = true, .was_known = true};
  }
  if (occurs(variable, type)) return {};
  bind(variable, type);
  return {.is_valid = true, .was_known = false};
}

// Whether `type` is the variable or holds it, so that binding would make a circle.
bool Unifier::occurs(const Type& variable, const Type& type) const {
  if (!may_go_on()) return false;
  if (type == variable) return true;
  if (const Type* known = find(type)) return occurs(variable, *known);
  return std::ranges::any_of(type.parameters(), [&](const Type& part) { return occurs(variable, part); });
}

}  // namespace tallyho::cel

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/ast.h"
#include "cel/environment.h"
#include "cel/unification.h"

namespace tallyho::cel {

// A call that is to be resolved. A method's target comes first in both lists.
struct CallSite {
  std::string_view function;
  Overloads overloads;  // All of that name.
  bool is_method = false;
  std::span<const Type> types;  // Of the arguments.
  std::span<const Expr* const> args;
};

struct Resolution {
  Overloads overloads;  // Those that may apply, never none; some of the site's, or in the arena.
  Type result;          // What all of them give, or dyn.
};

// The overloads that take the arguments; what they tell of type variables is kept. Nothing if there is none.
std::optional<Resolution> resolve_call(const CallSite& site, Unifier& unifier, Arena& arena);

// Why there is none, and what would be right: "'+' does not take (int, double); write double(a)".
std::string explain_mismatch(const CallSite& site, Unifier& unifier);

// Whether this argument is state of the host's that only functions made for it may take.
bool is_held_by_host(const Expr& arg, const Type& type);

}  // namespace tallyho::cel

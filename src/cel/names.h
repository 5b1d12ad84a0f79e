#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/ast.h"
#include "cel/type.h"

namespace tallyho::cel {

// "a.b.c" where the expression is nothing but an identifier and selections, with the leading dot if it has one; "" if
// it is anything else.
std::string qualified_name(const Expr& expr);

// The part before the first dot; of ".a.b", "".
std::string_view first_name(std::string_view qualified);

// Tries what a name may mean within container A.B, in order: A.B.name, A.name, name; a leading dot leaves the last
// alone. `is_it` is asked for each; false if it is none of them.
template <typename IsIt>
bool find_candidate(std::string_view container, std::string_view name, IsIt is_it) {
  if (name.starts_with('.')) return is_it(name.substr(1));
  while (!container.empty()) {
    std::string within(container);
    within.append(".").append(name);
    if (is_it(std::string_view(within))) return true;
    const std::size_t dot = container.rfind('.');
    container = container.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return is_it(name);
}

// The type that an identifier denotes as a value ("int", "google.protobuf.Timestamp", "list" for list(dyn)); nothing
// for other names. `dyn` has no value.
std::optional<Type> type_named(std::string_view name);

// What people write for a function of that name: "+" for "_+_", "math.greatest" for "math.@max", else the name.
std::string_view written_name(std::string_view function);

}  // namespace tallyho::cel

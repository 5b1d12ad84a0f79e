#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/ast.h"
#include "cel/type.h"

namespace tallyho::cel {

// "a.b.c" where the expression is nothing but an identifier and selections, with the leading dot if it has one; "" if
// it is anything else.
std::string qualified_name(const Expr& expr);

// The part before the first dot; of ".a.b", "".
std::string_view first_name(std::string_view qualified);

// What a name may mean within container A.B, in order: A.B.name, A.name, name. A leading dot leaves the last alone.
std::vector<std::string> candidate_names(std::string_view container, std::string_view name);

// The type that an identifier denotes as a value ("int", "google.protobuf.Timestamp", "list" for list(dyn)); nothing
// for other names. `dyn` has no value.
std::optional<Type> type_named(std::string_view name);

// What people write for a function of that name: "+" for "_+_", "math.greatest" for "math.@max", else the name.
std::string_view written_name(std::string_view function);

}  // namespace tallyho::cel

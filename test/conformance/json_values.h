#pragma once

// Values and types of cel-spec's tests, which are messages of protobuf in their JSON form.

#include <optional>

#include "cel/type.h"
#include "cel/value.h"
#include "simdjson.h"

namespace tallyho::conformance {

// A cel.expr.Value, as {"int64Value": "3"}; nothing if it is, or holds, a message or an enum. Texts are borrowed from
// the document.
std::optional<cel::Value> read_value(simdjson::dom::element json, Arena& arena);

// A cel.expr.Type, as {"primitive": "INT64"}; nothing if it needs messages or wrappers.
std::optional<cel::Type> read_type(simdjson::dom::element json);

// Whether they are the same value of the same type: 1 is not 1.0, NaN is NaN, the order of a map's pairs is nothing.
bool same(const cel::Value& a, const cel::Value& b);

}  // namespace tallyho::conformance

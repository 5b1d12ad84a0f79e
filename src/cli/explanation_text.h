#pragma once

#include <string>

#include "base/json.h"
#include "engine/engine.h"

namespace tallyho::cli {

// What each rule did with an event, a line each with the values that a condition failed on, and what came of it.
std::string text_of(const Explanation& explanation, const Ruleset& ruleset);

// The same as members of an object: "code", "points", "total", "message", "rules".
void append_explanation(JsonWriter& json, const Explanation& explanation, const Ruleset& ruleset);

}  // namespace tallyho::cli

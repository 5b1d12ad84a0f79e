#pragma once

#include <optional>
#include <string>

#include "suite.h"

namespace tallyho::conformance {

enum class Checking {
  as_asked,  // With the checker, unless the test says disable_check.
  never,     // The parsed expression is evaluated as it is.
};

// Runs a test of the conformance suite as cel-spec's simple.proto says: parse, check, evaluate, compare. Nothing if it
// passed, else what was expected and what came instead.
//
// What is checked is evaluated by the fast path, too, which has to give the same.
//
// An error that a test expects comes from the evaluation: a problem that the parser or checker finds is a failure.
std::optional<std::string> conformance_failure(const Test& test, Checking checking);

// Whether a test says something about evaluation without the checker, too: not if it is about types, or if a function
// it declares has no implementation.
bool runs_unchecked(const Test& test);

}  // namespace tallyho::conformance

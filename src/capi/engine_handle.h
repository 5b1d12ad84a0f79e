#pragma once

#include <memory>
#include <string>

#include "base/problem.h"
#include "capi/scorer.h"
#include "tallyho.h"

// What a tallyho_engine* points to.
struct tallyho_engine {
  tallyho::capi::Scorer scorer;
  tallyho_engine* next_broken = nullptr;  // Of those that were closed broken.
};

namespace tallyho::capi {

// Ends an engine. One that is broken is only put aside: Abseil's hash tables, if it was they that got no memory to
// grow, can't even be destroyed.
void end_engine(tallyho_engine* engine);

// The ruleset of a file. Errors: not_found, invalid_argument (with every problem, as `tallyho check` prints them).
Answered<std::shared_ptr<const Ruleset>> load_from_file(const std::string& path);
// Of a text; `name` is what problems call it.
Answered<std::shared_ptr<const Ruleset>> load_from_text(std::string_view source, const std::string& name);
Answered<std::shared_ptr<const Ruleset>> load_built_in();

// The engine that a caller means: NULL is the process-wide one, which is made if it isn't there yet.
// Errors: unavailable.
Answered<Scorer*> scorer_of(tallyho_engine* engine);

}  // namespace tallyho::capi

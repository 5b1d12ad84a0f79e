#pragma once

#include <expected>
#include <functional>
#include <string>

#include "engine/engine.h"

namespace tallyho {

// Brings a new engine to where its log ends, before anything else is asked of it: applies every record, in order. A log
// that has none yet begins with the engine's ruleset, which arrived at `now`.
//
// `progress`, if given, is told the position reached, every few thousand records. O(records).
// Errors, as text: the log cannot be read or is damaged; it goes on under another ruleset than the engine's; a record
// is no event of this ruleset, though it was one when it was logged.
std::expected<void, std::string> open_history(Engine& engine, Timestamp now,
                                              const std::function<void(Position)>& progress = {});

}  // namespace tallyho

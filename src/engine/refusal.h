#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cel/program.h"
#include "ruleset/ruleset.h"
#include "state/state.h"

namespace tallyho {

// What stopped an event, in words for whoever sent it. The text's memory is used again and again.
struct Refusal {
  Code code = Code::internal;
  std::optional<RuleIndex> rule;
  std::optional<BoardIndex> board;
  std::string message;
};

// What goes wrong in state, as an error value that expressions hand on: of kind `host`, with the fault and the scope it
// happened in. `key_failed` stands for whatever the scope's key failed with.
cel::Value make_fault(StateFault fault, ScopeIndex scope);
StateFault fault_of(const cel::Value& error);
ScopeIndex scope_of(const cel::Value& error);

// "points: division by zero at column 13 of 'event.value / event.zero'". `what` is the part of the rule or board that
// the expression is. Long expressions are cut to the surroundings.
void describe_error(std::string& out, std::string_view what, const cel::Program& program, const cel::Value& error);

// "player.tag: the text has 80 bytes, more than max_bytes (64)"
void describe_fault(std::string& out, StateFault fault, const Scope& scope, const StateVariable& variable,
                    const cel::Value& value);

}  // namespace tallyho

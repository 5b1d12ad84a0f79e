#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "event/fault.h"
#include "ruleset/ruleset.h"

namespace tallyho {

// What an error's words are made of.
struct FaultContext {
  std::string_view member;                 // To blame, or "".
  std::string_view type;                   // The event's, if it is known.
  std::string_view text;                   // unknown_type: what was asked for.
  const FieldDefinition* field = nullptr;  // Of the member, if it is declared.
};

// The sentence behind Decoder::describe(). Allocates.
std::string describe_fault(const Error& error, const FaultContext& context);

}  // namespace tallyho

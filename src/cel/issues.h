#pragma once

#include <vector>

#include "cel/ast.h"

namespace tallyho::cel {

// In order of position; of several at one place the one found first is the cause, and the only one left.
std::vector<Issue> in_order(std::vector<Issue> issues);

}  // namespace tallyho::cel

#pragma once

#include <string>
#include <vector>

#include "engine/comparison.h"

namespace tallyho::cli {

// "position 812, ada, e1: ok -> rejected, 20 -> 0 points"
std::string text_of(const ChangedEvent& changed);

// What another ruleset changes, as tables for people. `changed`: the first of its events.
std::string text_of(const Comparison& comparison, const std::vector<TopDifference>& boards,
                    const std::vector<std::string>& changed);

}  // namespace tallyho::cli

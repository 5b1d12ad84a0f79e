#pragma once

#include <string>

namespace YAML {
class Node;
}

namespace tallyho::cli {

// A YAML value as JSON: mappings, sequences, and scalars by the core schema (plain true, null, 12 and 1.5 are what they
// look like; quoted ones are strings). Keys are strings. Numbers keep their spelling. Allocates.
std::string to_json(const YAML::Node& node);

// Whether two JSON texts say the same: members in any order, numbers by value. Where either number is no integer, they
// may differ by a millionth of the larger, so that a distance can be expected with a few digits.
bool same_json(const std::string& a, const std::string& b);

}  // namespace tallyho::cli

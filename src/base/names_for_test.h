#pragma once

#include <string>
#include <unordered_map>
#include <utility>

#include "base/symbols.h"

namespace tallyho {

// Two names for which a SymbolTable computes the same hash, of 32 bits: there are such among some 100,000.
inline std::pair<std::string, std::string> names_of_one_hash() {
  std::unordered_map<std::uint32_t, std::string> names;
  for (int i = 0;; ++i) {
    std::string name = "name " + std::to_string(i);
    const auto [known, is_new] = names.try_emplace(SymbolTable::wanted(name).hash, name);
    if (!is_new) return {known->second, std::move(name)};
  }
}

}  // namespace tallyho

#pragma once

#include <optional>
#include <string>

namespace tallyho {

// 256 random bits that nobody can guess, as 43 letters, digits, - and _. Nothing if the system has none.
std::optional<std::string> random_text();

}  // namespace tallyho

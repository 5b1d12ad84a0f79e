#pragma once

#include <string>

namespace tallyho {

// The identity of a new log: 128 random bits from the operating system as 32 hex digits. Only what makes logs may ask:
// nothing that is computed from a log depends on it.
std::string make_log_identity();

}  // namespace tallyho

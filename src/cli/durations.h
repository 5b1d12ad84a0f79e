#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "base/time.h"

namespace tallyho::cli {

// Says of an option's text whether it is a duration longer than 0s: "720h".
inline CLI::Validator duration_validator() {
  return {[](std::string& text) {
            const auto duration = parse_duration(text);
            return duration && *duration > Duration::zero() ? std::string()
                                                            : "not a duration longer than 0s, as 720h: " + text;
          },
          "", "duration"};
}

}  // namespace tallyho::cli

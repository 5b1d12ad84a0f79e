#pragma once

#include <expected>
#include <string>

#include "base/error.h"

namespace tallyho {

// Why a request was refused: a code, and a sentence without a full stop for people.
struct Problem {
  Code code = Code::invalid_argument;
  std::string message;
  std::string problems = {};  // For a problem document: a JSON array that says more, or "".
};

template <typename T>
using Answered = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(Code code, std::string message) {
  return std::unexpected(Problem{code, std::move(message), {}});
}

}  // namespace tallyho

#include "base/error.h"

#include <array>
#include <cstddef>

namespace tallyho {
namespace {

struct CodeInfo {
  std::string_view name;
  int http_status;
  bool is_retryable;
  std::string_view meaning;
};

// By number.
constexpr std::array<CodeInfo, code_count> infos{{
    {"ok", 200, false, "scored"},
    {"malformed", 400, false, "not a well-formed JSON object"},
    {"too_large", 413, false, "larger than the event limit"},
    {"unknown_type", 400, false, "no such event type"},
    {"missing_field", 400, false, "a required member is missing"},
    {"invalid_field", 400, false, "a member has the wrong type or is out of bounds"},
    {"out_of_time", 400, false, "the event time is outside the clock bounds"},
    {"duplicate", 200, false, "this event was already accepted"},
    {"rejected", 422, false, "a rule rejected the event"},
    {"rule_error", 422, false, "a rule failed"},
    {"player_banned", 403, false, "the player is banned"},
    {"unauthorized", 403, false, "not allowed"},
    {"overloaded", 429, true, "not accepted now; try again later"},
    {"unavailable", 503, true, "not available now; try again later"},
    {"capacity", 507, false, "a configured limit is reached"},
    {"invalid_argument", 400, false, "the request makes no sense"},
    {"internal", 500, false, "a defect; the event had no effect"},
    {"not_found", 404, false, "there is no such thing"},
}};

const CodeInfo& info_of(Code code) {
  return infos[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view name_of(Code code) noexcept {
  return info_of(code).name;
}

std::optional<Code> code_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name == name) return static_cast<Code>(i);
  }
  return std::nullopt;
}

int http_status(Code code) noexcept {
  return info_of(code).http_status;
}
std::string_view describe(Code code) noexcept {
  return info_of(code).meaning;
}
bool is_retryable(Code code) noexcept {
  return info_of(code).is_retryable;
}

}  // namespace tallyho

#pragma once

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace tallyho {

// How many times as long as by default random tests run: TALLYHO_TEST_SCALE, 1 if it isn't set.
inline int test_scale() {
  const char* text = std::getenv("TALLYHO_TEST_SCALE");
  const std::string_view digits = text == nullptr ? "1" : text;
  int scale = 1;
  std::from_chars(digits.data(), digits.data() + digits.size(), scale);
  return std::max(1, scale);
}

}  // namespace tallyho

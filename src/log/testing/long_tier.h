#pragma once

// For tests that `./dev test` runs a tenth of, and `./dev faults`, with TALLYHO_FAULTS=1, in full.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace tallyho {

inline bool is_long_tier() {
  return std::getenv("TALLYHO_FAULTS") != nullptr;
}

// Says in the long tier how far a test has come, whenever another twentieth of all is done.
//
//     LongProgress progress("crash images", 1'000'000);
//     … progress.at(images) …
class LongProgress {
 public:
  LongProgress(const char* what, std::uint64_t all) : what_(what), all_(std::max<std::uint64_t>(all, 1)) {}

  void at(std::uint64_t done) {
    const std::uint64_t twentieth = std::min(done, all_) * 20 / all_;
    if (twentieth <= said_ || !is_long_tier()) return;
    said_ = twentieth;
    std::printf("  %3llu %% of %llu %s\n", static_cast<unsigned long long>(twentieth * 5),
                static_cast<unsigned long long>(all_), what_);
    std::fflush(stdout);
  }

 private:
  const char* what_;
  std::uint64_t all_;
  std::uint64_t said_ = 0;
};

}  // namespace tallyho

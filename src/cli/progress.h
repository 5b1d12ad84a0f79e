#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallyho::cli {

// A line on the terminal that says how far long work has come; nothing in a pipe.
//
//     Progress progress("scoring");
//     progress.update(done, total);   // cheap: draws a few times a second
//     progress.clear();
class Progress {
 public:
  explicit Progress(std::string verb);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: not known. `more` is appended as it is.
  void update(std::uint64_t done, std::uint64_t total, std::string_view unit, std::string_view more = {});
  void clear();

 private:
  std::string verb_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point next_;
};

// 1234567 as "1,234,567".
std::string with_commas(std::uint64_t number);

}  // namespace tallyho::cli

#include "cli/progress.h"

#include <unistd.h>

#include <utility>

#include "fmt/format.h"

namespace tallyho::cli {

using std::chrono::steady_clock;

constexpr auto redraw_interval = std::chrono::milliseconds(200);

Progress::Progress(std::string verb)
    : verb_(std::move(verb)),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      started_(steady_clock::now()),
      next_(started_ + redraw_interval) {}

void Progress::update(std::uint64_t done, std::uint64_t total, std::string_view unit, std::string_view more) {
  if (!is_terminal_) return;
  const auto now = steady_clock::now();
  if (now < next_) return;
  next_ = now + redraw_interval;
  is_drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  std::string share;
  if (total > 0) share = fmt::format(" {:3.0f} %", 100.0 * static_cast<double>(done) / static_cast<double>(total));
  fmt::print(stderr, "\r\x1b[K{}{}: {} {}, {:.0f} s{}", verb_, share, with_commas(done), unit, seconds, more);
}

void Progress::clear() {
  if (!is_drawn_) return;
  is_drawn_ = false;
  fmt::print(stderr, "\r\x1b[K");
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

}  // namespace tallyho::cli

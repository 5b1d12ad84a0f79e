// What a host of libtallyho.so has resident while it plays the standard load through it, one event after the other: a
// line for each minute of the load. Linked dynamically, as hosts are. bench/capi.py runs it.
//
//     capi_memory 32400000            # half an hour at 18,000 events/s; over 100,000 players

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "load/standard_load.h"
#include "tallyho.h"

namespace {

constexpr std::uint64_t events_a_minute = 60 * 18'000;

double resident_megabytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;  // All of it, then what is resident.
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void print(std::uint64_t events, std::uint64_t accepted) {
  std::printf("{\"minutes\":%.1f,\"events\":%llu,\"accepted\":%llu,\"resident_mb\":%.1f}\n",
              static_cast<double>(events) / events_a_minute, static_cast<unsigned long long>(events),
              static_cast<unsigned long long>(accepted), resident_megabytes());
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t wanted = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 30 * events_a_minute;
  tallyho::StandardLoad load({.events = wanted, .rate = 18'000});
  std::uint64_t events = 0;
  std::uint64_t accepted = 0;
  std::array<char, 256> error{};
  while (const auto line = load.next()) {
    std::int64_t points = 0;
    const int code = score_event(line->text.data(), line->text.size(), &points, error.data(), error.size());
    if (code == TALLYHO_OK) ++accepted;
    if (++events % events_a_minute == 0 || events == wanted) print(events, accepted);
  }
}

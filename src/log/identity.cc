#include "log/identity.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "fmt/format.h"

namespace tallyho {

// getrandom() can fail only where a sandbox forbids it. Clock and process then still tell apart the logs of a machine,
// which is what an identity is for: it is no secret.
std::string make_log_identity() {
  std::array<std::uint64_t, 2> words{};
  ssize_t got = -1;
  do {
    got = ::getrandom(words.data(), sizeof(words), 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof(words))) {
    words[0] = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    words[1] = (static_cast<std::uint64_t>(::getpid()) << 32) ^
               static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  return fmt::format("{:016x}{:016x}", words[0], words[1]);
}

}  // namespace tallyho

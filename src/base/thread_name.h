#pragma once

#include <pthread.h>

#include <cstddef>

namespace tallyho {

// Names the calling thread, for who looks at the process from outside: `top -H`, `ps -L`, perf, a debugger. At most 15
// bytes, as Linux keeps no more (pthread_setname_np(3)). The server's are in docs/reference/observability.md.
template <std::size_t size>
void name_thread(const char (&name)[size]) {
  static_assert(size <= 16);
  pthread_setname_np(pthread_self(), name);
}

}  // namespace tallyho

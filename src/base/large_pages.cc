#include "base/large_pages.h"

#ifdef TALLYHO_MIMALLOC

#include <sys/mman.h>

#include <cstdint>
#include <memory>

#include "mimalloc.h"

namespace tallyho {

void ask_for_large_pages() {
  mi_option_enable(mi_option_large_os_pages);
  // What was mapped before that: mimalloc takes memory from the system in pieces of this size, so aligned. It is only
  // advice, so nothing breaks where that is not so.
  constexpr std::uintptr_t piece_bytes = std::uintptr_t{32} << 20;
  const auto any = std::make_unique<char>();
  const std::uintptr_t piece = reinterpret_cast<std::uintptr_t>(any.get()) & ~(piece_bytes - 1);
  madvise(reinterpret_cast<void*>(piece), piece_bytes, MADV_HUGEPAGE);
}

}  // namespace tallyho

#else

void tallyho::ask_for_large_pages() {}

#endif

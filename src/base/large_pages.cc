// Linked into programs that allocate with mimalloc: before main(), asks for memory in pages of 2 MiB where the system
// has them. State is read at random, and with pages of 4 KiB nearly every read of it also misses the processor's
// address tables: with 100,000 players that costs a sixth of the events per second.
#include <sys/mman.h>

#include <cstdint>
#include <memory>

#include "mimalloc.h"

namespace {

const bool asked_for = [] {
  mi_option_enable(mi_option_large_os_pages);
  // What was mapped before that: mimalloc takes memory from the system in pieces of this size, so aligned. It is only
  // advice, so nothing breaks where that is not so.
  constexpr std::uintptr_t piece_bytes = std::uintptr_t{32} << 20;
  const auto any = std::make_unique<char>();
  const std::uintptr_t piece = reinterpret_cast<std::uintptr_t>(any.get()) & ~(piece_bytes - 1);
  madvise(reinterpret_cast<void*>(piece), piece_bytes, MADV_HUGEPAGE);
  return true;
}();

}  // namespace

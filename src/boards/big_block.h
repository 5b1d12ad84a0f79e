#pragma once

#include <cstddef>
#include <memory>

namespace tallyho {

inline constexpr std::size_t kernel_page_bytes = 4096;

// Gives back what make_big_block() took.
struct BigBlockDeleter {
  std::size_t mapped = 0;  // Bytes that were asked of the kernel; 0: it is the allocator's.
  void operator()(std::byte* block) const noexcept;
};
using BigBlock = std::unique_ptr<std::byte[], BigBlockDeleter>;

// Uninitialized memory, aligned to a cache line. From 1 MiB on it is asked of the kernel, and is there once it is
// touched, a page of 4 KiB at a time.
//
// Not in huge pages, whatever the system's default: whoever touches one first waits until 2 MiB have been made free and
// cleared, on a virtual machine up to 5 ms, in the middle of an event.
BigBlock make_big_block(std::size_t bytes);

}  // namespace tallyho

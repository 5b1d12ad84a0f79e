#pragma once

#include <cstddef>
#include <memory>

namespace tallyho {

inline constexpr std::size_t kernel_page_bytes = 4096;

// Gives back what make_big_block() took.
struct BigBlockDeleter {
  void operator()(std::byte* block) const noexcept;
};
using BigBlock = std::unique_ptr<std::byte[], BigBlockDeleter>;

// Uninitialized memory, aligned to a cache line, and from a page of the kernel's on to such a page.
//
// The kernel is not asked for huge pages: whoever touches one first waits until 2 MiB have been made free and cleared,
// on a virtual machine up to 5 ms, in the middle of an event.
BigBlock make_big_block(std::size_t bytes);

}  // namespace tallyho

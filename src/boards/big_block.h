#pragma once

#include <cstddef>
#include <memory>

namespace tallyho {

// Gives back what make_big_block() took.
struct BigBlockDeleter {
  void operator()(std::byte* block) const noexcept;
};
using BigBlock = std::unique_ptr<std::byte[], BigBlockDeleter>;

// Uninitialized memory, aligned to a cache line. From 2 MiB on the kernel is asked to back it with huge pages, so that
// what jumps about in it misses the address translation cache less often.
BigBlock make_big_block(std::size_t bytes);

}  // namespace tallyho

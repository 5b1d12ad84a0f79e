#include "boards/big_block.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <tuple>

namespace tallyho {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t mapped_bytes_min = std::size_t{1} << 20;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void BigBlockDeleter::operator()(std::byte* block) const noexcept {
  if (mapped > 0) {
    ::munmap(block, mapped);
  } else {
    std::free(block);
  }
}

BigBlock make_big_block(std::size_t bytes) {
  if (bytes < mapped_bytes_min) {
    BigBlock block(static_cast<std::byte*>(std::aligned_alloc(line_bytes, rounded_up(bytes, line_bytes))));
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }
  bytes = rounded_up(bytes, kernel_page_bytes);
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  BigBlock block(static_cast<std::byte*>(mapped), BigBlockDeleter{bytes});
  std::ignore = ::madvise(mapped, bytes, MADV_NOHUGEPAGE);  // An error where the kernel has none.
  return block;
}

}  // namespace tallyho

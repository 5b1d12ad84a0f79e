#include "boards/big_block.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <tuple>

namespace tallyho {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

void BigBlockDeleter::operator()(std::byte* block) const noexcept {
  std::free(block);
}

BigBlock make_big_block(std::size_t bytes) {
  const bool is_huge = bytes >= huge_page_bytes;
  const std::size_t unit = is_huge ? huge_page_bytes : line_bytes;
  bytes = (bytes + unit - 1) / unit * unit;
  BigBlock block(static_cast<std::byte*>(std::aligned_alloc(unit, bytes)));
  if (block == nullptr) throw std::bad_alloc();
  if (is_huge) std::ignore = ::madvise(block.get(), bytes, MADV_HUGEPAGE);  // Without, it is only slower.
  return block;
}

}  // namespace tallyho

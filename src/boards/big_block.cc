#include "boards/big_block.h"

#include <cstdlib>
#include <new>

namespace tallyho {

constexpr std::size_t line_bytes = 64;

void BigBlockDeleter::operator()(std::byte* block) const noexcept {
  std::free(block);
}

BigBlock make_big_block(std::size_t bytes) {
  const std::size_t unit = bytes >= kernel_page_bytes ? kernel_page_bytes : line_bytes;
  bytes = (bytes + unit - 1) / unit * unit;
  BigBlock block(static_cast<std::byte*>(std::aligned_alloc(unit, bytes)));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace tallyho

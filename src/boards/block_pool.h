#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "boards/big_block.h"

namespace tallyho {

// Blocks of `block_bytes` bytes each, by number, in a few chunks of 4 MiB: a number is all it takes to know where a
// block is. Numbers count up from 0, with a gap after each chunk, so that chunks are full and yet found by a shift.
// Blocks are plain bytes: while there are few, making another moves them. From then on nothing is moved, and a chunk's
// memory is there once it is touched, a page of the kernel's at a time: nobody who makes a block waits for much more.
//
// Threads: one owner. Memory: while there are few, up to a quarter more than the blocks made; of addresses, up to a
// chunk more once they have more than 256 KiB.
template <std::size_t block_bytes>
class BlockPool {
 public:
  std::byte* operator[](std::uint32_t id) const {
    return chunks_[id / chunk_numbers].get() + (id % chunk_numbers) * block_bytes;
  }

  // A block's number: of one given back, or the next. Not initialized.
  std::uint32_t make() {
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    const std::uint32_t index = made_++;
    if (index >= chunk_blocks) {
      if (index % chunk_blocks == 0) chunks_.push_back(make_big_block(chunk_bytes));
    } else if ((index > 0 || first_bytes_ == 0) && (index + 1) * block_bytes > first_bytes_) {
      const std::size_t bytes = (index + 1 + index / 4) * block_bytes;
      enlarge_first(bytes > moved_bytes_max ? chunk_bytes : bytes);
    }
    return id_of(index);
  }
  void free(std::uint32_t id) { free_.push_back(id); }

  // While there is at most one block, it may have fewer bytes than others: this many from now on.
  void enlarge_first(std::size_t bytes) {
    BigBlock larger = make_big_block(bytes);
    if (chunks_.empty()) {
      chunks_.push_back(std::move(larger));
    } else {
      std::memcpy(larger.get(), chunks_[0].get(), first_bytes_);
      chunks_[0] = std::move(larger);
    }
    first_bytes_ = bytes;
  }

  // How many were made, some of which may have been given back, and the number of each.
  std::uint32_t made() const { return made_; }
  static std::uint32_t id_of(std::uint32_t index) {
    return index / chunk_blocks * chunk_numbers + index % chunk_blocks;
  }
  // What of a chunk no block was made of yet takes none.
  std::size_t memory_bytes() const {
    return block_memory() + chunks_.capacity() * sizeof(BigBlock) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
  static constexpr std::size_t moved_bytes_max = std::size_t{256} << 10;
  static constexpr auto chunk_blocks = static_cast<std::uint32_t>(chunk_bytes / block_bytes);
  static constexpr std::uint32_t chunk_numbers = std::bit_ceil(chunk_blocks);

  std::size_t block_memory() const {
    if (first_bytes_ < chunk_bytes) return first_bytes_;
    const std::size_t full = (made_ - 1) / chunk_blocks;
    const std::size_t in_last = (made_ - full * chunk_blocks) * block_bytes;
    return full * chunk_bytes + (in_last + kernel_page_bytes - 1) / kernel_page_bytes * kernel_page_bytes;
  }

  std::vector<BigBlock> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t first_bytes_ = 0;
  std::uint32_t made_ = 0;
};

}  // namespace tallyho

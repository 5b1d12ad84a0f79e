#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "boards/big_block.h"

namespace tallyho {

// Blocks of `block_bytes` bytes each, by number, in a few large chunks: a number is all it takes to know where a block
// is, and huge pages back them. Blocks are plain bytes: while there are few, making another moves them.
//
// Threads: one owner. Memory: up to a quarter more than the blocks made, at most a chunk (some MiB) more.
template <std::size_t block_bytes>
class BlockPool {
 public:
  static constexpr std::uint32_t chunk_blocks =
      static_cast<std::uint32_t>((std::size_t{4} << 20) / std::bit_ceil(block_bytes));

  std::byte* operator[](std::uint32_t id) const {
    return chunks_[id / chunk_blocks].get() + (id % chunk_blocks) * block_bytes;
  }

  // A block's number: of one given back, or the next. Not initialized.
  std::uint32_t make() {
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    const std::uint32_t id = made_++;
    if (id >= chunk_blocks) {
      if (id % chunk_blocks == 0) {
        chunks_.push_back(make_big_block(chunk_blocks * block_bytes));
        bytes_ += chunk_blocks * block_bytes;
      }
    } else if ((id > 0 || first_bytes_ == 0) && (id + 1) * block_bytes > first_bytes_) {
      const std::uint32_t blocks = std::min(id + 1 + id / 4, chunk_blocks);
      enlarge_first(blocks * block_bytes);
    }
    return id;
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
    bytes_ += bytes - first_bytes_;
    first_bytes_ = bytes;
  }

  // Numbers from 0 to here were made; some may have been given back.
  std::uint32_t made() const { return made_; }
  std::size_t memory_bytes() const {
    return bytes_ + chunks_.capacity() * sizeof(BigBlock) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::vector<BigBlock> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t bytes_ = 0;
  std::size_t first_bytes_ = 0;
  std::uint32_t made_ = 0;
};

}  // namespace tallyho

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
// block is, and huge pages back them. Numbers count up from 0, with a gap after each chunk, so that chunks are full and
// yet found by a shift. Blocks are plain bytes: while there are few, making another moves them.
//
// Threads: one owner. Memory: up to a quarter more than the blocks made, at most a chunk more.
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
      if (index % chunk_blocks == 0) {
        chunks_.push_back(make_big_block(chunk_bytes));
        bytes_ += chunk_bytes;
      }
    } else if ((index > 0 || first_bytes_ == 0) && (index + 1) * block_bytes > first_bytes_) {
      const std::uint32_t blocks = index + 1 + index / 4;
      enlarge_first(blocks >= chunk_blocks ? chunk_bytes : blocks * block_bytes);
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
    bytes_ += bytes - first_bytes_;
    first_bytes_ = bytes;
  }

  // How many were made, some of which may have been given back, and the number of each.
  std::uint32_t made() const { return made_; }
  static std::uint32_t id_of(std::uint32_t index) {
    return index / chunk_blocks * chunk_numbers + index % chunk_blocks;
  }
  std::size_t memory_bytes() const {
    return bytes_ + chunks_.capacity() * sizeof(BigBlock) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
  static constexpr auto chunk_blocks = static_cast<std::uint32_t>(chunk_bytes / block_bytes);
  static constexpr std::uint32_t chunk_numbers = std::bit_ceil(chunk_blocks);

  std::vector<BigBlock> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t bytes_ = 0;
  std::size_t first_bytes_ = 0;
  std::uint32_t made_ = 0;
};

}  // namespace tallyho

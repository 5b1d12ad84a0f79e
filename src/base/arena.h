#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tallyho {

// A bump allocator: take memory by moving a pointer, give everything back at once.
//
//     Arena arena;
//     std::string_view kept = arena.copy(text);
//     arena.reset();   // `kept` is gone; the blocks stay for the next round
//
// Threads: one owner. Memory: blocks of at least `block_bytes`, kept over reset(), so that a warmed-up arena
// does not allocate. Destructors are not run: only trivially destructible things may live here.
class Arena {
 public:
  explicit Arena(std::size_t block_bytes = 16'384) : block_bytes_(block_bytes) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // `bytes` of storage aligned to `alignment` (a power of two up to 16). O(1), allocates only when the blocks
  // kept so far are used up.
  void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    const std::size_t padding = -reinterpret_cast<std::uintptr_t>(next_) & (alignment - 1);
    if (next_ != nullptr && padding + bytes <= static_cast<std::size_t>(end_ - next_)) {
      std::byte* start = next_ + padding;
      next_ = start + bytes;
      return start;
    }
    return allocate_in_next_block(bytes, alignment);
  }

  // An array of `count` value-initialized elements.
  template <typename T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) ::new (first + i) T();
    return {first, count};
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* bytes = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

  // Forgets everything taken; keeps the blocks.
  void reset() noexcept {
    current_ = 0;
    next_ = blocks_.empty() ? nullptr : blocks_[0].bytes.get();
    end_ = blocks_.empty() ? nullptr : next_ + blocks_[0].size;
  }

  // Bytes held from the system, used or not.
  std::size_t capacity_bytes() const noexcept {
    std::size_t sum = 0;
    for (const Block& block : blocks_) sum += block.size;
    return sum;
  }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  void* allocate_in_next_block(std::size_t bytes, std::size_t alignment) {
    const std::size_t wanted = bytes + alignment;
    while (current_ + 1 < blocks_.size()) {
      enter(current_ + 1);
      if (blocks_[current_].size >= wanted) return allocate(bytes, alignment);
    }
    const std::size_t size = wanted > block_bytes_ ? wanted : block_bytes_;
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
    enter(blocks_.size() - 1);
    return allocate(bytes, alignment);
  }

  void enter(std::size_t block) noexcept {
    current_ = block;
    next_ = blocks_[block].bytes.get();
    end_ = next_ + blocks_[block].size;
  }

  std::size_t block_bytes_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace tallyho

#include "base/symbols.h"

#include <algorithm>

#define XXH_INLINE_ALL  // Its header is all it takes.
#include "xxhash.h"

namespace tallyho {

constexpr std::size_t block_bytes_first = 4096;
constexpr std::size_t block_bytes_max = 1'048'576;

SymbolTable::Wanted SymbolTable::wanted(std::string_view text) {
  return {text, static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()))};
}

Symbol SymbolTable::intern(std::string_view text) {
  const Wanted sought = wanted(text);
  Index& index = part(sought.hash);
  const auto found = index.find(sought);
  if (found != index.end()) return found->symbol;
  const auto symbol = static_cast<Symbol>(size_);
  if (size_ == texts_.size() * texts_block) texts_.push_back(std::make_unique_for_overwrite<Texts>());
  const std::size_t slots = index.capacity();
  index.insert({.kept = kept(symbol) = keep(text), .hash = sought.hash, .symbol = symbol});
  slots_total_ += index.capacity() - slots;
  ++size_;
  return symbol;
}

std::optional<Symbol> SymbolTable::find(std::string_view text) const {
  const Wanted sought = wanted(text);
  const Index& index = part(sought.hash);
  const auto found = index.find(sought);
  if (found == index.end()) return std::nullopt;
  return found->symbol;
}

// The bytes of taken-back strings are used again when they end the last block, which is the usual case.
void SymbolTable::truncate(std::size_t size) {
  while (size_ > size) {
    const char* const begin = kept(static_cast<Symbol>(--size_));
    const std::string_view text = text_at(begin);
    const Wanted taken_back = wanted(text);
    Index& index = part(taken_back.hash);
    if (const auto found = index.find(taken_back); found != index.end()) index.erase(found);
    Block& block = blocks_.back();
    if (text.data() + text.size() == block.bytes.get() + block.size) {
      block.size = static_cast<std::size_t>(begin - block.bytes.get());
    }
  }
}

std::size_t SymbolTable::memory_bytes() const {
  // As if what was taken back had given its page back, so that it depends on nothing but what is there.
  const std::size_t texts = (size_ / texts_block + 1) * sizeof(Texts);
  return block_bytes_total_ + texts + slots_total_ * (sizeof(Entry) + 1);
}

const char* SymbolTable::keep(std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  const std::size_t needed = sizeof(length) + length;
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().size < needed) {
    const std::size_t doubled = std::clamp(block_bytes_total_, block_bytes_first, block_bytes_max);
    const std::size_t capacity = std::max(doubled, needed);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), 0, capacity});
    block_bytes_total_ += capacity;
  }
  Block& block = blocks_.back();
  char* const kept = block.bytes.get() + block.size;
  std::memcpy(kept, &length, sizeof(length));
  if (length > 0) std::memcpy(kept + sizeof(length), text.data(), length);
  block.size += needed;
  return kept;
}

}  // namespace tallyho

#include "base/symbols.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace tallyho {

constexpr std::size_t block_bytes_first = 4096;
constexpr std::size_t block_bytes_max = 1'048'576;

SymbolTable::SymbolTable() : index_(0, Hash{this}, Equal{this}) {}

std::size_t SymbolTable::Hash::operator()(Symbol symbol) const {
  return (*this)(table->text(symbol));
}
std::size_t SymbolTable::Hash::operator()(std::string_view text) const {
  return absl::HashOf(text);
}

Symbol SymbolTable::intern(std::string_view text) {
  const auto found = index_.find(text);
  if (found != index_.end()) return *found;
  const auto symbol = static_cast<Symbol>(texts_.size());
  texts_.emplace_back(keep(text), text.size());
  index_.insert(symbol);
  return symbol;
}

std::optional<Symbol> SymbolTable::find(std::string_view text) const {
  const auto found = index_.find(text);
  if (found == index_.end()) return std::nullopt;
  return *found;
}

// The bytes of taken-back strings are used again when they end the last block, which is the usual case.
void SymbolTable::truncate(std::size_t size) {
  while (texts_.size() > size) {
    const auto symbol = static_cast<Symbol>(texts_.size() - 1);
    const std::string_view text = texts_.back();
    index_.erase(symbol);
    texts_.pop_back();
    std::vector<char>& block = blocks_.back();
    if (block.size() >= text.size() && text.data() == block.data() + (block.size() - text.size())) {
      block.resize(block.size() - text.size());
    }
  }
}

std::size_t SymbolTable::memory_bytes() const {
  return block_bytes_total_ + texts_.capacity() * sizeof(std::string_view) + index_.capacity() * (sizeof(Symbol) + 1);
}

const char* SymbolTable::keep(std::string_view text) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < text.size()) {
    const std::size_t doubled = std::clamp(block_bytes_total_, block_bytes_first, block_bytes_max);
    blocks_.emplace_back().reserve(std::max(doubled, text.size()));
    block_bytes_total_ += blocks_.back().capacity();
  }
  std::vector<char>& block = blocks_.back();
  block.insert(block.end(), text.begin(), text.end());
  return block.data() + block.size() - text.size();
}

}  // namespace tallyho

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace tallyho {

// A string that a SymbolTable keeps, as a number from 0 counting up. Equal strings have equal symbols.
using Symbol = std::uint32_t;
inline constexpr Symbol no_symbol = 0xffffffff;

// Gives strings numbers, and keeps them.
//
//     SymbolTable symbols;
//     Symbol ada = symbols.intern("ada");
//     symbols.text(ada);      // "ada"
//     symbols.find("bob");    // nothing: looking never adds
//
// Symbols are handed out in order, so an event that failed takes back what it interned: truncate(size before).
//
// Threads: one owner. Memory: the bytes, 16 bytes a symbol, and about 9 bytes of hash table.
class SymbolTable {
 public:
  SymbolTable();
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  // The symbol of `text`, new if it had none. O(length); allocates only for a new string.
  Symbol intern(std::string_view text);

  // The symbol of `text` if it has one. O(length), never allocates.
  std::optional<Symbol> find(std::string_view text) const;

  // The string behind a symbol; valid until truncate() takes it back. O(1).
  std::string_view text(Symbol symbol) const { return texts_[symbol]; }

  // Symbols handed out so far.
  std::size_t size() const { return texts_.size(); }

  // Takes back every symbol from `size` on. O(symbols taken back).
  void truncate(std::size_t size);

  // Bytes held: strings, index and hash table.
  std::size_t memory_bytes() const;

 private:
  struct Hash {
    using is_transparent = void;
    const SymbolTable* table;
    std::size_t operator()(Symbol symbol) const;
    std::size_t operator()(std::string_view text) const;
  };
  struct Equal {
    using is_transparent = void;
    const SymbolTable* table;
    bool operator()(Symbol a, Symbol b) const { return a == b; }
    bool operator()(Symbol a, std::string_view b) const { return table->text(a) == b; }
    bool operator()(std::string_view a, Symbol b) const { return a == table->text(b); }
  };

  const char* keep(std::string_view text);

  std::vector<std::string_view> texts_;
  std::deque<std::vector<char>> blocks_;  // Where the bytes are; the last one is being filled.
  absl::flat_hash_set<Symbol, Hash, Equal> index_;
  std::size_t block_bytes_total_ = 0;
};

}  // namespace tallyho

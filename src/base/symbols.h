#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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
// No string makes anybody wait until millions of others have been moved: texts are moved never, and the hash table is
// many small ones, each of which grows by itself.
//
// Threads: one owner. Memory: the bytes, 12 bytes a symbol, and 20 to 39 bytes of hash tables.
class SymbolTable {
 public:
  SymbolTable() = default;
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  // The symbol of `text`, new if it had none. O(length); allocates only for a new string.
  Symbol intern(std::string_view text);

  // The symbol of `text` if it has one. O(length), never allocates.
  std::optional<Symbol> find(std::string_view text) const;

  // For who looks up several strings: what finding one reads comes from memory in two steps, each for all strings
  // before the next. prefetch() asks where it may be, find_likely() for the string that it probably is. O(length) once.
  struct Wanted {
    std::string_view text;
    std::uint32_t hash = 0;
  };
  static Wanted wanted(std::string_view text);
  void prefetch(const Wanted& wanted) const { part(wanted.hash).prefetch(wanted); }
  // A symbol whose string has the same hash; no_symbol: there is none. Only its string tells whether it is the wanted
  // one: text() reads that where it is kept, while SymbolTable::text() looks for it first. Valid as long as the symbol.
  class Likely {
   public:
    Symbol symbol = no_symbol;
    std::string_view text() const { return text_at(kept_); }

   private:
    friend SymbolTable;
    const char* kept_ = nullptr;
  };
  Likely find_likely(const Wanted& wanted) const {
    const Index& index = part(wanted.hash);
    const auto found = index.find(SameHash{wanted.hash});
    Likely likely;
    if (found == index.end()) return likely;
    __builtin_prefetch(found->kept);
    likely.symbol = found->symbol;
    likely.kept_ = found->kept;
    return likely;
  }

  // The string behind a symbol; valid until truncate() takes it back. O(1).
  std::string_view text(Symbol symbol) const { return text_at(kept(symbol)); }

  // Symbols handed out so far.
  std::size_t size() const { return size_; }

  // Takes back every symbol from `size` on. O(symbols taken back).
  void truncate(std::size_t size);

  // Bytes held: strings, index and hash table.
  std::size_t memory_bytes() const;

 private:
  // What the hash table holds: enough to pass over other strings, and to grow, without reading any string.
  struct Entry {
    const char* kept = nullptr;
    std::uint32_t hash = 0;
    Symbol symbol = no_symbol;
  };
  // What is looked for by nothing but its hash.
  struct SameHash {
    std::uint32_t hash = 0;
  };
  struct Hash {
    using is_transparent = void;
    // The table takes its 7 lowest bits apart from the others, so all of them have to be mixed.
    static std::size_t spread(std::uint32_t hash) { return std::rotl(hash * std::size_t{0x9e3779b97f4a7c15}, 32); }
    std::size_t operator()(const Entry& entry) const { return spread(entry.hash); }
    std::size_t operator()(const Wanted& wanted) const { return spread(wanted.hash); }
    std::size_t operator()(const SameHash& wanted) const { return spread(wanted.hash); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Entry& a, const Entry& b) const { return a.symbol == b.symbol; }
    bool operator()(const Entry& a, const Wanted& b) const { return a.hash == b.hash && text_at(a.kept) == b.text; }
    bool operator()(const Wanted& a, const Entry& b) const { return (*this)(b, a); }
    bool operator()(const Entry& a, const SameHash& b) const { return a.hash == b.hash; }
    bool operator()(const SameHash& a, const Entry& b) const { return (*this)(b, a); }
  };

  // A kept string: its length in 4 bytes, then its bytes.
  static std::string_view text_at(const char* kept) {
    std::uint32_t length = 0;
    std::memcpy(&length, kept, sizeof(length));
    return {kept + sizeof(length), length};
  }
  const char* keep(std::string_view text);
  const char*& kept(Symbol symbol) { return (*texts_[symbol / texts_block])[symbol % texts_block]; }
  const char* kept(Symbol symbol) const { return (*texts_[symbol / texts_block])[symbol % texts_block]; }

  // By the upper bits of hashes, which spread over a part as if they were not the same in all of it.
  using Index = absl::flat_hash_set<Entry, Hash, Equal>;
  static constexpr int part_bits = 8;
  Index& part(std::uint32_t hash) { return index_[hash >> (32 - part_bits)]; }
  const Index& part(std::uint32_t hash) const { return index_[hash >> (32 - part_bits)]; }

  static constexpr std::size_t texts_block = 1024;
  using Texts = std::array<const char*, texts_block>;
  std::vector<std::unique_ptr<Texts>> texts_;  // By symbol / texts_block.
  std::size_t size_ = 0;                       // Symbols.
  // Where the bytes are; the last one is being filled.
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::size_t capacity = 0;
  };
  std::vector<Block> blocks_;
  std::array<Index, std::size_t{1} << part_bits> index_;
  std::size_t block_bytes_total_ = 0;
  std::size_t slots_total_ = 0;  // Of all parts.
};

}  // namespace tallyho

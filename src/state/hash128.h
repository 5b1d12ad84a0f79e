#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tallyho {

// 128 bits that say whether two states are the same. A sum of them does not depend on the order of what is summed up,
// so that a table can be hashed in whatever order it lies in memory.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  // Modulo 2^128.
  Hash128& operator+=(const Hash128& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  bool operator==(const Hash128&) const = default;

  std::string to_hex() const;  // 32 digits.
};

// XXH3.
Hash128 hash_bytes(std::string_view bytes);

// What is put in goes behind each other, so that nothing runs into its neighbour: texts with their length.
class HashInput {
 public:
  void clear() { bytes_.clear(); }
  void number(std::uint64_t number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number)); }
  void number(std::int64_t signed_number) { number(static_cast<std::uint64_t>(signed_number)); }
  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  Hash128 hash() const { return hash_bytes(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace tallyho

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tallyho {

// Finds the number of a name among a fixed list, mostly with one look: a table four times as large as the list, hashed
// by the ends and the size of the name. The list comes from a ruleset, so nobody has an interest in collisions.
//
//     NameIndex fields({"lat", "lon", "accuracy"});
//     fields.find("lon");    // 1
//
// Threads: immutable.
class NameIndex {
 public:
  NameIndex() : NameIndex(std::vector<std::string>()) {}

  explicit NameIndex(std::vector<std::string> names) : names_(std::move(names)) {
    cells_.resize(std::bit_ceil(names_.size() * 4 + 1));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::size_t cell = hash(names_[i]) & (cells_.size() - 1);
      while (cells_[cell] != 0) cell = (cell + 1) & (cells_.size() - 1);
      cells_[cell] = static_cast<std::uint16_t>(i + 1);
    }
  }

  // O(length of the name).
  std::optional<std::uint16_t> find(std::string_view name) const {
    std::size_t cell = hash(name) & (cells_.size() - 1);
    for (; cells_[cell] != 0; cell = (cell + 1) & (cells_.size() - 1)) {
      const auto number = static_cast<std::uint16_t>(cells_[cell] - 1);
      if (names_[number] == name) return number;
    }
    return std::nullopt;
  }

 private:
  static std::size_t hash(std::string_view name) {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    if (name.size() >= 8) {
      std::memcpy(&head, name.data(), 8);
      std::memcpy(&tail, name.data() + name.size() - 8, 8);
    } else {
      for (const char c : name) head = head << 8 | static_cast<unsigned char>(c);
    }
    const std::uint64_t mixed = (head ^ std::rotl(tail, 29) ^ name.size()) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed >> 32);
  }

  std::vector<std::string> names_;
  std::vector<std::uint16_t> cells_;  // 1 + number; 0 is free.
};

}  // namespace tallyho

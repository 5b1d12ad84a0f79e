#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "boards/board.h"
#include "boards/member_index.h"
#include "boards/windows.h"

namespace tallyho {

// What a Board is made of. Private to this folder: board.cc is what it does, board_snapshot.cc how it is written down.
namespace board_parts {

// What a hidden member has, to be put back.
struct HiddenEntry {
  Points value = 0;
  Position reached = 0;
};

struct Section : BoardSection {
  explicit Section(Order order) : members(order) { leaderboard = &members; }

  // The value of a member, hidden or not.
  std::optional<Points> value(Member member) const {
    if (!hidden.empty()) {
      const auto entry = hidden.find(member);
      if (entry != hidden.end()) return entry->second.value;
    }
    return members.value(member);
  }
  bool is_empty() const { return members.size() == 0 && hidden.empty(); }

  Leaderboard members;
  absl::flat_hash_map<Member, HiddenEntry> hidden;
};

// The sections of one period.
struct Window {
  Period period;
  absl::flat_hash_map<Symbol, Section*> groups;  // Under no_group where the board has none.
  absl::flat_hash_map<Member, std::uint32_t> attempts;
  Section* ungrouped = nullptr;  // The one under no_group.

  Section* section(Symbol group) const {
    if (group == no_group) return ungrouped;
    const auto found = groups.find(group);
    return found == groups.end() ? nullptr : found->second;
  }
};

}  // namespace board_parts

struct Board::Impl {
  explicit Impl(BoardOptions board_options)
      : options(std::move(board_options)),
        periods(options.every, options.time_zone, options.every_length, options.keep) {}

  using HiddenEntry = board_parts::HiddenEntry;
  using Section = board_parts::Section;
  using Window = board_parts::Window;

  Window* find_window(Timestamp starts) const;
  bool find_counting(Timestamp now, const Window*& window);
  Window& open_window(const Period& period);
  Section& open_section(const Period& period, Symbol group);
  void close_section(Window& window, Section& section);
  bool is_new_group_too_many(Symbol group) const;
  bool is_better(Points value, Points than) const;
  Section* section_of(const Window& window, Member member, Symbol group) const;
  Section* newest_section(Member member) const;
  Points combine(std::optional<Points> old, Points value) const;
  void enter(Section& section, Member member, Points value, Position at, const Aim& aim,
             std::vector<BoardChange>* changes) const;
  static bool leave(Section& section, Member member, std::vector<BoardChange>& changes);
  void restore(Section& section, Member member, const HiddenEntry& entry, std::vector<BoardChange>& changes) const;
  std::vector<Section*> sections_by_number() const;
  // The group that a member's entries are in; no_group: none.
  Symbol home(Member member) const {
    static_assert(MemberIndex::none == no_group);
    return homes.find(member);
  }
  void move_home(Member member, Symbol from, Symbol to, Position at, std::vector<BoardChange>& changes);
  void hash_section(const Section& section, const std::function<void(std::span<const std::uint64_t>)>& add) const;

  BoardOptions options;
  Windows periods;
  std::vector<std::unique_ptr<Window>> windows;  // By period. Those in which something has counted.
  absl::flat_hash_map<std::uint32_t, std::unique_ptr<Section>> sections;
  absl::flat_hash_map<Symbol, std::uint32_t> sections_of_group;
  // follows_player: the group in which a member's entries are. Some may have none left, which does no harm.
  MemberIndex homes;
  absl::flat_hash_set<Member> hidden;
  std::uint32_t next_number = 1;
  std::vector<BoardChange> untold;  // What nobody wants to know.
};

}  // namespace tallyho

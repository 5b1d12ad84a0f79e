#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "boards/board.h"
#include "engine/engine.h"

namespace tallyho {

// A change of rank that somebody wants to be told of.
struct RankThreshold {
  enum class What : std::uint8_t {
    entered,    // Is among the first `top` and was not.
    left,       // Was, and is not any more.
    overtaken,  // Was among the first `top`, and somebody who was behind is ahead.
  };
  std::string board;  // Its id.
  What what = What::entered;
  std::uint32_t top = 10;
  bool operator==(const RankThreshold&) const = default;
};
std::string_view name_of(RankThreshold::What what);

// "global:entered:10". Errors, as a sentence: another form, a `top` that is not from 1 to 1000.
std::expected<RankThreshold, std::string> parse_rank_threshold(std::string_view text);

// That it happened.
struct RankNews {
  const RankThreshold* threshold = nullptr;
  BoardIndex board = 0;
  const BoardSection* section = nullptr;  // Null: nobody is left in it.
  Member member = no_symbol;
  Rank rank = 0;          // 0: is not on the board any more.
  Rank was = 0;           // 0: was not among those looked at: the first `top`, and one more.
  Member by = no_symbol;  // overtaken: who came past.
};

// Sees changes of rank from the changes that the engine makes to boards, by remembering who the first of every section
// were. Somebody who leaves makes everybody behind move up: that counts, too, so that who was told to be in the first
// ten is so until told otherwise. A new window begins empty, and nobody leaves one that ends.
//
//     RankWatch watch(thresholds);
//     watch.begin(engine);                       // as it is: nothing happened yet
//     watch.changed(board, change);              // by the engine, for each change of a record
//     watch.collect(news);                       // after the record: what happened
//
// Threads: the engine's. Memory: 4 bytes for each of the first `top` + 1 of each section of the boards that are named.
// Cost: nothing for changes behind the greatest `top`; O(top) for the others.
class RankWatch {
 public:
  explicit RankWatch(std::vector<RankThreshold> thresholds) : thresholds_(std::move(thresholds)) {}

  // The boards are those of this engine, which outlives it, as they are now. Again after its ruleset was swapped.
  // Returns the ids that no board has.
  std::vector<std::string> begin(const Engine& engine);

  void changed(BoardIndex board, const BoardChange& change);
  // Appends what happened since the last time, in an order that depends only on history.
  void collect(std::vector<RankNews>& news);

 private:
  // What is wanted of a board.
  struct Watched {
    std::vector<const RankThreshold*> thresholds;
    std::uint32_t top = 0;  // The greatest; 0: nothing is.
  };
  using Section = std::pair<BoardIndex, std::uint32_t>;
  struct Change {
    Section section;
    Member cause = no_symbol;
  };

  std::vector<Member> first_of(BoardIndex board, const BoardSection* section);
  void compare(const Change& change, std::vector<RankNews>& news);
  void prune();

  const std::vector<RankThreshold> thresholds_;
  const Engine* engine_ = nullptr;
  std::vector<Watched> watched_;                   // By board.
  std::map<Section, std::vector<Member>> firsts_;  // As they were.
  std::vector<Change> changes_;
  std::vector<Standing> standings_;  // Scratch.
  std::size_t prune_at_ = 1024;
};

}  // namespace tallyho

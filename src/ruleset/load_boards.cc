// The `boards` of a ruleset file.

#include <limits>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "ruleset/expression.h"
#include "ruleset/loading.h"

namespace tallyho {
namespace {

using cel::Type;

constexpr std::size_t boards_max = 1'000;
constexpr std::int64_t keep_max = 1'000;
constexpr std::int64_t count_max = std::numeric_limits<std::uint32_t>::max();

class BoardReader {
 public:
  BoardReader(const YamlNode& node, std::string_view owner, Loading& loading)
      : owner_(owner), loading_(loading), map_(node, owner, loading.report) {}

  BoardDefinition read() {
    if (const YamlNode* id = map_.require("id")) {
      board_.id = read_name(*id, "a board's id", loading_.report).value_or("");
    }
    if (const YamlNode* description = map_.find("description")) {
      board_.description = read_text(*description, "'description'", loading_.report).value_or("");
    }
    board_.on = read_event_types(map_.find("on"), "'on'", loading_);
    read_expressions();
    if (const YamlNode* op = map_.find("operator")) {
      const auto choice = read_choice(*op, "'operator'", {"sum", "best", "latest"}, loading_.report);
      board_.op = static_cast<BoardOperator>(choice.value_or(0));
    }
    if (const YamlNode* order = map_.find("order")) {
      board_.ascending = read_choice(*order, "'order'", {"descending", "ascending"}, loading_.report) == 1;
    }
    if (const YamlNode* window = map_.find("window")) read_window(*window);
    read_limits();
    map_.finish();
    return std::move(board_);
  }

  std::vector<Priced> take_prices() { return std::move(prices_); }

 private:
  void read_expressions() {
    const Vocabulary& vocabulary = loading_.vocabularies.for_events(board_.on);
    const auto compile = [&](std::string_view key, std::string_view what, Type::Kind expected) {
      return loading_.compile(map_.find(key), what, vocabulary, expected, owner_, prices_);
    };
    board_.when = compile("when", "'when'", Type::Kind::boolean);
    board_.member = compile("member", "'member'", Type::Kind::string);
    board_.value = compile("value", "'value'", Type::Kind::int64);
    board_.group_by = compile("group_by", "'group_by'", Type::Kind::string);
    board_.ranks_players = !board_.member || is_event_player(*board_.member, vocabulary);
    board_.follows_player = board_.ranks_players && board_.group_by && reads_only_player(*board_.group_by);
  }

  static bool reads_only_player(const cel::Program& program) {
    for (const cel::Slot slot : program.slots()) {
      const bool is_total =
          slot == make_slot(SlotRecord::special, static_cast<std::uint16_t>(SpecialSlot::player_total));
      if (slot_record(slot) != slot_record(scope_slot(player_scope, 0)) && !is_total) return false;
    }
    return true;
  }

  void read_window(const YamlNode& node) {
    MapReader window(node, "'window'", loading_.report);
    if (const YamlNode* every = window.require("every")) read_every_of_window(*every);
    if (const YamlNode* keep = window.find("keep")) {
      board_.keep = static_cast<std::uint32_t>(read_int(*keep, "'keep'", 0, keep_max, loading_.report).value_or(0));
    }
    window.finish();
  }

  void read_every_of_window(const YamlNode& node) {
    const std::optional<Duration> length = node.is_scalar() ? parse_duration(node.text) : std::nullopt;
    if (length) {
      if (*length < std::chrono::seconds(1)) loading_.error(node, "'every' must be at least 1s");
      board_.every = Every::fixed;
      board_.every_length = *length;
      return;
    }
    const std::string_view text = node.text;
    if (node.is_scalar() && (text == "hourly" || text == "daily" || text == "weekly")) {
      board_.every = text == "hourly" ? Every::hourly : text == "daily" ? Every::daily : Every::weekly;
      return;
    }
    const std::string near = node.is_scalar() ? nearest(text, {"hourly", "daily", "weekly"}) : "";
    loading_.error(node, fmt::format("'every' must be hourly, daily, weekly or a duration such as 15m, not {}{}",
                                     node.is_scalar() ? fmt::format("'{}'", text) : std::string(node.kind_name()),
                                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }

  void read_limits() {
    if (const YamlNode* limit = map_.find("limit")) {
      board_.limit = read_count(*limit, "'limit'");
      if (board_.op == BoardOperator::sum) {
        loading_.error(*limit,
                       "'limit' cannot go with operator sum, which would forget what dropped members had; use "
                       "operator best or latest");
      }
    }
    if (const YamlNode* attempts = map_.find("attempts")) board_.attempts = read_count(*attempts, "'attempts'");
    const YamlNode* starts = map_.find("starts");
    const YamlNode* ends = map_.find("ends");
    if (starts != nullptr) board_.starts = read_timestamp(*starts, "'starts'", loading_.report);
    if (ends != nullptr) board_.ends = read_timestamp(*ends, "'ends'", loading_.report);
    if (board_.starts && board_.ends && *board_.starts >= *board_.ends) {
      loading_.error(*ends, "'ends' must be after 'starts'");
    }
  }

  std::optional<std::uint32_t> read_count(const YamlNode& node, std::string_view what) {
    const auto count = read_int(node, what, 1, count_max, loading_.report);
    if (!count) return std::nullopt;
    return static_cast<std::uint32_t>(*count);
  }

  std::string owner_;
  Loading& loading_;
  MapReader map_;
  std::vector<Priced> prices_;
  BoardDefinition board_;
};

// "board 'teams'", or "board 3" while it has no id.
std::string name_board(const YamlNode& node, std::size_t index) {
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i].text == "id" && node.items[i].is_scalar()) return fmt::format("board '{}'", node.items[i].text);
  }
  return fmt::format("board {}", index + 1);
}

}  // namespace

void load_boards(MapReader& root, Loading& loading) {
  const YamlNode* boards = root.find("boards");
  if (boards == nullptr || boards->is_null()) return;
  if (!boards->is_list()) {
    loading.error(*boards, fmt::format("'boards' must be a list, not {}", boards->kind_name()));
    return;
  }
  if (boards->items.size() > boards_max) {
    loading.error(*boards, fmt::format("{} boards; at most {} are possible", boards->items.size(), boards_max));
    return;
  }
  absl::flat_hash_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < boards->items.size(); ++i) {
    const YamlNode& node = boards->items[i];
    BoardReader reader(node, name_board(node, i), loading);
    if (!node.is_map()) {
      if (node.is_null()) loading.error(node, "an empty board; it needs at least an id");
      continue;
    }
    BoardDefinition board = reader.read();
    if (!board.id.empty() && !places.emplace(board.id, node.begin).second) {
      loading.error(node, fmt::format("a board '{}' is there already, on line {}", board.id,
                                      loading.report.source().place(places[board.id]).line));
    }
    loading.ruleset->boards.push_back(std::move(board));
    loading.board_prices.push_back(reader.take_prices());
  }
}

}  // namespace tallyho

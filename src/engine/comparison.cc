#include "engine/comparison.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

namespace tallyho {

void RunTally::enter(const Ruleset& ruleset) {
  entered_ = ruleset.hash;
  tally_of_rule_.clear();
  for (const Rule& rule : ruleset.rules) {
    const auto known = std::ranges::find(rules_, rule.id, &RuleTally::rule);
    tally_of_rule_.push_back(static_cast<std::size_t>(known - rules_.begin()));
    if (known == rules_.end()) rules_.push_back({.rule = rule.id});
  }
}

void RunTally::add(const Ruleset& ruleset, const Replayed& replayed) {
  if (entered_ != ruleset.hash) enter(ruleset);
  ++records_;
  const RecordKind kind = replayed.record.kind;
  if (kind != RecordKind::event && kind != RecordKind::event_of_player) return;
  const Outcome& outcome = replayed.outcome;
  ++events_;
  ++codes_[static_cast<std::size_t>(outcome.code)];
  if (outcome.rule) ++rules_[tally_of_rule_[*outcome.rule]].refused;
  if (outcome.code != Code::ok) return;
  points_ += outcome.points;
  for (const FiredRule& fired : outcome.fired) {
    RuleTally& tally = rules_[tally_of_rule_[fired.rule]];
    ++tally.fired;
    tally.paid += fired.points;
  }
}

std::vector<TopSection> tops_of(const Engine& engine, std::size_t sections_max) {
  std::vector<TopSection> tops;
  std::vector<Standing> standings;
  for (std::size_t i = 0; i < engine.ruleset().boards.size(); ++i) {
    const Board& board = engine.board(static_cast<BoardIndex>(i));
    for (const BoardSection* section : board.sections()) {
      if (tops.size() == sections_max) return tops;
      TopSection top{.board = board.options().id, .group = {}, .window = {}, .places = {}};
      if (section->group != no_group) top.group = engine.symbols().text(section->group);
      if (board.options().every != Every::never) top.window = board.period_name(section->period);
      standings.clear();
      section->leaderboard->read(1, compared_places, standings);
      for (const Standing& standing : standings) {
        top.places.push_back({std::string(engine.symbols().text(standing.member)), standing.value});
      }
      tops.push_back(std::move(top));
    }
  }
  return tops;
}

namespace {

using SectionName = std::tuple<std::string_view, std::string_view, std::string_view>;

SectionName name_of(const TopSection& section) {
  return {section.board, section.group, section.window};
}

// Either may be null: there is no such section on that side.
TopDifference compare(const TopSection* before, const TopSection* after) {
  const TopSection& any = before != nullptr ? *before : *after;
  TopDifference difference{.board = any.board, .group = any.group, .window = any.window, .moves = {}};
  std::map<std::string_view, std::size_t> places;  // Of those before, by member.
  for (std::size_t i = 0; before != nullptr && i < before->places.size(); ++i) places[before->places[i].member] = i;
  for (std::size_t i = 0; after != nullptr && i < after->places.size(); ++i) {
    const TopSection::Place& place = after->places[i];
    TopMove move{.member = place.member, .after = i + 1, .value_after = place.value};
    if (const auto was = places.find(place.member); was != places.end()) {
      move.before = was->second + 1;
      move.value_before = before->places[was->second].value;
      places.erase(was);
    }
    if (move.before != move.after) difference.moves.push_back(std::move(move));
  }
  for (std::size_t i = 0; before != nullptr && i < before->places.size(); ++i) {
    const TopSection::Place& place = before->places[i];
    if (!places.contains(place.member)) continue;
    difference.moves.push_back({.member = place.member, .before = i + 1, .value_before = place.value});
  }
  return difference;
}

}  // namespace

std::vector<TopDifference> compare_tops(const std::vector<TopSection>& before, const std::vector<TopSection>& after) {
  std::vector<TopDifference> differences;
  const auto add = [&](TopDifference difference) {
    if (!difference.moves.empty()) differences.push_back(std::move(difference));
  };
  std::map<SectionName, const TopSection*> new_ones;
  for (const TopSection& section : after) new_ones[name_of(section)] = &section;
  for (const TopSection& section : before) {
    const auto same = new_ones.extract(name_of(section));
    add(compare(&section, same.empty() ? nullptr : same.mapped()));
  }
  for (const TopSection& section : after) {
    if (new_ones.contains(name_of(section))) add(compare(nullptr, &section));
  }
  return differences;
}

void Comparison::before(const Ruleset& ruleset, const Replayed& replayed) {
  before_.add(ruleset, replayed);
  put(replayed, &Pair::before);
}

void Comparison::after(const Ruleset& ruleset, const Replayed& replayed) {
  after_.add(ruleset, replayed);
  put(replayed, &Pair::after);
}

void Comparison::put(const Replayed& replayed, Half Pair::* side) {
  const RecordKind kind = replayed.record.kind;
  if (kind != RecordKind::event && kind != RecordKind::event_of_player) return;
  const Position position = replayed.record.position;
  Pair& pair = pairs_[position % pairs];
  if (pair.before.position != position && pair.after.position != position) {
    pair.before = pair.after = {};
    pair.player = replayed.envelope.player;
    pair.id = replayed.envelope.id;
  }
  const bool has_points = replayed.outcome.code == Code::ok;
  pair.*side = {position, replayed.outcome.code, has_points ? replayed.outcome.points : 0};
  if (pair.before.position == pair.after.position) compare(pair);
}

void Comparison::compare(const Pair& pair) {
  ++compared_;
  if (pair.before.code == pair.after.code) {
    if (pair.before.points != pair.after.points) ++other_points_;
    return;
  }
  ++other_codes_;
  if (!take_) return;
  take_({.position = pair.before.position,
         .player = pair.player,
         .id = pair.id,
         .before = pair.before.code,
         .after = pair.after.code,
         .points_before = pair.before.points,
         .points_after = pair.after.points});
}

void append_changed(JsonWriter& json, const ChangedEvent& changed) {
  json.object();
  json.key("position").number(static_cast<std::int64_t>(changed.position));
  if (!changed.id.empty()) json.key("id").text(changed.id);
  json.key("player").text(changed.player);
  json.key("before").text(name_of(changed.before));
  json.key("after").text(name_of(changed.after));
  json.key("points_before").number(changed.points_before);
  json.key("points_after").number(changed.points_after);
  json.end();
}

namespace {

void append_tally(JsonWriter& json, const RuleTally& tally) {
  json.object();
  json.key("fired").number(static_cast<std::int64_t>(tally.fired));
  json.key("paid").number(tally.paid);
  json.key("refused").number(static_cast<std::int64_t>(tally.refused));
  json.end();
}

void append_codes(JsonWriter& json, const RunTally& tally) {
  json.object();
  for (int code = 0; code < code_count; ++code) {
    const std::uint64_t count = tally.codes()[static_cast<std::size_t>(code)];
    if (count > 0) json.key(name_of(static_cast<Code>(code))).number(static_cast<std::int64_t>(count));
  }
  json.end();
}

// A rule that only one side has is null on the other.
void append_rules(JsonWriter& json, const Comparison& comparison) {
  const auto& before = comparison.tally_before().rules();
  const auto& after = comparison.tally_after().rules();
  const auto append = [&](const std::string& rule, const RuleTally* was, const RuleTally* is) {
    json.object().key("rule").text(rule);
    json.key("before");
    was == nullptr ? void(json.null()) : append_tally(json, *was);
    json.key("after");
    is == nullptr ? void(json.null()) : append_tally(json, *is);
    json.end();
  };
  json.key("rules").array();
  for (const RuleTally& was : before) {
    const auto is = std::ranges::find(after, was.rule, &RuleTally::rule);
    append(was.rule, &was, is == after.end() ? nullptr : &*is);
  }
  for (const RuleTally& is : after) {
    if (std::ranges::find(before, is.rule, &RuleTally::rule) == before.end()) append(is.rule, nullptr, &is);
  }
  json.end();
}

void append_rank(JsonWriter& json, std::string_view name, Rank rank, std::string_view value_name, Points value) {
  if (rank == 0) return;
  json.key(name).number(static_cast<std::int64_t>(rank));
  json.key(value_name).number(value);
}

void append_boards(JsonWriter& json, const std::vector<TopDifference>& boards) {
  json.key("boards").array();
  for (const TopDifference& board : boards) {
    json.object().key("board").text(board.board);
    if (!board.group.empty()) json.key("group").text(board.group);
    if (!board.window.empty()) json.key("window").text(board.window);
    json.key("moves").array();
    for (const TopMove& move : board.moves) {
      json.object().key("member").text(move.member);
      append_rank(json, "rank_before", move.before, "value_before", move.value_before);
      append_rank(json, "rank_after", move.after, "value_after", move.value_after);
      json.end();
    }
    json.end().end();
  }
  json.end();
}

}  // namespace

void append_comparison(JsonWriter& json, const Comparison& comparison, const std::vector<TopDifference>& boards) {
  json.key("events").number(static_cast<std::int64_t>(comparison.compared()));
  json.key("other_codes").number(static_cast<std::int64_t>(comparison.other_codes()));
  json.key("other_points").number(static_cast<std::int64_t>(comparison.other_points()));
  json.key("points").object();
  json.key("before").number(comparison.tally_before().points());
  json.key("after").number(comparison.tally_after().points());
  json.end();
  json.key("codes").object().key("before");
  append_codes(json, comparison.tally_before());
  json.key("after");
  append_codes(json, comparison.tally_after());
  json.end();
  append_rules(json, comparison);
  append_boards(json, boards);
}

}  // namespace tallyho

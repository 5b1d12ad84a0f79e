#include "engine/game.h"

#include <algorithm>
#include <ostream>

#include "fmt/format.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

std::shared_ptr<const Ruleset> load(std::string_view text) {
  auto loaded = load_ruleset("tallyho: 1\nname: test\n" + std::string(text), "test.yaml");
  if (loaded) return *loaded;
  for (const Diagnostic& problem : loaded.error()) {
    ADD_FAILURE() << problem.line << ":" << problem.column << ": " << problem.message;
  }
  throw std::runtime_error("the test's ruleset has problems");
}

// Takes the indentation of a ruleset in a raw string away: that of its first line with text.
std::string unindent(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return "";
  const std::size_t line = text.rfind('\n', first) + 1;
  const std::string indent = "\n" + std::string(first - line, ' ');
  std::string out = "\n" + std::string(text.substr(line));
  if (indent.size() == 1) return out;
  for (std::size_t at = out.find(indent); at != std::string::npos; at = out.find(indent, at + 1)) {
    out.erase(at + 1, indent.size() - 1);
  }
  return out;
}

}  // namespace

void PrintTo(const Answer& answer, std::ostream* out) {
  *out << name_of(answer.code) << ": " << answer.points << " points, total " << answer.total;
  if (!answer.blamed.empty() || !answer.message.empty()) *out << ", " << answer.blamed << ": " << answer.message;
  for (const auto& [rule, points] : answer.fired) *out << "; " << rule << " " << points;
}

Game::Game(std::string_view ruleset, const Engine::Options& options)
    : ruleset_(load(unindent(ruleset))),
      options_(options),
      engine_(std::make_unique<Engine>(ruleset_, std::make_unique<MemoryLog>("log"), options)) {
  at("2026-07-19T12:00:00Z");
}

Game::~Game() {
  if (testing::Test::HasFatalFailure() || sent_.empty()) return;
  Engine again(ruleset_, std::make_unique<MemoryLog>("log"), options_);
  for (const Sent& sent : sent_) EXPECT_EQ(ingest(again, sent), sent.answer) << "again: " << sent.bytes;
  EXPECT_EQ(again.state_hash(), engine_->state_hash()) << "the same events came to another state";
}

void Game::at(std::string_view time) {
  now_ = parse_timestamp(time).value();
}
void Game::later(Duration duration) {
  now_ = add(now_, duration).value();
}

std::string Game::json(std::string_view player, std::string_view type, std::string_view rest) const {
  std::string text = fmt::format("{{'type': '{}', 'player': '{}'{}{}}}", type, player, rest.empty() ? "" : ", ", rest);
  std::ranges::replace(text, '\'', '"');
  return text;
}

Outcome Game::play(Engine& engine, const Sent& sent) {
  arena_.reset();
  if (is_operation(sent.bytes)) {
    const auto operation = parse_operation(sent.bytes, arena_);
    if (operation) return engine.operate(*operation, sent.bytes, sent.arrival, arena_);
    ADD_FAILURE() << "not a valid operation: " << sent.bytes << ": " << operation.error().message;
    return {};
  }
  const Result<Event> event = decoder_.decode(sent.bytes, *ruleset_, arena_);
  if (!event) {
    ADD_FAILURE() << "not a valid event: " << sent.bytes << ": " << decoder_.describe(event.error());
    return {};
  }
  if (sent.fails) engine.fail_next_for_test();
  return engine.ingest(*event, sent.bytes, sent.arrival, Sender{.is_ingest = sent.is_ingest}, arena_, true);
}

Answer Game::ingest(Engine& engine, const Sent& sent) {
  const Outcome outcome = play(engine, sent);
  Answer answer{.code = outcome.code,
                .position = outcome.position,
                .points = outcome.points,
                .total = outcome.total,
                .blamed = "",
                .message = std::string(outcome.message),
                .fired = {},
                .notices = {},
                .ranks = {}};
  if (outcome.rule) answer.blamed = ruleset_->rules[*outcome.rule].id;
  if (outcome.board) answer.blamed = ruleset_->boards[*outcome.board].id;
  for (const FiredRule& fired : outcome.fired) answer.fired.emplace_back(ruleset_->rules[fired.rule].id, fired.points);
  for (const Notice& notice : outcome.notices) answer.notices.emplace_back(notice.text);
  for (const RankChange& rank : outcome.ranks) {
    answer.ranks.push_back(fmt::format("{} {} -> {}", ruleset_->boards[rank.board].id, rank.was, rank.rank));
  }
  return answer;
}

Answer Game::take(Sent sent) {
  const std::string before = engine_->state_hash();
  sent.answer = ingest(*engine_, sent);
  if (sent.answer.code != Code::ok && !std::exchange(period_ends_, false)) {
    EXPECT_EQ(engine_->state_hash(), before)
        << sent.bytes << " changed something, and answered " << name_of(sent.answer.code);
  }
  sent_.push_back(sent);
  return sent_.back().answer;
}

Answer Game::send(std::string_view player, std::string_view type, std::string_view rest, bool is_ingest) {
  return take({.bytes = json(player, type, rest),
               .arrival = now_,
               .is_ingest = is_ingest,
               .fails = std::exchange(next_fails_, false),
               .answer = {}});
}

Answer Game::operate(std::string_view record) {
  std::string bytes(record);
  std::ranges::replace(bytes, '\'', '"');
  return take({.bytes = bytes, .arrival = now_, .answer = {}});
}
Answer Game::ban(std::string_view player) {
  return operate(to_record({.kind = Operation::Kind::ban, .player = player}));
}
Answer Game::unban(std::string_view player) {
  return operate(to_record({.kind = Operation::Kind::unban, .player = player}));
}
Answer Game::forget(std::string_view player) {
  return operate(to_record({.kind = Operation::Kind::forget, .player = player}));
}
Answer Game::adjust(std::string_view player, std::string_view id, std::int64_t points) {
  return operate(to_record({.kind = Operation::Kind::adjust, .player = player, .id = id, .points = points}));
}

Answer Game::send(std::string_view player, std::string_view type, std::string_view rest) {
  return send(player, type, rest, true);
}
Answer Game::send_as_player(std::string_view player, std::string_view type, std::string_view rest) {
  return send(player, type, rest, false);
}

Explanation Game::explain(std::string_view player, std::string_view type, std::string_view rest) {
  arena_.reset();
  const std::string bytes = json(player, type, rest);
  const Event event = decoder_.decode(bytes, *ruleset_, arena_).value();
  const std::string before = engine_->state_hash();
  const Position position = engine_->version();
  Explanation explanation = engine_->explain(event, now_);
  EXPECT_EQ(engine_->state_hash(), before) << "explaining " << bytes << " changed something";
  EXPECT_EQ(engine_->version(), position);
  EXPECT_EQ(engine_->log().last(), position);
  return explanation;
}

std::string Game::player(std::string_view player, std::string_view variable) {
  const auto value = engine_->player_variable(player, variable, arena_);
  return value ? cel::to_literal(*value) : "";
}

std::int64_t Game::total(std::string_view player) {
  const auto found = engine_->find_player(player);
  return found ? found->total : 0;
}

std::string Game::board(std::string_view board, std::string_view group, std::string_view window) {
  const Board& found = engine_->board(ruleset_->find_board(board).value());
  const Symbol symbol = group.empty() ? no_group : engine_->symbols().find(group).value_or(no_group);
  if (!group.empty() && symbol == no_group) return "";
  std::optional<Timestamp> starts;
  if (!window.empty()) {
    const auto period = found.period_named(window);
    if (!period) return "no such window";
    starts = period->starts;
  }
  const BoardSection* section = found.find_section(symbol, starts);
  if (section == nullptr) return "";
  std::vector<Standing> standings;
  section->leaderboard->read(1, section->leaderboard->size(), standings);
  std::string out;
  for (const Standing& standing : standings) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", engine_->symbols().text(standing.member), standing.value);
  }
  return out;
}

}  // namespace tallyho

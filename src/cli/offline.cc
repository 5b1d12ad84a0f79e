#include "cli/offline.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "log/memory_log.h"

namespace tallyho::cli {

Offline::Offline(std::shared_ptr<const Ruleset> ruleset)
    : ruleset_(std::move(ruleset)), engine_(ruleset_, std::make_unique<MemoryLog>(), {}) {}

const Answer& Offline::score(std::string_view line) {
  return score(line, std::nullopt);
}

const Answer& Offline::score(std::string_view line, std::optional<Timestamp> arrival) {
  arena_.reset();
  const std::optional<Event> event = decode(decoder_, *ruleset_, line, arena_, answer_);
  take(event, line, arrival, arena_, answer_);
  return answer_;
}

void DecodedLines::clear() {
  arena.reset();
  lines.clear();
  numbers.clear();
  events.clear();
}

void Offline::decode(Decoder& decoder, const Ruleset& ruleset, DecodedLines& batch) {
  batch.answers.resize(batch.lines.size());
  for (std::size_t i = 0; i < batch.lines.size(); ++i) {
    batch.events.push_back(decode(decoder, ruleset, batch.lines[i], batch.arena, batch.answers[i]));
  }
}

void Offline::score(DecodedLines& batch) {
  for (std::size_t i = 0; i < batch.lines.size(); ++i) {
    if (i % Engine::prepared_best == 0) {
      next_.clear();
      for (std::size_t j = i; j < std::min(i + Engine::prepared_best, batch.lines.size()); ++j) {
        if (batch.events[j]) next_.push_back(&*batch.events[j]);
      }
      engine_.prepare(next_, Sender{}.is_ingest);
    }
    take(batch.events[i], batch.lines[i], std::nullopt, batch.arena, batch.answers[i]);
  }
}

// What a line is that was decoded: an event, an operation, or neither, which `answer` says already.
void Offline::take(const std::optional<Event>& event, std::string_view line, std::optional<Timestamp> arrival,
                   Arena& arena, Answer& answer) {
  if (event) {
    ingest(*event, line, arrival, arena, answer);
  } else if (answer.code == Code::missing_field && is_operation(line)) {
    operate(line, arrival, arena, answer);
  }
}

// A ban or the like: what a record of a run has beside events.
void Offline::operate(std::string_view line, std::optional<Timestamp> arrival, Arena& arena, Answer& answer) {
  const auto operation = parse_operation(line, arena);
  if (!operation) {
    const OperationFault& fault = operation.error();
    answer = {.code = fault.code,
              .envelope = {},
              .outcome = std::nullopt,
              .message = std::string(fault.message),
              .field = fault.field};
    return;
  }
  const Timestamp taken = operation->at.value_or(arrival.value_or(event_time_max_));
  event_time_max_ = std::max(event_time_max_, taken);
  const Outcome outcome = engine_.operate(*operation, line, taken, arena);
  answer = {.code = outcome.code,
            .envelope = {.player = operation->player, .id = operation->id, .ref = {}},
            .outcome = outcome,
            .message = std::string(outcome.message),
            .field = "",
            .operation = operation->kind};
}

Explanation Offline::explain(std::string_view line) {
  arena_.reset();
  Answer answer;
  const std::optional<Event> event = decode(decoder_, *ruleset_, line, arena_, answer);
  if (!event) return {.code = answer.code, .message = answer.message, .rules = {}};
  return engine_.explain(*event, arrival_of(*event, std::nullopt));
}

std::optional<Event> Offline::decode(Decoder& decoder, const Ruleset& ruleset, std::string_view line, Arena& arena,
                                     Answer& answer) {
  const Result<Event> event = decoder.decode(line, ruleset, arena);
  if (event) return *event;
  answer = {.code = event.error().code,
            .envelope = decoder.envelope(),
            .outcome = std::nullopt,
            .message = decoder.describe(event.error()),
            .field = decoder.field_name()};
  return std::nullopt;
}

void Offline::ingest(const Event& event, std::string_view line, std::optional<Timestamp> arrival, Arena& arena,
                     Answer& answer) {
  const Timestamp taken = arrival_of(event, arrival);
  event_time_max_ = std::max(event_time_max_, event.ts.value_or(taken));
  const Outcome outcome = engine_.ingest(event, line, taken, Sender{}, arena);
  answer = {.code = outcome.code,
            .envelope = event.envelope,
            .outcome = outcome,
            .message = std::string(outcome.message),
            .field = outcome.code == Code::out_of_time ? "ts" : ""};
}

Timestamp Offline::arrival_of(const Event& event, std::optional<Timestamp> given) const {
  if (event.at) return *event.at;
  if (given) return *given;
  return std::max(event_time_max_, event.ts.value_or(event_time_max_));
}

namespace {

void append_standings(JsonWriter& json, const Engine& engine, const BoardSection* section) {
  json.array();
  std::vector<Standing> standings;
  if (section != nullptr) section->leaderboard->read(1, section->leaderboard->size(), standings);
  for (const Standing& standing : standings) {
    json.object();
    json.key("rank").number(static_cast<std::int64_t>(standing.rank));
    json.key("member").text(engine.symbols().text(standing.member));
    json.key("value").number(standing.value);
    json.end();
  }
  json.end();
}

void append_windows(JsonWriter& json, const Engine& engine, const Board& board,
                    const std::vector<const BoardSection*>& sections) {
  if (board.options().every == Every::never) {
    append_standings(json, engine, sections.empty() ? nullptr : sections.front());
    return;
  }
  json.object();
  for (const BoardSection* section : sections) {
    json.key(board.period_name(section->period));
    append_standings(json, engine, section);
  }
  json.end();
}

void append_board(JsonWriter& json, const Engine& engine, const Board& board) {
  std::map<std::string_view, std::vector<const BoardSection*>> groups;
  for (const BoardSection* section : board.sections()) {
    const auto group = section->group == no_group ? std::string_view() : engine.symbols().text(section->group);
    groups[group].push_back(section);
  }
  for (auto& [group, sections] : groups) {
    std::ranges::sort(sections, {}, [](const BoardSection* section) { return section->period.starts; });
  }
  if (!board.options().is_grouped) {
    append_windows(json, engine, board, groups.empty() ? std::vector<const BoardSection*>() : groups.begin()->second);
    return;
  }
  json.object();
  for (const auto& [group, sections] : groups) {
    json.key(group);
    append_windows(json, engine, board, sections);
  }
  json.end();
}

}  // namespace

std::string boards_json(const Engine& engine) {
  std::string out;
  JsonWriter json(out);
  json.object();
  for (BoardIndex i = 0; i < engine.ruleset().boards.size(); ++i) {
    json.key(engine.ruleset().boards[i].id);
    append_board(json, engine, engine.board(i));
  }
  json.end();
  return out;
}

}  // namespace tallyho::cli

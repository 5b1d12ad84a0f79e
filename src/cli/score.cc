// tallyho score: scores a file of events as the server would, and prints what each came to.

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/decode_ahead.h"
#include "cli/line_reader.h"
#include "cli/offline.h"
#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

struct ScoreOptions {
  std::string ruleset;
  std::string events = "-";
  std::string boards;
  bool quiet = false;
  bool as_json = false;
  bool with_hash = false;
  bool with_stats = false;
};

void append_scored(JsonWriter& json, const Ruleset& ruleset, const Outcome& outcome) {
  json.key("points").number(outcome.points);
  json.key("total").number(outcome.total);
  if (outcome.code != Code::ok) return;
  json.key("fired").array();
  for (const FiredRule& fired : outcome.fired) {
    json.array().text(ruleset.rules[fired.rule].id).number(fired.points).end();
  }
  json.end();
  if (outcome.notices.empty()) return;
  json.key("notices").array();
  for (const Notice& notice : outcome.notices) json.text(notice.text);
  json.end();
}

// {"n":1,"id":"e1","player":"ada","code":"ok","points":570,"total":570,"fired":[["find-base",20],…]}
void append_result(std::string& out, std::uint64_t number, const Answer& answer, const Ruleset& ruleset) {
  JsonWriter json(out);
  json.object();
  json.key("n").number(static_cast<std::int64_t>(number));
  if (answer.operation) json.key("op").text(name_of(*answer.operation));
  if (!answer.envelope.id.empty()) json.key("id").text(answer.envelope.id);
  if (!answer.envelope.player.empty()) json.key("player").text(answer.envelope.player);
  json.key("code").text(name_of(answer.code));
  const bool scored = answer.code == Code::ok || answer.code == Code::duplicate;
  if (answer.operation) {
    if (scored && answer.operation == Operation::Kind::adjust) {
      json.key("points").number(answer.outcome->points).key("total").number(answer.outcome->total);
    }
  } else if (scored) {
    append_scored(json, ruleset, *answer.outcome);
  }
  if (answer.outcome && answer.outcome->rule) json.key("rule").text(ruleset.rules[*answer.outcome->rule].id);
  if (answer.outcome && answer.outcome->board) json.key("rule").text(ruleset.boards[*answer.outcome->board].id);
  if (!answer.field.empty()) json.key("field").text(answer.field);
  if (!scored) json.key("message").text(answer.message);
  json.end();
  out += '\n';
}

using Counts = std::array<std::uint64_t, code_count>;

// What the game holds, by class, as the metric tallyho_memory_bytes has it.
std::array<std::pair<std::string_view, std::size_t>, 6> classes_of(const Engine::Memory& memory) {
  return {{{"players", memory.players},
           {"scopes", memory.scopes},
           {"sets", memory.sets},
           {"boards", memory.boards},
           {"strings", memory.strings},
           {"dedupe", memory.dedupe}}};
}

// What a run came to, as a whole.
struct Summary {
  Counts counts{};
  std::uint64_t events = 0;
  double seconds = 0;
  std::string hash;                      // "": not asked for.
  std::optional<Engine::Memory> memory;  // Nothing: not asked for.
  std::size_t players = 0;
};

void print_memory(const Summary& summary) {
  std::size_t sum = 0;
  for (const auto& [name, bytes] : classes_of(*summary.memory)) {
    sum += bytes;
    fmt::print(stderr, "  {:<16} {:>16} bytes\n", name, with_commas(bytes));
  }
  fmt::print(stderr, "  {:<16} {:>16} bytes: {} for each of {} players\n", "memory", with_commas(sum),
             with_commas(summary.players == 0 ? 0 : sum / summary.players), with_commas(summary.players));
}

void print_summary(const Summary& summary, bool as_json) {
  const auto& [counts, events, seconds, hash, memory, players] = summary;
  const double rate = seconds > 0 ? static_cast<double>(events) / seconds : 0;
  if (as_json) {
    std::string out;
    JsonWriter json(out);
    json.object();
    json.key("events").number(static_cast<std::int64_t>(events));
    json.key("seconds").number(seconds);
    json.key("events_per_second").number(rate);
    json.key("codes").object();
    for (int code = 0; code < code_count; ++code) {
      const std::uint64_t count = counts[static_cast<std::size_t>(code)];
      if (count > 0) json.key(name_of(static_cast<Code>(code))).number(static_cast<std::int64_t>(count));
    }
    json.end();
    if (!hash.empty()) json.key("state_hash").text(hash);
    if (memory) {
      json.key("players").number(static_cast<std::int64_t>(players));
      json.key("memory_bytes").object();
      for (const auto& [name, bytes] : classes_of(*memory)) json.key(name).number(static_cast<std::int64_t>(bytes));
      json.end();
    }
    json.end();
    fmt::print(stderr, "{}\n", out);
    return;
  }
  fmt::print(stderr, "{} events in {:.2f} s: {} events/s\n", with_commas(events), seconds,
             with_commas(static_cast<std::uint64_t>(rate)));
  for (int code = 0; code < code_count; ++code) {
    const std::uint64_t count = counts[static_cast<std::size_t>(code)];
    if (count > 0) fmt::print(stderr, "  {:<16} {:>12}\n", name_of(static_cast<Code>(code)), with_commas(count));
  }
  if (memory) print_memory(summary);
  if (!hash.empty()) fmt::print(stderr, "state hash {}\n", hash);
}

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho score: {}\n", message);
  return 1;
}

// Scores every line of `reader`; returns how many events there were, or nothing if the output can't be written.
std::optional<std::uint64_t> score_lines(LineReader& reader, Offline& offline, bool quiet, Counts& counts) {
  constexpr std::size_t output_bytes = 256 * 1024;
  const Ruleset& ruleset = offline.engine().ruleset();
  std::uint64_t events = 0;
  std::string out;
  Progress progress("scoring");
  DecodeAhead ahead(reader, offline.shared_ruleset());
  while (DecodedLines* batch = ahead.next()) {
    offline.score(*batch);
    for (std::size_t i = 0; i < batch->answers.size(); ++i) {
      ++counts[static_cast<std::size_t>(batch->answers[i].code)];
      if (!quiet) append_result(out, batch->numbers[i], batch->answers[i], ruleset);
    }
    if (out.size() >= output_bytes) {
      if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return std::nullopt;
      out.clear();
    }
    if ((events + batch->answers.size()) / 1024 != events / 1024) {
      progress.update(batch->bytes_read, reader.bytes_total(), "bytes");
    }
    events += batch->answers.size();
  }
  if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size() || std::fflush(stdout) != 0) return std::nullopt;
  return events;
}

int score(const ScoreOptions& options) {
  const auto ruleset = load_or_explain(options.ruleset);
  if (ruleset == nullptr) return 1;
  LineReader reader(recorded_bytes_max);
  if (const auto problem = reader.open(options.events)) return fail(*problem);
  Offline offline(ruleset);
  Counts counts{};
  const auto started = std::chrono::steady_clock::now();
  const auto events = score_lines(reader, offline, options.quiet, counts);
  if (!events) return fail("the results can't be written");
  if (!reader.problem().empty()) return fail(options.events + ": " + reader.problem());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (!options.boards.empty()) {
    std::ofstream file(options.boards, std::ios::binary | std::ios::trunc);
    file << boards_json(offline.engine()) << '\n';
    file.close();
    if (!file) return fail(options.boards + ": can't be written");
  }
  const Engine& engine = offline.engine();
  print_summary({.counts = counts,
                 .events = *events,
                 .seconds = seconds,
                 .hash = options.with_hash ? engine.state_hash() : "",
                 .memory = options.with_stats ? std::optional(engine.memory()) : std::nullopt,
                 .players = engine.players()},
                options.as_json);
  return 0;
}

}  // namespace

void add_score(CLI::App& app, int& status) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* verb = app.add_subcommand("score", "Score a file of events offline");
  verb->add_option("--ruleset", options->ruleset, "The ruleset")->required();
  verb->add_option("EVENTS", options->events, "NDJSON, one event a line; - is standard input")->capture_default_str();
  verb->add_option("--boards", options->boards, "Write every board to this file, as JSON");
  verb->add_flag("--quiet", options->quiet, "No result lines");
  verb->add_flag("--hash", options->with_hash, "Print the state hash at the end");
  verb->add_flag("--stats", options->with_stats, "Print at the end what takes how much memory");
  verb->add_flag("--json", options->as_json, "Print the summary (on stderr) as one JSON object");
  verb->callback([options, &status] { status = score(*options); });
}

}  // namespace tallyho::cli

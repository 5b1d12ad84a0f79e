// tallyho replay: computes a game again from its log, under its own ruleset or another, and says what would differ.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/comparison_text.h"
#include "cli/history.h"
#include "cli/offline.h"
#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "cli/verbs.h"
#include "engine/comparison.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

struct ReplayOptions {
  std::string data;
  std::string ruleset;
  std::string until;
  std::string boards;
  bool with_hash = false;
  bool with_diff = false;
  bool as_json = false;
};

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho replay: {}\n", message);
  return 1;
}

// Where a replay ends: with a position, or a time.
struct Until {
  Position position = std::numeric_limits<Position>::max();
  Timestamp time = Timestamp::max();
  bool includes(const LogRecord& record) const { return record.position <= position && record.arrival <= time; }
};

std::optional<Until> parse_until(const std::string& text) {
  Until until;
  if (text.empty()) return until;
  const char* end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, until.position); error == std::errc() && at == end) {
    return until;
  }
  const auto time = parse_timestamp(text);
  if (!time) return std::nullopt;
  return Until{.time = *time};
}

constexpr std::size_t shown_changes = 10;

// What a replay comes to, and how it is printed.
class Report {
 public:
  explicit Report(const ReplayOptions& options) : options_(options), json_(out_) {
    if (!options_.as_json) return;
    json_.object();
    if (options_.with_diff) json_.key("changed").array();
  }

  // All of them go to the JSON, which may be long; some first ones to the text.
  void add(const ChangedEvent& changed) {
    if (options_.as_json) {
      append_changed(json_, changed);
      constexpr std::size_t output_bytes = 256 * 1024;
      if (out_.size() >= output_bytes) flush();
    } else if (changed_.size() < shown_changes) {
      changed_.push_back(text_of(changed));
    }
  }

  void print(const Engine& engine, const RunTally& tally, const ErasedCount& erased, double seconds);
  void print(const Comparison& comparison, const std::vector<TopDifference>& boards);
  // False: it cannot be written.
  bool finish() {
    if (options_.as_json) {
      json_.end();
      out_ += '\n';
    }
    flush();
    return is_written_ && std::fflush(stdout) == 0;
  }

 private:
  void flush() {
    is_written_ = is_written_ && std::fwrite(out_.data(), 1, out_.size(), stdout) == out_.size();
    out_.clear();
  }

  const ReplayOptions& options_;
  std::string out_;
  JsonWriter json_;
  std::vector<std::string> changed_;
  bool is_written_ = true;
};

void Report::print(const Engine& engine, const RunTally& tally, const ErasedCount& erased, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(tally.records()) / seconds : 0;
  const std::string hash = options_.with_hash ? engine.state_hash() : "";
  if (options_.as_json) {
    if (options_.with_diff) json_.end();
    json_.key("position").number(static_cast<std::int64_t>(engine.version()));
    json_.key("at").text(format_timestamp(engine.last_arrival()));
    json_.key("records").number(static_cast<std::int64_t>(tally.records()));
    json_.key("erased").object();
    json_.key("events").number(static_cast<std::int64_t>(erased.events));
    json_.key("operations").number(static_cast<std::int64_t>(erased.operations)).end();
    json_.key("seconds").number(seconds);
    json_.key("records_per_second").number(rate);
    if (!hash.empty()) json_.key("state_hash").text(hash);
    if (options_.with_diff) return;
    json_.key("codes").object();
    for (int code = 0; code < code_count; ++code) {
      const std::uint64_t count = tally.codes()[static_cast<std::size_t>(code)];
      if (count > 0) json_.key(tallyho::name_of(static_cast<Code>(code))).number(static_cast<std::int64_t>(count));
    }
    json_.end();
    return;
  }
  out_ += fmt::format("{} records up to position {}, {}, in {:.2f} s: {} records/s\n", with_commas(tally.records()),
                      engine.version(), format_timestamp(engine.last_arrival()), seconds,
                      with_commas(static_cast<std::uint64_t>(rate)));
  for (int code = 0; code < code_count; ++code) {
    const std::uint64_t count = tally.codes()[static_cast<std::size_t>(code)];
    if (count == 0) continue;
    out_ += fmt::format("  {:<16} {:>12}\n", tallyho::name_of(static_cast<Code>(code)), with_commas(count));
  }
  if (erased.has_any()) out_ += fmt::format("{} were erased: what they gave to others is missing\n", erased.text());
  if (!hash.empty()) out_ += fmt::format("state hash {}\n", hash);
}

void Report::print(const Comparison& comparison, const std::vector<TopDifference>& boards) {
  if (options_.as_json) {
    append_comparison(json_, comparison, boards);
  } else {
    out_ += '\n' + text_of(comparison, boards, changed_);
  }
}

// Feeds the log to `before` (the log's own ruleset; may be null) and `after`. Returns what went wrong, or "".
std::string run(const History& history, const Until& until, Engine* before, Engine& after, Comparison& comparison,
                ErasedCount& erased) {
  Replayer::Options own;
  own.told = [&](const Replayed& replayed) { comparison.before(before->ruleset(), replayed); };
  Replayer::Options other{.is_other_ruleset = after.ruleset().source != history.ruleset()->source};
  other.told = [&](const Replayed& replayed) { comparison.after(after.ruleset(), replayed); };
  std::optional<Replayer> first;
  if (before != nullptr) first.emplace(*before, own);
  Replayer second(after, other);
  const auto read = history.read("replaying", [&](const LogRecord& record) {
    if (!until.includes(record)) return false;
    return (!first || first->take(record)) && second.take(record);
  });
  if (!read) return read.error();
  if (first && !first->finish()) return first->problem();
  if (!second.finish()) return second.problem();
  erased = second.erased();
  return "";
}

bool write_boards(const std::string& path, const Engine& engine) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << boards_json(engine) << '\n';
  file.close();
  return static_cast<bool>(file);
}

int replay(const ReplayOptions& options) {
  const auto until = parse_until(options.until);
  if (!until) return fail("--until is a position or an RFC 3339 timestamp");
  const auto history = History::open(options.data);
  if (!history) return fail(history.error());
  auto ruleset = options.ruleset.empty() ? history->ruleset() : load_or_explain(options.ruleset);
  if (ruleset == nullptr) return 1;
  std::unique_ptr<Engine> before;
  if (options.with_diff) {
    auto begun = history->begin();
    if (!begun) return fail(begun.error());
    before = std::move(*begun);
  }
  const auto begun = history->begin(std::move(ruleset));
  if (!begun) return fail(begun.error());
  Engine& after = **begun;
  if (history->begins_behind() > 0) {
    fmt::print(stderr, "the log begins later: replaying from the snapshot of position {} on\n",
               history->begins_behind());
  }
  Report report(options);
  Comparison comparison([&report](const ChangedEvent& changed) { report.add(changed); });
  const auto started = std::chrono::steady_clock::now();
  ErasedCount erased;
  const std::string problem = run(*history, *until, before.get(), after, comparison, erased);
  if (!problem.empty()) return fail(problem);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (!write_boards(options.boards, after)) return fail(options.boards + ": can't be written");
  report.print(after, comparison.tally_after(), erased, seconds);
  if (before) report.print(comparison, compare_tops(tops_of(*before), tops_of(after)));
  return report.finish() ? 0 : fail("the result can't be written");
}

}  // namespace

void add_replay(CLI::App& app, int& status) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* verb =
      app.add_subcommand("replay", "Compute a game again from its log; under another ruleset, and compare");
  verb->add_option("--data", options->data, "The directory that `serve --data` was given; nothing in it changes")
      ->type_name("DIR")
      ->required();
  auto* ruleset = verb->add_option("--ruleset", options->ruleset, "Another ruleset than the log's");
  verb->add_option("--until", options->until, "Stop behind this position or arrival time")->type_name("POSITION|TIME");
  verb->add_option("--boards", options->boards, "Write every board to this file, as JSON");
  verb->add_flag("--hash", options->with_hash, "Print the state hash at the end");
  verb->add_flag("--diff", options->with_diff, "Say what --ruleset changes: rules, boards, events")->needs(ruleset);
  verb->add_flag("--json", options->as_json, "Print one JSON object; with --diff, every event that changes");
  verb->callback([options, &status] { status = replay(*options); });
}

}  // namespace tallyho::cli

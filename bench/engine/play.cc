// The standard load through one engine in one thread: JSON bytes in, outcomes out. No server, no log on disk. Prints
// one JSON object; bench/engine.py runs it and makes tables of it.
//
//     engine_play --events 1000000 --players 100000            # the standard load
//     engine_play --type treasure_found                         # of its events only these
//     engine_play --parts ids | rules | boards | feed           # without what comes after: where does the time go?
//
// The load is made a piece at a time, outside the time that is measured.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "base/large_pages.h"
#include "engine/engine.h"
#include "event/decoder.h"
#include "fmt/format.h"
#include "load/standard_load.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::size_t batch_events = 64;  // Decoded, then ingested, then flushed: as a server's batch.
constexpr std::size_t piece_lines = 16'384;
constexpr std::uint32_t watched_top = 10;

struct Options {
  std::uint64_t events = 1'000'000;
  std::uint32_t players = 100'000;
  std::string type;              // "": all.
  std::string parts = "boards";  // How far an event goes.
  bool prepares = true;
  bool is_exact = false;  // Rules without the fast path.
  bool asks_for_large_pages = false;
};

using Clock = std::chrono::steady_clock;

// A watch of each board's top.
class Watcher final : public Subscriber {
 public:
  bool ready() override { return true; }
  void push(std::string_view, const std::shared_ptr<const std::string>& body) override { bytes_ += body->size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

// The treasure hunt without its boards, or without its rules and boards.
std::shared_ptr<const Ruleset> load_hunt(std::string_view parts, bool is_exact) {
  std::ifstream file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml");
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (parts == "ids") text.resize(text.find("\nrules:") + 1);
  if (parts == "rules") text.resize(text.find("\nboards:") + 1);
  auto ruleset = load_ruleset(text, "treasure-hunt.yaml", is_exact ? cel::Evaluation::exact : cel::Evaluation::fast);
  if (!ruleset) throw std::runtime_error(ruleset.error()[0].message);
  return *ruleset;
}

class Play {
 public:
  explicit Play(const Options& options)
      : options_(options),
        ruleset_(load_hunt(options.parts, options.is_exact)),
        engine_(ruleset_, std::make_unique<MemoryLog>(), {}),
        load_({.events = options.events, .players = options.players}) {
    if (options.parts != "feed") return;
    for (std::size_t i = 0; i < ruleset_->boards.size(); ++i) {
      BoardView view;
      view.board = static_cast<std::uint16_t>(i);
      view.top = watched_top;
      engine_.feed().watch_board(watcher_, std::to_string(i), view, engine_.version());
    }
  }

  void run() {
    while (make_piece()) {
      for (std::size_t i = 0; i < lines_.size(); i += batch_events) {
        play_batch(std::span(lines_).subspan(i, std::min(batch_events, lines_.size() - i)));
      }
    }
  }

  std::string result() const;

 private:
  // The next lines. False at the end.
  bool make_piece() {
    text_.clear();
    std::vector<std::pair<std::size_t, std::size_t>> places;
    bool is_end = true;
    while (places.size() < piece_lines) {
      const auto line = load_.next();
      if (!line) break;
      is_end = false;
      if (!options_.type.empty() && !line->text.contains("\"type\":\"" + options_.type + "\"")) continue;
      places.emplace_back(text_.size(), line->text.size());
      text_ += line->text;
    }
    lines_.clear();
    for (const auto& [begin, size] : places) lines_.push_back(std::string_view(text_).substr(begin, size));
    return !is_end;
  }

  void play_batch(std::span<const std::string_view> lines) {
    const Clock::time_point begun = Clock::now();
    arena_.reset();
    events_.clear();
    for (const std::string_view line : lines) {
      if (const Result<Event> event = decoder_.decode(line, *ruleset_, arena_)) events_.emplace_back(*event, line);
    }
    const Clock::time_point decoded = Clock::now();
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (options_.prepares && i % Engine::prepared_best == 0) prepare(i);
      const auto& [event, line] = events_[i];
      arrival_ = std::max(arrival_, event.ts.value_or(arrival_));  // As offline: the greatest event time so far.
      ++codes_[static_cast<std::size_t>(engine_.ingest(event, line, arrival_, {}, arena_).code)];
    }
    engine_.commit();
    engine_.push(decoded);
    const Clock::duration took = Clock::now() - decoded;
    decoding_ += decoded - begun;
    scoring_ += took;
    slowest_batch_ = std::max(slowest_batch_, took);
    played_ += lines.size();
  }

  void prepare(std::size_t first) {
    next_.clear();
    for (std::size_t i = first; i < std::min(first + Engine::prepared_best, events_.size()); ++i) {
      next_.push_back(&events_[i].first);
    }
    engine_.prepare(next_, true);
  }

  const Options& options_;
  const std::shared_ptr<const Ruleset> ruleset_;
  Watcher watcher_;
  Engine engine_;
  StandardLoad load_;
  std::string text_;
  std::vector<std::string_view> lines_;
  Decoder decoder_;
  Arena arena_;
  std::vector<std::pair<Event, std::string_view>> events_;
  std::vector<const Event*> next_;
  Timestamp arrival_;
  Clock::duration decoding_{};
  Clock::duration scoring_{};
  Clock::duration slowest_batch_{};  // Of scoring: what an ack waits for where something grows.
  std::uint64_t played_ = 0;
  std::array<std::uint64_t, code_count> codes_{};
};

std::string Play::result() const {
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const Engine::Memory memory = engine_.memory();
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("events").number(static_cast<std::int64_t>(played_));
  json.key("decoding_seconds").number(seconds(decoding_));
  json.key("scoring_seconds").number(seconds(scoring_));
  json.key("slowest_batch_seconds").number(seconds(slowest_batch_));
  json.key("pushed_bytes").number(static_cast<std::int64_t>(watcher_.bytes()));
  json.key("codes").object();
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    if (codes_[i] > 0) json.key(name_of(static_cast<Code>(i))).number(static_cast<std::int64_t>(codes_[i]));
  }
  json.end();
  json.key("players").number(static_cast<std::int64_t>(engine_.players()));
  json.key("memory").object();
  const std::pair<std::string_view, std::size_t> classes[] = {{"players", memory.players}, {"scopes", memory.scopes},
                                                              {"sets", memory.sets},       {"boards", memory.boards},
                                                              {"strings", memory.strings}, {"dedupe", memory.dedupe}};
  for (const auto& [name, bytes] : classes) json.key(name).number(static_cast<std::int64_t>(bytes));
  json.end();
  json.key("state_hash").text(engine_.state_hash());
  json.end();
  return out;
}

int run(int count, char** arguments) {
  Options options;
  CLI::App app("Plays the standard load through an engine, in one thread", "engine_play");
  app.add_option("--events", options.events, "Events of the load")->capture_default_str();
  app.add_option("--players", options.players, "Players")->capture_default_str();
  app.add_option("--type", options.type, "Play only events of this type");
  app.add_option("--parts", options.parts, "How far events go: ids, rules, boards, feed (boards, watched)")
      ->capture_default_str()
      ->check(CLI::IsMember({"ids", "rules", "boards", "feed"}));
  app.add_flag("!--no-prepare", options.prepares, "Don't tell the engine whose events come next");
  app.add_flag("--exact", options.is_exact, "Evaluate every expression exactly, without the fast path");
  app.add_flag("--large-pages", options.asks_for_large_pages, "Ask for memory in pages of 2 MiB");
  CLI11_PARSE(app, count, arguments);
  if (options.asks_for_large_pages) ask_for_large_pages();
  Play play(options);
  play.run();
  fmt::print("{}\n", play.result());
  return 0;
}

}  // namespace
}  // namespace tallyho

int main(int count, char** arguments) {
  try {
    return tallyho::run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "engine_play: {}\n", error.what());
    return 1;
  }
}

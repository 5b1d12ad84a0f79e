#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "engine/engine.h"
#include "event/decoder.h"

namespace tallyho::cli {

// What a line came to, whether or not it reached the log. Views are valid until the next score().
struct Answer {
  Code code = Code::internal;
  EventEnvelope envelope;
  std::optional<Outcome> outcome;                 // Set if the event was valid.
  std::string message;                            // Codes other than ok.
  std::string_view field;                         // The member to blame, or "".
  std::optional<Operation::Kind> operation = {};  // Set if the line was no event but a ban or the like.
};

// Lines that were decoded together, to be scored together.
struct DecodedLines {
  Arena arena;  // What all of it points into.
  std::vector<std::string_view> lines;
  std::vector<std::uint64_t> numbers;        // Theirs, from 1.
  std::vector<std::optional<Event>> events;  // Nothing: the line is none, and its answer says why.
  std::vector<Answer> answers;               // Of those; of all once they are scored.
  std::uint64_t bytes_read = 0;              // Of the file, up to here. For progress.

  void clear();
};

// Scores events, and does operations (engine/operation.h), in process, without a server: what `score`, `test` and
// `explain` share.
//
//     Offline offline(ruleset);
//     for (line : lines) print(offline.score(line));
//
// Arrival time is the event's `at` where it has one, else the greatest event time of the valid events so far, itself
// included, starting at the epoch; so it never goes backwards, and late events are late.
class Offline {
 public:
  static constexpr Decoder::Options decoder_options{.takes_at = true};

  explicit Offline(std::shared_ptr<const Ruleset> ruleset);

  const Answer& score(std::string_view line);
  // The same with an arrival time from outside, which an `at` in the event overrides.
  const Answer& score(std::string_view line, std::optional<Timestamp> arrival);

  // Decodes lines, on any thread.
  static void decode(Decoder& decoder, const Ruleset& ruleset, DecodedLines& batch);
  // Scores them one after the other, faster than one by one, as the engine is told ahead whose events come.
  void score(DecodedLines& batch);

  // Every rule that `line` would meet, after what was scored so far; changes nothing. An event that is not valid has
  // no rules, only a code and a message.
  Explanation explain(std::string_view line);

  const Engine& engine() const { return engine_; }
  const std::shared_ptr<const Ruleset>& shared_ruleset() const { return ruleset_; }

 private:
  // The decoded event; nothing, and `answer` filled, if it is not valid.
  static std::optional<Event> decode(Decoder& decoder, const Ruleset& ruleset, std::string_view line, Arena& arena,
                                     Answer& answer);
  void ingest(const Event& event, std::string_view line, std::optional<Timestamp> arrival, Arena& arena,
              Answer& answer);
  void take(const std::optional<Event>& event, std::string_view line, std::optional<Timestamp> arrival, Arena& arena,
            Answer& answer);
  void operate(std::string_view line, std::optional<Timestamp> arrival, Arena& arena, Answer& answer);
  Timestamp arrival_of(const Event& event, std::optional<Timestamp> given) const;

  std::shared_ptr<const Ruleset> ruleset_;
  Engine engine_;
  Decoder decoder_{decoder_options};
  Arena arena_;
  Answer answer_;
  std::vector<const Event*> next_;
  Timestamp event_time_max_;  // Of the valid events so far.
};

// Every board whole, as `score --boards` writes it: {"global":[{"rank":1,"member":"ada","value":570},…],
// "regions":{"north":[…]},"today":{"2026-07-19":[…]}}, groups outside windows, groups by name, windows by time.
std::string boards_json(const Engine& engine);

}  // namespace tallyho::cli

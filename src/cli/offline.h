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
  explicit Offline(std::shared_ptr<const Ruleset> ruleset);

  const Answer& score(std::string_view line);
  // The same with an arrival time from outside, which an `at` in the event overrides.
  const Answer& score(std::string_view line, std::optional<Timestamp> arrival);

  // Scores lines one after the other, faster, as the engine is told ahead whose events come. The answers are those of
  // the lines, valid until the next call.
  std::span<const Answer> score(std::span<const std::string_view> lines);

  // Every rule that `line` would meet, after what was scored so far; changes nothing. An event that is not valid has
  // no rules, only a code and a message.
  Explanation explain(std::string_view line);

  const Engine& engine() const { return engine_; }

 private:
  // The decoded event; nothing, and `answer` filled, if it is not valid.
  std::optional<Event> decode(std::string_view line, Answer& answer);
  void ingest(const Event& event, std::string_view line, std::optional<Timestamp> arrival, Answer& answer);
  void take(const std::optional<Event>& event, std::string_view line, std::optional<Timestamp> arrival, Answer& answer);
  void operate(std::string_view line, std::optional<Timestamp> arrival, Answer& answer);
  Timestamp arrival_of(const Event& event, std::optional<Timestamp> given) const;

  std::shared_ptr<const Ruleset> ruleset_;
  Engine engine_;
  Decoder decoder_{Decoder::Options{.takes_at = true}};
  Arena arena_;
  std::vector<Answer> answers_;  // And of what, if it was valid:
  std::vector<std::optional<Event>> events_;
  std::vector<const Event*> valid_;
  Timestamp event_time_max_;  // Of the valid events so far.
};

// Every board whole, as `score --boards` writes it: {"global":[{"rank":1,"member":"ada","value":570},…],
// "regions":{"north":[…]},"today":{"2026-07-19":[…]}}, groups outside windows, groups by name, windows by time.
std::string boards_json(const Engine& engine);

}  // namespace tallyho::cli

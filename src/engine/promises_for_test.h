#pragma once

// For tests: what whoever plays a game was promised, by what is in its log.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/engine.h"
#include "log/record.h"

namespace tallyho {

// What was entered at one position, and what whoever sent it would be told once that is durable.
struct Entry {
  RecordKind kind = RecordKind::event;
  Timestamp arrival = {};
  std::string bytes = {};
  std::string player = {}, id = {};  // Of an event or operation.
  Operation::Kind operation = {};
  Code code = Code::ok;
  std::int64_t points = 0;
};

// What a game must be by its log, as far as a client can know it: the naive reading of "exactly once".
class Promises {
 public:
  // What an id is remembered for; adjustments have ids of their own.
  struct Id {
    std::string player, id, sender;
    auto operator<=>(const Id&) const = default;
  };

  void take(const Entry& entry) {
    if (entry.kind == RecordKind::operation) return take_operation(entry);
    if (entry.kind == RecordKind::ruleset || entry.code != Code::ok) return;
    totals_[entry.player] += entry.points;
    if (entry.id.empty()) return;
    const Id id{entry.player, entry.id, sender_of(entry.kind)};
    answers_[id] = entry.points;
    requests_[id] = entry.bytes;
  }

  // What an event has to be answered, as far as that is known: player_banned, or duplicate with these points; nothing:
  // neither of them.
  struct Answer {
    Code code = Code::ok;
    std::int64_t points = 0;
  };
  std::optional<Answer> answer(const EventEnvelope& envelope, RecordKind kind) const {
    if (banned_.contains(std::string(envelope.player))) return Answer{Code::player_banned, 0};
    const auto known = answers_.find(Id{std::string(envelope.player), std::string(envelope.id), sender_of(kind)});
    if (envelope.id.empty() || known == answers_.end()) return std::nullopt;
    return Answer{Code::duplicate, known->second};
  }
  std::optional<std::int64_t> adjusted(const Operation& operation) const {
    const auto known = answers_.find({std::string(operation.player), std::string(operation.id), "adjust"});
    return known == answers_.end() ? std::nullopt : std::optional(known->second);
  }

  const std::map<std::string, std::int64_t>& totals() const { return totals_; }
  const std::map<Id, std::string>& requests() const { return requests_; }
  static RecordKind kind_of(const Id& id) {
    return id.sender == "event" ? RecordKind::event : RecordKind::event_of_player;
  }

 private:
  static std::string sender_of(RecordKind kind) { return kind == RecordKind::event ? "event" : "player"; }

  void take_operation(const Entry& entry) {
    const std::string& player = entry.player;
    switch (entry.operation) {
      case Operation::Kind::ban: banned_.insert(player); break;
      case Operation::Kind::unban: banned_.erase(player); break;
      case Operation::Kind::adjust:
        if (entry.code != Code::ok) break;
        totals_[player] += entry.points;
        answers_[{player, entry.id, "adjust"}] = entry.points;
        break;
      case Operation::Kind::forget:
        banned_.erase(player);
        totals_.erase(player);
        std::erase_if(answers_, [&player](const auto& one) { return one.first.player == player; });
        std::erase_if(requests_, [&player](const auto& one) { return one.first.player == player; });
    }
  }

  std::map<Id, std::int64_t> answers_;
  std::map<Id, std::string> requests_;
  std::map<std::string, std::int64_t> totals_;
  std::set<std::string> banned_;
};

}  // namespace tallyho

#include "cli/explain_player.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "cli/explanation_text.h"
#include "cli/history.h"
#include "engine/replay.h"
#include "fmt/format.h"
#include "server/ledger_entry.h"

namespace tallyho::cli {
namespace {

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho explain: {}\n", message);
  return 1;
}

// An entry of the player's ledger, with what it would only point to.
struct Entry {
  Position position = 0;
  Timestamp at;
  std::string id, type;
  std::int64_t points = 0;
  std::int64_t total = 0;
  std::string by;                 // Who made an adjustment, where it is known.
  std::vector<LedgerRule> fired;  // Rules by names of the ruleset.

  LedgerEntry view(std::string_view player) const {
    return {.position = position,
            .at = at,
            .points = points,
            .total = total,
            .player = player,
            .id = id,
            .type = type,
            .fired = fired,
            .by = by};
  }
};

// What every rule did with one event.
struct Explained {
  Position position = 0;
  Timestamp at;
  Explanation explanation;
};

// Follows a replay with the eyes of one player.
class Witness {
 public:
  Witness(const PlayerQuestion& question, Engine& engine) : question_(question), engine_(engine) {}

  void before(const Replayed& one) {
    if (one.event == nullptr || !is_meant(one)) return;
    keep(explained_, {one.record.position, one.record.arrival, engine_.explain(*one.event, one.record.arrival)});
  }

  void after(const Replayed& one) {
    if (one.envelope.player != question_.player || one.outcome.code != Code::ok) return;
    const bool is_adjustment = one.operation != nullptr && one.operation->kind == Operation::Kind::adjust;
    if (one.operation != nullptr && one.operation->kind == Operation::Kind::forget) entries_.clear();
    if (one.event == nullptr && !is_adjustment) return;
    if (!question_.id.empty() && !(is_adjustment && is_meant(one))) return;
    const Ruleset& ruleset = engine_.ruleset();
    Entry entry{.position = one.record.position,
                .at = one.record.arrival,
                .id = std::string(one.envelope.id),
                .type = is_adjustment ? "adjustment" : ruleset.events[one.event->type].name,
                .points = one.outcome.points,
                .total = one.outcome.total,
                .by = std::string(one.operation == nullptr ? "" : one.operation->by),
                .fired = {}};
    for (const FiredRule& fired : one.outcome.fired)
      entry.fired.push_back({ruleset.rules[fired.rule].id, fired.points});
    keep(entries_, std::move(entry));
  }

  void print_text() const;
  void print_json() const;
  bool has_nothing() const { return entries_.empty() && explained_.empty(); }

 private:
  bool is_meant(const Replayed& one) const {
    return !question_.id.empty() && one.envelope.id == question_.id && one.envelope.player == question_.player;
  }
  // One more than will be shown, so that it is known whether there are more.
  template <typename T>
  void keep(std::deque<T>& kept, T one) {
    kept.push_back(std::move(one));
    if (kept.size() > question_.limit + std::size_t{1}) kept.pop_front();
  }
  bool has_more() const { return entries_.size() > question_.limit; }
  auto shown() const { return std::vector(entries_.rbegin(), entries_.rend() - (has_more() ? 1 : 0)); }

  const PlayerQuestion& question_;
  Engine& engine_;
  std::deque<Entry> entries_;  // Oldest first.
  std::deque<Explained> explained_;
};

void Witness::print_text() const {
  std::string out;
  for (const Explained& one : explained_) {
    out += fmt::format("position {}, {}\n{}", one.position, format_timestamp(one.at),
                       text_of(one.explanation, engine_.ruleset()));
  }
  for (const Entry& entry : shown()) {
    out += fmt::format("{:>10}  {}  {:<20} {:>+10} {:>12}  {}\n", entry.position, format_timestamp(entry.at),
                       entry.type, entry.points, entry.total, entry.id);
    for (const LedgerRule& fired : entry.fired)
      out += fmt::format("{:>12}{:<31} {:>+10}\n", "", fired.rule, fired.points);
  }
  if (has_more()) out += fmt::format("… more: --cursor {}\n", shown().back().position);
  fmt::print("{}", out);
}

void Witness::print_json() const {
  std::string out;
  JsonWriter json(out);
  json.object().key("player").text(question_.player);
  if (!question_.id.empty()) {
    json.key("id").text(question_.id).key("explained").array();
    for (const Explained& one : explained_) {
      json.object();
      json.key("position").number(static_cast<std::int64_t>(one.position));
      json.key("at").text(format_timestamp(one.at));
      append_explanation(json, one.explanation, engine_.ruleset());
      json.end();
    }
    json.end();
  }
  json.key("entries").array();
  for (const Entry& entry : shown()) append_json(json, entry.view(question_.player), true);
  json.end();
  if (has_more()) json.key("cursor").text(std::to_string(shown().back().position));
  json.end();
  fmt::print("{}\n", out);
}

}  // namespace

int explain_player(const PlayerQuestion& question) {
  const auto history = History::open(question.data);
  if (!history) return fail(history.error());
  const auto begun = history->begin();
  if (!begun) return fail(begun.error());
  Engine& engine = **begun;
  Witness witness(question, engine);
  Replayer::Options options;
  options.before = [&witness](const Replayed& one) { witness.before(one); };
  options.told = [&witness](const Replayed& one) { witness.after(one); };
  Replayer replayer(engine, options);
  const auto read = history->read(
      "replaying", [&](const LogRecord& record) { return record.position < question.before && replayer.take(record); });
  if (!read) return fail(read.error());
  if (!replayer.finish()) return fail(replayer.problem());
  if (history->begins_behind() > 0) {
    fmt::print(stderr, "what came before position {} is not in the log any more\n", history->begins_behind() + 1);
  }
  if (replayer.erased().has_any()) {
    fmt::print(stderr, "{} were erased: what they gave to others is missing\n", replayer.erased().text());
  }
  if (witness.has_nothing() && !engine.find_player(question.player)) {
    return fail("there is no player '" + question.player + "'");
  }
  if (witness.has_nothing() && !question.id.empty()) {
    return fail("'" + question.player + "' has sent nothing with the id '" + question.id + "'");
  }
  if (question.as_json) {
    witness.print_json();
  } else {
    witness.print_text();
  }
  return 0;
}

}  // namespace tallyho::cli

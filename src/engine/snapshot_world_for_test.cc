#include "engine/snapshot_world_for_test.h"

#include <algorithm>
#include <array>
#include <random>

#include "engine/snapshot.h"
#include "fmt/format.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::string_view source = R"yaml(tallyho: 1
name: world
time_zone: Europe/Berlin
clock: {late: 72h}
dedupe: {window: 2h, per_player: 5}
total: {min: 0}
events:
  find: {thing: string, value: int}
  join: {team: string}
  fail: {}
state:
  player:
    was_here: bool
    finds: int
    finds_now: {type: int, resets: hourly}
    best_today: {type: double, resets: daily}
    team: {type: string, init: nobody}
    last: timestamp
    pause: duration
    mood: {type: string, resets: weekly, init: calm}
    seen: {type: set, capacity: 12, on_full: drop_oldest}
    first: {type: set, capacity: 3}
    recent: {type: window, span: 3h, capacity: 6}
  thing:
    key: event.thing
    finders: {type: set, capacity: 20, on_full: drop_oldest}
    value: int
rules:
  - id: base
    on: find
    points: event.value
    cap: {points: 400, per: daily}
    set:
      player.was_here: 'true'
      player.finds: player.finds + 1
      player.finds_now: player.finds_now + 1
      player.best_today: 'double(event.value) > player.best_today ? double(event.value) : player.best_today'
      player.pause: 'now - player.last'
      player.last: now
      player.mood: 'event.value > 90 ? "glad" : player.mood'
      thing.value: thing.value + event.value
    add: {player.seen: event.thing, player.recent: now, thing.finders: event.player}
  - {id: first, on: find, when: event.value > 80, add: {player.first: event.thing}, points: '7'}
  - id: bonus
    on: find
    when: player.recent.count() >= 3
    cooldown: 90m
    points: '50'
    cap: {points: 1000, per: ever}
  - {id: join, on: join, set: {player.team: event.team}}
  - {id: no, on: fail, when: 'player.finds > 3', reject: '"no"'}
boards:
  - {id: global}
  - {id: hour, window: {every: hourly, keep: 3}}
  - {id: teams, member: player.team, window: {every: daily, keep: 1}}
  - {id: mates, group_by: player.team}
  - {id: mates-today, group_by: player.team, window: {every: daily, keep: 1}, operator: best, limit: 3}
  - {id: things, on: find, group_by: event.thing, operator: best}
  - {id: low, on: find, operator: best, order: ascending, limit: 5}
  - {id: last, operator: latest, value: player.total, when: 'true'}
  - {id: tries, attempts: 2, window: {every: 5h, keep: 2}}
)yaml";

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  WorldRecord next() {
    const std::uint64_t minutes = below(30) == 0 ? below(400) : below(4);
    now_ = add(now_, std::chrono::milliseconds(minutes * 60'000 + below(2'000))).value();
    if (below(25) == 0) return {operation(), now_, RecordKind::operation};
    return {event(), now_, below(4) == 0 ? RecordKind::event_of_player : RecordKind::event};
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::string operation() {
    const std::uint64_t player = below(9);
    switch (below(6)) {
      case 0:
      case 1: return to_record({.kind = Operation::Kind::ban, .player = name(player)});
      case 2: return to_record({.kind = Operation::Kind::unban, .player = name(player)});
      case 3: return to_record({.kind = Operation::Kind::forget, .player = name(player)});
      default: break;
    }
    const std::string id = fmt::format("a{}", below(12));
    return to_record({.kind = Operation::Kind::adjust,
                      .player = name(player),
                      .id = id,
                      .points = static_cast<std::int64_t>(below(200)) - 100});
  }

  std::string_view name(std::uint64_t player) {
    name_ = fmt::format("p{}", player);
    return name_;
  }

  std::string event() {
    static constexpr std::array types{"find", "find", "find", "find", "join", "fail"};
    const std::uint64_t type = below(types.size());
    std::string bytes = fmt::format(R"({{"type":"{}","player":"p{}")", types[type], below(9));
    if (below(2) == 0) bytes += fmt::format(R"(,"id":"e{}")", below(30));
    if (below(8) == 0) {
      bytes += fmt::format(R"(,"ts":{})", now_.to_millis() - static_cast<std::int64_t>(below(90'000'000)));
    }
    if (type < 4) bytes += fmt::format(R"(,"thing":"t{}","value":{})", below(25), below(100));
    if (type == 4) bytes += fmt::format(R"(,"team":"{}")", std::array{"red", "blue", "green", ""}[below(4)]);
    return bytes + "}";
  }

  std::mt19937 random_;
  std::string name_;
  Timestamp now_{1'792'857'600, 0};  // 2026-10-24T16:00:00Z: the clocks go back at 01:00 the day after.
};

}  // namespace

std::shared_ptr<const Ruleset> world_ruleset() {
  return load_ruleset(source, "world.yaml").value();
}

std::vector<WorldRecord> make_world_records(std::size_t count, unsigned seed) {
  World world(seed);
  std::vector<WorldRecord> records;
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) records.push_back(world.next());
  return records;
}

std::string WorldPlayer::apply(Engine& engine, const WorldRecord& record, Position position) {
  arena_.reset();
  const LogRecord logged{position, record.kind, record.arrival, record.bytes};
  Outcome outcome;
  if (record.kind == RecordKind::operation) {
    outcome = engine.replay(parse_operation(record.bytes, arena_).value(), logged, arena_);
  } else {
    const Result<Event> event = decoder_.decode(record.bytes, engine.ruleset(), arena_);
    if (!event) return "not an event: " + decoder_.describe(event.error());
    outcome = engine.replay(*event, logged, arena_);
  }
  return fmt::format("{} {} {} at {}: {}", name_of(outcome.code), outcome.points, outcome.total, outcome.position,
                     outcome.message);
}

std::unique_ptr<Engine> make_world_engine(const std::shared_ptr<const Ruleset>& ruleset) {
  return std::make_unique<Engine>(ruleset, std::make_unique<MemoryLog>(std::string(world_log)), Engine::Options{});
}

std::vector<std::byte> snapshot_of(const Engine& engine) {
  std::vector<std::byte> bytes;
  save_snapshot(engine, [&bytes](std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return true;
  });
  return bytes;
}

std::expected<std::unique_ptr<Engine>, std::string> engine_of(std::span<const std::byte> snapshot,
                                                              const std::shared_ptr<const Ruleset>& ruleset) {
  auto saved = SavedEngine::open([snapshot](std::span<std::byte> into) mutable -> std::optional<std::size_t> {
    const auto next = snapshot.first(std::min(snapshot.size(), into.size()));
    std::ranges::copy(next, into.begin());
    snapshot = snapshot.subspan(next.size());
    return next.size();
  });
  if (!saved) return std::unexpected(saved.error());
  auto engine = make_world_engine(ruleset);
  if (const auto loaded = saved->restore(*engine); !loaded) return std::unexpected(loaded.error());
  return engine;
}

}  // namespace tallyho

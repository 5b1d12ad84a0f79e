// Goal: whatever happens to the process or the disk, what was acked is scored exactly once, and a game goes on as if it
// had never ended.
// Method: the real engine, log, recovery and snapshots over a disk in memory (log/testing/virtual_disk.h), with a clock
// of the test's own. Each seed is a game of a few lives. In a life events come and are sent again, players are banned,
// adjusted and forgotten, rulesets swapped, snapshots made beside it all, segments let go, and what forgotten players
// had sent erased; the disk fills up. It ends well, or by a power failure, a kill or a system call that fails, before
// any operation on the disk: also of the recovery, and of a snapshot. A client remembers what it was told, and a
// reference engine applies what is in the log, one by one, and is never saved or loaded.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/data_directory.h"
#include "engine/promises_for_test.h"
#include "engine/snapshot_world_for_test.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "log/durable_log_view.h"
#include "log/frame.h"
#include "log/testing/long_tier.h"
#include "log/testing/virtual_disk.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using Rulesets = std::vector<std::shared_ptr<const Ruleset>>;

// Something of every kind, over the events of the small world of snapshot tests; no id is ever forgotten by itself.
constexpr std::string_view source = R"yaml(tallyho: 1
name: simulation
clock: {late: 72h}
dedupe: {window: 87600h, per_player: 1000}
total: {min: 0}
events: {find: {thing: string, value: int}, join: {team: string}, fail: {}}
state:
  player:
    finds: int
    today: {type: int, resets: daily}
    team: string
    seen: {type: set, capacity: 12, on_full: drop_oldest}
    recent: {type: window, span: 3h, capacity: 6}
  thing: {key: event.thing, value: int}
rules:
  - id: base
    on: find
    points: event.value
    cap: {points: 400, per: daily}
    set: {player.finds: player.finds + 1, player.today: player.today + 1, thing.value: thing.value + event.value}
    add: {player.seen: event.thing, player.recent: now}
  - {id: bonus, on: find, when: player.recent.count() >= 3, cooldown: 90m, points: '50'}
  - {id: join, on: join, set: {player.team: event.team}}
  - {id: no, on: fail, when: player.finds > 3, reject: '"no"'}
boards:
  - {id: global}
  - {id: hour, window: {every: hourly, keep: 3}}
  - {id: mates, group_by: player.team}
)yaml";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return std::string(text).replace(at, what.size(), by);
}

Rulesets make_rulesets() {
  const std::string other = replaced(replaced(source, "cooldown: 90m, ", ""), "capacity: 12", "capacity: 4");
  const std::string third = replaced(replaced(source, "points: event.value", "points: 2 * event.value"),
                                     "  - {id: mates, group_by: player.team}\n", "");
  Rulesets rulesets;
  for (const std::string& text : {std::string(source), other, third}) {
    rulesets.push_back(load_ruleset(text, "test.yaml").value());
  }
  return rulesets;
}

// How often what happened, over all seeds: a simulation in which nothing happens proves nothing.
struct Counts {
  std::uint64_t lives = 0, powerless = 0, killed = 0, failed = 0, broken_starts = 0, records = 0, lost = 0, retries = 0,
                snapshots = 0, from_snapshot = 0, segments_let_go = 0, erased = 0, swaps = 0, unavailable = 0, torn = 0;

  std::string text() const {
    return fmt::format(
        "{} lives ({} power failures, {} kills, {} failed calls; {} starts broken off), {} records ({} never acked and "
        "lost, {} torn ends cut), {} retries, {} swaps, {} snapshots ({} starts from one, {} segments let go, {} "
        "records erased), "
        "{} times no room",
        lives, powerless, killed, failed, broken_starts, records, lost, torn, retries, swaps, snapshots, from_snapshot,
        segments_let_go, erased, unavailable);
  }
};

// How a life ends.
enum class End : std::uint8_t { well, power, kill, error };

class Simulation {
 public:
  Simulation(const Rulesets& rulesets, std::uint64_t seed, Counts& counts)
      : rulesets_(rulesets),
        counts_(counts),
        random_(seed),
        identity_(fmt::format("{:032x}", seed + 1)),
        requests_(make_world_records(requests_max, static_cast<unsigned>(seed))) {}

  void run() {
    const std::uint64_t lives = 2 + below(3);
    for (std::uint64_t life = 0; life < lives && !testing::Test::HasFailure(); ++life) live(false);
    if (!testing::Test::HasFailure()) live(true);
  }

 private:
  static constexpr std::size_t requests_max = 300;
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  static constexpr std::uint64_t segment_bytes = 16'384;

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void live(bool is_last);
  void plan_end(bool is_last);
  void before_operation();
  void end_life();
  bool open();
  void open_engine(std::unique_ptr<Log> log, std::vector<OpenGame::Snapshot> snapshots);
  Position first_position() const;
  bool erase_first();
  Position forgotten_by(Position position) const;
  void expect_log_is_history(const Log& log);
  void expect_promises_kept();
  void expect_same_from_elsewhere();
  void catch_up();
  void play();
  void send_some();
  void send(const WorldRecord& request);
  void ingest(const WorldRecord& request);
  void operate(const WorldRecord& request);
  void swap();
  void make_one_snapshot();
  void retry(const Promises::Id& id, std::string bytes);
  void enter(Position position, Entry entry);
  void look_at_acks() {
    if (engine_ != nullptr) acked_ = std::max(acked_, engine_->log().durable());
  }

  const Rulesets& rulesets_;
  Counts& counts_;
  std::mt19937_64 random_;
  const std::string identity_;
  const std::vector<WorldRecord> requests_;
  std::size_t next_request_ = 0;

  VirtualDisk disk_;
  std::unique_ptr<Engine> engine_;
  std::vector<Entry> history_;  // By position, from 1 on: what is in the log, or was on its way when a life ended.
  Position acked_ = 0;
  Promises promises_;

  std::unique_ptr<Engine> reference_;  // As the log was when the last life began.
  WorldPlayer reference_player_;

  // The life at hand.
  End end_ = End::well;
  std::uint64_t ends_at_ = never;  // The operation on the disk.
  VirtualDisk left_;               // By a power failure.
  bool is_over_ = false;
  bool has_trouble_ = false;  // The disk is full, or failed.
  bool is_beside_ = false;    // A snapshot is being made, and the game goes on beside it.
  Timestamp now_ = requests_.front().arrival;
  Decoder decoder_;
  Arena arena_;
};

void Simulation::live(bool is_last) {
  ++counts_.lives;
  plan_end(is_last);
  if (open()) {
    expect_promises_kept();
    while (!is_last && !is_over_ && below(24) != 0 && !testing::Test::HasFailure()) play();
  } else if (!testing::Test::HasFailure()) {
    ++counts_.broken_starts;
  }
  if (is_last && engine_ != nullptr) {
    for (const auto& [id, bytes] : std::map(promises_.requests())) retry(id, bytes);
    expect_same_from_elsewhere();
  }
  end_life();
}

void Simulation::plan_end(bool is_last) {
  static constexpr std::array ends{End::well, End::power, End::power, End::kill, End::error, End::error};
  end_ = is_last ? End::well : ends[below(ends.size())];
  const bool is_soon = below(3) == 0;
  ends_at_ = end_ == End::well ? never : disk_.operations() + below(is_soon ? 16 : 250);
  is_over_ = false;
  has_trouble_ = false;
  disk_.before_operation = [this] { before_operation(); };
  if (end_ == End::error) disk_.fail_from(ends_at_, 1, below(2) == 0 ? EIO : ENOSPC);
}

// The last moment before something on the disk changes.
void Simulation::before_operation() {
  if (is_beside_ && !is_over_ && below(4) == 0) {
    is_beside_ = false;
    send_some();
    is_beside_ = true;
  }
  if (disk_.operations() == ends_at_) {
    look_at_acks();
    has_trouble_ = true;
    if (end_ != End::error) {
      is_over_ = true;
      if (end_ == End::power) left_ = disk_.crashed(random_);
      disk_.fail_from(ends_at_, VirtualDisk::forever, EIO);  // Nothing reaches it any more.
    }
  }
}

void Simulation::end_life() {
  if (!is_over_ && engine_ != nullptr) engine_->commit();
  look_at_acks();
  const bool is_cut_off = is_over_;
  engine_.reset();  // A log that goes on seals itself.
  disk_.before_operation = nullptr;
  disk_.fail_from(never, 0, 0);
  disk_.set_full(false);
  if (is_cut_off && end_ == End::power) disk_ = std::move(left_);
  // A process that ends over a failed call may do so because the machine is on its way down.
  if (end_ == End::error && has_trouble_ && below(2) == 0) disk_ = disk_.crashed(random_);
  counts_.powerless += is_cut_off && end_ == End::power ? 1 : 0;
  counts_.killed += is_cut_off && end_ == End::kill ? 1 : 0;
  counts_.failed += end_ == End::error && has_trouble_ ? 1 : 0;
}

// False: the server ended meanwhile, or something is wrong.
bool Simulation::erase_first() {
  const auto erased = erase_forgotten_at_start(*disk_.directory(), {});
  if (erased) counts_.erased += erased->records;
  if (!erased && !has_trouble_) ADD_FAILURE() << erased.error();
  return erased.has_value();
}

// A server starts. False: it ended while it did, or something is wrong.
bool Simulation::open() {
  if (!erase_first()) return false;
  auto kept = open_kept_game(disk_.directory(),
                             {.segment_bytes = segment_bytes,
                              .buffer_bytes_max = 4096,
                              .has_threads = false,
                              .on_failure = [this](const IoError&) { is_over_ = true; }},
                             identity_);
  if (!kept && has_trouble_) return false;
  if (!kept) {
    ADD_FAILURE() << kept.error();
    return false;
  }
  counts_.torn += kept->torn_bytes > 0 ? 1 : 0;
  expect_log_is_history(*kept->log);
  if (testing::Test::HasFailure()) return false;
  catch_up();
  open_engine(std::move(kept->log), std::move(kept->snapshots));
  return engine_ != nullptr;
}

// That is still in the log.
Position Simulation::first_position() const {
  for (const std::string& name : disk_.names()) {
    if (const auto first = first_position_of(name)) return *first;
  }
  return 1;
}

// The next record that forgets whose this one is; 0: there is none, or this one forgets somebody itself.
Position Simulation::forgotten_by(Position position) const {
  const auto forgets = [](const Entry& entry) {
    return entry.kind == RecordKind::operation && entry.operation == Operation::Kind::forget;
  };
  const Entry& entry = history_[position - 1];
  if (entry.kind == RecordKind::ruleset || forgets(entry)) return 0;
  for (Position later = position + 1; later <= history_.size(); ++later) {
    if (forgets(history_[later - 1]) && history_[later - 1].player == entry.player) return later;
  }
  return 0;
}

// What is in the log is what was entered, as far as it goes, and it goes as far as was acked. What was to be erased is,
// and nothing else.
void Simulation::expect_log_is_history(const Log& log) {
  ASSERT_GE(log.last(), acked_) << "what was acked is lost";
  ASSERT_LE(log.last(), history_.size());
  counts_.lost += history_.size() - log.last();
  history_.resize(log.last());
  acked_ = log.last();  // Recovery has made it durable.
  const auto erased = Erased::load(*disk_.directory(), log.identity());
  ASSERT_TRUE(erased);
  Position position = first_position();
  const auto read = log.read(position, [&](const LogRecord& record) {
    const Position forgotten = forgotten_by(position);
    const Entry& entry = history_[position - 1];
    EXPECT_EQ(record.position, position++);
    EXPECT_EQ(record.kind, entry.kind);
    EXPECT_EQ(record.arrival, entry.arrival);
    if (record.is_erased()) {
      EXPECT_GT(forgotten, 0U);
      EXPECT_LE(record.position, log.last_erased());
    } else {
      EXPECT_EQ(record.bytes, entry.bytes);
      EXPECT_TRUE(forgotten == 0 || forgotten > erased->looked_through);
    }
    return !testing::Test::HasFailure();
  });
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(position, log.last() + 1);
}

// Brings the reference to where the log ends, and the promises with it: what was lost was never promised.
void Simulation::catch_up() {
  promises_ = {};
  for (const Entry& entry : history_) promises_.take(entry);
  if (history_.empty()) return;
  if (reference_ == nullptr) {
    reference_ = make_world_engine(rulesets_.front());
    reference_->skip_to(1);
  }
  while (reference_->version() < history_.size()) {
    const Position position = reference_->version() + 1;
    const Entry& entry = history_[position - 1];
    if (entry.kind != RecordKind::ruleset) {
      reference_player_.apply(*reference_, {entry.bytes, entry.arrival, entry.kind}, position);
      continue;
    }
    const auto ruleset = std::ranges::find(rulesets_, entry.bytes, [](const auto& one) { return one->source; });
    reference_->replay(*ruleset, {position, entry.kind, entry.arrival, entry.bytes});
  }
}

void Simulation::open_engine(std::unique_ptr<Log> log, std::vector<OpenGame::Snapshot> snapshots) {
  const bool is_new = history_.empty();
  const auto ruleset = is_new ? rulesets_.front() : reference_->shared_ruleset();
  auto game = open_game({.ruleset = ruleset, .log = std::move(log), .snapshots = std::move(snapshots)});
  if (!game && has_trouble_) return;
  ASSERT_TRUE(game) << game.error();
  counts_.from_snapshot += game->snapshot.empty() ? 0 : 1;
  engine_ = std::move(game->engine);
  if (is_new) return enter(1, {.kind = RecordKind::ruleset, .bytes = ruleset->source});
  EXPECT_EQ(engine_->version(), history_.size());
  EXPECT_EQ(engine_->state_hash(), reference_->state_hash()) << "from snapshot '" << game->snapshot << "'";
}

void Simulation::expect_promises_kept() {
  for (const auto& [player, total] : promises_.totals()) {
    const auto found = engine_->find_player(player);
    ASSERT_TRUE(found) << player;
    EXPECT_EQ(found->total, total) << player;
  }
  // Some of all that were accepted, at once.
  for (const auto& [id, bytes] : std::map(promises_.requests())) {
    if (below(8) == 0) retry(id, bytes);
  }
}

// The whole log, if nothing of it is missing, and each snapshot with what comes behind it lead to the same state.
void Simulation::expect_same_from_elsewhere() {
  const std::string hash = engine_->state_hash();
  const Position version = engine_->version();
  engine_.reset();  // It writes what is left, and seals the log.
  const bool has_erased = recover_log(*disk_.directory(), 0)->last_erased() > 0;
  const auto directory = disk_.directory();
  auto snapshots = open_snapshots(*directory);
  ASSERT_TRUE(snapshots);
  for (std::size_t i = 0; i <= snapshots->size(); ++i) {
    auto log = DurableLogView::open(*directory);
    ASSERT_TRUE(log) << log.error();
    std::vector<OpenGame::Snapshot> one;
    const std::string name = i < snapshots->size() ? (*snapshots)[i].name : "";
    if (i < snapshots->size()) one.push_back(std::move((*snapshots)[i]));
    if (one.empty() && (first_position() > 1 || has_erased)) continue;
    const auto game = open_game({.log = std::move(*log), .snapshots = std::move(one)});
    ASSERT_TRUE(game) << game.error();
    EXPECT_EQ(game->snapshot, name);
    EXPECT_EQ(game->engine->version(), version);
    EXPECT_EQ(game->engine->state_hash(), hash) << "from '" << name << "'";
  }
}

void Simulation::play() {
  const std::uint64_t what = below(100);
  if (what < 1) {
    swap();
  } else if (what < 4) {
    make_one_snapshot();
  } else if (what < 6) {
    const bool is_full = below(3) == 0;
    has_trouble_ = has_trouble_ || is_full;
    disk_.set_full(is_full);
  } else {
    send_some();
  }
  look_at_acks();
}

// A batch, as the engine thread takes it.
void Simulation::send_some() {
  for (std::uint64_t left = 1 + below(6); left > 0 && !is_over_; --left) {
    const auto& known = promises_.requests();
    if (!known.empty() && below(6) == 0) {
      const auto one = std::next(known.begin(), static_cast<std::ptrdiff_t>(below(known.size())));
      retry(Promises::Id(one->first), one->second);
    } else if (next_request_ < requests_.size()) {
      const WorldRecord& request = requests_[next_request_++];
      // The clock of a server that starts anew may be behind.
      now_ = below(20) == 0 ? subtract(now_, std::chrono::minutes(below(90))).value_or(now_) : request.arrival;
      send({request.bytes, now_, request.kind});
    }
  }
  if (below(3) != 0) engine_->commit();
}

void Simulation::send(const WorldRecord& request) {
  arena_.reset();
  request.kind == RecordKind::operation ? operate(request) : ingest(request);
}

void Simulation::retry(const Promises::Id& id, std::string bytes) {
  ++counts_.retries;
  send({std::move(bytes), now_, Promises::kind_of(id)});
}

void Simulation::ingest(const WorldRecord& request) {
  const auto event = decoder_.decode(request.bytes, engine_->ruleset(), arena_);
  ASSERT_TRUE(event) << request.bytes;
  const Event* const one = &*event;
  if (below(2) == 0) engine_->prepare(std::span(&one, 1), request.kind == RecordKind::event);
  const auto expected = promises_.answer(event->envelope, request.kind);
  const Timestamp arrival = std::max(request.arrival, engine_->last_arrival());
  const Outcome outcome =
      engine_->ingest(*event, request.bytes, request.arrival, {.is_ingest = request.kind == RecordKind::event}, arena_);
  if (outcome.position == 0) {
    ASSERT_TRUE(outcome.code == Code::unavailable || outcome.code == Code::overloaded) << name_of(outcome.code);
    ++counts_.unavailable;
    engine_->commit();
    return;
  }
  if (expected) {
    EXPECT_EQ(outcome.code, expected->code) << request.bytes;
    EXPECT_EQ(outcome.points, expected->points) << request.bytes;
  } else {
    EXPECT_NE(outcome.code, Code::duplicate) << request.bytes;
    EXPECT_NE(outcome.code, Code::player_banned) << request.bytes;
  }
  enter(outcome.position, {.kind = request.kind,
                           .arrival = arrival,
                           .bytes = request.bytes,
                           .player = std::string(event->envelope.player),
                           .id = std::string(event->envelope.id),
                           .code = outcome.code,
                           .points = outcome.points});
}

void Simulation::operate(const WorldRecord& request) {
  const Operation operation = parse_operation(request.bytes, arena_).value();
  const Timestamp arrival = std::max(request.arrival, engine_->last_arrival());
  const auto adjusted = operation.kind == Operation::Kind::adjust ? promises_.adjusted(operation) : std::nullopt;
  const Outcome outcome = engine_->operate(operation, request.bytes, request.arrival, arena_);
  if (outcome.position == 0) return;
  EXPECT_EQ(outcome.code == Code::duplicate, adjusted.has_value()) << request.bytes;
  if (adjusted) {
    EXPECT_EQ(outcome.points, *adjusted) << request.bytes;
  }
  enter(outcome.position, {.kind = request.kind,
                           .arrival = arrival,
                           .bytes = request.bytes,
                           .player = std::string(operation.player),
                           .id = std::string(operation.id),
                           .operation = operation.kind,
                           .code = outcome.code,
                           .points = outcome.points});
}

void Simulation::enter(Position position, Entry entry) {
  ASSERT_EQ(position, history_.size() + 1);
  ++counts_.records;
  promises_.take(entry);
  history_.push_back(std::move(entry));
}

void Simulation::swap() {
  const auto& ruleset = rulesets_[below(rulesets_.size())];
  const Timestamp arrival = std::max(now_, engine_->last_arrival());
  const auto swapped = engine_->swap(ruleset, now_);
  if (!swapped) return;
  ++counts_.swaps;
  enter(swapped->position, {.kind = RecordKind::ruleset, .arrival = arrival, .bytes = ruleset->source});
}

// The server's helper, while the server goes on.
void Simulation::make_one_snapshot() {
  if (acked_ < 2) return;  // Nothing says yet that the first record is durable.
  SnapshotWork work;
  if (below(2) == 0) work.retention.bytes_max = 2 * segment_bytes;
  is_beside_ = true;
  const auto directory = disk_.directory();
  const auto made = make_snapshot(*directory, work);
  is_beside_ = false;
  if (!made) {
    EXPECT_TRUE(has_trouble_) << made.error();
    return;
  }
  counts_.snapshots += made->is_new ? 1 : 0;
  counts_.segments_let_go += made->let_go.segments;
  counts_.erased += made->forgotten.records;
}

TEST(Simulation, OfCrashesKeepsEveryPromise) {
  const char* const only = std::getenv("TALLYHO_SIMULATION_SEED");
  const std::uint64_t first = only == nullptr ? 0 : std::strtoull(only, nullptr, 10);
  const std::uint64_t seeds = only != nullptr ? 1 : is_long_tier() ? 20'000 : 2'000;
  const Rulesets rulesets = make_rulesets();
  Counts counts;
  LongProgress progress("seeds", seeds);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": TALLYHO_SIMULATION_SEED=" << seed);
    Simulation(rulesets, seed, counts).run();
    ASSERT_FALSE(HasFailure());
    progress.at(seed - first + 1);
  }
  std::printf("%llu seeds, every promise kept: %s\n", static_cast<unsigned long long>(seeds), counts.text().c_str());
  if (only != nullptr) return;
  for (const std::uint64_t count :
       {counts.powerless, counts.killed, counts.failed, counts.broken_starts, counts.lost, counts.torn, counts.swaps,
        counts.snapshots, counts.from_snapshot, counts.segments_let_go, counts.erased, counts.unavailable}) {
    EXPECT_GT(count, seeds / 100) << "something hardly happens";
  }
}

}  // namespace
}  // namespace tallyho

// What a player had sent who is forgotten goes from the log once two snapshots hold it, and nothing else does.
#include "engine/erasure.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/durable_log_view.h"
#include "log/segment_log.h"
#include "log/snapshot_files.h"
#include "log/testing/virtual_disk.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view source = R"yaml(tallyho: 1
name: small
events: {find: {thing: string}}
state: {thing: {key: event.thing, finds: int}}
rules:
  - {id: base, on: find, points: '10 + thing.finds', set: {thing.finds: thing.finds + 1}}
boards: [{id: global}]
)yaml";

class ForgettingTest : public testing::Test {
 protected:
  static constexpr std::uint64_t segment_bytes_ = 16'384;

  ForgettingTest() { start(); }

  // As a server does. What it says goes to told_.
  void start() {
    erased_at_start_ = erase_forgotten_at_start(*disk_.directory(), {}).value();
    auto kept = open_kept_game(disk_.directory(),
                               {.segment_bytes = segment_bytes_, .buffer_bytes_max = 4096, .has_threads = false});
    ASSERT_TRUE(kept) << kept.error();
    auto game = open_game({.ruleset = ruleset_,
                           .log = std::move(kept->log),
                           .snapshots = std::move(kept->snapshots),
                           .tell = [this](std::string_view what) { told_.emplace_back(what); }});
    ASSERT_TRUE(game) << game.error();
    snapshot_ = game->snapshot;
    engine_ = std::move(game->engine);
  }
  void stop() { engine_.reset(); }

  Position send(const std::string& json) {
    arena_.reset();
    const auto event = decoder_.decode(json, *ruleset_, arena_);
    EXPECT_TRUE(event) << json;
    const Outcome outcome = engine_->ingest(*event, json, {1'700'000'000, 0}, {.is_ingest = true}, arena_);
    EXPECT_EQ(outcome.code, Code::ok) << outcome.message;
    engine_->commit();
    return outcome.position;
  }
  Position find(const std::string& player, const std::string& id) {
    return send(R"({"type":"find","player":")" + player + R"(","id":")" + id + R"(","thing":"t","pad":")" +
                std::string(700, 'p') + "\"}");
  }
  Position operate(Operation::Kind kind, const std::string& player) {
    const Operation operation{.kind = kind, .player = player, .id = "case", .points = 5, .reason = "told so"};
    const std::string record = to_record(operation);
    const Outcome outcome = engine_->operate(operation, record, {1'700'000'000, 0}, arena_);
    EXPECT_EQ(outcome.code, Code::ok) << outcome.message;
    engine_->commit();
    return outcome.position;
  }
  Position forget(const std::string& player) { return operate(Operation::Kind::forget, player); }
  // Until a new segment begins, by somebody else's events.
  void fill_segment() {
    const std::size_t before = segments();
    while (segments() == before) find("zoe", "fill-" + std::to_string(engine_->version()));
  }

  SnapshotMade snapshot(Duration interval = Duration(0), Timestamp now = {}) {
    find("zoe", "pulse-" + std::to_string(engine_->version()));  // A snapshot needs something new.
    const auto made = make_snapshot(*disk_.directory(), {.erase_interval = interval, .now = now});
    EXPECT_TRUE(made) << made.error();
    return made.value_or(SnapshotMade{});
  }

  std::size_t segments() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(disk_.names(), [](const auto& name) { return first_position_of(name).has_value(); }));
  }

  // The log's records; "" is erased.
  std::map<Position, std::string> records() {
    const auto directory = disk_.directory();
    const auto log = DurableLogView::open(*directory);
    std::map<Position, std::string> all;
    EXPECT_TRUE((*log)->read(1, [&](const LogRecord& record) {
      all[record.position] = record.bytes;
      return true;
    }));
    return all;
  }
  std::vector<Position> erased() {
    std::vector<Position> positions;
    for (const auto& [position, bytes] : records()) {
      if (bytes.empty()) positions.push_back(position);
    }
    return positions;
  }

  const std::shared_ptr<const Ruleset> ruleset_ = load_ruleset(source, "small.yaml").value();
  VirtualDisk disk_;
  std::unique_ptr<Engine> engine_;
  ForgettingDone erased_at_start_;
  std::string snapshot_;
  std::vector<std::string> told_;
  Decoder decoder_;
  Arena arena_;
};

TEST_F(ForgettingTest, ErasesEventsAndOperationsOfBeforeOnceTwoSnapshotsHoldThem) {
  const Position first = find("ada", "a1");
  find("bob", "b1");
  const Position second = operate(Operation::Kind::adjust, "ada");
  const Position third = operate(Operation::Kind::ban, "ada");
  const Position forgotten = forget("ada");
  const Position again = find("ada", "a1");
  fill_segment();
  EXPECT_EQ(snapshot().forgotten.records, 0U);
  EXPECT_THAT(erased(), IsEmpty()) << "one snapshot is not enough";
  const SnapshotMade made = snapshot();
  EXPECT_EQ(made.forgotten.players, 1U);
  EXPECT_EQ(made.forgotten.records, 3U);
  EXPECT_THAT(erased(), ElementsAre(first, second, third));
  EXPECT_THAT(records().at(forgotten), HasSubstr("forget")) << "what says why stays";
  EXPECT_THAT(records().at(again), HasSubstr("a1")) << "who comes back is somebody new";
  EXPECT_EQ(snapshot().forgotten.segments, 0U) << "once is enough";
}

TEST_F(ForgettingTest, FindsThePlayerHoweverItIsWritten) {
  const Position first = send(R"({"type":"find","thing":"ada","player":"\u0061d\u0061"})");
  const Position second = send(R"({"nested":{"player":"bob"},"type":"find","thing":"t","player":"ada"})");
  send(R"({"nested":{"player":"ada"},"type":"find","thing":"ada","player":"bob"})");
  send(R"({"type":"find","thing":"t","player":"ada2"})");
  send(R"({"type":"find","thing":"t","player":"Ada"})");
  forget("ada");
  fill_segment();
  snapshot();
  snapshot();
  EXPECT_THAT(erased(), ElementsAre(first, second));
}

TEST_F(ForgettingTest, GoesByTheLastTimeAPlayerWasForgotten) {
  const Position first = find("ada", "a1");
  forget("ada");
  const Position second = find("ada", "a2");
  forget("ada");
  find("ada", "a3");
  fill_segment();
  snapshot();
  snapshot();
  EXPECT_THAT(erased(), ElementsAre(first, second));
}

TEST_F(ForgettingTest, TakesLaterOnesWhenTheirTurnComes) {
  const Position first = find("ada", "a1");
  const Position bobs = find("bob", "b1");
  forget("ada");
  fill_segment();
  snapshot();
  forget("bob");
  fill_segment();
  snapshot();
  EXPECT_THAT(erased(), ElementsAre(first)) << "the older snapshot does not know of bob's end yet";
  snapshot();
  EXPECT_THAT(erased(), ElementsAre(first, bobs));
}

TEST_F(ForgettingTest, ErasesTheSegmentThatWasWrittenLastWhenTheServerStartsAgain) {
  const Position first = find("ada", "a1");
  forget("ada");
  snapshot();
  snapshot();
  EXPECT_THAT(erased(), IsEmpty()) << "it is being written";
  const std::string hash = engine_->state_hash();
  stop();
  start();
  EXPECT_EQ(erased_at_start_.records, 1U);
  EXPECT_EQ(engine_->state_hash(), hash);
  EXPECT_THAT(erased(), ElementsAre(first));
  EXPECT_THAT(told_, IsEmpty()) << "it began with a snapshot";
  find("bob", "b1");
  stop();
  start();
  EXPECT_EQ(erased_at_start_.records, 0U);
}

TEST_F(ForgettingTest, WaitsUntilTheLastTimeIsLongEnoughAgo) {
  const Position adas = find("ada", "a1");
  forget("ada");
  fill_segment();
  snapshot();
  EXPECT_EQ(snapshot(std::chrono::hours(1), {1000, 0}).forgotten.records, 0U)
      << "by that clock 1970 is not an hour ago";
  EXPECT_EQ(snapshot(std::chrono::hours(1), {10'000, 0}).forgotten.records, 1U);
  const Position bobs = find("bob", "b1");
  forget("bob");
  fill_segment();
  snapshot(std::chrono::hours(1), {10'001, 0});
  snapshot(std::chrono::hours(1), {13'599, 0});
  EXPECT_THAT(erased(), ElementsAre(adas));
  snapshot(std::chrono::hours(1), {13'600, 0});
  EXPECT_THAT(erased(), ElementsAre(adas, bobs));
}

TEST_F(ForgettingTest, ChangesNothingForWhoBeginsWithASnapshotAndSaysSoToWhoDoesNot) {
  find("ada", "a1");
  find("bob", "b1");
  operate(Operation::Kind::ban, "ada");
  forget("ada");
  fill_segment();
  snapshot();
  snapshot();
  ASSERT_THAT(erased(), Not(IsEmpty()));
  const std::string hash = engine_->state_hash();
  for (int i = 0; i < 2; ++i) {
    stop();
    start();
    EXPECT_EQ(engine_->state_hash(), hash) << snapshot_;
    ASSERT_FALSE(snapshot_.empty());
    EXPECT_THAT(told_, IsEmpty());
    ASSERT_TRUE(disk_.directory()->remove(snapshot_));  // The next start begins with the older one.
  }
  stop();
  start();
  EXPECT_EQ(snapshot_, "");
  EXPECT_THAT(told_, ElementsAre(AllOf(HasSubstr("1 event and 1 operation of players who were forgotten"),
                                       HasSubstr("erased from the log"))));
  EXPECT_EQ(engine_->find_player("bob")->total, 10) << "the thing was found once less";
}

TEST_F(ForgettingTest, AtAStartIsLeftAloneWhereThisProgramCannotGoOnFromASnapshot) {
  find("ada", "a1");
  forget("ada");
  snapshot();
  snapshot();
  stop();
  const std::string newest = list_snapshots(*disk_.directory())->front();
  disk_.bytes(newest)[40] ^= std::byte{1};  // Its head.
  const std::string hash = [&] {
    start();
    return engine_->state_hash();
  }();
  EXPECT_EQ(erased_at_start_.records, 0U);
  EXPECT_THAT(erased(), IsEmpty()) << "the game may have to begin with the first record";
  EXPECT_FALSE(hash.empty());
}

TEST_F(ForgettingTest, IsDoneAlsoWhereNothingHasComeSinceTheLastSnapshot) {
  const Position first = find("ada", "a1");
  forget("ada");
  fill_segment();
  snapshot(std::chrono::hours(1), {10, 0});
  snapshot(std::chrono::hours(1), {10, 0});
  EXPECT_THAT(erased(), IsEmpty()) << "by that clock 1970 is not an hour ago";
  const auto made = make_snapshot(*disk_.directory(), {.erase_interval = std::chrono::hours(1), .now = {5000, 0}});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->is_new);
  EXPECT_EQ(made->forgotten.records, 1U);
  EXPECT_THAT(erased(), ElementsAre(first));
}

}  // namespace
}  // namespace tallyho

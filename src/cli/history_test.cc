// A log whose beginning was let go is replayed from its oldest snapshot on, and comes to what the game came to.
#include "cli/history.h"

#include "base/arena.h"
#include "base/testing/temporary_folder.h"
#include "engine/data_directory.h"
#include "engine/replay.h"
#include "event/decoder.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "log/snapshot_files.h"
#include "ruleset/loader.h"

namespace tallyho::cli {
namespace {

using testing::HasSubstr;

constexpr std::string_view source = R"yaml(tallyho: 1
name: finds
events: {find: {value: int}}
state: {player: {finds: int}}
rules: [{id: base, on: find, points: event.value, set: {player.finds: player.finds + 1}}]
boards: [{id: global}]
)yaml";

class CutHistory : public testing::Test {
 protected:
  // Plays until two snapshots hold what the first segments do, and these are let go.
  void SetUp() override {
    auto kept = open_kept_game(open_log_directory(folder_.path()).value(),
                               {.segment_bytes = 16'384, .buffer_bytes_max = 4096, .has_threads = false});
    ASSERT_TRUE(kept) << kept.error();
    auto game = open_game({.ruleset = load_ruleset(source, "finds.yaml").value(), .log = std::move(kept->log)});
    ASSERT_TRUE(game) << game.error();
    const auto beside = open_log_directory_for_snapshots(folder_.path());
    for (int i = 0; i < 3; ++i) {
      send(*game->engine, 100);
      const auto made = make_snapshot(**beside, {.retention = {.bytes_max = 32'768, .oldest = {}}});
      ASSERT_TRUE(made) << made.error();
      let_go_ += made->let_go.segments;
      if (i > 0) oldest_ = newest_;
      newest_ = made->position;
    }
    send(*game->engine, 50);
    hash_ = game->engine->state_hash();
    version_ = game->engine->version();
  }

  void send(Engine& engine, int count) {
    for (int i = 0; i < count; ++i) {
      arena_.reset();
      const std::string bytes = fmt::format(R"({{"type":"find","player":"p{}","value":{}}})", i % 7, i);
      const auto event = decoder_.decode(bytes, engine.ruleset(), arena_);
      ASSERT_EQ(engine.ingest(*event, bytes, Timestamp{i, 0}, {}, arena_).code, Code::ok);
      engine.commit();
    }
  }

  const TemporaryFolder folder_;
  std::size_t let_go_ = 0;
  Position oldest_ = 0;
  Position newest_ = 0;
  std::string hash_;
  Position version_ = 0;
  Decoder decoder_;
  Arena arena_;
};

TEST_F(CutHistory, IsReplayedFromItsOldestSnapshotOn) {
  ASSERT_GT(let_go_, 0U);
  const auto history = History::open(folder_.path());
  ASSERT_TRUE(history) << history.error();
  EXPECT_EQ(history->begins_behind(), oldest_);
  EXPECT_LT(oldest_, newest_);
  const auto engine = history->begin();
  ASSERT_TRUE(engine) << engine.error();
  Replayer replayer(**engine, {});
  Position first = 0;
  const auto read = history->read("replaying", [&](const LogRecord& record) {
    if (first == 0) first = record.position;
    return replayer.take(record);
  });
  ASSERT_TRUE(read) << read.error();
  ASSERT_TRUE(replayer.finish()) << replayer.problem();
  EXPECT_EQ(first, oldest_ + 1);
  EXPECT_EQ((*engine)->version(), version_);
  EXPECT_EQ((*engine)->state_hash(), hash_);
}

TEST_F(CutHistory, UnderAnotherRulesetGoesOnWithWhatCarriesOver) {
  const auto history = History::open(folder_.path());
  ASSERT_TRUE(history) << history.error();
  std::string other(source);
  other.replace(other.find("points: event.value"), 19, "points: event.value * 3");
  const auto engine = history->begin(load_ruleset(other, "other.yaml").value());
  ASSERT_TRUE(engine) << engine.error();
  const auto own = history->begin();
  ASSERT_TRUE(own) << own.error();
  const auto total = (*own)->find_player("p1")->total;
  EXPECT_GT(total, 0);
  EXPECT_EQ((*engine)->find_player("p1")->total, total);
  EXPECT_EQ((*engine)->version(), oldest_);
  send(**engine, 2);
  EXPECT_EQ((*engine)->find_player("p1")->total, total + 3);
}

TEST_F(CutHistory, IsRefusedWithoutASnapshotThatReachesIt) {
  const auto directory = open_log_directory_for_snapshots(folder_.path());
  const auto names = list_snapshots(**directory);
  for (const std::string& name : *names) ASSERT_TRUE((*directory)->remove(name));
  const auto refused = History::open(folder_.path());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("is not there any more, nor a snapshot of it"));
}

}  // namespace
}  // namespace tallyho::cli

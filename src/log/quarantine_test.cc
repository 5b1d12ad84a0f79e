// Finding the record that ends the process, and passing over it.
#include "log/quarantine.h"

#include "gtest/gtest.h"
#include "log/log_reader.h"
#include "log/replay_watch.h"
#include "log/segment_log.h"
#include "log/survey.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

constexpr std::string_view identity = "0123456789abcdef0123456789abcdef";

TEST(Quarantine, MarksTheRecordForWhoeverReadsTheLog) {
  VirtualDisk disk;
  {
    auto log =
        SegmentLog::open(disk.directory(), {}, {.segment_bytes = 16384, .buffer_bytes_max = 4096, .has_threads = false},
                         std::string(identity));
    ASSERT_TRUE(log);
    for (const char* record : {"one", "two", "three"}) ASSERT_TRUE((*log)->append(record, {}, RecordKind::event));
  }
  const auto directory = disk.directory();
  ASSERT_TRUE(Quarantine::add(*directory, {2, RecordKind::event, {}, "two"}, identity, {1000, 0}, "it\nends us"));
  ASSERT_TRUE(Quarantine::add(*directory, {3, RecordKind::event, {}, "another three"}, identity, {}, ""));
  ASSERT_TRUE(Quarantine::add(*directory, {1, RecordKind::event, {}, "one"}, std::string(32, 'f'), {}, ""));

  const auto quarantine = Quarantine::load(*directory);
  ASSERT_TRUE(quarantine);
  ASSERT_EQ(quarantine->decisions().size(), 3U);
  EXPECT_EQ(quarantine->decisions()[0].reason, "it ends us");
  EXPECT_EQ(quarantine->decisions()[0].decided, (Timestamp{1000, 0}));

  const auto recovered = recover_log(*directory, 0);
  ASSERT_TRUE(recovered);
  std::vector<Position> marked;
  const auto take = [&](const LogRecord& record) {
    if (record.is_quarantined) marked.push_back(record.position);
    return true;
  };
  ASSERT_TRUE(read_log(*directory, recovered->segments, 1, take));
  EXPECT_EQ(marked, std::vector<Position>{2});
  marked.clear();
  SurveyOptions options;
  options.take = take;
  ASSERT_TRUE(survey_log(*directory, options));
  EXPECT_EQ(marked, std::vector<Position>{2});
}

TEST(Quarantine, WhatIsNoDecisionIsAnErrorRatherThanNone) {
  VirtualDisk disk;
  const auto directory = disk.directory();
  const std::string_view text = "7 nothing\n";
  ASSERT_TRUE((*directory->create(Quarantine::file_name))->write(0, std::as_bytes(std::span(text))));
  EXPECT_EQ(Quarantine::load(*directory).error().number, EINVAL);
}

// Replays of a log of 100,000 records that end before `ends_at` is applied, until one finds poison or gets through.
struct Replays {
  VirtualDisk disk;
  std::optional<Position> poison;

  // False: it ended early.
  bool replay(Position ends_at) {
    const auto directory = disk.directory();
    auto watch = ReplayWatch::begin(*directory, identity);
    EXPECT_TRUE(watch);
    poison = watch->poison();
    if (poison) return false;
    for (Position position = 1; position <= 100'000; ++position) {
      watch->applying(position);
      if (position == ends_at) return false;
    }
    watch->end();
    return true;
  }
};

TEST(ReplayWatch, FindsTheRecordThatEndsItTwiceWhereverItIs) {
  for (const Position position : {Position{1}, Position{2}, Position{16384}, Position{16385}, Position{16386},
                                  Position{50'000}, Position{100'000}}) {
    SCOPED_TRACE(position);
    Replays replays;
    for (int crash = 0; crash < 3; ++crash) {
      EXPECT_FALSE(replays.replay(position));
      EXPECT_FALSE(replays.poison);
    }
    EXPECT_FALSE(replays.replay(0));
    EXPECT_EQ(replays.poison, position);
    EXPECT_FALSE(replays.replay(0)) << "it stays so until somebody decides";
    EXPECT_EQ(replays.poison, position);
  }
}

TEST(ReplayWatch, BlamesNoRecordForKillsHereAndThere) {
  Replays replays;
  for (const Position killed : {50'000U, 50'100U, 50'090U, 70'000U, 70'001U, 3U, 9U, 50'000U, 99'999U}) {
    EXPECT_FALSE(replays.replay(killed));
    EXPECT_FALSE(replays.poison) << killed;
  }
  EXPECT_TRUE(replays.replay(0));
  EXPECT_EQ(replays.disk.names(), std::vector<std::string>{});
}

TEST(ReplayWatch, WritesOnceForEachBatch) {
  Replays replays;
  EXPECT_TRUE(replays.replay(0));
  EXPECT_LE(replays.disk.operations(), 100'000 / ReplayWatch::batch_records + 4);
}

}  // namespace
}  // namespace tallyho

// Goal: what is erased is gone from the log's files, everything else in them is as it was, and a crash at any moment
// leaves a log that opens, with each segment's records all erased or all there.
// Method: a log of small segments on a disk in memory, where every third record is somebody's who is to be forgotten;
// crashes before every operation of erasing, each recovered and read.
#include "log/erasure.h"

#include <cerrno>
#include <map>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "log/log_reader.h"
#include "log/segment_log.h"
#include "log/survey.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

const SegmentLog::Options tiny{.segment_bytes = 16'384, .buffer_bytes_max = 4096, .has_threads = false};

bool is_to_go(Position position) {
  return position % 3 == 0;
}
bool goes(const LogRecord& record) {
  return is_to_go(record.position);
}

std::string content(Position position) {
  return (is_to_go(position) ? "secret " : "record ") + std::string(1 + position * 37 % 700, 'x') +
         std::to_string(position);
}
RecordKind kind_of(Position position) {
  return position % 2 == 0 ? RecordKind::event : RecordKind::event_of_player;
}
Timestamp arrival_of(Position position) {
  return {static_cast<std::int64_t>(1000 + position), static_cast<std::int32_t>(position)};
}

class ErasureTest : public testing::Test {
 protected:
  static constexpr Position records_ = 150;

  ErasureTest() { write(records_); }

  void write(Position count) {
    const auto recovered = recover_log(*disk_.directory(), 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    const auto log = SegmentLog::open(disk_.directory(), *recovered, tiny);
    ASSERT_TRUE(log);
    identity_ = (*log)->identity();
    for (Position left = count; left > 0; --left) {
      const Position position = (*log)->last() + 1;
      ASSERT_TRUE((*log)->append(content(position), arrival_of(position), kind_of(position)));
      if (position % 4 == 0) (*log)->commit();
    }
  }

  std::vector<Position> firsts() const {
    std::vector<Position> all;
    for (const std::string& name : disk_.names()) {
      if (const auto first = first_position_of(name)) all.push_back(*first);
    }
    return all;
  }

  // Every record is as it was or erased; returns which are.
  static std::map<Position, bool> read(VirtualDisk& disk, Position last = records_) {
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, last);
    EXPECT_TRUE(recovered) << text_of(recovered.error());
    std::map<Position, bool> erased;
    if (!recovered) return erased;
    const auto passed = read_log(*directory, recovered->segments, 1, [&](const LogRecord& record) {
      EXPECT_EQ(record.position, erased.size() + 1);
      EXPECT_EQ(record.kind, kind_of(record.position));
      EXPECT_EQ(record.arrival, arrival_of(record.position));
      EXPECT_EQ(record.bytes, record.is_erased() ? "" : content(record.position));
      erased[record.position] = record.is_erased();
      return true;
    });
    EXPECT_TRUE(passed);
    EXPECT_EQ(erased.size(), last);
    return erased;
  }

  // In any file, used or not.
  std::size_t secrets() {
    std::size_t count = 0;
    for (const std::string& name : disk_.names()) {
      const auto& bytes = disk_.bytes(name);
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      for (std::size_t at = text.find("secret "); at != text.npos; at = text.find("secret ", at + 1)) ++count;
    }
    return count;
  }

  VirtualDisk disk_;
  std::string identity_;
};

TEST_F(ErasureTest, TakesAwayTheBytesOfRecordsAndLeavesTheRestAsItWas) {
  const auto before = survey_log(*disk_.directory());
  ASSERT_GT(before->segments.size(), 4U);
  EXPECT_EQ(secrets(), records_ / 3);
  const auto done =
      erase_records(*disk_.directory(), {.through = records_, .with_last_segment = true, .progress = {}}, goes);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->records, records_ / 3);
  EXPECT_EQ(done->segments, before->segments.size());
  EXPECT_EQ(done->through, records_);
  for (const auto& [position, is_erased] : read(disk_)) EXPECT_EQ(is_erased, is_to_go(position)) << position;
  EXPECT_EQ(secrets(), 0U);
  const auto after = survey_log(*disk_.directory());
  ASSERT_TRUE(after->faults.empty());
  EXPECT_EQ(after->erased, records_ / 3);
  EXPECT_EQ(after->tail_bytes, 0U);
  ASSERT_EQ(after->segments.size(), before->segments.size());
  for (std::size_t i = 0; i < after->segments.size(); ++i) {
    const SegmentInfo& was = before->segments[i];
    const SegmentInfo& is = after->segments[i];
    EXPECT_EQ(is.last, was.last);
    EXPECT_EQ(is.durable_through, was.durable_through);
    EXPECT_EQ(is.epoch, was.epoch);
    EXPECT_EQ(is.ends_with_seal, was.ends_with_seal);
    EXPECT_EQ(is.header.segment_bytes, was.header.segment_bytes);
    EXPECT_LT(is.end, was.end);
  }
}

TEST_F(ErasureTest, LeavesTheSegmentThatIsBeingWritten) {
  const auto done = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, goes);
  ASSERT_TRUE(done);
  const Position last_first = firsts().back();
  EXPECT_EQ(done->through, last_first - 1);
  for (const auto& [position, is_erased] : read(disk_)) {
    EXPECT_EQ(is_erased, is_to_go(position) && position < last_first) << position;
  }
}

TEST_F(ErasureTest, LeavesWhatIsBehindThePositionGiven) {
  const Position through = firsts()[2] + 5;  // In the middle of a segment.
  const auto done = erase_records(*disk_.directory(), {.through = through, .progress = {}}, goes);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->through, through);
  for (const auto& [position, is_erased] : read(disk_)) {
    EXPECT_EQ(is_erased, is_to_go(position) && position <= through) << position;
  }
}

TEST_F(ErasureTest, WritesOnlySegmentsThatHoldSomethingToErase) {
  const Position wanted = firsts()[1];
  const std::uint64_t before = disk_.operations();
  const auto only_one = [&](const LogRecord& record) { return record.position == wanted; };
  const auto done = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, only_one);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->segments, 1U);
  const auto again = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, only_one);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->records, 0U);
  EXPECT_EQ(again->segments, 0U);
  EXPECT_LT(disk_.operations() - before, 12U);
}

TEST_F(ErasureTest, IsFollowedByMoreRecordsLikeAnyOtherLog) {
  const auto done =
      erase_records(*disk_.directory(), {.through = records_, .with_last_segment = true, .progress = {}}, goes);
  ASSERT_TRUE(done);
  write(100);
  for (const auto& [position, is_erased] : read(disk_, records_ + 100)) {
    EXPECT_EQ(is_erased, is_to_go(position) && position <= records_) << position;
  }
}

TEST_F(ErasureTest, IsAllOrNothingInEachSegmentWheneverTheMachineStops) {
  std::mt19937_64 random(20261122);
  std::uint64_t images = 0;
  const std::vector<Position> segments = firsts();
  disk_.before_operation = [&] {
    for (int turn = 0; turn < 8; ++turn) {
      VirtualDisk left = disk_.crashed(random);
      ++images;
      const auto erased = read(left);
      for (std::size_t i = 0; i < segments.size(); ++i) {
        const Position end = i + 1 < segments.size() ? segments[i + 1] : records_ + 1;
        bool is_done = false;
        for (Position position = segments[i]; position < end; ++position) is_done |= erased.at(position);
        for (Position position = segments[i]; position < end; ++position) {
          EXPECT_EQ(erased.at(position), is_done && is_to_go(position)) << position;
        }
      }
      // Done again, it comes to its end.
      const auto again =
          erase_records(*left.directory(), {.through = records_, .with_last_segment = true, .progress = {}}, goes);
      ASSERT_TRUE(again);
      for (const auto& [position, is_erased] : read(left)) EXPECT_EQ(is_erased, is_to_go(position)) << position;
    }
  };
  const auto done =
      erase_records(*disk_.directory(), {.through = records_, .with_last_segment = true, .progress = {}}, goes);
  disk_.before_operation = nullptr;
  ASSERT_TRUE(done);
  EXPECT_GT(images, 100U);
}

TEST_F(ErasureTest, PutsNothingInPlaceThatDoesNotReadBack) {
  bool is_spoiled = false;
  disk_.before_operation = [&] {
    for (const std::string& name : disk_.names()) {
      constexpr std::size_t at = 5000;
      if (is_spoiled || name != "erased.segment" || disk_.bytes(name).size() <= at) continue;
      disk_.bytes(name)[at] ^= std::byte{1};
      is_spoiled = true;
    }
  };
  const auto done = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, goes);
  disk_.before_operation = nullptr;
  ASSERT_FALSE(done);
  EXPECT_THAT(text_of(done.error()), testing::HasSubstr("does not read back"));
  for (const auto& [position, is_erased] : read(disk_)) EXPECT_FALSE(is_erased) << position;
}

TEST_F(ErasureTest, LeavesADamagedSegmentForSalvage) {
  const std::string name = segment_name(firsts()[1]);
  disk_.bytes(name)[segment_header_bytes + 60] ^= std::byte{1};
  const auto damaged = disk_.bytes(name);
  const auto done = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, goes);
  ASSERT_FALSE(done);
  const auto* damage = std::get_if<LogDamage>(&done.error());
  ASSERT_NE(damage, nullptr);
  EXPECT_EQ(damage->segment, name);
  EXPECT_EQ(damage->position, firsts()[1]);
  EXPECT_EQ(disk_.bytes(name), damaged);
}

TEST_F(ErasureTest, LeavesALastSegmentThatEndsInATornWrite) {
  const std::string name = segment_name(firsts().back());
  const auto survey = survey_log(*disk_.directory());
  disk_.bytes(name)[survey->segments.back().end + 3] = std::byte{7};
  const auto done =
      erase_records(*disk_.directory(), {.through = records_, .with_last_segment = true, .progress = {}}, goes);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->through, firsts().back() - 1);
}

TEST_F(ErasureTest, GoesOnBehindWhateverElseIsInTheDirectory) {
  const std::vector<Position> segments = firsts();
  const auto directory = disk_.directory();
  for (const std::string& name : {segment_name(1) + ".torn-8192", segment_name(segments[1]) + ".damaged",
                                  segment_name(segments[2] + 3).substr(0, 20) + ".snapshot",
                                  segment_name(segments[3] + 3).substr(0, 20) + ".snapshot.outdated"}) {
    ASSERT_TRUE(directory->create(name));
  }
  const auto done = erase_records(*directory, {.through = records_, .progress = {}}, goes);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->through, segments.back() - 1);
  for (const auto& [position, is_erased] : read(disk_)) {
    EXPECT_EQ(is_erased, is_to_go(position) && position < segments.back()) << position;
  }
}

TEST_F(ErasureTest, LeavesNothingHalfDoneOnAFullDisk) {
  const auto before = disk_.names();
  disk_.fail_from(disk_.operations() + 3, 1, ENOSPC);
  const auto done = erase_records(*disk_.directory(), {.through = records_, .progress = {}}, goes);
  ASSERT_FALSE(done);
  EXPECT_EQ(disk_.names(), before);
  for (const auto& [position, is_erased] : read(disk_)) EXPECT_FALSE(is_erased) << position;
  disk_.fail_from(0, 0, 0);
  ASSERT_TRUE(disk_.directory()->create("erased.segment"));  // Of a process that was killed.
  ASSERT_TRUE(remove_half_erased(*disk_.directory()));
  EXPECT_EQ(disk_.names(), before);
}

TEST_F(ErasureTest, IsSeenByWhoeverOpensTheLog) {
  EXPECT_EQ(recover_log(*disk_.directory(), 0)->last_erased(), 0U);
  ASSERT_TRUE(erase_records(*disk_.directory(), {.through = 70, .progress = {}}, goes));
  const auto recovered = recover_log(*disk_.directory(), 0);
  EXPECT_EQ(recovered->last_erased(), 69U);
  const auto log = SegmentLog::open(disk_.directory(), *recovered, tiny);
  EXPECT_EQ((*log)->last_erased(), 69U);
}

TEST_F(ErasureTest, RemembersHowFarItCame) {
  const auto directory = disk_.directory();
  EXPECT_EQ(Erased::load(*directory, identity_)->looked_through, 0U);
  const Erased erased{.looked_through = 120, .at = {1'700'000'000, 5}};
  ASSERT_TRUE(erased.save(*directory, identity_));
  const auto loaded = Erased::load(*directory, identity_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->looked_through, 120U);
  EXPECT_EQ(loaded->at, erased.at);
  EXPECT_EQ(Erased::load(*directory, "another")->looked_through, 0U);
  ASSERT_TRUE(Erased::go_back_to(*directory, identity_, 200));
  EXPECT_EQ(Erased::load(*directory, identity_)->looked_through, 120U);
  ASSERT_TRUE(Erased::go_back_to(*directory, identity_, 80));
  EXPECT_EQ(Erased::load(*directory, identity_)->looked_through, 80U);
  disk_.bytes(std::string(Erased::file_name)).resize(30);
  const auto spoiled = Erased::load(*directory, identity_);
  ASSERT_TRUE(spoiled) << "what it knew is found out again";
  EXPECT_EQ(spoiled->looked_through, 0U);
}

}  // namespace
}  // namespace tallyho

// What verify, dump and salvage do with damaged logs, beside what recovery does with them.
#include "log/survey.h"

#include <cstdio>
#include <random>

#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "log/log_reader.h"
#include "log/salvage.h"
#include "log/segment_log.h"
#include "log/testing/virtual_disk.h"

namespace tallyho {
namespace {

std::string content(Position position) {
  return std::string(position * 37 % 700, static_cast<char>('a' + position % 26));
}

VirtualDisk closed_log(Position records) {
  VirtualDisk disk;
  const SegmentLog::Options tiny{.segment_bytes = 16384, .buffer_bytes_max = 4096, .has_threads = false};
  auto log = SegmentLog::open(disk.directory(), {}, tiny);
  EXPECT_TRUE(log);
  for (Position i = 1; i <= records; ++i) {
    EXPECT_TRUE((*log)->append(content(i), Timestamp{}, RecordKind::event));
    if (i % 3 == 0) (*log)->commit();
  }
  log->reset();
  return disk;
}

std::vector<std::string> segments_of(const VirtualDisk& disk) {
  auto names = disk.names();
  std::erase_if(names, [](const std::string& name) { return !first_position_of(name); });
  return names;
}

// Spoils a log in one of the ways in which disks and people do.
void spoil(VirtualDisk& disk, std::mt19937_64& random) {
  const auto names = segments_of(disk);
  if (names.empty()) return;
  const std::string& name = names[random() % names.size()];
  std::vector<std::byte>& bytes = disk.bytes(name);
  if (bytes.empty()) return;
  const std::size_t at = random() % bytes.size();
  switch (random() % 6) {
    case 0: bytes[at] ^= static_cast<std::byte>(1U << (random() % 8)); break;
    case 1: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at / 512 * 512), 512, std::byte{0}); break;
    case 2: std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), std::byte{0}); break;
    case 3: bytes.resize(at); break;
    case 4: ASSERT_TRUE(disk.directory()->remove(name)); break;
    default:
      for (std::size_t i = at; i < std::min(at + 1500, bytes.size()); ++i) bytes[i] = static_cast<std::byte>(random());
      break;
  }
}

// The same files on a disk on which all of them, damage included, outlive a crash.
VirtualDisk settled(VirtualDisk& disk) {
  VirtualDisk copy;
  const auto directory = copy.directory();
  for (const std::string& name : disk.names()) {
    const auto file = directory->create(name);
    EXPECT_TRUE(file && (*file)->write(0, disk.bytes(name)) && (*file)->sync());
  }
  EXPECT_TRUE(directory->sync_names());
  return copy;
}

std::vector<Position> expect_records(LogDirectory& directory, LogSurvey& survey) {
  std::vector<Position> positions;
  SurveyOptions options;
  options.take = [&](const LogRecord& record) {
    EXPECT_EQ(record.bytes, content(record.position));
    EXPECT_TRUE(positions.empty() || record.position > positions.back());
    positions.push_back(record.position);
    return true;
  };
  const auto surveyed = survey_log(directory, options);
  EXPECT_TRUE(surveyed);
  if (surveyed) survey = *surveyed;
  return positions;
}

// Goal: a survey finds a fault exactly where recovery refuses the log, and gives no record that was not written.
// Method: random damage of random logs, recovered after they were surveyed; a survey changes nothing.
TEST(Survey, FindsWhatRecoveryRefusesAndReadsTheRest) {
  std::uint64_t refused = 0;
  std::uint64_t sound = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    VirtualDisk disk = closed_log(1 + random() % 120);
    for (auto times = random() % 3; times > 0; --times) spoil(disk, random);
    const auto directory = disk.directory();
    const std::uint64_t operations = disk.operations();
    LogSurvey survey;
    const auto positions = expect_records(*directory, survey);
    EXPECT_EQ(disk.operations(), operations);
    EXPECT_EQ(survey.records, positions.size());

    const auto recovered = recover_log(*directory, 0);
    if (!recovered) {
      ++refused;
      ASSERT_FALSE(survey.faults.empty());
      const auto& damage = std::get<LogDamage>(recovered.error());
      EXPECT_EQ(survey.faults.front().text(), damage.text());
    } else {
      ++sound;
      ASSERT_TRUE(survey.faults.empty()) << survey.faults.front().text();
      EXPECT_EQ(survey.last, recovered->last());
      EXPECT_EQ(survey.tail_bytes, recovered->torn_bytes);
      EXPECT_EQ(survey.segments.size(), recovered->segments.size());
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(refused, 500U);
  EXPECT_GT(sound, 500U);
  std::printf("%llu logs refused, %llu sound\n", static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(sound));
}

TEST(Survey, GoesOnBehindAFault) {
  VirtualDisk disk = closed_log(60);
  disk.bytes(segment_name(1))[segment_header_bytes + 100] ^= std::byte{1};  // The first frame: records 1 to 3.
  const auto directory = disk.directory();
  LogSurvey survey;
  const auto positions = expect_records(*directory, survey);
  ASSERT_EQ(survey.faults.size(), 1U);
  EXPECT_EQ(survey.faults[0].position, 1U);
  EXPECT_EQ(positions.size(), 57U);
  EXPECT_EQ(survey.first, 4U);
  EXPECT_EQ(survey.last, 60U);
  SurveyOptions stopping;
  stopping.stops_at_fault = true;
  EXPECT_EQ(survey_log(*directory, stopping)->records, 0U);
}

// Goal: after salvage a log opens with everything before the damage, and what was lost is said.
// Method: random damage; a crash before every operation of the salvage leaves a log that is refused, or salvaged.
TEST(Salvage, KeepsEverythingBeforeTheDamageAndSaysWhatIsLost) {
  std::uint64_t salvaged = 0;
  std::uint64_t images = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const Position records = 1 + random() % 120;
    VirtualDisk written = closed_log(records);
    spoil(written, random);
    VirtualDisk disk = settled(written);
    if (recover_log(*written.directory(), 0)) continue;
    ++salvaged;
    std::vector<VirtualDisk> crashed;
    disk.before_operation = [&] { crashed.push_back(disk.crashed(random)); };
    const auto done = salvage_log(*disk.directory());
    disk.before_operation = nullptr;
    ASSERT_TRUE(done) << text_of(done.error());
    ASSERT_TRUE(*done);
    const Salvage& salvage = **done;
    EXPECT_LE(salvage.lost_through, records);
    const auto directory = disk.directory();
    const auto recovered = recover_log(*directory, 0);
    ASSERT_TRUE(recovered) << text_of(recovered.error());
    EXPECT_EQ(recovered->last(), salvage.kept_through);
    Position position = 0;
    ASSERT_TRUE(read_log(*directory, recovered->segments, 1, [&](const LogRecord& record) {
      EXPECT_EQ(record.position, ++position);
      EXPECT_EQ(record.bytes, content(position));
      return true;
    }));
    EXPECT_EQ(position, salvage.kept_through);
    EXPECT_FALSE(*salvage_log(*directory));
    for (VirtualDisk& image : crashed) {
      ++images;
      const auto left = image.directory();
      const auto again = recover_log(*left, 0);
      if (again) {
        EXPECT_EQ(again->last(), salvage.kept_through);
      } else {
        EXPECT_TRUE(salvage_log(*left));
        EXPECT_TRUE(recover_log(*left, 0));
      }
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(salvaged, 100U);
  std::printf("%llu logs salvaged, %llu crashes meanwhile\n", static_cast<unsigned long long>(salvaged),
              static_cast<unsigned long long>(images));
}

TEST(Salvage, KeepsTheDamagedFilesAside) {
  VirtualDisk disk = closed_log(120);
  const auto names = segments_of(disk);
  ASSERT_GE(names.size(), 3U);
  const auto damaged_at = names.size() - 2;
  disk.bytes(names[damaged_at])[segment_header_bytes + 100] ^= std::byte{1};
  const auto damaged = disk.bytes(names[damaged_at]);
  const auto last = disk.bytes(names.back());
  const auto done = salvage_log(*disk.directory());
  ASSERT_TRUE(done && *done);
  EXPECT_EQ((*done)->kept_through, *first_position_of(names[damaged_at]) - 1);
  EXPECT_EQ((*done)->lost_through, 120U);
  EXPECT_EQ((*done)->kept_aside, (std::vector{names[damaged_at] + ".damaged", names.back() + ".damaged"}));
  EXPECT_EQ(disk.bytes(names[damaged_at] + ".damaged"), damaged);
  EXPECT_EQ(disk.bytes(names.back() + ".damaged"), last);
}

TEST(Salvage, LeavesALogOfAnotherVersionAlone) {
  VirtualDisk disk = closed_log(3);
  auto& bytes = disk.bytes(segment_name(1));
  SegmentHeader header = *decode_segment_header(bytes);
  header.version = log_format_version + 1;
  std::ranges::copy(encode(header), bytes.begin());
  const auto names = disk.names();
  EXPECT_FALSE(salvage_log(*disk.directory()));
  EXPECT_EQ(disk.names(), names);
}

// A reader beside a server sees what is there, and never a fault.
TEST(Survey, BesideARunningLogSeesNoFault) {
  const TemporaryFolder folder;
  {
    auto directory = open_log_directory(folder.path());
    ASSERT_TRUE(directory);
    auto log = SegmentLog::open(std::move(*directory), {}, {.segment_bytes = 1 << 20, .buffer_bytes_max = 256 << 10});
    ASSERT_TRUE(log);
    const auto reading = open_log_directory_for_reading(folder.path());
    ASSERT_TRUE(reading);
    EXPECT_EQ((*reading)->remove("x").error().number, EROFS);
    Position durable = 0;
    while ((*log)->last() < 5000) {
      for (int i = 0; i < 20; ++i) (void)(*log)->append(content((*log)->last() + 1), Timestamp{}, RecordKind::event);
      (*log)->commit();
      if ((*log)->durable() == durable) continue;
      durable = (*log)->durable();
      LogSurvey survey;
      expect_records(**reading, survey);
      ASSERT_TRUE(survey.faults.empty()) << survey.faults.front().text();
      EXPECT_GE(survey.last, durable);
      if (HasFailure()) break;
    }
  }
}

}  // namespace
}  // namespace tallyho

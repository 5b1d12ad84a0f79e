#include "base/calendar.h"

#include <random>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Timestamp at(std::string_view text) {
  const auto time = parse_timestamp(text);
  if (!time) ADD_FAILURE() << "no timestamp: " << text;
  return time.value_or(Timestamp{});
}

TimeZone zone(std::string_view name) {
  const auto found = TimeZone::load(name);
  if (!found) ADD_FAILURE() << "no zone: " << name;
  return found.value_or(TimeZone());
}

struct Row {
  std::string_view time;
  std::string_view starts;
  std::string_view ends;
  std::string_view name;
};

void expect_periods(Every every, std::string_view zone_name, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(testing::Message() << zone_name << " at " << row.time);
    Calendar calendar(every, zone(zone_name));
    const Period period = calendar.period(at(row.time));
    EXPECT_EQ(format_timestamp(period.starts), format_timestamp(at(row.starts)));
    EXPECT_EQ(format_timestamp(period.ends), format_timestamp(at(row.ends)));
    EXPECT_EQ(calendar.name(period), row.name);
  }
}

TEST(CalendarTest, DaysAreThoseOfTheZone) {
  expect_periods(Every::daily, "Europe/Berlin",
                 {{"2026-07-19T18:00:00Z", "2026-07-19T00:00:00+02:00", "2026-07-20T00:00:00+02:00", "2026-07-19"},
                  {"2026-07-19T21:59:59.9Z", "2026-07-19T00:00:00+02:00", "2026-07-20T00:00:00+02:00", "2026-07-19"},
                  {"2026-07-19T22:00:00Z", "2026-07-20T00:00:00+02:00", "2026-07-21T00:00:00+02:00", "2026-07-20"},
                  {"2026-12-31T23:30:00Z", "2027-01-01T00:00:00+01:00", "2027-01-02T00:00:00+01:00", "2027-01-01"},
                  {"2024-02-29T12:00:00Z", "2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00", "2024-02-29"},
                  {"1965-05-05T12:00:00Z", "1965-05-05T00:00:00+01:00", "1965-05-06T00:00:00+01:00", "1965-05-05"}});
  expect_periods(Every::daily, "Asia/Kolkata",
                 {{"2026-07-19T18:29:59Z", "2026-07-18T18:30:00Z", "2026-07-19T18:30:00Z", "2026-07-19"},
                  {"2026-07-19T18:30:00Z", "2026-07-19T18:30:00Z", "2026-07-20T18:30:00Z", "2026-07-20"}});
}

TEST(CalendarTest, DaysOfChangedClocksHave23And25Hours) {
  expect_periods(Every::daily, "Europe/Berlin",
                 {{"2026-03-29T12:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", "2026-03-29"},
                  {"2026-10-25T12:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "2026-10-25"}});
}

// Clocks went from 23:59:59 on the 29th to 00:00 on the 31st, and in Brazil from 24:00 back to 23:00, in Cuba from
// 01:00 back to 00:00: a day that starts twice started the first time.
TEST(CalendarTest, DaysSurviveChangesAtMidnight) {
  expect_periods(Every::daily, "Pacific/Apia",
                 {{"2011-12-30T09:59:59Z", "2011-12-29T00:00:00-10:00", "2011-12-30T00:00:00-10:00", "2011-12-29"},
                  {"2011-12-30T10:00:00Z", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00", "2011-12-31"}});
  expect_periods(Every::daily, "America/Sao_Paulo",
                 {{"2018-02-18T02:30:00Z", "2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00", "2018-02-17"}});
  expect_periods(Every::daily, "America/Havana",
                 {{"2024-11-03T05:30:00Z", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00", "2024-11-03"}});
}

TEST(CalendarTest, WeeksStartOnMonday) {
  expect_periods(Every::weekly, "Europe/Berlin",
                 {{"2026-07-19T18:00:00Z", "2026-07-13T00:00:00+02:00", "2026-07-20T00:00:00+02:00", "2026-07-13"},
                  {"2026-07-19T22:00:00Z", "2026-07-20T00:00:00+02:00", "2026-07-27T00:00:00+02:00", "2026-07-20"},
                  {"2026-03-29T12:00:00Z", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00", "2026-03-23"},
                  {"2027-01-01T12:00:00Z", "2026-12-28T00:00:00+01:00", "2027-01-04T00:00:00+01:00", "2026-12-28"}});
  expect_periods(Every::weekly, "UTC",
                 {{"1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z", "1969-12-29"},
                  {"1969-12-28T23:59:59Z", "1969-12-22T00:00:00Z", "1969-12-29T00:00:00Z", "1969-12-22"}});
}

TEST(CalendarTest, ARepeatedHourIsTwoPeriods) {
  expect_periods(
      Every::hourly, "Europe/Berlin",
      {{"2026-10-25T00:59:59Z", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:00"},
       {"2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00", "2026-10-25T02:00"},
       {"2026-10-25T01:59:59Z", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00", "2026-10-25T02:00"}});
  Calendar calendar(Every::hourly, zone("Europe/Berlin"));
  const Period second = calendar.period(at("2026-10-25T01:30:00Z"));
  EXPECT_EQ(calendar.name_with_offset(second), "2026-10-25T02:00+01:00");
  EXPECT_EQ(calendar.name_with_offset(calendar.before(second, 1)), "2026-10-25T02:00+02:00");
}

TEST(CalendarTest, ASkippedHourIsNone) {
  expect_periods(
      Every::hourly, "Europe/Berlin",
      {{"2026-03-29T00:59:59Z", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T01:00"},
       {"2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", "2026-03-29T03:00"}});
}

TEST(CalendarTest, HalfHourZonesHaveHoursOfTheirOwn) {
  expect_periods(Every::hourly, "Asia/Kolkata",
                 {{"2026-07-19T18:29:59Z", "2026-07-19T17:30:00Z", "2026-07-19T18:30:00Z", "2026-07-19T23:00"},
                  {"2026-07-19T18:30:00Z", "2026-07-19T18:30:00Z", "2026-07-19T19:30:00Z", "2026-07-20"}});
}

// Clocks on Lord Howe Island are set by half an hour, at 02:00 both ways.
TEST(CalendarTest, AHalfHourThatIsRepeatedIsAPeriodAndOneSkippedShortensItsHour) {
  expect_periods(
      Every::hourly, "Australia/Lord_Howe",
      {{"2026-04-04T14:59:59Z", "2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+11:00", "2026-04-05T01:00"},
       {"2026-04-04T15:00:00Z", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30", "2026-04-05T01:30"},
       {"2026-04-04T15:30:00Z", "2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30", "2026-04-05T02:00"},
       {"2026-10-03T15:29:59Z", "2026-10-04T01:00:00+10:30", "2026-10-04T02:00:00+10:30", "2026-10-04T01:00"},
       {"2026-10-03T15:30:00Z", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00", "2026-10-04T02:30"}});
}

TEST(CalendarTest, FixedLengthsAreCountedFromTheEpoch) {
  struct {
    Duration length;
    std::string_view time;
    std::string_view starts;
  } const rows[] = {
      {minutes(5), "2026-07-19T18:04:59.999999999Z", "2026-07-19T18:00:00Z"},
      {minutes(5), "2026-07-19T18:05:00Z", "2026-07-19T18:05:00Z"},
      {hours(7), "1970-01-01T06:59:59Z", "1970-01-01T00:00:00Z"},
      {hours(7), "1969-12-31T23:59:59Z", "1969-12-31T17:00:00Z"},
      {hours(7), "1969-12-31T17:00:00Z", "1969-12-31T17:00:00Z"},
      {Duration(1), "1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
      {Duration(1'500'000'000), "1970-01-01T00:00:02Z", "1970-01-01T00:00:01.5Z"},
      {hours(24) * 36'500, "9999-12-31T23:59:59Z", "9964-09-09T00:00:00Z"},
  };
  for (const auto& row : rows) {
    Calendar calendar(Every::fixed, zone("Europe/Berlin"), row.length);
    const Period period = calendar.period(at(row.time));
    EXPECT_EQ(format_timestamp(period.starts), row.starts) << row.time;
    EXPECT_TRUE(period.contains(at(row.time)));
    EXPECT_EQ(subtract(period.ends, period.starts), row.length) << row.time;
  }
}

TEST(CalendarTest, WithoutPeriodsAllTimeIsOne) {
  Calendar calendar;
  const Period all = calendar.period(at("2026-07-19T18:00:00Z"));
  EXPECT_TRUE(all.contains(Timestamp::min()));
  EXPECT_TRUE(all.contains(Timestamp::max()));
}

TEST(CalendarTest, TheEndsOfTimeLieInPeriods) {
  for (const Every every : {Every::never, Every::hourly, Every::daily, Every::weekly, Every::fixed}) {
    for (const std::string_view name : {"UTC", "Europe/Berlin", "-12:00", "+14:00"}) {
      Calendar calendar(every, zone(name), hours(5));
      for (const Timestamp time : {Timestamp::min(), Timestamp::max()}) {
        const Period period = calendar.period(time);
        EXPECT_TRUE(period.contains(time)) << name << " " << static_cast<int>(every);
      }
    }
  }
}

TEST(CalendarTest, CountsPeriodsBackAndForth) {
  Calendar days(Every::daily, zone("Europe/Berlin"));
  const Period today = days.period(at("2026-03-30T12:00:00Z"));
  EXPECT_EQ(days.name(days.before(today, 0)), "2026-03-30");
  EXPECT_EQ(days.name(days.before(today, 1)), "2026-03-29");
  EXPECT_EQ(days.name(days.before(today, 30)), "2026-02-28");
  EXPECT_EQ(days.name(days.before(today, -2)), "2026-04-01");
  Calendar hourly(Every::hourly, zone("Europe/Berlin"));
  const Period hour = hourly.period(at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(hourly.name(hourly.before(hour, 1)), "2026-03-29T01:00");
  EXPECT_EQ(hourly.before(hourly.before(hour, 3), -3), hour);
}

TEST(CalendarTest, NamesShowWhatTheyMust) {
  Calendar calendar(Every::fixed, zone("Europe/Berlin"), Duration(500'000'000));
  EXPECT_EQ(calendar.name(calendar.period(at("2026-07-19T22:00:00Z"))), "2026-07-20");
  EXPECT_EQ(calendar.name(calendar.period(at("2026-07-19T18:00:00Z"))), "2026-07-19T20:00");
  EXPECT_EQ(calendar.name(calendar.period(at("2026-07-19T18:00:01Z"))), "2026-07-19T20:00:01");
  EXPECT_EQ(calendar.name(calendar.period(at("2026-07-19T22:00:00.5Z"))), "2026-07-20T00:00:00.5");
  EXPECT_EQ(calendar.name_with_offset(calendar.period(at("2026-01-19T23:00:00Z"))), "2026-01-20+01:00");
}

// Goal: periods are what they promise in any zone and year: they hold the time that was asked for, touch each other,
// and show one hour (or day) of the zone's clocks. Method: random times over the years with daylight saving.
TEST(CalendarTest, PeriodsTileTime) {
  constexpr std::uint64_t seed = 29;
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> any_second(0, at("2600-01-01T00:00:00Z").seconds);
  for (const std::string_view name :
       {"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "America/Havana", "Pacific/Apia"}) {
    const TimeZone there = zone(name);
    for (const Every every : {Every::hourly, Every::daily, Every::weekly}) {
      Calendar calendar(every, there);
      for (int i = 0; i < 300; ++i) {
        const Timestamp time{any_second(random), 0};
        SCOPED_TRACE(testing::Message() << name << " at " << format_timestamp(time) << ", seed " << seed);
        const Period period = calendar.period(time);
        ASSERT_TRUE(period.contains(time));
        ASSERT_EQ(calendar.before(period, 1).ends, period.starts);
        ASSERT_EQ(calendar.before(period, -1).starts, period.ends);
        if (every == Every::weekly) continue;
        const TimeZone::Civil first = there.civil(period.starts);
        const TimeZone::Civil last = there.civil({period.ends.seconds - 1, 0});
        ASSERT_EQ(first.day, last.day);
        ASSERT_TRUE(every == Every::daily || first.hour == last.hour);
      }
    }
  }
}

TEST(TimeZoneTest, TakesNamesAndOffsets) {
  struct {
    std::string_view name;
    int offset_seconds;
  } const rows[] = {{"UTC", 0},       {"Europe/Berlin", 7200}, {"US/Central", -18'000},
                    {"+02:00", 7200}, {"-02:30", -9000},       {"02:00", 7200},
                    {"-00:00", 0},    {"+14:00", 50'400},      {"Asia/Kolkata", 19'800}};
  for (const auto& row : rows) {
    EXPECT_EQ(zone(row.name).civil(at("2026-07-19T18:00:00Z")).offset_seconds, row.offset_seconds) << row.name;
  }
}

TEST(TimeZoneTest, RefusesWhatMeansSomethingElseOnAnotherMachine) {
  for (const std::string_view name :
       {"", "Mars/Olympus", "Europe", "/etc/localtime", "../localtime", "localtime", ":UTC", "+2:00", "+24:00",
        "+02:60", "+0200", "+02:00:00", "2", "Europe/Berlin "}) {
    EXPECT_FALSE(TimeZone::load(name)) << name;
  }
  EXPECT_FALSE(TimeZone::load(std::string_view("Europe/Berlin\0", 14)));
}

TEST(TimeZoneTest, CivilTimeIsWhatClocksThereShow) {
  const TimeZone::Civil civil = zone("Europe/Berlin").civil(at("2026-07-19T22:30:15Z"));
  EXPECT_EQ(civil.year, 2026);
  EXPECT_EQ(civil.month, 7);
  EXPECT_EQ(civil.day, 20);
  EXPECT_EQ(civil.hour, 0);
  EXPECT_EQ(civil.minute, 30);
  EXPECT_EQ(civil.second, 15);
  EXPECT_EQ(civil.weekday, 1);
  EXPECT_EQ(civil.yearday, 201);
  EXPECT_EQ(TimeZone().civil(at("2024-12-31T23:00:00Z")).yearday, 366);
  EXPECT_EQ(TimeZone().civil(at("2026-07-19T23:00:00Z")).weekday, 0);
}

TEST(TimeZoneTest, InstantsOfSkippedAndRepeatedTimes) {
  const TimeZone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.instant(2026, 7, 19, 20), at("2026-07-19T18:00:00Z"));
  EXPECT_EQ(berlin.instant(2026, 3, 29, 2, 30), at("2026-03-29T01:00:00Z"));
  EXPECT_EQ(berlin.instant(2026, 10, 25, 2, 30), at("2026-10-25T00:30:00Z"));
}

}  // namespace
}  // namespace tallyho

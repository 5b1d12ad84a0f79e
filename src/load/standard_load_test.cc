#include "load/standard_load.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "load/load_fields.h"

namespace tallyho {
namespace {

using Options = StandardLoad::Options;

// Calls `use` with every line.
template <typename Use>
void for_each_line(const Options& options, Use use) {
  StandardLoad load(options);
  while (const auto line = load.next()) use(*line);
}

std::string member(std::string_view text, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return "";
  const std::size_t begin = at + key.size();
  if (text[begin] == '"') return std::string(text.substr(begin + 1, text.find('"', begin + 1) - begin - 1));
  return std::string(text.substr(begin, text.find_first_of(",}", begin) - begin));
}

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::uint64_t hash_of(const Options& options) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for_each_line(options, [&](const StandardLoad::Line& line) { hash = fnv1a(fnv1a(hash, line.text), "\n"); });
  return hash;
}

TEST(StandardLoadTest, TheSameSeedGivesTheSameBytes) {
  const Options options{.events = 10'000, .invalid_percent = 5};
  EXPECT_EQ(hash_of(options), hash_of(options));
  Options other = options;
  other.seed = 2;
  EXPECT_NE(hash_of(options), hash_of(other));
}

// Taken once from what it made: a change of these bytes makes figures of different versions incomparable.
TEST(StandardLoadTest, BytesStayTheSameFromVersionToVersion) {
  EXPECT_EQ(hash_of({.events = 10'000}), 14'039'105'336'228'756'829U);
  EXPECT_EQ(hash_of({.seed = 7, .events = 10'000, .players = 1'000, .skew = 1.1, .invalid_percent = 10}),
            8'709'329'126'951'225'888U);
}

TEST(StandardLoadTest, MakesAsManyLinesAsAskedFor) {
  for (const std::uint64_t events : {0U, 1U, 1'001U}) {
    std::uint64_t lines = 0;
    for_each_line({.events = events, .players = 10},
                  [&](const StandardLoad::Line& line) { EXPECT_EQ(line.number, ++lines); });
    EXPECT_EQ(lines, events);
  }
}

TEST(StandardLoadTest, TypesHaveTheirShares) {
  std::map<std::string, double> counts;
  constexpr double events = 200'000;
  for_each_line({.events = 200'000}, [&](const StandardLoad::Line& line) { ++counts[member(line.text, "type")]; });
  EXPECT_EQ(counts.size(), LoadFields::type_count);
  std::uint64_t sum = 0;
  for (std::size_t type = 0; type < LoadFields::type_count; ++type) {
    const double share = static_cast<double>(LoadFields::per_thousand(type)) / 1'000;
    sum += LoadFields::per_thousand(type);
    const std::string name(LoadFields::type_name(type));
    EXPECT_NEAR(counts[name] / events, share, 5 * std::sqrt(share / events)) << name;  // Five standard deviations.
  }
  EXPECT_EQ(sum, 1'000U);
}

TEST(StandardLoadTest, PlayersFollowZipfsLaw) {
  std::map<std::string, double> counts;
  constexpr double events = 300'000;
  for_each_line({.events = 300'000, .players = 1'000, .skew = 0.6},
                [&](const StandardLoad::Line& line) { ++counts[std::string(line.player)]; });
  double sum = 0;
  for (int k = 1; k <= 1'000; ++k) sum += std::pow(k, -0.6);
  for (const int k : {1, 2, 3, 10, 100, 500, 1'000}) {
    std::string name;
    LoadFields::append_player(name, static_cast<std::uint32_t>(k - 1));
    const double share = std::pow(k, -0.6) / sum;
    EXPECT_NEAR(counts[name] / events, share, 6 * std::sqrt(share / events)) << name;
  }
  EXPECT_LE(counts.size(), 1'000U);
}

TEST(StandardLoadTest, TimeAdvancesByTheRateAndOneInAHundredIsLate) {
  int late = 0;
  std::int64_t index = 0;
  for_each_line({.events = 100'000, .rate = 18'000}, [&](const StandardLoad::Line& line) {
    const std::int64_t due = StandardLoad::begins().to_millis() + index++ * 1'000 / 18'000;
    ASSERT_EQ(line.due.to_millis(), due);
    const std::int64_t ts = std::stoll(member(line.text, "ts"));
    ASSERT_LE(ts, due);
    ASSERT_GE(ts, due - 3'600'000 - 1'000);
    if (!line.is_repeat && ts < due) ++late;
  });
  EXPECT_NEAR(late, 1'000, 160);
}

TEST(StandardLoadTest, IdsAreNumbersInBase36AndRepeatsAreBytesOfTheLastThousand) {
  std::set<std::string> ids;
  std::deque<std::string> last;
  int repeats = 0;
  for_each_line({.events = 100'000}, [&](const StandardLoad::Line& line) {
    const std::string id = member(line.text, "id");
    if (line.is_repeat) {
      ++repeats;
      ASSERT_NE(std::find(last.begin(), last.end(), line.text), last.end()) << line.text;
    } else {
      ASSERT_EQ(std::stoull(id.substr(1), nullptr, 36), line.number) << line.text;
      ASSERT_TRUE(ids.insert(id).second);
    }
    last.emplace_back(line.text);
    if (last.size() > 1'000) last.pop_front();
  });
  EXPECT_NEAR(repeats, 500, 115);
}

TEST(StandardLoadTest, LiveLinesAreTheSameWithoutTs) {
  StandardLoad file({.events = 5'000});
  StandardLoad live({.events = 5'000, .has_ts = false});
  while (const auto line = file.next()) {
    const auto other = live.next();
    ASSERT_TRUE(other);
    std::string text(line->text);
    const std::size_t ts = text.find("\"ts\":");
    text.erase(ts, text.find(',', ts) + 1 - ts);
    ASSERT_EQ(text, other->text);
  }
  EXPECT_FALSE(live.next());
}

// Whether a line has the flaw it says is tested with the decoder, in test/.
TEST(StandardLoadTest, FlawsAreSpreadEvenly) {
  std::map<Flaw, double> counts;
  for_each_line({.events = 100'000, .invalid_percent = 8},
                [&](const StandardLoad::Line& line) { ++counts[line.flaw]; });
  EXPECT_NEAR(counts[Flaw::none], 92'000, 450);
  for (int flaw = 1; flaw <= flaw_count; ++flaw) EXPECT_NEAR(counts[static_cast<Flaw>(flaw)], 1'000, 170) << flaw;
}

TEST(StandardLoadTest, AllOrNoneCanBeSpoiled) {
  for_each_line({.events = 2'000, .invalid_percent = 100},
                [](const StandardLoad::Line& line) { ASSERT_NE(line.flaw, Flaw::none); });
  for_each_line({.events = 2'000}, [](const StandardLoad::Line& line) { ASSERT_EQ(line.flaw, Flaw::none); });
}

TEST(StandardLoadTest, FieldsAreDrawnAsTheLoadSays) {
  std::map<std::string, double> rarities;
  double finds = 0;
  double clues = 0, unaided = 0;
  double puzzles = 0, right = 0;
  double fixes = 0, bad = 0;
  for_each_line({.events = 100'000}, [&](const StandardLoad::Line& line) {
    const std::string type = member(line.text, "type");
    if (type == "treasure_found") {
      ++finds;
      ++rarities[member(line.text, "rarity")];
      ASSERT_LE(std::stoi(member(line.text, "value")), 500);
    }
    if (type == "clue_solved" && ++clues > 0) unaided += member(line.text, "hints") == "0" ? 1 : 0;
    if (type == "puzzle_attempt" && ++puzzles > 0) right += member(line.text, "correct") == "true" ? 1 : 0;
    if (type == "location_ping") {
      const double accuracy = std::stod(member(line.text, "accuracy"));
      ++fixes;
      bad += accuracy > 50 ? 1 : 0;
      ASSERT_TRUE((accuracy >= 3 && accuracy <= 30) || (accuracy > 50 && accuracy <= 200)) << line.text;
    }
  });
  EXPECT_NEAR(rarities["common"] / finds, 0.70, 0.015);
  EXPECT_NEAR(rarities["rare"] / finds, 0.20, 0.015);
  EXPECT_NEAR(rarities["epic"] / finds, 0.08, 0.01);
  EXPECT_NEAR(rarities["legendary"] / finds, 0.02, 0.005);
  EXPECT_NEAR(unaided / clues, 0.5, 0.02);
  EXPECT_NEAR(right / puzzles, 0.6, 0.02);
  EXPECT_NEAR(bad / fixes, 0.02, 0.003);
}

// The formula of geo.distance().
double metres(double lat1, double lon1, double lat2, double lon2) {
  constexpr double radians = M_PI / 180;
  const double a = std::pow(std::sin((lat2 - lat1) * radians / 2), 2);
  const double b = std::pow(std::sin((lon2 - lon1) * radians / 2), 2);
  return 2 * 6'371'008.8 * std::asin(std::sqrt(a + std::cos(lat1 * radians) * std::cos(lat2 * radians) * b));
}

TEST(WanderersTest, PlayersWalkAtTwoMetresASecondAtMostAndStayInTown) {
  Random random(3);
  Wanderers wanderers(20, 9);
  std::vector<Spot> last(20);
  std::vector<std::int64_t> times(20, -1);
  std::int64_t now = 0;
  double fastest = 0;
  for (int step = 0; step < 50'000; ++step) {
    now += static_cast<std::int64_t>(random.below(step % 100 == 0 ? 3'600'000 : 4'000));
    const auto player = static_cast<std::uint32_t>(random.below(20));
    const Spot place = wanderers.walk(player, now, random);
    ASSERT_GE(place.lat, 48'060'000);
    ASSERT_LE(place.lat, 48'240'000);
    ASSERT_GE(place.lon, 11'360'000);
    ASSERT_LE(place.lon, 11'720'000);
    if (times[player] >= 0) {
      const double walked = metres(last[player].lat / 1e6, last[player].lon / 1e6, place.lat / 1e6, place.lon / 1e6);
      const std::int64_t deciseconds = now / 100 - times[player] / 100;
      const double seconds = static_cast<double>(deciseconds) / 10;
      ASSERT_LE(walked, 2 * seconds + 0.001);
      if (seconds > 0) fastest = std::max(fastest, walked / seconds);
    }
    last[player] = place;
    times[player] = now;
  }
  EXPECT_GT(fastest, 1.9);
}

TEST(ZipfTest, PortablePowersAreRightToFourteenDigits) {
  for (const double base : {1.0, 1.5, 2.0, 3.0, 10.0, 99'999.0, 1e7, 4e9}) {
    for (const double exponent : {0.0, -0.3, -0.6, -1.0, -1.1, -2.5, 0.5}) {
      const double exact = std::pow(base, exponent);
      EXPECT_NEAR(portable_power(base, exponent) / exact, 1, 1e-14) << base << " " << exponent;
    }
  }
}

TEST(ZipfTest, WithoutSkewAllAreEqual) {
  Random random(1);
  const Zipf dice(6, 0);
  std::vector<double> counts(6);
  for (int i = 0; i < 60'000; ++i) ++counts[dice.draw(random)];
  for (const double count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(Zipf(1, 0.6).draw(random), 0U);
}

TEST(RandomTest, FollowsThePublishedGenerators) {
  // SplitMix64 seeded with 0, as many libraries test it.
  EXPECT_EQ(mixed(0), 0xe220a8397b1dcdafU);
  EXPECT_EQ(mixed(0x9e3779b97f4a7c15), 0x6e789e6aa1b965f4U);
  // xoshiro256**: the first step by hand from the state that SplitMix64 gives for 0.
  const std::uint64_t second = 0x6e789e6aa1b965f4;
  EXPECT_EQ(Random(0).next(), std::rotl(second * 5, 7) * 9);
}

TEST(RandomTest, DrawsStayWithinTheirBounds) {
  Random random(5);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random.between(-2, 2));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
}

}  // namespace
}  // namespace tallyho

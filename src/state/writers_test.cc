#include "state/writers.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using testing::ElementsAre;

TEST(Writers, AreTheTypesOfTheRulesThatWrite) {
  constexpr std::string_view source = R"(
tallyho: 1
name: test
events: {walk: {}, find: {}, rest: {}}
state:
  player: {walks: int, both: int, team: string, nowhere: int, places: {type: set, capacity: 9}, grouped: string}
  team: {key: player.team, finds: int}
rules:
  - {id: walking, on: walk, points: 1, cap: {points: 9, per: daily}, set: {player.walks: player.walks + 1}}
  - {id: both, on: [walk, find], cooldown: 1m, set: {player.both: "2"}}
  - {id: finding, on: find, cooldown: 1m, add: {player.places: "'here'"}, set: {team.finds: team.finds + 1}}
  - {id: finding-too, on: find, add: {player.places: "'there'"}}
  - {id: everywhere, cap: {points: 9, per: daily}, points: 1}
  - {id: resting, on: rest, set: {player.team: "'red'", player.grouped: "'blue'"}}
boards:
  - {id: by-group, group_by: player.grouped}
)";
  const auto ruleset = load_ruleset(source, "test.yaml");
  ASSERT_TRUE(ruleset) << ruleset.error()[0].message;
  constexpr EventTypeIndex walk = 0;
  constexpr EventTypeIndex find = 1;
  constexpr EventTypeIndex several = Writers::several;
  const Writers writers = writers_of_players(**ruleset);
  // In the order of the file: what the key of another scope or a board goes by is everybody's, as is what no rule
  // writes.
  EXPECT_THAT(writers.variables, ElementsAre(walk, several, several, several, find, several));
  EXPECT_THAT(writers.cooldowns, ElementsAre(several, find));
  EXPECT_THAT(writers.caps, ElementsAre(walk, several));
}

}  // namespace
}  // namespace tallyho

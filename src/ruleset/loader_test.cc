#include "ruleset/loader.h"

#include <fstream>
#include <iterator>

#include "ruleset/loader_testing.h"

namespace tallyho {
namespace {

TEST(Loader, TheSmallestRulesetHasTheDefaults) {
  const auto ruleset = loaded("tallyho: 1\nname: smallest\n");
  ASSERT_TRUE(ruleset);
  EXPECT_EQ(ruleset->name, "smallest");
  EXPECT_EQ(ruleset->time_zone_name, "UTC");
  EXPECT_EQ(ruleset->clock_late, std::chrono::hours(24));
  EXPECT_EQ(ruleset->clock_early, std::chrono::seconds(5));
  EXPECT_EQ(ruleset->dedupe_window, std::chrono::minutes(10));
  EXPECT_EQ(ruleset->dedupe_per_player, 32U);
  EXPECT_FALSE(ruleset->total_min || ruleset->total_max);
  EXPECT_FALSE(ruleset->is_public);
  EXPECT_FALSE(ruleset->reject_unknown_fields);
  EXPECT_EQ(ruleset->budget, 200'000U);
  ASSERT_EQ(ruleset->scopes.size(), 1U);
  EXPECT_EQ(ruleset->scopes[0].name, "player");
}

TEST(Loader, TheHashIsOfEveryByte) {
  const auto ruleset = loaded("tallyho: 1\nname: smallest\n");
  ASSERT_TRUE(ruleset);
  EXPECT_EQ(ruleset->hash.size(), 32U);
  EXPECT_EQ(ruleset->source, "tallyho: 1\nname: smallest\n");
  const auto other = loaded("tallyho: 1\nname: smallest \n");
  ASSERT_TRUE(other);
  EXPECT_NE(ruleset->hash, other->hash);
}

TEST(Loader, ReadsEverythingOfAField) {
  const auto ruleset = loaded(std::string(head) +
                              "events:\n"
                              "  a:\n"
                              "    s: {type: string, min_bytes: 1, max_bytes: 8, optional: true}\n"
                              "    i: {type: int, min: -5, max: 5, one_of: [1, 2]}\n"
                              "    d: {type: double, min: -0.5, max: 90}\n"
                              "    l: {type: list<string>, max_items: 3, max_bytes: 4}\n"
                              "    m: map<int>\n"
                              "    o: {type: string, one_of: [x, 'yes']}\n"
                              "  b: {i: int, s: double}\n"
                              "player_events: [b]\n");
  ASSERT_TRUE(ruleset);
  const EventType& a = *ruleset->find_event("a");
  ASSERT_EQ(a.fields.size(), 6U);
  EXPECT_TRUE(a.fields[0].optional);
  EXPECT_EQ(a.fields[0].min_bytes, 1U);
  EXPECT_EQ(a.fields[0].max_bytes, 8U);
  EXPECT_EQ(a.fields[1].int_min, -5);
  EXPECT_EQ(a.fields[1].int_max, 5);
  EXPECT_EQ(a.fields[1].one_of_ints, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(a.fields[2].float_min, -0.5);
  EXPECT_EQ(a.fields[2].float_max, 90);
  EXPECT_EQ(a.fields[3].type, (FieldType{FieldType::Kind::list, FieldType::Kind::string}));
  EXPECT_EQ(a.fields[3].max_items, 3U);
  EXPECT_EQ(a.fields[4].type, (FieldType{FieldType::Kind::map, FieldType::Kind::int64}));
  EXPECT_EQ(a.fields[4].max_items, 64U);
  EXPECT_EQ(a.fields[5].one_of_strings, (std::vector<std::string>{"x", "yes"}));
  EXPECT_FALSE(a.player_may_send);
  const EventType& b = *ruleset->find_event("b");
  EXPECT_TRUE(b.player_may_send);
  EXPECT_EQ(ruleset->find_event("c"), nullptr);
  // `i` is an int in both and has one slot; `s` is a string here and a double there and has two.
  ASSERT_EQ(a.field_of_slot.size(), 7U);
  EXPECT_EQ(a.field_of_slot[1], 1U);
  EXPECT_EQ(b.field_of_slot[1], 0U);
  EXPECT_EQ(b.field_of_slot[0], no_field);
  EXPECT_EQ(b.field_of_slot[6], 1U);
}

TEST(Loader, ReadsEverythingOfState) {
  const auto ruleset = loaded(std::string(head) +
                              "events: {e: {team: string}}\n"
                              "state:\n"
                              "  team: {key: event.team, n: int}\n"
                              "  player:\n"
                              "    b: {type: bool, init: true}\n"
                              "    i: {type: int, init: -3, resets: weekly}\n"
                              "    d: {type: double, init: 2}\n"
                              "    s: {type: string, max_bytes: 5, init: abc}\n"
                              "    t: {type: timestamp, init: '1970-01-01T00:00:01Z'}\n"
                              "    u: {type: duration, init: 5m}\n"
                              "    v: {type: set, capacity: 7, max_bytes: 9, on_full: drop_oldest}\n"
                              "    w: {type: window, span: 5m, capacity: 16}\n"
                              "    x: string\n");
  ASSERT_TRUE(ruleset);
  ASSERT_EQ(ruleset->scopes.size(), 2U);
  EXPECT_EQ(ruleset->scopes[0].name, "player");
  EXPECT_FALSE(ruleset->scopes[0].key);
  EXPECT_EQ(ruleset->scopes[1].name, "team");
  ASSERT_TRUE(ruleset->scopes[1].key);
  const std::vector<StateVariable>& variables = ruleset->scopes[0].variables;
  ASSERT_EQ(variables.size(), 9U);
  EXPECT_TRUE(variables[0].init.is_true());
  EXPECT_EQ(variables[1].init.as_int64(), -3);
  EXPECT_EQ(variables[1].resets, Every::weekly);
  EXPECT_EQ(variables[2].init.as_float64(), 2.0);
  EXPECT_EQ(variables[3].init.as_string(), "abc");
  EXPECT_EQ(variables[3].max_bytes, 5U);
  EXPECT_EQ(variables[4].init.as_timestamp(), (Timestamp{1, 0}));
  EXPECT_EQ(variables[5].init.as_duration(), std::chrono::minutes(5));
  EXPECT_EQ(variables[6].capacity, 7U);
  EXPECT_EQ(variables[6].max_bytes, 9U);
  EXPECT_TRUE(variables[6].drop_oldest);
  EXPECT_EQ(variables[7].span, std::chrono::minutes(5));
  EXPECT_EQ(variables[8].init.as_string(), "");
  EXPECT_EQ(variables[8].max_bytes, 64U);
}

TEST(Loader, ReadsRulesAndBoards) {
  const auto ruleset =
      loaded(with_rules("rules:\n"
                        "  - {id: a, on: [ping, find], points: 5, cap: {points: 9, per: weekly}, cooldown: 5m}\n"
                        "  - {id: b, on: find, cooldown: 1h, set: {treasure.finders: treasure.finders + 1},\n"
                        "     add: {player.seen: event.treasure, player.recent: now}, notify: \"'x'\"}\n"
                        "  - {id: c, points: -1, cap: {points: 1, per: ever}}\n"
                        "boards:\n"
                        "  - {id: all}\n"
                        "  - {id: names, group_by: player.name, window: {every: 15m, keep: 3}}\n"
                        "  - {id: same, member: ' event . player ', group_by: string(player.total)}\n"
                        "  - {id: other, member: player.name, group_by: player.name}\n"
                        "  - {id: mixed, group_by: player.name + event.player}\n"
                        "  - {id: best, on: find, operator: best, order: ascending, limit: 10, attempts: 2,\n"
                        "     starts: '2026-07-19T19:00:00Z', ends: '2026-07-19T21:00:00+01:00'}\n"));
  ASSERT_TRUE(ruleset);
  ASSERT_EQ(ruleset->rules.size(), 3U);
  EXPECT_EQ(ruleset->rules[0].on, (std::vector<EventTypeIndex>{0, 1}));
  EXPECT_EQ(ruleset->rules[0].cap->per, Every::weekly);
  EXPECT_EQ(ruleset->rules[1].cooldown_number, 1U);
  EXPECT_EQ(ruleset->rules[1].set[0].scope, 1U);
  EXPECT_EQ(ruleset->rules[1].add[1].variable, 5U);
  EXPECT_EQ(ruleset->rules[2].cap->number, 1U);
  EXPECT_EQ(ruleset->rules[2].cap->per, Every::never);
  EXPECT_EQ(ruleset->rules[2].on.size(), 2U);
  EXPECT_EQ(ruleset->caps, 2U);
  EXPECT_EQ(ruleset->cooldowns, 2U);
  EXPECT_EQ(ruleset->events[0].rules, (std::vector<RuleIndex>{0, 1, 2}));
  EXPECT_EQ(ruleset->events[1].rules, (std::vector<RuleIndex>{0, 2}));
  EXPECT_EQ(ruleset->events[1].boards, (std::vector<BoardIndex>{0, 1, 2, 3, 4}));
  EXPECT_GT(ruleset->events[0].cost, ruleset->events[1].cost);

  EXPECT_FALSE(ruleset->boards[0].follows_player) << "nobody can move where there are no groups";
  EXPECT_TRUE(ruleset->boards[1].follows_player);
  EXPECT_EQ(ruleset->boards[1].every, Every::fixed);
  EXPECT_EQ(ruleset->boards[1].every_length, std::chrono::minutes(15));
  EXPECT_EQ(ruleset->boards[1].keep, 3U);
  EXPECT_TRUE(ruleset->boards[2].follows_player);
  EXPECT_FALSE(ruleset->boards[3].follows_player);
  EXPECT_FALSE(ruleset->boards[4].follows_player);
  EXPECT_TRUE(ruleset->boards[5].ascending);
  EXPECT_EQ(ruleset->boards[5].limit, 10U);
  EXPECT_EQ(ruleset->boards[5].attempts, 2U);
  EXPECT_EQ(ruleset->boards[5].ends->seconds - ruleset->boards[5].starts->seconds, 3600);
  EXPECT_EQ(ruleset->find_board("best"), 5U);
  EXPECT_FALSE(ruleset->find_board("worst"));
}

TEST(Loader, AnEventThatMayCostTooMuchIsRefused) {
  const std::string source = with_rules(
      "budget: 1000\n"
      "rules:\n"
      "  - id: cheap\n"
      "    points: 1\n"
      "  - id: dear\n"
      "    on: find\n"
      "    when: event.tags.exists(a, event.tags.exists(b, a != b))\n");
  const auto ruleset = load_ruleset(source, "f");
  ASSERT_FALSE(ruleset);
  ASSERT_EQ(ruleset.error().size(), 1U);
  const Diagnostic& problem = ruleset.error()[0];
  EXPECT_EQ(problem.line, 16U);
  EXPECT_NE(problem.message.find("over the budget of 1000; rule 'dear', 'when' costs most of it"), std::string::npos)
      << problem.message;
  EXPECT_NE(problem.message.find("lower max_items of event.tags (64)"), std::string::npos) << problem.message;
  EXPECT_NE(problem.message.find("up to 4096 times (64 × event.tags · 64 × event.tags)"), std::string::npos)
      << problem.message;
}

TEST(Loader, WritesKeysAndBoardsCost) {
  const auto cost = [](std::string_view effects) {
    const auto ruleset = loaded(std::string(head) + fmt::format("events: {{e: {{team: string}}}}\n"
                                                                "state:\n"
                                                                "  player: {{n: int}}\n"
                                                                "  team: {{key: event.team, n: int}}\n"
                                                                "{}",
                                                                effects));
    return ruleset ? ruleset->events[0].cost : 0;
  };
  const std::uint64_t rule = cost("rules: [{id: a, points: '1'}]\n");
  const std::uint64_t write = cost("rules: [{id: a, points: '1', set: {player.n: '1'}}]\n");
  const std::uint64_t keyed = cost("rules: [{id: a, points: '1', set: {team.n: '1'}}]\n");
  const std::uint64_t board = cost("rules: [{id: a, points: '1'}]\nboards: [{id: b}]\n");
  EXPECT_GT(rule, 0u);
  EXPECT_GT(write, rule);
  EXPECT_GT(keyed, write) << "the key is an expression, and its entry has to be found";
  EXPECT_GT(board, rule);
}

TEST(Loader, TheCostModelHasAVersion) {
  EXPECT_TRUE(loaded(std::string(head) + "cost_model: 1\n"));
  EXPECT_NE(problems(std::string(head) + "cost_model: 2\n").find("'cost_model' must be"), std::string::npos);
}

TEST(Loader, TheCostOfATypeGrowsWithItsBounds) {
  const auto cost = [](int items) {
    const auto ruleset =
        loaded(std::string(head) + fmt::format("events: {{e: {{tags: {{type: list<string>, max_items: {}}}}}}}\n"
                                               "rules: [{{id: a, when: \"event.tags.exists(t, t == 'x')\"}}]\n",
                                               items));
    return ruleset ? ruleset->events[0].cost : 0;
  };
  EXPECT_GT(cost(64), 2 * cost(16));
}

TEST(Loader, ConstantsAreTyped) {
  EXPECT_EQ(problems(std::string(head) +
                     "params: {gap: duration('10m'), list: '[1, 2]', text: \"'x'\"}\n"
                     "tables:\n"
                     "  ints: {a: 1, b: 2}\n"
                     "  numbered: {1: x, 2: y}\n"
                     "  flags: {true: 1, false: 0}\n"
                     "  nested: {a: [1, 2], b: [3]}\n"
                     "  mixed: [1, x]\n"
                     "  words: [yes, no]\n"
                     "rules:\n"
                     "  - {id: a, points: \"tables.ints['a'] + params.list[0] + tables.nested['a'][1]\"}\n"
                     "  - {id: b, when: \"tables.numbered[1] == 'x' && tables.words[0] == 'yes'\"}\n"
                     "  - {id: c, points: 'tables.flags[true]', when: params.gap > duration('1s')}\n"
                     "  - {id: d, points: 'int(tables.mixed[0])'}\n"),
            "");
  EXPECT_EQ(problems(std::string(head) + "tables: {mixed: [1, x]}\nrules: [{id: a, points: 'tables.mixed[0]'}]\n"),
            "4:26: this must be int, but is dyn; write a conversion such as int(…)");
}

TEST(Loader, AFileThatCannotBeReadIsAProblemToo) {
  const auto ruleset = load_ruleset_file("no/such/file.yaml");
  ASSERT_FALSE(ruleset);
  EXPECT_EQ(to_text(ruleset.error()[0], ""),
            "no/such/file.yaml:1:1: error: cannot open: No such file or directory\n\n^\n");
}

TEST(Loader, TheExampleOfTheReferenceLoads) {
  std::ifstream file(TALLYHO_SOURCE_DIR "/docs/reference/ruleset.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = page.find("tallyho: 1\nname: small-hunt");
  ASSERT_NE(begin, std::string::npos);
  const auto ruleset = loaded(page.substr(begin, page.find("```", begin) - begin));
  ASSERT_TRUE(ruleset);
  EXPECT_EQ(ruleset->rules.size(), 3U);
  EXPECT_EQ(ruleset->boards.size(), 2U);
}

TEST(Loader, TheTreasureHuntLoads) {
  const auto ruleset = load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml");
  if (!ruleset) {
    for (const Diagnostic& diagnostic : ruleset.error()) ADD_FAILURE() << to_text(diagnostic, "");
    return;
  }
  EXPECT_EQ((*ruleset)->name, "treasure-hunt");
  EXPECT_EQ((*ruleset)->events.size(), 16U);
  EXPECT_EQ((*ruleset)->rules.size(), 47U);
  EXPECT_EQ((*ruleset)->boards.size(), 6U);
  EXPECT_TRUE((*ruleset)->boards[2].follows_player);
  EXPECT_FALSE((*ruleset)->boards[3].follows_player);
  for (const Rule& rule : (*ruleset)->rules) EXPECT_FALSE(rule.description.empty()) << rule.id;
  for (const EventType& type : (*ruleset)->events) EXPECT_LT(type.cost, 20'000U) << type.name;
  const std::string summary = summarize(**ruleset);
  for (const std::string_view part : {"treasure-hunt", "16 event types", "47 rules", "6 boards", "find-base"}) {
    EXPECT_NE(summary.find(part), std::string::npos) << part;
  }
  const std::string json = summary_json(**ruleset);
  EXPECT_TRUE(json.starts_with("{\"name\":\"treasure-hunt\",\"hash\":\"" + (*ruleset)->hash + "\""));
}

}  // namespace
}  // namespace tallyho

// Every mistake that a ruleset file can have: what is said, and where.

#include "ruleset/loader_testing.h"

namespace tallyho {
namespace {

struct Case {
  std::string_view source;   // Behind `head`.
  std::string_view problem;  // "LINE:COLUMN: message"
};

template <std::size_t N>
void expect_problems(const Case (&cases)[N]) {
  for (const auto& [source, problem] : cases) {
    EXPECT_EQ(problems(std::string(head) + std::string(source)), problem) << head << source;
  }
}

TEST(Loader, RefusesAHeadThatIsWrong) {
  const struct {
    std::string_view source;
    std::string_view problem;
  } cases[] = {
      {"name: t\n", "1:1: the format version is missing; a ruleset begins with `tallyho: 1`"},
      {"tallyho: 2\nname: t\nnonsense: 1\n", "1:10: format version '2' is not known; this program reads 1"},
      {"tallyho: '1'\nname: t\n", "1:10: format version '1' is not known; this program reads 1"},
      {"tallyho: 1\n", "1:1: the ruleset needs the key 'name'"},
      {"tallyho: 1\nname: My Hunt\n",
       "2:7: the ruleset's name must be 1 to 63 of the characters a-z, 0-9 and -, not 'My Hunt'"},
      {"- tallyho: 1\n", "1:1: a ruleset is a map that begins with `tallyho: 1`, not a list"},
      {"hello\n", "1:1: a ruleset is a map that begins with `tallyho: 1`, not a single value"},
      {"tallyho: 1\nname: t\nname: u\n", "3:1: duplicate key 'name'; the first is on line 2"},
      {"tallyho: 1\nname: t\n\"name\": u\n", "3:1: duplicate key 'name'; the first is on line 2"},
  };
  for (const auto& [source, problem] : cases) EXPECT_EQ(problems(std::string(source)), problem) << source;
}

TEST(Loader, RefusesSettingsThatMakeNoSense) {
  const Case cases[] = {
      {"evnts: {}\n", "3:1: unknown key 'evnts' in the ruleset; did you mean 'events'?"},
      {"partition_by: event.team\n",
       "3:1: 'partition_by' is reserved: version 1 runs a ruleset as one game; leave it out"},
      {"time_zone: Europe/Munich\n",
       "3:12: unknown time zone 'Europe/Munich'; write an IANA name such as Europe/Berlin, or UTC"},
      {"clock: {late: yesterday}\n",
       "3:15: 'late' must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not 'yesterday'"},
      {"clock: {late: -1s}\n", "3:15: 'late' must not be negative"},
      {"clock: {latest: 1s}\n", "3:9: unknown key 'latest' in 'clock'; did you mean 'late'?"},
      {"clock: 5m\n", "3:8: 'clock' must be a map, not '5m'"},
      {"dedupe: {per_player: -1}\n", "3:22: 'per_player' must be an integer from 0 to 65536, not '-1'"},
      {"total: {min: 5, max: 4}\n", "3:22: 'max' (4) is less than 'min' (5)"},
      {"total: {min: 9223372036854775808}\n",
       "3:14: 'min' must be an integer within 64 bits, not '9223372036854775808'"},
      {"public: yes\n", "3:9: 'public' must be true or false, not 'yes'"},
      {"unknown_fields: refuse\n", "3:17: 'unknown_fields' must be one of ignore, reject, not 'refuse'"},
      {"unknown_fields: rejct\n",
       "3:17: 'unknown_fields' must be one of ignore, reject, not 'rejct'; did you mean 'reject'?"},
      {"budget: 0\n", "3:9: 'budget' must be an integer from 1 to 1000000000, not '0'"},
      {"description: [a]\n", "3:14: 'description' must be a text, not a list"},
      {"player_events: [ping]\n", "3:17: unknown event type 'ping'"},
      {"events: {pong: }\nplayer_events: [ping]\n", "4:17: unknown event type 'ping'; did you mean 'pong'?"},
      {"events: {ping: }\nplayer_events: [ping, ping]\n", "4:23: event type 'ping' is listed twice"},
      {"params: {1x: '1'}\n",
       "3:10: a param must be a name of letters, digits and _ that does not begin with a digit, not '1x'"},
      {"params: {a: [1]}\n", "3:13: param 'a' must be an expression, not a list"},
      {"params: {a: }\n", "3:10: param 'a' is empty; it must be an expression"},
      {"params: {a: 1 / 0}\n", "3:13: param 'a' fails: division by zero"},
      {"params: {a: event.x + 1}\n", "3:13: a param is a constant and cannot use 'event'"},
      {"tables: {t: {a: 1, a: 2}}\n", "3:20: duplicate key 'a'"},
      {"tables: {t: {1: a, 0x1: b}}\n", "3:20: duplicate key '0x1'"},
      {"tables: {t: {1.5: a}}\n", "3:14: a key of a table must be a text, an integer or a bool; quote '1.5'"},
      {"tables: {t: 9223372036854775808}\n",
       "3:13: '9223372036854775808' is out of range for a 64-bit number; quote it if it is a text"},
      {"tables: {true: 1}\n", "3:10: a table cannot be 'true', a word of the expression language"},
  };
  expect_problems(cases);
}

TEST(Loader, RefusesFieldsThatMakeNoSense) {
  const Case cases[] = {
      {"events: {a b: }\n", "3:10: an event type must be 1 to 128 letters, digits and _ - . : /, not 'a b'"},
      {"events: {e: {}, e: {}}\n", "3:17: duplicate key 'e'; the first is on line 3"},
      {"events: {e: int}\n", "3:13: event type 'e' must be a map, not 'int'"},
      {"events: {e: {x: in}}\n", "3:17: unknown type 'in'; did you mean 'int'?"},
      {"events: {e: {x: float64}}\n",
       "3:17: unknown type 'float64'; a field is bool, int, double, string, timestamp, or list<T> or map<T> of those"},
      {"events: {e: {x: list<list<int>>}}\n",
       "3:17: unknown type 'list<list<int>>'; a field is bool, int, double, string, timestamp, or list<T> or map<T> of "
       "those"},
      {"events: {e: {x: }}\n", "3:14: field 'x' needs a type, such as x: int"},
      {"events: {e: {x: [int]}}\n", "3:17: field 'x' needs a type, such as x: int"},
      {"events: {e: {x: {min: 1}}}\n", "3:17: field 'x' needs the key 'type'"},
      {"events: {e: {x: {type: int, mim: 1}}}\n", "3:29: unknown key 'mim' in field 'x'; did you mean 'min'?"},
      {"events: {e: {player: string}}\n", "3:14: 'player' is a member of every event's envelope and cannot be a field"},
      {"events: {e: {at: int}}\n", "3:14: 'at' is a member of every event's envelope and cannot be a field"},
      {"events: {e: {a-b: int}}\n",
       "3:14: a field must be a name of letters, digits and _ that does not begin with a digit, not 'a-b'"},
      {"events: {e: {null: int}}\n", "3:14: a key must be a plain text, not an empty value"},
      {"events: {e: {\"null\": int}}\n", "3:14: a field cannot be 'null', a word of the expression language"},
      {"events: {e: {x: {type: int, min: 5, max: 4}}}\n", "3:42: 'max' (4) is less than 'min' (5)"},
      {"events: {e: {x: {type: int, min: 1.5}}}\n", "3:34: 'min' must be an integer, not '1.5'"},
      {"events: {e: {x: {type: double, min: a}}}\n", "3:37: 'min' must be a number, not 'a'"},
      {"events: {e: {x: {type: double, max: .inf}}}\n", "3:37: 'max' must be a number, not '.inf'"},
      {"events: {e: {x: {type: string, max: 5}}}\n", "3:37: 'max' applies to int and double fields, not to string"},
      {"events: {e: {x: {type: string, min_bytes: 9, max_bytes: 8}}}\n",
       "3:57: 'max_bytes' (8) is less than 'min_bytes' (9)"},
      {"events: {e: {x: {type: string, min_bytes: 300}}}\n",
       "3:43: 'max_bytes' (by default 256) is less than 'min_bytes' (300)"},
      {"events: {e: {x: {type: int, max_bytes: 8}}}\n",
       "3:40: 'max_bytes' applies to strings, lists of strings and maps, not to int"},
      {"events: {e: {x: {type: string, max_bytes: 16385}}}\n",
       "3:43: 'max_bytes' must be an integer from 0 to 16384, not '16385'"},
      {"events: {e: {x: {type: string, max_items: 8}}}\n",
       "3:43: 'max_items' applies to lists and maps, not to string"},
      {"events: {e: {x: {type: string, one_of: []}}}\n", "3:40: 'one_of' must be a list of at least one value"},
      {"events: {e: {x: {type: string, one_of: a}}}\n", "3:40: 'one_of' must be a list of at least one value"},
      {"events: {e: {x: {type: string, one_of: [a, 1]}}}\n",
       "3:44: 'one_of' of a string field must list strings; write \"1\""},
      {"events: {e: {x: {type: string, one_of: [a, true]}}}\n",
       "3:44: 'one_of' of a string field must list strings; write \"true\""},
      {"events: {e: {x: {type: string, one_of: [a, b, a]}}}\n", "3:47: 'a' is listed twice in 'one_of'"},
      {"events: {e: {x: {type: string, max_bytes: 2, one_of: [abc]}}}\n",
       "3:55: 'abc' has 3 bytes, which 'min_bytes' and 'max_bytes' (0 to 2) rule out"},
      {"events: {e: {x: {type: int, one_of: [1, a]}}}\n", "3:41: a value of 'one_of' must be an integer, not 'a'"},
      {"events: {e: {x: {type: int, max: 3, one_of: [1, 4]}}}\n", "3:49: 4 is ruled out by 'min' and 'max'"},
      {"events: {e: {x: {type: double, one_of: [1]}}}\n",
       "3:40: 'one_of' applies to string and int fields, not to double"},
      {"events: {e: {x: {type: int, optional: maybe}}}\n", "3:39: 'optional' must be true or false, not 'maybe'"},
  };
  expect_problems(cases);
}

TEST(Loader, RefusesStateThatMakesNoSense) {
  const Case cases[] = {
      {"state: {player: {x: integer}}\n",
       "3:21: unknown state type 'integer'; known are bool, int, double, string, timestamp, duration, set, window"},
      {"state: {player: {x: strin}}\n", "3:21: unknown state type 'strin'; did you mean 'string'?"},
      {"state: {player: {x: set}}\n", "3:21: a set needs a capacity: x: {type: set, capacity: 512}"},
      {"state: {player: {x: {type: window, capacity: 4}}}\n",
       "3:28: a window needs a span and a capacity: x: {type: window, span: 5m, capacity: 16}"},
      {"state: {player: {x: {type: set, capacity: 0}}}\n",
       "3:43: 'capacity' must be an integer from 1 to 65536, not '0'"},
      {"state: {player: {x: {type: set, capacity: 65537}}}\n",
       "3:43: 'capacity' must be an integer from 1 to 65536, not '65537'"},
      {"state: {player: {x: {type: window, span: 5m, capacity: 1025}}}\n",
       "3:56: 'capacity' must be an integer from 1 to 1024, not '1025'"},
      {"state: {player: {x: {type: window, span: 0s, capacity: 4}}}\n", "3:42: 'span' must be longer than 0s"},
      {"state: {player: {x: {type: int, capacity: 4}}}\n", "3:43: 'capacity' applies to sets and windows, not to int"},
      {"state: {player: {x: {type: int, max_bytes: 4}}}\n",
       "3:44: 'max_bytes' applies to strings and sets, not to int"},
      {"state: {player: {x: {type: set, capacity: 4, resets: daily}}}\n",
       "3:54: 'resets' applies to scalars, not to set"},
      {"state: {player: {x: {type: set, capacity: 4, init: a}}}\n", "3:52: 'init' applies to scalars, not to set"},
      {"state: {player: {x: {type: set, capacity: 4, on_full: drop}}}\n",
       "3:55: 'on_full' must be one of error, drop_oldest, not 'drop'"},
      {"state: {player: {x: {type: int, resets: dayly}}}\n",
       "3:41: 'resets' must be one of hourly, daily, weekly, not 'dayly'; did you mean 'daily'?"},
      {"state: {player: {x: {type: int, init: a}}}\n", "3:39: 'init' must be an integer, not 'a'"},
      {"state: {player: {x: {type: string, max_bytes: 2, init: abc}}}\n",
       "3:56: 'init' has 3 bytes, more than 'max_bytes' (2)"},
      {"state: {player: {x: {type: duration, init: 5}}}\n",
       "3:44: 'init' must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not '5'"},
      {"state: {player: {total: int}}\n",
       "3:18: 'player.total' is there already: it is the player's total, which 'points' change"},
      {"state: {player: {key: event.player}}\n",
       "3:18: scope 'player' is always keyed by event.player; leave 'key' out"},
      {"state: {team: {finds: int}}\n", "3:9: scope 'team' needs a key, such as key: event.team"},
      {"state: {event: {key: \"'a'\", finds: int}}\n",
       "3:9: a scope cannot be called 'event': expressions know that word already"},
      {"state: {math: {key: \"'a'\", finds: int}}\n",
       "3:9: a scope cannot be called 'math': expressions know that word already"},
      {"state: {t: {key: now}}\n", "3:18: a key may use 'event' and 'player' only, not 'now'"},
      {"state:\n  t: {key: string(player.total), n: int}\n",
       "4:19: a key may use the player's state, but not 'player.total'"},
      {"state:\n  t: {key: event.player, n: string}\n  u: {key: t.n, m: int}\n",
       "5:12: a key may use 'event' and 'player' only, not scope 't'"},
  };
  expect_problems(cases);
}

TEST(Loader, RefusesRulesThatMakeNoSense) {
  const Case cases[] = {
      {"rules: {id: a}\n", "10:8: 'rules' must be a list, not a map"},
      {"rules: [a]\n", "10:9: rule 1 must be a map, not 'a'"},
      {"rules: [{on: find}]\n", "10:9: rule 1 needs the key 'id'"},
      {"rules: [{id: A}]\n", "10:14: a rule's id must be 1 to 63 of the characters a-z, 0-9 and -, not 'A'"},
      {"rules:\n  - {id: a}\n  - {id: a}\n", "12:5: a rule 'a' is there already, on line 11"},
      {"rules: [{id: a, wen: 'true'}]\n", "10:17: unknown key 'wen' in rule 'a'; did you mean 'when'?"},
      {"rules: [{id: a, on: fnd}]\n", "10:21: unknown event type 'fnd'; did you mean 'find'?"},
      {"rules: [{id: a, on: []}]\n",
       "10:21: 'on' is an empty list, which no event can match; leave it out for every type"},
      {"rules: [{id: a, on: [find, ping, find]}]\n", "10:34: event type 'find' is listed twice"},
      {"rules: [{id: a, on: {find: 1}}]\n", "10:21: 'on' must be a list, not a map"},
      {"rules: [{id: a, cooldown: 0s}]\n", "10:27: 'cooldown' must be longer than 0s"},
      {"rules: [{id: a, cooldown: soon}]\n",
       "10:27: 'cooldown' must be a duration such as 90s, 5m or 1h30m (units h m s ms us ns), not 'soon'"},
      {"rules: [{id: a, points: 1, cap: {points: 0, per: daily}}]\n",
       "10:42: 'points' of a cap must be an integer of at least 1, not '0'"},
      {"rules: [{id: a, points: 1, cap: {points: 5}}]\n", "10:33: 'cap' needs the key 'per'"},
      {"rules: [{id: a, points: 1, cap: {points: 5, per: year}}]\n",
       "10:50: 'per' must be one of hourly, daily, weekly, ever, not 'year'"},
      {"rules: [{id: a, cap: {points: 5, per: ever}}]\n",
       "10:22: 'cap' limits 'points', which this rule does not have"},
      {"rules: [{id: a, reject: \"'no'\", points: 5}]\n",
       "10:33: a rule with 'reject' ends the event, and 'points' would have no effect; make it a rule of its own"},
      {"rules: [{id: a, reject: \"'no'\", notify: \"'x'\"}]\n",
       "10:33: a rule with 'reject' ends the event, and 'notify' would have no effect; make it a rule of its own"},
      {"rules: [{id: a, set: {player.m: '1'}}]\n",
       "10:23: scope 'player' has no 'm'; known are n, on, name, seen, at, recent"},
      {"rules: [{id: a, set: {player.nam: '1'}}]\n", "10:23: scope 'player' has no 'nam'; did you mean 'name'?"},
      {"rules: [{id: a, set: {plaer.n: '1'}}]\n", "10:23: unknown scope 'plaer'; did you mean 'player'?"},
      {"rules: [{id: a, set: {n: '1'}}]\n", "10:23: 'n' is no state; write scope.variable, such as player.n"},
      {"rules: [{id: a, set: {player.total: '1'}}]\n",
       "10:23: 'player.total' cannot be set; use 'points' to change it"},
      {"rules: [{id: a, set: {player.seen: \"'x'\"}}]\n", "10:23: 'player.seen' is a set: use 'add'"},
      {"rules: [{id: a, set: {player.recent: now}}]\n", "10:23: 'player.recent' is a window: use 'add'"},
      {"rules: [{id: a, add: {player.n: '1'}}]\n", "10:23: 'player.n' is a int: use 'set'"},
      {"rules: [{id: a, set: {player.n: '1', player.n: '2'}}]\n",
       "10:38: duplicate key 'player.n'; the first is on line 10"},
      {"rules: [{id: a, on: ping, set: {treasure.finders: '1'}}]\n",
       "10:33: scope 'treasure' cannot be used here: its key needs event.treasure, which ping does not declare"},
      {"rules: [{id: a, when: treasure.finders == 0}]\n",
       "10:23: scope 'treasure' cannot be used here: its key needs event.treasure, which ping does not declare; this "
       "'on' "
       "includes it"},
      {"rules: [{id: a, points: }]\n", "10:17: 'points' is empty; it must be an expression"},
      {"rules: [{id: a, points: [1]}]\n", "10:25: 'points' must be an expression, not a list"},
      {"rules: [{id: a, points: event.value}]\n", "10:25: 'value' is not declared for ping, which this 'on' includes"},
      {"rules: [{id: a, on: ping, points: event.value}]\n", "10:35: 'value' is not declared for ping"},
      {"rules: [{id: a, when: event.level > 1}]\n",
       "10:23: 'level' is int in find but double in ping; this 'on' includes both"},
  };
  for (const auto& [source, problem] : cases) {
    EXPECT_EQ(problems(with_rules(source)), problem) << source;
  }
}

TEST(Loader, RefusesBoardsThatMakeNoSense) {
  const Case cases[] = {
      {"boards: {id: a}\n", "10:9: 'boards' must be a list, not a map"},
      {"boards:\n  - {id: a}\n  - {id: a}\n", "12:5: a board 'a' is there already, on line 11"},
      {"boards: [{on: find}]\n", "10:10: board 1 needs the key 'id'"},
      {"boards: [{id: a, operator: max}]\n", "10:28: 'operator' must be one of sum, best, latest, not 'max'"},
      {"boards: [{id: a, order: down}]\n", "10:25: 'order' must be one of descending, ascending, not 'down'"},
      {"boards: [{id: a, limit: 5}]\n",
       "10:25: 'limit' cannot go with operator sum, which would forget what dropped members had; use operator best or "
       "latest"},
      {"boards: [{id: a, operator: best, limit: 0}]\n",
       "10:41: 'limit' must be an integer from 1 to 4294967295, not '0'"},
      {"boards: [{id: a, attempts: 0}]\n", "10:28: 'attempts' must be an integer from 1 to 4294967295, not '0'"},
      {"boards: [{id: a, window: daily}]\n", "10:26: 'window' must be a map, not 'daily'"},
      {"boards: [{id: a, window: {keep: 1}}]\n", "10:26: 'window' needs the key 'every'"},
      {"boards: [{id: a, window: {every: dayly}}]\n",
       "10:34: 'every' must be hourly, daily, weekly or a duration such as 15m, not 'dayly'; did you mean 'daily'?"},
      {"boards: [{id: a, window: {every: 0s}}]\n", "10:34: 'every' must be at least 1s"},
      {"boards: [{id: a, window: {every: daily, keep: -1}}]\n",
       "10:47: 'keep' must be an integer from 0 to 1000, not '-1'"},
      {"boards: [{id: a, starts: soon}]\n", "10:26: 'starts' must be a time such as 2026-07-19T19:00:00Z, not 'soon'"},
      {"boards: [{id: a, starts: 2026-07-19T19:00:00Z, ends: 2026-07-19T19:00:00Z}]\n",
       "10:54: 'ends' must be after 'starts'"},
      {"boards: [{id: a, group_by: event.treasure}]\n",
       "10:28: 'treasure' is not declared for ping, which this 'on' includes"},
  };
  for (const auto& [source, problem] : cases) {
    EXPECT_EQ(problems(with_rules(source)), problem) << source;
  }
}

// What CEL says is CEL's to test; that it says something, and where, is ours.
TEST(Loader, PointsIntoExpressionsOfEveryStyle) {
  const struct {
    std::string_view rule;
    std::string_view place;
  } cases[] = {
      {"rules:\n  - {id: a, points: 1 + nope}\n", "11:25"},
      {"rules:\n  - {id: a, points: '1 + nope'}\n", "11:26"},
      {"rules:\n  - {id: a, points: \"size('\\u00e9') + nope\"}\n", "11:39"},
      {"rules:\n  - id: a\n    points: |\n      1 +\n        nope\n", "14:9"},
      {"rules:\n  - id: a\n    points: >-\n      1\n      + nope\n", "14:9"},
      {"rules:\n  - id: a\n    points: 1 +\n      2 +\n      nope\n", "14:7"},
      {"rules:\n  - id: a\n    set:\n      player.n: >-\n        1 +\n\n\n        nope\n", "17:9"},
      {"rules:\n  - {id: a, points: \"'x'\"}\n", "11:22"},
      {"rules:\n  - {id: a, when: '1'}\n", "11:20"},
      {"rules:\n  - {id: a, notify: '1'}\n", "11:22"},
      {"rules:\n  - {id: a, set: {player.n: 1.5}}\n", "11:29"},
      {"rules:\n  - {id: a, set: {player.on: '1'}}\n", "11:31"},
      {"rules:\n  - {id: a, add: {player.seen: 5}}\n", "11:32"},
      {"rules:\n  - {id: a, add: {player.recent: 5}}\n", "11:34"},
      {"rules:\n  - {id: a, when: player.seen}\n", "11:19"},
      {"rules:\n  - {id: a, when: player.seen == player.seen}\n", "11:31"},
      {"boards:\n  - {id: a, value: \"'x'\"}\n", "11:21"},
      {"boards:\n  - {id: a, member: points}\n", "11:21"},
  };
  for (const auto& [rule, place] : cases) {
    const std::string text = problems(with_rules(rule));
    EXPECT_EQ(text.substr(0, place.size() + 1), std::string(place) + ":") << rule << "\n" << text;
  }
}

TEST(Loader, HintsAtTheQuotesThatATextNeeds) {
  const std::string text = problems(with_rules("rules:\n  - {id: a, on: find, notify: Well done}\n"));
  EXPECT_NE(text.find("a constant text needs quotes of its own: \"'text'\""), std::string::npos) << text;
}

TEST(Loader, SetsAndWindowsAreNoValues) {
  for (const std::string_view expression :
       {"player.seen == player.seen", "[player.seen].size() == 1", "dyn(player.seen) == 1",
        "type(player.recent) == type(player.recent)", "(true ? player.seen : player.seen).size() == 1",
        "{'a': player.seen}.size() == 1"}) {
    const std::string text = problems(with_rules(fmt::format("rules:\n  - id: a\n    when: \"{}\"\n", expression)));
    EXPECT_NE(text, "") << expression;
  }
  EXPECT_EQ(
      problems(with_rules("rules:\n  - id: a\n    on: find\n    when: >-\n      player.seen.contains('a') && 'b' in "
                          "player.seen && player.seen.size() > 2 && player.recent.count() > 1\n")),
      "");
}

// "PREFIX0SUFFIX", "PREFIX1SUFFIX", … one a line.
std::string numbered(std::size_t count, std::string_view prefix, std::string_view suffix) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) lines += fmt::format("{}{}{}\n", prefix, i, suffix);
  return lines;
}

// Whether so many are taken, and what is said of one more.
TEST(Loader, TakesAsManyOfEachAsItSaysAndNotOneMore) {
  const struct {
    std::size_t most;
    std::string_view before;  // Behind `head`.
    std::string_view prefix, suffix;
    std::string_view problem;  // Of one more.
  } cases[] = {
      {1'000, "boards:\n", "  - {id: b", "}", "4:3: 1001 boards; at most 1000 are possible"},
      {10'000, "events: {e: {}}\nrules:\n", "  - {id: r", "}", "5:3: 10001 rules; at most 10000 are possible"},
      {1'000, "events:\n", "  e", ": {}", "4:3: 1001 event types; at most 1000 are possible"},
      {256, "events:\n  e:\n", "    f", ": int", "4:3: event type 'e' has 257 fields; at most 256 are possible"},
      {1'000, "events: {e: {x: string}}\nstate:\n", "  s", ": {key: event.x}",
       "5:3: 1001 scopes; at most 1000 are possible"},
      {1'000, "state:\n  player:\n", "    v", ": int",
       "4:3: scope 'player' has 1001 variables; at most 1000 are possible"},
  };
  for (const auto& [most, before, prefix, suffix, problem] : cases) {
    const std::string start = std::string(head) + "budget: 1000000000\n" + std::string(before);
    EXPECT_EQ(problems(start + numbered(most, prefix, suffix)), "") << before;
    const std::string without_budget = std::string(head) + std::string(before);
    EXPECT_EQ(problems(without_budget + numbered(most + 1, prefix, suffix)), problem) << before;
  }
}

TEST(Loader, TakesAsManyDifferentFieldsAsItSays) {
  const auto with_fields = [](std::size_t count) {
    std::string source = std::string(head) + "events:\n";
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 250 == 0) source += fmt::format("  e{}:\n", i / 250);
      source += fmt::format("    f{}: int\n", i);
    }
    return source;
  };
  EXPECT_EQ(problems(with_fields(9'999)), "");
  EXPECT_EQ(problems(with_fields(10'000)), "4:3: more than 9999 different fields");
}

TEST(Loader, ManyBoardsAreABudgetOfTheirOwn) {
  const std::string start = std::string(head) + "events: {e: {}}\nboards:\n";
  EXPECT_EQ(problems(start + numbered(200, "  - {id: b", "}")), "");  // A thousand units each, of 200,000.
  EXPECT_EQ(problems(start + numbered(201, "  - {id: b", "}")),
            "1:1: the worst event of type 'e' costs 201000 units, over the budget of 200000, for its 0 rules and 201 "
            "boards alone; raise 'budget'");
  EXPECT_EQ(
      problems(std::string(head) + "budget: 201000\nevents: {e: {}}\nboards:\n" + numbered(201, "  - {id: b", "}")),
      "");
}

TEST(Loader, TenMistakesAreReportedAtOnce) {
  EXPECT_EQ(
      problems("tallyho: 1\n"
               "name: Bad Name\n"
               "time_zone: Mars/Olympus\n"
               "events:\n"
               "  find: {value: integer, ts: int}\n"
               "state:\n"
               "  player: {seen: set}\n"
               "rules:\n"
               "  - {id: a, on: fnd, cooldown: 0s}\n"
               "  - {id: a, on: find, points: event.value, wen: 'true'}\n"
               "boards:\n"
               "  - {id: b, operator: max}\n"
               "extra: 1\n"),
      "2:7: the ruleset's name must be 1 to 63 of the characters a-z, 0-9 and -, not 'Bad Name'\n"
      "3:12: unknown time zone 'Mars/Olympus'; write an IANA name such as Europe/Berlin, or UTC\n"
      "5:17: unknown type 'integer'; a field is bool, int, double, string, timestamp, or list<T> or map<T> of those\n"
      "5:26: 'ts' is a member of every event's envelope and cannot be a field\n"
      "7:18: a set needs a capacity: seen: {type: set, capacity: 512}\n"
      "9:17: unknown event type 'fnd'; did you mean 'find'?\n"
      "9:32: 'cooldown' must be longer than 0s\n"
      "10:5: a rule 'a' is there already, on line 9\n"
      "10:44: unknown key 'wen' in rule 'a'; did you mean 'when'?\n"
      "12:23: 'operator' must be one of sum, best, latest, not 'max'\n"
      "13:1: unknown key 'extra' in the ruleset; known are tallyho, name, description, time_zone, clock, dedupe, "
      "total, cost_model, budget, public, unknown_fields, params, tables, events, player_events, state, rules, boards");
}

TEST(Loader, WhatUsesABrokenNameIsNotBlamed) {
  EXPECT_EQ(
      problems(std::string(head) + "events: {e: {x: integr}}\nstate: {player: {n: nit}}\nparams: {p: }\n"
                                   "rules:\n  - id: a\n    points: event.x + params.p\n    set: {player.n: event.x}\n"),
      "3:17: unknown type 'integr'; a field is bool, int, double, string, timestamp, or list<T> or map<T> of those\n"
      "4:21: unknown state type 'nit'; did you mean 'int'?\n"
      "5:10: param 'p' is empty; it must be an expression");
}

}  // namespace
}  // namespace tallyho

/* tallyho.h as a host written in C uses it. Compiled as strict C99, linked with libtallyho.so and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tallyho.h"

#define CHECK(claim)                                                                        \
  do {                                                                                      \
    if (!(claim)) {                                                                         \
      printf("%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #claim, tallyho_last_error()); \
      exit(1);                                                                              \
    }                                                                                       \
  } while (0)

/* Points as sent; a rejection, a rule that can fail, a notice, a board for each team. */
static const char game[] =
    "tallyho: 1\n"
    "name: game\n"
    "events:\n"
    "  find: {value: {type: int, min: -100, max: 100}, team: {type: string, optional: true}}\n"
    "  split: {by: int}\n"
    "rules:\n"
    "  - {id: no-debt, on: find, when: event.value < 0, reject: \"'debts are not taken'\"}\n"
    "  - {id: find, on: find, points: event.value, notify: \"'found ' + string(event.value)\"}\n"
    "  - {id: split, on: split, points: 100 / event.by}\n"
    "boards:\n"
    "  - {id: global}\n"
    "  - {id: teams, on: find, group_by: \"has(event.team) ? event.team : 'none'\"}\n";

static tallyho_engine* open_game(void) {
  tallyho_options options = {sizeof options};
  tallyho_engine* engine = NULL;
  options.ruleset_source = game;
  CHECK(tallyho_engine_open(&options, &engine) == TALLYHO_OK);
  CHECK(engine != NULL);
  return engine;
}

static int is(tallyho_text text, const char* expected) {
  return text.size == strlen(expected) && memcmp(text.bytes, expected, text.size) == 0;
}

static tallyho_outcome score(tallyho_engine* engine, const char* event) {
  tallyho_outcome outcome = {sizeof outcome};
  const int code = tallyho_score(engine, event, strlen(event), 0, &outcome);
  CHECK(code == outcome.code);
  return outcome;
}

/* The whole interface that a host needs: see the treasure hunt's own tests for the points. */
static void score_event_is_the_treasure_hunt(void) {
  const char find[] =
      "{\"type\":\"treasure_found\",\"player\":\"ada\",\"treasure\":\"t1\",\"rarity\":\"rare\",\"value\":10,"
      "\"lat\":48.1,\"lon\":11.5,\"accuracy\":5,\"ts\":\"2026-07-18T10:00:00Z\"}";
  const char overflow[] =
      "{\"type\":\"clue_solved\",\"player\":\"ada\",\"clue\":\"c\",\"difficulty\":9223372036854775808}";
  int64_t points = -1;
  char error[128] = "?";
  char small[8];
  CHECK(score_event(find, strlen(find), &points, error, sizeof error) == TALLYHO_OK);
  CHECK(points == 570);
  CHECK(strcmp(error, "") == 0);
  CHECK(score_event(overflow, strlen(overflow), &points, error, sizeof error) == TALLYHO_INVALID_FIELD);
  CHECK(points == 0);
  CHECK(strstr(error, "difficulty") != NULL);
  CHECK(score_event("{\"type\":", 8, &points, small, sizeof small) == TALLYHO_MALFORMED);
  CHECK(strlen(small) == 7);
  CHECK(score_event("{}", 2, NULL, NULL, 0) == TALLYHO_MISSING_FIELD);
  CHECK(score_event(NULL, 0, &points, error, sizeof error) == TALLYHO_MALFORMED);
  CHECK(score_event(NULL, 1, &points, error, sizeof error) == TALLYHO_INVALID_ARGUMENT);
  CHECK(tallyho_init(NULL) == TALLYHO_INVALID_ARGUMENT); /* It is there already. */
}

static void null_is_the_process_wide_engine(void) {
  tallyho_place place = {sizeof place};
  tallyho_page page = {sizeof page};
  place.board = "global";
  CHECK(tallyho_board_page(NULL, &place, 1, 10, &page) == TALLYHO_OK);
  CHECK(page.member_count == 1 && page.of == 1 && is(page.members[0].name, "ada"));
  CHECK(strcmp(tallyho_board_name(NULL, 0), "global") == 0);
  CHECK(tallyho_board_name(NULL, 1000) == NULL);
}

static void an_outcome_says_what_happened(void) {
  tallyho_engine* engine = open_game();
  tallyho_outcome outcome = score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":20,\"id\":\"e1\"}");
  CHECK(outcome.code == TALLYHO_OK && outcome.points == 20 && outcome.total == 20 && outcome.position == 1);
  CHECK(outcome.fired_count == 1 && is(outcome.fired[0].rule, "find") && outcome.fired[0].points == 20);
  CHECK(outcome.notice_count == 1 && is(outcome.notices[0].text, "found 20") && is(outcome.notices[0].rule, "find"));
  CHECK(outcome.rank_count == 0);

  outcome = score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":20,\"id\":\"e1\"}");
  CHECK(outcome.code == TALLYHO_DUPLICATE && outcome.points == 20 && outcome.total == 20 && outcome.position == 2);
  outcome = score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":-1}");
  CHECK(outcome.code == TALLYHO_REJECTED && is(outcome.rule, "no-debt") && is(outcome.message, "debts are not taken"));
  outcome = score(engine, "{\"type\":\"split\",\"player\":\"ada\",\"by\":0}");
  CHECK(outcome.code == TALLYHO_RULE_ERROR && is(outcome.rule, "split") && outcome.points == 0);
  outcome = score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":101}");
  CHECK(outcome.code == TALLYHO_INVALID_FIELD && is(outcome.field, "value") && outcome.position == 0);
  tallyho_engine_close(engine);
}

static void time_is_the_greatest_ts_so_far(void) {
  tallyho_engine* engine = open_game();
  const char* late = "{\"type\":\"find\",\"player\":\"ada\",\"value\":1,\"ts\":\"2020-01-01T00:00:00Z\"}";
  CHECK(score(engine, late).code == TALLYHO_OK);
  CHECK(score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":1,\"ts\":\"2020-01-03T00:00:00Z\"}").code ==
        TALLYHO_OK);
  CHECK(score(engine, late).code == TALLYHO_OUT_OF_TIME);
  CHECK(is(score(engine, late).field, "ts"));
  /* Without a `ts` it arrives now, which nobody's clock says is before 2021. */
  CHECK(score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":1}").code == TALLYHO_OK);
  CHECK(score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":1,\"ts\":\"2020-01-03T00:00:00Z\"}").code ==
        TALLYHO_OUT_OF_TIME);
  tallyho_engine_close(engine);
}

static void ranks_come_if_asked_for(void) {
  tallyho_engine* engine = open_game();
  const char event[] = "{\"type\":\"find\",\"player\":\"bob\",\"value\":3,\"team\":\"red\"}";
  tallyho_outcome outcome = {sizeof outcome};
  CHECK(tallyho_score(engine, event, strlen(event), TALLYHO_WITH_RANKS, &outcome) == TALLYHO_OK);
  CHECK(outcome.rank_count == 2 && is(outcome.ranks[0].board, "global"));
  CHECK(outcome.ranks[0].rank == 1 && outcome.ranks[0].was == 0);
  CHECK(tallyho_score(engine, event, strlen(event), 2, &outcome) == TALLYHO_INVALID_ARGUMENT);
  tallyho_engine_close(engine);
}

static void boards_are_read_by_page_and_member(void) {
  tallyho_engine* engine = open_game();
  tallyho_place place = {sizeof place};
  tallyho_page page = {sizeof page};
  const char* events =
      "{\"type\":\"find\",\"player\":\"ada\",\"value\":5,\"team\":\"red\"}\n\r\n\n"
      "{\"type\":\"find\",\"player\":\"bob\",\"value\":9,\"team\":\"red\"}\n"
      "{\"type\":\"find\",\"player\":\"cid\",\"value\":5,\"team\":\"blue\"}";
  tallyho_batch* batch = tallyho_batch_open();
  CHECK(tallyho_score_batch(engine, events, strlen(events), 0, batch) == TALLYHO_OK);
  CHECK(tallyho_batch_count(batch) == 3);
  tallyho_batch_close(batch);

  place.board = "global";
  CHECK(tallyho_board_page(engine, &place, 2, 5, &page) == TALLYHO_OK);
  CHECK(page.member_count == 2 && page.of == 3 && page.version == 3 && page.window.size == 0);
  CHECK(is(page.members[0].name, "ada") && page.members[0].rank == 2 && page.members[0].value == 5);
  CHECK(is(page.members[1].name, "cid") && page.members[1].rank == 3);
  place.ranking = TALLYHO_COMPETITION;
  CHECK(tallyho_board_rank(engine, &place, "cid", &page) == TALLYHO_OK);
  CHECK(page.member_count == 1 && page.members[0].rank == 2);
  place.ranking = TALLYHO_ORDINAL;
  CHECK(tallyho_board_around(engine, &place, "ada", 1, &page) == TALLYHO_OK);
  CHECK(page.member_count == 3 && is(page.members[0].name, "bob"));
  CHECK(tallyho_board_page(engine, &place, 4, 5, &page) == TALLYHO_OK && page.member_count == 0);
  CHECK(tallyho_board_rank(engine, &place, "eve", &page) == TALLYHO_NOT_FOUND);
  CHECK(strstr(tallyho_last_error(), "eve") != NULL);

  place.board = "teams";
  CHECK(tallyho_board_page(engine, &place, 1, 5, &page) == TALLYHO_INVALID_ARGUMENT);
  place.group = "green";
  CHECK(tallyho_board_page(engine, &place, 1, 5, &page) == TALLYHO_NOT_FOUND);
  place.group = "blue";
  CHECK(tallyho_board_page(engine, &place, 1, 5, &page) == TALLYHO_OK && page.member_count == 1);
  place.window = "2026-07-19";
  CHECK(tallyho_board_page(engine, &place, 1, 5, &page) == TALLYHO_INVALID_ARGUMENT);
  place.board = "none";
  CHECK(tallyho_board_page(engine, &place, 1, 5, &page) == TALLYHO_NOT_FOUND);
  tallyho_engine_close(engine);
}

static void a_batch_has_arrays_and_outcomes(void) {
  tallyho_engine* engine = open_game();
  tallyho_batch* batch = tallyho_batch_open();
  tallyho_outcome outcome = {sizeof outcome};
  tallyho_text events[3];
  int round;
  const char* texts[] = {"{\"type\":\"find\",\n\"player\":\"ada\",\"value\":7}", "no event",
                         "{\"type\":\"find\",\"player\":\"ada\",\"value\":-7}"};
  for (round = 0; round < 3; ++round) {
    events[round].bytes = texts[round];
    events[round].size = strlen(texts[round]);
  }
  for (round = 1; round <= 2; ++round) {
    CHECK(tallyho_score_many(engine, events, 3, 0, batch) == TALLYHO_OK);
    CHECK(tallyho_batch_count(batch) == 3);
    CHECK(tallyho_batch_codes(batch)[0] == TALLYHO_OK && tallyho_batch_codes(batch)[1] == TALLYHO_MALFORMED);
    CHECK(tallyho_batch_codes(batch)[2] == TALLYHO_REJECTED);
    CHECK(tallyho_batch_points(batch)[0] == 7 && tallyho_batch_points(batch)[1] == 0);
    CHECK(tallyho_batch_totals(batch)[0] == 7 * round);
  }
  CHECK(tallyho_batch_outcome(batch, 0, &outcome) == TALLYHO_OK);
  CHECK(outcome.total == 14 && outcome.fired_count == 1 && is(outcome.fired[0].rule, "find"));
  CHECK(tallyho_batch_outcome(batch, 2, &outcome) == TALLYHO_OK && is(outcome.rule, "no-debt"));
  CHECK(tallyho_batch_outcome(batch, 3, &outcome) == TALLYHO_INVALID_ARGUMENT);
  tallyho_engine_close(engine); /* The batch outlives it. */
  CHECK(tallyho_batch_outcome(batch, 0, &outcome) == TALLYHO_OK && is(outcome.fired[0].rule, "find"));
  tallyho_batch_close(batch);
}

/* A host that was built when the struct ended behind `points` gets no byte beyond; one that is newer is told. */
static void structs_are_as_large_as_their_callers_say(void) {
  tallyho_engine* engine = open_game();
  const char event[] = "{\"type\":\"find\",\"player\":\"ada\",\"value\":7}";
  struct {
    tallyho_options known;
    int64_t of_later;
  } newer = {{sizeof newer}, 0};
  tallyho_engine* other = NULL;
  tallyho_outcome outcome;
  memset(&outcome, 0x55, sizeof outcome);
  outcome.size = offsetof(tallyho_outcome, total);
  CHECK(tallyho_score(engine, event, strlen(event), 0, &outcome) == TALLYHO_OK);
  CHECK(outcome.points == 7 && outcome.size == offsetof(tallyho_outcome, total));
  CHECK(outcome.total == 0x5555555555555555);
  outcome.size = 0;
  CHECK(tallyho_score(engine, event, strlen(event), 0, &outcome) == TALLYHO_INVALID_ARGUMENT);
  newer.known.ruleset_source = game;
  CHECK(tallyho_engine_open(&newer.known, &other) == TALLYHO_OK);
  tallyho_engine_close(other);
  newer.of_later = 1;
  CHECK(tallyho_engine_open(&newer.known, &other) == TALLYHO_INVALID_ARGUMENT && other == NULL);
  tallyho_engine_close(engine);
}

static void problems_of_a_ruleset_come_with_their_places(void) {
  tallyho_options options = {sizeof options};
  tallyho_engine* engine = NULL;
  options.ruleset_source = "tallyho: 1\nname: game\nwen: 1\n";
  CHECK(tallyho_engine_open(&options, &engine) == TALLYHO_INVALID_ARGUMENT && engine == NULL);
  CHECK(strstr(tallyho_last_error(), "ruleset:3:1: error: ") != NULL);
  options.ruleset_path = "there/is/no/such/file.yaml";
  CHECK(tallyho_engine_open(&options, &engine) == TALLYHO_INVALID_ARGUMENT);
  options.ruleset_source = NULL;
  CHECK(tallyho_engine_open(&options, &engine) == TALLYHO_NOT_FOUND);
  CHECK(tallyho_engine_open(NULL, &engine) == TALLYHO_OK);
  CHECK(strcmp(tallyho_last_error(), "") == 0);
  CHECK(strcmp(tallyho_board_name(engine, 0), "global") == 0);
  tallyho_engine_close(engine);
  tallyho_engine_close(NULL);
}

static void a_limit_that_is_reached_is_a_code(void) {
  tallyho_options options = {sizeof options};
  tallyho_engine* engine = NULL;
  options.ruleset_source = game;
  options.players_max = 1;
  CHECK(tallyho_engine_open(&options, &engine) == TALLYHO_OK);
  CHECK(score(engine, "{\"type\":\"find\",\"player\":\"ada\",\"value\":1}").code == TALLYHO_OK);
  CHECK(score(engine, "{\"type\":\"find\",\"player\":\"bob\",\"value\":1}").code == TALLYHO_CAPACITY);
  tallyho_engine_close(engine);
}

static void codes_have_names_and_words(void) {
  int code;
  CHECK(strcmp(tallyho_code_name(TALLYHO_RULE_ERROR), "rule_error") == 0);
  CHECK(strcmp(tallyho_code_name(TALLYHO_NOT_FOUND), "not_found") == 0);
  for (code = 0; code <= TALLYHO_NOT_FOUND; ++code) CHECK(strlen(tallyho_describe(code)) > 0);
  CHECK(strcmp(tallyho_code_name(-1), "unknown") == 0 && strcmp(tallyho_code_name(1000), "unknown") == 0);
  CHECK(strlen(tallyho_version()) >= 5);
}

static void equal_histories_have_equal_hashes(void) {
  tallyho_engine* one = open_game();
  tallyho_engine* two = open_game();
  const char* event = "{\"type\":\"find\",\"player\":\"ada\",\"value\":1}";
  char first[33];
  char second[33];
  score(one, event);
  CHECK(tallyho_state_hash(one, first) == TALLYHO_OK && tallyho_state_hash(two, second) == TALLYHO_OK);
  CHECK(strlen(first) == 32 && strcmp(first, second) != 0);
  score(two, event);
  CHECK(tallyho_state_hash(two, second) == TALLYHO_OK && strcmp(first, second) == 0);
  tallyho_engine_close(one);
  tallyho_engine_close(two);
}

static void hash_is(tallyho_engine* engine, const char* expected) {
  char hash[33];
  CHECK(tallyho_state_hash(engine, hash) == TALLYHO_OK && strcmp(hash, expected) == 0);
}

static void a_snapshot_is_the_engine_again(void) {
  static const char path[] = "tallyho_c_test.snapshot"; /* Where this runs, nothing else does. */
  const char* event = "{\"type\":\"find\",\"player\":\"ada\",\"value\":20,\"id\":\"e1\"}";
  tallyho_engine* engine = open_game();
  tallyho_engine* again = open_game();
  tallyho_outcome outcome;
  char saved[33];
  score(engine, event);
  CHECK(tallyho_snapshot_save(engine, path) == TALLYHO_OK);
  CHECK(tallyho_state_hash(engine, saved) == TALLYHO_OK);
  score(again, "{\"type\":\"find\",\"player\":\"bob\",\"value\":1}");
  CHECK(tallyho_snapshot_load(again, path) == TALLYHO_OK);
  hash_is(again, saved);
  outcome = score(again, event); /* It remembers, and goes on counting. */
  CHECK(outcome.code == TALLYHO_DUPLICATE && outcome.points == 20 && outcome.position == 2);
  tallyho_engine_close(again);

  CHECK(tallyho_snapshot_load(engine, "no-such-file") == TALLYHO_NOT_FOUND);
  CHECK(tallyho_snapshot_load(engine, NULL) == TALLYHO_INVALID_ARGUMENT);
  CHECK(tallyho_snapshot_load(engine, "/") == TALLYHO_INVALID_ARGUMENT);
  CHECK(tallyho_snapshot_save(engine, "no-such-folder/file") == TALLYHO_NOT_FOUND);
  CHECK(strstr(tallyho_last_error(), "no-such-folder") != NULL);
  CHECK(tallyho_snapshot_save(engine, "") == TALLYHO_INVALID_ARGUMENT);
  hash_is(engine, saved);
  CHECK(remove(path) == 0);
  tallyho_engine_close(engine);
}

/* In a process of its own: `tallyho_c_test bad-ruleset`, with TALLYHO_RULESET naming no file. */
static void a_ruleset_that_is_not_there_makes_events_unavailable(void) {
  int64_t points = 1;
  char error[256];
  CHECK(score_event("{}", 2, &points, error, sizeof error) == TALLYHO_UNAVAILABLE);
  CHECK(points == 0 && strstr(error, "no-such-file.yaml") != NULL);
  CHECK(tallyho_board_name(NULL, 0) == NULL);
  CHECK(tallyho_init("still-no-such-file.yaml") == TALLYHO_NOT_FOUND);
  CHECK(score_event("{}", 2, &points, error, sizeof error) == TALLYHO_UNAVAILABLE);
  CHECK(strstr(error, "still-no-such-file.yaml") != NULL);
  CHECK(tallyho_init("") == TALLYHO_OK); /* As TALLYHO_RULESET: empty is the built-in one. */
  CHECK(score_event("{}", 2, &points, error, sizeof error) == TALLYHO_MISSING_FIELD);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "bad-ruleset") == 0) {
    a_ruleset_that_is_not_there_makes_events_unavailable();
    return 0;
  }
  CHECK(strcmp(tallyho_last_error(), "") == 0);
  score_event_is_the_treasure_hunt();
  null_is_the_process_wide_engine();
  an_outcome_says_what_happened();
  time_is_the_greatest_ts_so_far();
  ranks_come_if_asked_for();
  boards_are_read_by_page_and_member();
  a_batch_has_arrays_and_outcomes();
  structs_are_as_large_as_their_callers_say();
  problems_of_a_ruleset_come_with_their_places();
  a_limit_that_is_reached_is_a_code();
  codes_have_names_and_words();
  equal_histories_have_equal_hashes();
  a_snapshot_is_the_engine_again();
  printf("all as tallyho.h says\n");
  return 0;
}

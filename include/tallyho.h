/* Tallyho in your own process: events in, points and exact leaderboards out.

       int64_t points;
       char error[256];
       const char event[] = "{\"type\":\"treasure_found\",\"player\":\"ada\",…}";
       if (score_event(event, strlen(event), &points, error, sizeof error) != TALLYHO_OK) puts(error);

   That is the whole interface that a host needs. What follows it is for several engines, for details of outcomes, for
   many events at once, and for boards. Link with -ltallyho.

   Conventions
   1. C99 and nothing else. Every function may be called from any thread, also at the same time with the same engine.
      Events are decoded and checked in the calling thread without a lock; applying them takes one short lock for each
      engine. Only a tallyho_batch is for one thread at a time.
   2. Functions that can fail return a code of enum tallyho_code, 0 being success. A call that failed changed nothing,
      and tallyho_last_error() says why in words. An event that was refused or rejected is no failed call where an
      outcome is asked for: but tallyho_score() and score_event() return its code.
   3. Where an engine is expected, NULL means the process-wide one (score_event).
   4. Structs that a caller passes begin with their size, which the caller sets: `tallyho_outcome o = {sizeof o};`. A
      library that knows more fields leaves those alone that the caller does not have. Fields that a caller has and this
      library does not know must be 0 on the way in. Structs in arrays never change.
   5. Strings on the way in are UTF-8 and end in NUL, unless their length is a parameter. On the way out they are a
      tallyho_text, which is not NUL-terminated: names may hold any character.
   6. What a call hands out (texts, arrays) belongs to the library. It is valid until the same thread calls a function
      of this header that returns an int again, and at most until its engine is closed. What a batch hands out is valid
      until the batch is filled again or closed.
   7. No call reads or writes files but tallyho_engine_open(), tallyho_init(), the first score_event(), and those that
      save and load snapshots. None prints, exits, aborts, raises or handles a signal, or starts a thread. No exception
      leaves the library.
   8. Out of memory is a code, TALLYHO_CAPACITY, where events are scored and boards are read. Where it happened while an
      event was being applied, what the engine holds can't be trusted any more: from then on it answers
      TALLYHO_UNAVAILABLE, also to queries, and its memory is not given back. Not so while a ruleset is loaded: hash
      tables of a library that this one is made of do not survive it. Open engines while there is memory.
   9. Time. An event arrives at the greatest `ts` so far, its own included; or, if it has none, now by the system clock.
      It never arrives before the one before it. So a file of recorded events gives the same result every time.
   10. After fork() the child may use the library if no other thread of the parent was in a call.

   Senders have the role `ingest`: any type, any player. What codes mean, and what an event looks like, is said in
   docs/reference/protocol.md; rulesets in docs/reference/ruleset.md. */
#ifndef TALLYHO_H
#define TALLYHO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TALLYHO_API __attribute__((visibility("default")))
#else
#define TALLYHO_API
#endif

/* The one list of answers. Numbers are never changed; new ones are added at the end. */
enum tallyho_code {
  TALLYHO_OK = 0,
  TALLYHO_MALFORMED = 1,         /* Not a JSON object, not UTF-8, a duplicate member, too deep, trailing bytes. */
  TALLYHO_TOO_LARGE = 2,         /* Larger than 16 KiB. */
  TALLYHO_UNKNOWN_TYPE = 3,      /* No such event type. */
  TALLYHO_MISSING_FIELD = 4,     /* A required member is missing. */
  TALLYHO_INVALID_FIELD = 5,     /* Wrong type, out of bounds or of range. */
  TALLYHO_OUT_OF_TIME = 6,       /* Event time outside the ruleset's clock. */
  TALLYHO_DUPLICATE = 7,         /* Already accepted. */
  TALLYHO_REJECTED = 8,          /* A rule rejected it. */
  TALLYHO_RULE_ERROR = 9,        /* A rule failed. */
  TALLYHO_PLAYER_BANNED = 10,    /* */
  TALLYHO_UNAUTHORIZED = 11,     /* Not answered here. */
  TALLYHO_OVERLOADED = 12,       /* Not answered here. */
  TALLYHO_UNAVAILABLE = 13,      /* The process-wide engine has no ruleset; or convention 8. */
  TALLYHO_CAPACITY = 14,         /* A limit on players, keys, groups or memory is reached. */
  TALLYHO_INVALID_ARGUMENT = 15, /* A call that makes no sense, a ruleset with problems. */
  TALLYHO_INTERNAL = 16,         /* A defect; the event had no effect. */
  TALLYHO_NOT_FOUND = 17         /* No such file, board, group, window or member. */
};

/* The library's version, "0.1.0". */
TALLYHO_API const char* tallyho_version(void);
/* The name of a code on the wire, "rule_error"; a sentence about it, without a full stop. Never NULL. */
TALLYHO_API const char* tallyho_code_name(int code);
TALLYHO_API const char* tallyho_describe(int code);
/* Why the calling thread's last call failed, "" if it didn't; NUL-terminated, cut at 4,095 bytes. Never NULL. */
TALLYHO_API const char* tallyho_last_error(void);

/* The process-wide engine. */

/* Scores one event with the process-wide engine: the whole interface that a host needs. Returns a code of enum
   tallyho_code. *out_score: the points that the event earned, 0 unless the code is TALLYHO_OK; may be NULL. out_error:
   a NUL-terminated message of at most err_len - 1 bytes, "" on success; may be NULL if err_len is 0. The first call
   loads the ruleset: see tallyho_init(). */
TALLYHO_API int score_event(const char* json, size_t len, int64_t* out_score, char* out_error, size_t err_len);

/* Loads the process-wide engine's ruleset: from the file `path`; if that is NULL from the file that the environment
   variable TALLYHO_RULESET names; if that, or `path`, is empty or not set, the treasure hunt that is built into the
   library. Not needed: the first use of the engine does tallyho_init(NULL). If that fails the engine answers
   TALLYHO_UNAVAILABLE, without another try, until tallyho_init() has succeeded. The engine lives as long as the
   process. Errors: not_found (no such file), invalid_argument (the ruleset has problems; there is an engine already).
 */
TALLYHO_API int tallyho_init(const char* path);

/* Engines: each a game of its own. */

typedef struct tallyho_engine tallyho_engine;

/* 0 or NULL: the default. */
typedef struct tallyho_options {
  size_t size;
  const char* ruleset_path;   /* A file, or */
  const char* ruleset_source; /* its contents. Neither: the treasure hunt that is built in. */
  uint64_t string_bytes_max;  /* Of names and strings in state: 16 GiB. */
  uint32_t players_max;       /* 10,000,000 */
  uint32_t keys_max;          /* A scope: 10,000,000. */
  uint32_t groups_max;        /* A board: 10,000. */
} tallyho_options;

/* `options` may be NULL. Errors: as tallyho_init(); *engine is then NULL. */
TALLYHO_API int tallyho_engine_open(const tallyho_options* options, tallyho_engine** engine);
/* Frees it. No other call with it may be under way or come later. NULL: does nothing. */
TALLYHO_API void tallyho_engine_close(tallyho_engine* engine);

/* 128 bits over all that rules and boards hold, as 32 hex digits and NUL: equal in two engines that have come to the
   same, and what `tallyho score --hash` prints. O(everything), under the lock. */
TALLYHO_API int tallyho_state_hash(tallyho_engine* engine, char hash[33]);

/* Writes everything that the engine holds to the file `path`, which is replaced once all of it is on the disk; until
   then it lies beside it as "NAME.unfinished". Events wait while the state is gone through, not for the disk to be
   done. Errors: not_found (no such folder), invalid_argument (no path), unavailable (it can't be written; convention
   8). O(everything): a second or so for a million players. */
TALLYHO_API int tallyho_snapshot_save(tallyho_engine* engine, const char* path);
/* Makes the engine what was saved, instead of what it holds: the same state hash, and events go on from there, those
   remembered as duplicates included. The engine keeps its own ruleset. If it was saved under another one, state and
   boards carry over by name and type, and what has no place is left behind. Damage anywhere in the file is noticed, and
   nothing changes. Events wait only for the exchange; while it loads there is memory for both. Errors: not_found (no
   such file), invalid_argument (no snapshot, a damaged one, one of another version), unavailable (it can't be read;
   convention 8). */
TALLYHO_API int tallyho_snapshot_load(tallyho_engine* engine, const char* path);

/* Scoring. */

typedef struct tallyho_text {
  const char* bytes; /* UTF-8, not NUL-terminated. */
  size_t size;
} tallyho_text;

typedef struct tallyho_fired {
  tallyho_text rule;
  int64_t points; /* What it added to the event's points. */
} tallyho_fired;

typedef struct tallyho_notice {
  tallyho_text rule;
  tallyho_text text;
} tallyho_notice;

/* Where the event's member stands on a board that the event counted on. */
typedef struct tallyho_rank_change {
  tallyho_text board;
  uint64_t rank;
  uint64_t was; /* 0: it was not there. */
} tallyho_rank_change;

/* What an event came to. */
typedef struct tallyho_outcome {
  size_t size;
  int32_t code;
  int32_t reserved;           /* 0 */
  int64_t points;             /* ok, duplicate: what was added to the player's total, by the first delivery. */
  int64_t total;              /* ok, duplicate: the player's total now. */
  uint64_t position;          /* Counts the valid events from 1; 0 for one that was not valid. */
  tallyho_text rule;          /* rejected, rule_error: the rule or board whose doing it was. */
  tallyho_text field;         /* Codes about a member of the event: which. */
  tallyho_text message;       /* Other codes than ok: why. */
  const tallyho_fired* fired; /* ok: every rule that fired, in order. */
  size_t fired_count;
  const tallyho_notice* notices;
  size_t notice_count;
  const tallyho_rank_change* ranks; /* ok, with TALLYHO_WITH_RANKS. */
  size_t rank_count;
} tallyho_outcome;

/* Flags for scoring. */
enum { TALLYHO_WITH_RANKS = 1 };

/* Scores one event. Returns its code, which stands in the outcome, too; where the call itself makes no sense only
   invalid_argument is returned, and the outcome left as it was. */
TALLYHO_API int tallyho_score(tallyho_engine* engine, const char* json, size_t len, unsigned flags,
                              tallyho_outcome* outcome);

/* The outcomes of many events: about 150 bytes for each, and 16 for each rule that fired. It can be filled again and
   again, and then allocates nothing. */
typedef struct tallyho_batch tallyho_batch;

/* NULL: out of memory. */
TALLYHO_API tallyho_batch* tallyho_batch_open(void);
TALLYHO_API void tallyho_batch_close(tallyho_batch* batch);

/* Scores the events of an NDJSON text, one a line, in order; lines that are empty are passed over. The lock is taken
   anew every 64 events, and events of other threads may come between. Returns ok whatever the events come to.
   Errors: capacity, out of memory; the batch then holds the outcomes of the events before. */
TALLYHO_API int tallyho_score_batch(tallyho_engine* engine, const char* ndjson, size_t len, unsigned flags,
                                    tallyho_batch* batch);
/* The same for events that lie apart. */
TALLYHO_API int tallyho_score_many(tallyho_engine* engine, const tallyho_text* events, size_t count, unsigned flags,
                                   tallyho_batch* batch);

TALLYHO_API size_t tallyho_batch_count(const tallyho_batch* batch);
/* Of each event: its code; its points; its total. Arrays of tallyho_batch_count() elements. */
TALLYHO_API const uint8_t* tallyho_batch_codes(const tallyho_batch* batch);
TALLYHO_API const int64_t* tallyho_batch_points(const tallyho_batch* batch);
TALLYHO_API const int64_t* tallyho_batch_totals(const tallyho_batch* batch);
/* The whole outcome of event `index`, from 0. Errors: invalid_argument (there is none). Valid as the batch's. */
TALLYHO_API int tallyho_batch_outcome(tallyho_batch* batch, size_t index, tallyho_outcome* outcome);

/* Boards. */

/* How equal values share ranks: 1 2 3, 1 1 3, 1 1 2. */
enum tallyho_ranking { TALLYHO_ORDINAL = 0, TALLYHO_COMPETITION = 1, TALLYHO_DENSE = 2 };

/* Which leaderboard is meant. */
typedef struct tallyho_place {
  size_t size;
  const char* board;
  const char* group;  /* Of grouped boards. */
  const char* window; /* Of boards with windows: its name; NULL: the current one. */
  int32_t ranking;    /* enum tallyho_ranking */
  int32_t reserved;   /* 0 */
} tallyho_place;

typedef struct tallyho_member {
  uint64_t rank; /* From 1. */
  int64_t value;
  tallyho_text name;
} tallyho_member;

typedef struct tallyho_page {
  size_t size;
  uint64_t version;    /* The position up to which it is computed. */
  uint64_t of;         /* Members on the whole leaderboard. */
  tallyho_text window; /* "" for a board of all time. */
  const tallyho_member* members;
  size_t member_count;
} tallyho_page;

/* The name of the ruleset's board number `index`, from 0; NULL if there is none. Valid as long as the engine. */
TALLYHO_API const char* tallyho_board_name(tallyho_engine* engine, size_t index);
/* Up to `limit` (at most 1,000) members, the first being at ordinal rank `first`, from 1.
   Errors of the three: not_found (no such board, group or readable window), invalid_argument (a group or window where
   the board has none, none where it has groups; an argument out of range), unavailable. O(log members + answer). */
TALLYHO_API int tallyho_board_page(tallyho_engine* engine, const tallyho_place* place, uint64_t first, size_t limit,
                                   tallyho_page* page);
/* One member: `page` has it alone. Errors: also not_found if it is not there. */
TALLYHO_API int tallyho_board_rank(tallyho_engine* engine, const tallyho_place* place, const char* member,
                                   tallyho_page* page);
/* One member with up to `radius` (at most 499) on either side. Errors: as tallyho_board_rank(). */
TALLYHO_API int tallyho_board_around(tallyho_engine* engine, const tallyho_place* place, const char* member,
                                     size_t radius, tallyho_page* page);

#ifdef __cplusplus
}
#endif

#endif

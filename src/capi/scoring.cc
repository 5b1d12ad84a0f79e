// Scoring of tallyho.h: one event, one event in detail, many at once.

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capi/call.h"
#include "capi/engine_handle.h"

namespace capi = tallyho::capi;
using tallyho::Answered;
using tallyho::Code;
using tallyho::Outcome;

// What a tallyho_batch* points to.
struct tallyho_batch {
  std::shared_ptr<const tallyho::Ruleset> ruleset;  // What the outcomes name.
  tallyho::Arena kept;                              // What they point into.
  std::vector<capi::Scored> scored;
  std::vector<std::uint8_t> codes;
  std::vector<std::int64_t> points;
  std::vector<std::int64_t> totals;
  tallyho::Arena asked;  // Of the outcome asked for last.
};

namespace tallyho::capi {
namespace {

constexpr unsigned flags_known = TALLYHO_WITH_RANKS;

std::string_view rule_of(const Outcome& outcome, const Ruleset& ruleset) {
  if (outcome.rule) return ruleset.rules[*outcome.rule].id;
  if (outcome.board) return ruleset.boards[*outcome.board].id;
  return {};
}

std::span<const tallyho_fired> fired_of(const Outcome& outcome, const Ruleset& ruleset, Arena& arena) {
  const std::span<tallyho_fired> all = arena.array<tallyho_fired>(outcome.fired.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {text_of(ruleset.rules[outcome.fired[i].rule].id), outcome.fired[i].points};
  }
  return all;
}

std::span<const tallyho_notice> notices_of(const Outcome& outcome, const Ruleset& ruleset, Arena& arena) {
  const std::span<tallyho_notice> all = arena.array<tallyho_notice>(outcome.notices.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {text_of(ruleset.rules[outcome.notices[i].rule].id), text_of(outcome.notices[i].text)};
  }
  return all;
}

std::span<const tallyho_rank_change> ranks_of(const Outcome& outcome, const Ruleset& ruleset, Arena& arena) {
  const std::span<tallyho_rank_change> all = arena.array<tallyho_rank_change>(outcome.ranks.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const RankChange& change = outcome.ranks[i];
    all[i] = {text_of(ruleset.boards[change.board].id), change.rank, change.was};
  }
  return all;
}

tallyho_outcome to_c(const Scored& scored, const Ruleset& ruleset, Arena& arena) {
  const Outcome& outcome = scored.outcome;
  const auto fired = fired_of(outcome, ruleset, arena);
  const auto notices = notices_of(outcome, ruleset, arena);
  const auto ranks = ranks_of(outcome, ruleset, arena);
  tallyho_outcome c{};
  c.code = number_of(outcome.code);
  c.points = outcome.points;
  c.total = outcome.total;
  c.position = outcome.position;
  c.rule = text_of(rule_of(outcome, ruleset));
  c.field = text_of(scored.field);
  c.message = text_of(outcome.message);
  c.fired = fired.data();
  c.fired_count = fired.size();
  c.notices = notices.data();
  c.notice_count = notices.size();
  c.ranks = ranks.data();
  c.rank_count = ranks.size();
  return c;
}

Answered<void> check_event(const char* json, std::size_t len) {
  if (json != nullptr || len == 0) return {};
  return refuse(Code::invalid_argument, "there is no event: NULL with a length");
}

Answered<void> check_flags(unsigned flags) {
  if ((flags & ~flags_known) == 0) return {};
  return refuse(Code::invalid_argument, "a flag that this version does not know");
}

// "rule 'find-base': points: overflow at column 3 of '…'"
std::string in_words(const Outcome& outcome, const Ruleset& ruleset) {
  if (!outcome.rule && !outcome.board) return std::string(outcome.message);
  return (outcome.rule ? "rule '" : "board '") + std::string(rule_of(outcome, ruleset)) +
         "': " + std::string(outcome.message);
}

void clear(tallyho_batch& batch) {
  batch.kept.reset();
  batch.asked.reset();
  batch.scored.clear();
  batch.codes.clear();
  batch.points.clear();
  batch.totals.clear();
}

// Makes room for as many outcomes, that adding them can't fail.
void grow_by(tallyho_batch& batch, std::size_t events) {
  const std::size_t size = batch.scored.size() + events;
  const auto reserve = [size](auto& items) {
    if (items.capacity() < size) items.reserve(std::max(size, 2 * items.capacity()));
  };
  reserve(batch.scored);
  reserve(batch.codes);
  reserve(batch.points);
  reserve(batch.totals);
}

void add(tallyho_batch& batch, std::span<const Scored> scored) {
  for (const Scored& one : scored) {
    batch.scored.push_back(one);
    batch.codes.push_back(static_cast<std::uint8_t>(one.outcome.code));
    batch.points.push_back(one.outcome.points);
    batch.totals.push_back(one.outcome.total);
  }
}

// Scores what `next` hands out, up to a chunk at a time, until that is nothing.
template <typename Next>
void score_all(Scorer& scorer, bool wants_ranks, Workspace& workspace, tallyho_batch& batch, Next&& next) {
  std::array<std::string_view, Scorer::chunk_events> events;
  std::array<Scored, Scorer::chunk_events> scored;
  batch.ruleset = scorer.ruleset();
  while (const std::size_t count = next(std::span(events))) {
    grow_by(batch, count);
    std::size_t done = 0;
    try {
      scorer.score(std::span(events).first(count), wants_ranks, workspace, batch.kept, scored, done);
    } catch (...) {
      add(batch, std::span(scored).first(done));
      throw;
    }
    add(batch, std::span(scored).first(done));
  }
}

// Takes the lines of an NDJSON text, but for empty ones.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::size_t operator()(std::span<std::string_view> events) {
    std::size_t count = 0;
    while (count < events.size() && !text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view line = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      if (!line.empty() && line != "\r") events[count++] = line;
    }
    return count;
  }

 private:
  std::string_view text_;
};

// What both ways to score many begin with.
Answered<Scorer*> begin_batch(tallyho_engine* engine, unsigned flags, tallyho_batch* batch) {
  if (batch == nullptr) return refuse(Code::invalid_argument, "there is no batch");
  clear(*batch);
  if (const auto checked = check_flags(flags); !checked) return std::unexpected(checked.error());
  return scorer_of(engine);
}

}  // namespace
}  // namespace tallyho::capi

int score_event(const char* json, size_t len, int64_t* out_score, char* out_error, size_t err_len) {
  if (out_score != nullptr) *out_score = 0;
  capi::copy_cut("", out_error, err_len);
  int code = TALLYHO_INTERNAL;
  const int failed = capi::guarded([&](capi::Workspace& workspace) -> Answered<void> {
    if (const auto checked = capi::check_event(json, len); !checked) return checked;
    const auto scorer = capi::scorer_of(nullptr);
    if (!scorer) return std::unexpected(scorer.error());
    const Outcome outcome = (*scorer)->score({json, len}, false, workspace).outcome;
    code = capi::number_of(outcome.code);
    if (outcome.code == Code::ok) {
      if (out_score != nullptr) *out_score = outcome.points;
    } else if (err_len > 0) {
      capi::copy_cut(capi::in_words(outcome, *(*scorer)->ruleset()), out_error, err_len);
    }
    return {};
  });
  if (failed == TALLYHO_OK) return code;
  capi::copy_cut(tallyho_last_error(), out_error, err_len);
  return failed;
}

int tallyho_score(tallyho_engine* engine, const char* json, size_t len, unsigned flags, tallyho_outcome* outcome) {
  int code = TALLYHO_INTERNAL;
  const int failed = capi::guarded([&](capi::Workspace& workspace) -> Answered<void> {
    if (const auto checked = capi::check_event(json, len); !checked) return checked;
    if (const auto checked = capi::check_flags(flags); !checked) return checked;
    if (!capi::has_size(outcome)) return tallyho::refuse(Code::invalid_argument, "the outcome has a wrong size");
    const auto scorer = capi::scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    const capi::Scored scored = (*scorer)->score({json, len}, (flags & TALLYHO_WITH_RANKS) != 0, workspace);
    capi::write_sized(capi::to_c(scored, *(*scorer)->ruleset(), workspace.arena), outcome);
    code = capi::number_of(scored.outcome.code);
    return {};
  });
  return failed == TALLYHO_OK ? code : failed;
}

tallyho_batch* tallyho_batch_open(void) {
  return new (std::nothrow) tallyho_batch();
}

void tallyho_batch_close(tallyho_batch* batch) {
  delete batch;
}

int tallyho_score_batch(tallyho_engine* engine, const char* ndjson, size_t len, unsigned flags, tallyho_batch* batch) {
  return capi::guarded([&](capi::Workspace& workspace) -> Answered<void> {
    const auto scorer = capi::begin_batch(engine, flags, batch);
    if (!scorer) return std::unexpected(scorer.error());
    if (const auto checked = capi::check_event(ndjson, len); !checked) return checked;
    capi::score_all(**scorer, (flags & TALLYHO_WITH_RANKS) != 0, workspace, *batch, capi::Lines({ndjson, len}));
    return {};
  });
}

int tallyho_score_many(tallyho_engine* engine, const tallyho_text* events, size_t count, unsigned flags,
                       tallyho_batch* batch) {
  return capi::guarded([&](capi::Workspace& workspace) -> Answered<void> {
    const auto scorer = capi::begin_batch(engine, flags, batch);
    if (!scorer) return std::unexpected(scorer.error());
    if (events == nullptr && count > 0) return tallyho::refuse(Code::invalid_argument, "there are no events: NULL");
    std::size_t next = 0;
    const auto take = [&](std::span<std::string_view> into) {
      std::size_t taken = 0;
      for (; taken < into.size() && next < count; ++next) into[taken++] = {events[next].bytes, events[next].size};
      return taken;
    };
    capi::score_all(**scorer, (flags & TALLYHO_WITH_RANKS) != 0, workspace, *batch, take);
    return {};
  });
}

size_t tallyho_batch_count(const tallyho_batch* batch) {
  return batch == nullptr ? 0 : batch->scored.size();
}
const uint8_t* tallyho_batch_codes(const tallyho_batch* batch) {
  return batch == nullptr ? nullptr : batch->codes.data();
}
const int64_t* tallyho_batch_points(const tallyho_batch* batch) {
  return batch == nullptr ? nullptr : batch->points.data();
}
const int64_t* tallyho_batch_totals(const tallyho_batch* batch) {
  return batch == nullptr ? nullptr : batch->totals.data();
}

int tallyho_batch_outcome(tallyho_batch* batch, size_t index, tallyho_outcome* outcome) {
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    if (!capi::has_size(outcome)) return tallyho::refuse(Code::invalid_argument, "the outcome has a wrong size");
    if (batch == nullptr || index >= batch->scored.size()) {
      return tallyho::refuse(Code::invalid_argument, "the batch has no outcome of this number");
    }
    batch->asked.reset();
    capi::write_sized(capi::to_c(batch->scored[index], *batch->ruleset, batch->asked), outcome);
    return {};
  });
}

#include "engine/engine.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/engine_impl.h"
#include "fmt/format.h"

namespace tallyho {

namespace {

// The symbols that were there before come first, whatever the ruleset's initial values are.
SymbolTable& filled(SymbolTable& symbols, const std::function<void(SymbolTable&)>& fill) {
  if (fill) fill(symbols);
  return symbols;
}

}  // namespace

Engine::Impl::Impl(std::shared_ptr<const Ruleset> the_ruleset, std::unique_ptr<Log> the_log, const Options& the_options,
                   const Fill& fill)
    : ruleset(std::move(the_ruleset)),
      log(std::move(the_log)),
      options(the_options),
      state(*ruleset, filled(symbols, fill)),
      boards(make_boards(*ruleset, options.groups_max)),
      feed(boards, symbols, log->identity(), options.feed),
      activation(*ruleset, state, symbols),
      applier(*ruleset, state, activation, arena),
      board_rules(*ruleset, boards, activation, applier, symbols),
      payers(ruleset->events.size(), pays_always),
      rule_counts(ruleset->rules.size()) {
  for (const EventType& type : ruleset->events) {
    parts.push_back(parts_of(type, *ruleset, state));
    keyed.push_back(scopes_keyed_by_fields(type, *ruleset));
  }
}

Engine::Engine(std::shared_ptr<const Ruleset> ruleset, std::unique_ptr<Log> log, const Options& options)
    : impl_(std::make_unique<Impl>(std::move(ruleset), std::move(log), options)) {}
Engine::~Engine() = default;

// The journey of an event: log, rules, boards, feed.
Outcome Engine::ingest(const Event& event, std::string_view record, Timestamp arrival, const Sender& sender,
                       Arena& arena, bool wants_ranks) {
  Impl& engine = *impl_;
  const bool is_alone = engine.announced == 0;
  if (is_alone) {
    const Event* const alone = &event;
    engine.ask({&alone, 1}, sender.is_ingest);
  }
  --engine.announced;
  arrival = std::max(arrival, engine.arrival);
  const RecordKind kind = sender.is_ingest ? RecordKind::event : RecordKind::event_of_player;
  const Result<Position> position = engine.log->append(record, arrival, kind);
  if (!position) return {.code = position.error().code, .message = describe(position.error().code)};

  engine.is_alone = is_alone;
  return engine.take(event, sender, {*position, kind, arrival, record}, arena, wants_ranks);
}

Outcome Engine::replay(const Event& event, const LogRecord& record, Arena& arena) {
  return impl_->take(event, Sender{.is_ingest = record.kind == RecordKind::event}, record, arena, false);
}

void Engine::skip_to(Position position) {
  impl_->version = position;
}

std::expected<void, std::string> Engine::begin_log(Timestamp now) {
  const Result<Position> position = impl_->log->append(impl_->ruleset->source, now, RecordKind::ruleset);
  if (!position) return std::unexpected(std::string("the log does not take the ruleset"));
  impl_->log->commit();
  skip_to(*position);
  return {};
}

// What happens to an event that is in the log.
Outcome Engine::Impl::take(const Event& event, const Sender& sender, const LogRecord& record, Arena& caller,
                           bool wants_ranks) {
  version = record.position;
  advance(record.arrival);
  begin(event, event.ts.value_or(record.arrival));
  if (std::exchange(is_alone, false)) ask_behind(sender.is_ingest);  // Has come closer while the event began.
  if (refuses_player()) return answer_refusal(caller);
  if (const auto points = first_answer(event, sender, record.arrival)) return answer_duplicate(*points);
  if (!apply(event, record.arrival)) {
    state.roll_back();
    return answer_refusal(caller);
  }
  return commit(event, sender, caller, wants_ranks);
}

// Time has come to `arrival`: windows of boards begin and end.
void Engine::Impl::advance(Timestamp now) {
  arrival = now;
  if (now < quiet_until) return;
  quiet_until = Timestamp::max();
  for (std::size_t i = 0; i < boards.size(); ++i) {
    dropped_sections.clear();
    const bool is_other = boards[i]->advance(now, dropped_sections);
    if (boards[i]->options().every != Every::never) {
      quiet_until = std::min(quiet_until, boards[i]->current_period().ends);
    }
    if (!is_other) continue;
    const auto index = static_cast<BoardIndex>(i);
    for (const std::uint32_t section : dropped_sections) feed.section_dropped(index, section);
    feed.period_changed(index);
  }
}

void Engine::Impl::begin(const Event& event, Timestamp now) {
  begin_for(event, now);
  applier.begin_event(event);
}

// The same but for the rules. Of what is no event, only the player is looked at.
void Engine::Impl::begin_for(const Event& event, Timestamp now) {
  arena.reset();
  symbols_before = symbols.size();
  id_hash = IdHash(event.envelope.id);
  state.begin();
  activation.begin_event(event, now, find_prepared(event));
  activation.set_total(state.total(activation.player()));
}

// Whether the event's player is banned.
bool Engine::Impl::refuses_player() {
  if (banned.empty() || !banned.contains(activation.player_symbol())) return false;
  refuse(Code::player_banned, describe(Code::player_banned));
  return true;
}

std::optional<std::int64_t> Engine::Impl::first_answer(const Event& event, const Sender& sender, Timestamp now) const {
  if (event.envelope.id.empty()) return std::nullopt;
  return state.remembered(activation.player(), sender.is_ingest, id_hash, now);
}

bool Engine::Impl::apply(const Event& event, Timestamp arrived) {
  if (!check_time(event, arrived) || !run_rules(event)) return false;
  if (std::exchange(fails_next, false)) return refuse(Code::internal, "a defect, provoked by a test");
  return plan_effects(event.type, applier.points());
}

// Event time may lag or lead arrival time by just as much as the ruleset's clock says, and no more.
bool Engine::Impl::check_time(const Event& event, Timestamp arrived) {
  if (!event.ts) return true;
  if (arrived != span.checked) {
    span.checked = arrived;
    span.earliest = subtract(arrived, ruleset->clock_late).value_or(Timestamp::min());
    span.latest = add(arrived, ruleset->clock_early).value_or(Timestamp::max());
  }
  if (*event.ts < span.earliest) {
    return refuse(Code::out_of_time,
                  fmt::format("'ts' {} is more than {} before the event arrived, {}", format_timestamp(*event.ts),
                              format_duration(ruleset->clock_late), format_timestamp(arrived)));
  }
  if (*event.ts > span.latest) {
    return refuse(Code::out_of_time,
                  fmt::format("'ts' {} is more than {} after the event arrived, {}", format_timestamp(*event.ts),
                              format_duration(ruleset->clock_early), format_timestamp(arrived)));
  }
  return true;
}

bool Engine::Impl::run_rules(const Event& event) {
  if (applier.apply_all(event.type)) return true;
  refusal = applier.refusal();
  return false;
}

// The total, the boards, and the limits, which come after everything else that can be wrong.
bool Engine::Impl::plan_effects(std::optional<EventTypeIndex> type, std::int64_t points) {
  if (!settle_total(points)) return false;
  const bool boards_agree = board_rules.plan(type, activation.player_symbol());
  const bool is_error = !boards_agree && board_rules.refusal().code != Code::capacity;
  if (!is_error && !check_capacity()) return false;
  if (!boards_agree) refusal = board_rules.refusal();
  return boards_agree;
}

// Adds the points to the player's total, as far as its bounds let it. The event makes the player, if need be.
bool Engine::Impl::settle_total(std::int64_t points) {
  const Record player = activation.player_for_writing();
  const std::int64_t before = state.total(player);
  std::int64_t total = 0;
  if (__builtin_add_overflow(before, points, &total)) {
    return refuse(Code::rule_error, fmt::format("total: overflow: {} before and {} points", before, points));
  }
  if (ruleset->total_min) total = std::max(total, *ruleset->total_min);
  if (ruleset->total_max) total = std::min(total, *ruleset->total_max);
  if (total != before) state.set_total(player, total);
  // Fits: a total within its bounds moves by no more than the points; the first one moves from 0.
  activation.set_points(total - before);
  activation.set_total(total);
  return true;
}

bool Engine::Impl::check_capacity() {
  if (state.keys(player_scope) > options.players_max) {
    return refuse(Code::capacity, fmt::format("there are {} players, as many as there may be", options.players_max));
  }
  for (std::size_t i = player_scope + 1; i < state.scopes(); ++i) {
    if (state.keys(static_cast<ScopeIndex>(i)) <= options.keys_max) continue;
    return refuse(Code::capacity,
                  fmt::format("scope '{}' has {} keys, as many as it may", ruleset->scopes[i].name, options.keys_max));
  }
  if (symbols.size() > symbols_before && symbols.memory_bytes() > options.string_bytes_max) {
    return refuse(Code::capacity,
                  fmt::format("names and strings take {} bytes, as many as they may", options.string_bytes_max));
  }
  return true;
}

bool Engine::Impl::refuse(Code code, std::string_view message) {
  refusal.code = code;
  refusal.rule = std::nullopt;
  refusal.board = std::nullopt;
  refusal.message = message;
  return false;
}

// The event is accepted: from here on nothing fails.
Outcome Engine::Impl::commit(const Event& event, const Sender& sender, Arena& caller, bool wants_ranks) {
  const std::int64_t points = activation.points();
  const std::int64_t total = state.total(activation.player());
  note_pay(event.type, points != 0);
  board_rules.commit(version, feed, wants_ranks);
  if (!event.envelope.id.empty()) {
    state.remember(activation.player(), sender.is_ingest, id_hash, arrival, points);
  }
  for (const FiredRule& fired : applier.fired()) ++rule_counts[fired.rule].fired;
  tell_feed(event, sender, points, total);

  const auto keep = [&caller]<typename T>(std::span<const T> items) -> std::span<const T> {
    const std::span<T> kept = caller.array<T>(items.size());
    std::ranges::copy(items, kept.begin());
    return kept;
  };
  const std::span<Notice> notices = caller.array<Notice>(applier.notices().size());
  std::ranges::transform(applier.notices(), notices.begin(),
                         [&caller](const Notice& notice) { return Notice{notice.rule, caller.copy(notice.text)}; });
  return {.code = Code::ok,
          .position = version,
          .points = points,
          .total = total,
          .fired = keep(applier.fired()),
          .notices = notices,
          .ranks = wants_ranks ? keep(board_rules.ranks()) : std::span<const RankChange>()};
}

void Engine::Impl::tell_feed(const Event& event, const Sender& sender, std::int64_t points, std::int64_t total) {
  if (!feed.hears_of_players()) return;
  feed_notices.clear();
  for (const Notice& notice : applier.notices()) {
    feed_notices.push_back({ruleset->rules[notice.rule].id, notice.text});
  }
  feed.scored({.player = activation.player_symbol(),
               .points = points,
               .total = total,
               .position = version,
               .event_type = ruleset->events[event.type].name,
               .notices = feed_notices,
               .sender = sender.subscriber});
}

Outcome Engine::Impl::answer_duplicate(std::int64_t points) {
  Outcome outcome{.code = Code::duplicate, .position = version};
  outcome.points = points;
  outcome.total = state.total(activation.player());
  outcome.message = describe(Code::duplicate);
  return outcome;
}

Outcome Engine::Impl::answer_refusal(Arena& caller) {
  if (refusal.rule) {
    RuleCounts& counts = rule_counts[*refusal.rule];
    ++(refusal.code == Code::rejected ? counts.fired : counts.failed);
  }
  Outcome outcome{.code = refusal.code, .position = version};
  outcome.rule = refusal.rule;
  outcome.board = refusal.board;
  outcome.message = caller.copy(refusal.message);
  return outcome;
}

void Engine::commit() {
  impl_->log->commit();
}

void Engine::push(std::chrono::steady_clock::time_point now) {
  impl_->feed.flush(impl_->version, now);
}

void Engine::fail_next_for_test() {
  impl_->fails_next = true;
}

}  // namespace tallyho

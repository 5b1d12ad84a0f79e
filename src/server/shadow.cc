#include "server/shadow.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/thread_name.h"
#include "engine/ruleset_record.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
constexpr std::size_t changed_kept = 100;

std::string_view take(std::string_view& bytes, std::size_t count) {
  const std::string_view front = bytes.substr(0, count);
  bytes.remove_prefix(front.size());
  return front;
}

}  // namespace

Shadow::Shadow(std::shared_ptr<const Ruleset> candidate, std::shared_ptr<const Ruleset> live, const std::string& log,
               const Options& options, std::function<void()> ring)
    : candidate_(std::move(candidate)),
      live_(std::move(live)),
      log_(log),
      options_(options),
      ring_(std::move(ring)),
      filling_(std::make_unique<Chunk>()),
      engine_(candidate_, std::make_unique<MemoryLog>(log), options.engine),
      comparison_([this](const ChangedEvent& changed) { keep_changed(changed); }),
      replayer_(engine_, {.is_other_ruleset = true,
                          .told = [this](const Replayed& one) { comparison_.after(engine_.ruleset(), one); }}),
      thread_([this] { work(); }) {}

Shadow::~Shadow() {
  end();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  moved_.notify_all();
  thread_.join();
}

void Shadow::add(const Replayed& replayed) {
  if (has_ended_) return;
  const Outcome& outcome = replayed.outcome;
  filling_->bytes += replayed.record.bytes;
  filling_->bytes += replayed.envelope.player;
  filling_->bytes += replayed.envelope.id;
  filling_->fired.insert(filling_->fired.end(), outcome.fired.begin(), outcome.fired.end());
  filling_->entries.push_back({.record = replayed.record,
                               .record_bytes = replayed.record.bytes.size(),
                               .player_bytes = replayed.envelope.player.size(),
                               .id_bytes = replayed.envelope.id.size(),
                               .code = outcome.code,
                               .points = outcome.points,
                               .rule = outcome.rule,
                               .fired = outcome.fired.size()});
  filling_->entries.back().record.bytes = {};
}

void Shadow::hand_over(bool now_is_quiet) {
  if (filling_->entries.empty() || (filling_->size() < chunk_bytes && !now_is_quiet)) return;
  push(std::exchange(filling_, std::make_unique<Chunk>()));
}

void Shadow::push(std::unique_ptr<Chunk> chunk) {
  const std::lock_guard lock(mutex_);
  if (waiting_bytes_ + chunk->size() > options_.waiting_bytes_max) has_ended_ = true;
  if (has_ended_ && chunk->report == nullptr) return;
  waiting_bytes_ += chunk->size();
  waiting_.push_back(std::move(chunk));
  moved_.notify_all();
}

void Shadow::keep_pace() {
  if (!filling_->entries.empty()) return;  // Nothing was handed over just now.
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [this] { return waiting_bytes_ <= options_.waiting_bytes_max / 2 || has_ended_; });
}

std::shared_ptr<ShadowReport> Shadow::ask(std::vector<TopSection> tops, Position version) {
  hand_over(true);
  auto question = std::make_unique<Chunk>();
  question->report = std::make_shared<ShadowReport>();
  question->tops = std::move(tops);
  question->version = version;
  question->lag = version - std::min(version, version_.load());
  auto report = question->report;
  push(std::move(question));
  return report;
}

// The shadow's thread.
void Shadow::work() {
  name_thread("shadow");
  std::unique_lock lock(mutex_);
  while (true) {
    moved_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) return;
    const std::unique_ptr<Chunk> chunk = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (!has_ended_) apply(*chunk);
    if (chunk->report != nullptr) answer(*chunk);
    lock.lock();
    waiting_bytes_ -= chunk->size();
    moved_.notify_all();
  }
}

// The live ruleset was swapped: the log has only those that load.
void Shadow::go_on_under(std::string_view source) {
  if (source == live_->source) return;
  auto ruleset = load_ruleset(source, "the log's ruleset");
  if (ruleset) live_ = std::move(*ruleset);
}

void Shadow::apply(const Chunk& chunk) {
  std::string_view bytes = chunk.bytes;
  std::size_t fired = 0;
  for (const Entry& entry : chunk.entries) {
    Replayed live{.record = entry.record, .envelope = {}, .outcome = {}};
    live.record.bytes = take(bytes, entry.record_bytes);
    live.envelope.player = take(bytes, entry.player_bytes);
    live.envelope.id = take(bytes, entry.id_bytes);
    live.outcome = {.code = entry.code, .position = entry.record.position, .points = entry.points};
    live.outcome.rule = entry.rule;
    live.outcome.fired = std::span(chunk.fired).subspan(fired, entry.fired);
    fired += entry.fired;
    if (has_ended_) return;
    if (live.record.kind == RecordKind::ruleset) go_on_under(parse_ruleset_record(live.record.bytes).source);
    comparison_.before(*live_, live);
    if (!replayer_.take(live.record)) {
      has_ended_ = true;
      return;
    }
    version_ = entry.record.position;
  }
}

void Shadow::answer(const Chunk& chunk) {
  replayer_.finish();
  JsonWriter json(chunk.report->text);
  json.object();
  json.key("ruleset").object().key("name").text(candidate_->name).key("hash").text(candidate_->hash).end();
  json.key("log").text(log_);
  json.key("version").number(static_cast<std::int64_t>(version_.load()));
  json.key("lag").number(static_cast<std::int64_t>(chunk.lag));
  json.key("ended").boolean(has_ended_);
  append_comparison(
      json, comparison_,
      has_ended_ ? std::vector<TopDifference>() : compare_tops(chunk.tops, tops_of(engine_, sections_max)));
  json.key("changed").array();
  for (const std::string& changed : changed_) json.raw(changed);
  json.end().end();
  chunk.report->is_done = true;
  ring_();
}

void Shadow::keep_changed(const ChangedEvent& changed) {
  if (changed_.size() == changed_kept) changed_.pop_front();
  JsonWriter json(changed_.emplace_back());
  append_changed(json, changed);
}

}  // namespace tallyho

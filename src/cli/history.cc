#include "cli/history.h"

#include <ranges>
#include <utility>

#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "engine/ruleset_record.h"
#include "engine/snapshot.h"
#include "fmt/format.h"
#include "log/memory_log.h"
#include "log/snapshot_files.h"
#include "log/survey.h"

namespace tallyho::cli {
namespace {

constexpr std::uint64_t progress_records = 4096;

std::expected<SavedEngine, std::string> open_snapshot(LogDirectory& directory, const std::string& name) {
  auto file = directory.open(name);
  if (!file) return std::unexpected(file.error().text());
  auto saved = SavedEngine::open(source_of(std::move(*file)));
  if (!saved) return std::unexpected(fmt::format("snapshot {}: {}", name, saved.error()));
  return saved;
}

}  // namespace

// What the log begins with.
struct History::First {
  Position position = 0;
  RecordKind kind = RecordKind::event;
  std::string bytes;
};

std::expected<History, std::string> History::open(const std::string& data) {
  auto directory = open_log_directory_for_reading(data);
  if (!directory) return std::unexpected(directory.error().text());
  History history(std::move(*directory));
  SurveyOptions first_only{.take = {}, .stops_at_fault = true, .progress = {}};
  First first;
  first_only.take = [&](const LogRecord& record) {
    first = {record.position, record.kind, std::string(record.bytes)};
    return false;
  };
  const auto survey = survey_log(*history.directory_, first_only);
  if (!survey) return std::unexpected(survey.error().text());
  if (survey->records == 0 && !survey->faults.empty()) return std::unexpected(survey->faults.front().text());
  if (survey->records == 0) return std::unexpected(data + ": there is no log");
  history.identity_ = survey->identity;
  const auto begun = first.position == 1 ? history.begin_with(first) : history.begin_behind_snapshot(first);
  if (!begun) return std::unexpected(data + ": " + begun.error());
  return history;
}

std::expected<void, std::string> History::begin_with(const First& first) {
  if (first.kind != RecordKind::ruleset) return std::unexpected("the log does not begin with a ruleset");
  return load(std::string(parse_ruleset_record(first.bytes).source));
}

// With the oldest one from which on the log is there.
std::expected<void, std::string> History::begin_behind_snapshot(const First& first) {
  const auto names = list_snapshots(*directory_);
  if (!names) return std::unexpected(names.error().text());
  for (const std::string& name : std::views::reverse(*names)) {
    if (*snapshot_position_of(name) + 1 < first.position) continue;
    const auto saved = open_snapshot(*directory_, name);
    if (!saved) return std::unexpected(saved.error());
    if (saved->head().identity != identity_) continue;
    snapshot_ = name;
    begins_behind_ = saved->head().position;
    return load(saved->ruleset_source());
  }
  return std::unexpected(
      fmt::format("what came before position {} is not there any more, nor a snapshot of it", first.position));
}

std::expected<void, std::string> History::load(const std::string& source) {
  auto ruleset = load_ruleset(source, "the log's ruleset");
  if (!ruleset) return std::unexpected(diagnostics_text(ruleset.error(), source));
  ruleset_ = std::move(*ruleset);
  return {};
}

std::expected<std::unique_ptr<Engine>, std::string> History::begin(std::shared_ptr<const Ruleset> other) const {
  if (other == nullptr) other = ruleset_;
  const auto log = [this] { return std::make_unique<MemoryLog>(identity_); };
  if (snapshot_.empty()) return std::make_unique<Engine>(std::move(other), log(), Engine::Options{});
  auto saved = open_snapshot(*directory_, snapshot_);
  if (!saved) return std::unexpected(saved.error());
  auto engine = std::make_unique<Engine>(ruleset_, log(), Engine::Options{});
  if (const auto restored = saved->restore(*engine); !restored) {
    return std::unexpected(fmt::format("snapshot {}: {}", snapshot_, restored.error()));
  }
  if (other->source == ruleset_->source) return engine;
  const std::string source = other->source;
  engine->replay(std::move(other), {begins_behind_, RecordKind::ruleset, engine->last_arrival(), source});
  return engine;
}

std::expected<void, std::string> History::read(const std::string& verb,
                                               const std::function<bool(const LogRecord&)>& take) const {
  Progress progress(verb);
  std::uint64_t segments_done = 0;
  std::uint64_t segments = 0;
  SurveyOptions options{.take = {}, .stops_at_fault = true, .progress = {}};
  options.progress = [&](std::uint64_t done, std::uint64_t of) {
    segments_done = done;
    segments = of;
  };
  options.take = [&](const LogRecord& record) {
    if (record.position <= begins_behind_) return true;
    if (record.position % progress_records == 0) {
      progress.update(segments_done, segments, "segments", fmt::format(", position {}", with_commas(record.position)));
    }
    return take(record);
  };
  const auto survey = survey_log(*directory_, options);
  if (!survey) return std::unexpected(survey.error().text());
  if (!survey->faults.empty()) return std::unexpected(survey->faults.front().text());
  return {};
}

}  // namespace tallyho::cli

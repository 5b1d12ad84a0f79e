#include "cli/history.h"

#include <utility>

#include "cli/progress.h"
#include "cli/ruleset_files.h"
#include "fmt/format.h"
#include "log/survey.h"

namespace tallyho::cli {
namespace {

constexpr std::uint64_t progress_records = 4096;

}  // namespace

std::expected<History, std::string> History::open(const std::string& data) {
  auto directory = open_log_directory_for_reading(data);
  if (!directory) return std::unexpected(directory.error().text());
  std::string source;
  std::string problem = data + ": there is no log";
  SurveyOptions first_only{.take = {}, .stops_at_fault = true, .progress = {}};
  first_only.take = [&](const LogRecord& record) {
    problem.clear();
    source = record.bytes;
    if (record.position != 1) {
      problem = fmt::format("{}: what came before position {} is not there any more", data, record.position);
    } else if (record.kind != RecordKind::ruleset) {
      problem = data + ": the log does not begin with a ruleset";
    }
    return false;
  };
  const auto survey = survey_log(**directory, first_only);
  if (!survey) return std::unexpected(survey.error().text());
  if (survey->records == 0 && !survey->faults.empty()) return std::unexpected(survey->faults.front().text());
  if (!problem.empty()) return std::unexpected(problem);
  auto ruleset = load_ruleset(source, "the log's ruleset");
  if (!ruleset) return std::unexpected(diagnostics_text(ruleset.error(), source));
  return History(std::move(*directory), std::move(*ruleset));
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
